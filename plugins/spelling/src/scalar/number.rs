//! Numbers as they are written, and the values of a type that are exactly these.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float32Array, Float64Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};

/// More digits than any number has that a column holds exactly: those of the least double.
const DIGITS_MAX: usize = 1100;

/// A number that is written: `digits · 10^exponent`, without zeros at either end of the digits.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Decimal {
    negative: bool,
    /// None of zero.
    digits: String,
    exponent: i64,
}

impl Decimal {
    /// None if the text is no plain number, as `NaN` or `0x10`.
    fn parse(text: &str) -> Option<Self> {
        let (negative, body) = match text.strip_prefix('-') {
            Some(body) => (true, body),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = body.split_once(['e', 'E']).unwrap_or((body, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let digits = all.trim_end_matches('0');
        let zeros = all.len() - digits.len();
        let exponent = exponent.parse::<i32>().ok().map(i64::from)?;
        let exponent = exponent + zeros as i64 - fraction.len() as i64;
        let digits = digits.trim_start_matches('0').to_owned();
        Some(match digits.is_empty() {
            true => Self { negative: false, digits, exponent: 0 },
            false => Self { negative, digits, exponent },
        })
    }

    /// Digits behind the point.
    fn decimals(&self) -> i64 {
        0.max(-self.exponent)
    }

    /// Without an exponent; none if that would be longer than any number that fits a column.
    fn plain(&self) -> Option<String> {
        let zeros = usize::try_from(self.exponent.unsigned_abs()).ok()?;
        if zeros + self.digits.len() > DIGITS_MAX {
            return None;
        }
        let sign = if self.negative { "-" } else { "" };
        let digits = match self.exponent >= 0 {
            true => format!("0{}{}", self.digits, "0".repeat(zeros)),
            false => {
                let padded = format!("{:0>1$}", self.digits, zeros + 1);
                let (whole, fraction) = padded.split_at(padded.len() - zeros);
                format!("{whole}.{fraction}")
            }
        };
        Some(format!("{sign}{digits}"))
    }
}

/// An array of the one number, if the type holds all of it. A float does where its nearest value,
/// written with as many digits, is the same number.
pub(super) fn exact(text: &str, data_type: &DataType) -> Option<ArrayRef> {
    if data_type.is_floating() {
        return float(text, data_type);
    }
    let number = Decimal::parse(text)?;
    if number.decimals() > i64::from(scale(data_type)) {
        return None;
    }
    let plain: ArrayRef = Arc::new(StringArray::from(vec![number.plain()?]));
    cast(&plain, data_type).ok().filter(|array| array.null_count() == 0)
}

fn float(text: &str, data_type: &DataType) -> Option<ArrayRef> {
    let nearest = nearest(text, data_type)?;
    let value = as_double(&nearest)?;
    let same = match Decimal::parse(text) {
        // `NaN` and `inf` are written as such.
        None => !text.bytes().any(|byte| byte.is_ascii_digit()),
        Some(written) => value.is_finite() && shown(value, &written).as_ref() == Some(&written),
    };
    same.then_some(nearest)
}

/// The float with as many digits as are written.
fn shown(value: f64, written: &Decimal) -> Option<Decimal> {
    let digits = written.digits.len();
    let fits = digits <= DIGITS_MAX;
    fits.then(|| Decimal::parse(&format!("{value:.*e}", digits.saturating_sub(1)))).flatten()
}

fn nearest(text: &str, data_type: &DataType) -> Option<ArrayRef> {
    let array: ArrayRef = match *data_type == DataType::Float32 {
        true => Arc::new(Float32Array::from(vec![text.parse::<f32>().ok()?])),
        false => Arc::new(Float64Array::from(vec![text.parse::<f64>().ok()?])),
    };
    cast(&array, data_type).ok()
}

fn as_double(array: &ArrayRef) -> Option<f64> {
    let double = cast(array, &DataType::Float64).ok()?;
    Some(double.as_primitive::<Float64Type>().value(0))
}

/// What to write for a column of numbers.
pub(super) fn advice(text: &str, data_type: &DataType) -> String {
    if data_type.is_floating() {
        let near = nearest(text, data_type);
        let near = near.filter(|near| as_double(near).is_some_and(f64::is_finite));
        return match near.and_then(|near| cast(&near, &DataType::Utf8).ok()) {
            Some(near) => {
                format!("{}, the nearest that there is", near.as_string::<i32>().value(0))
            }
            None => "a number that is within its range".to_owned(),
        };
    }
    match digits(data_type) {
        Some((precision, scale)) => {
            let whole = i16::from(precision) - i16::from(scale);
            format!("a number with at most {whole} digits before the point and {scale} behind it")
        }
        None => format!("a whole number {}", range(data_type)),
    }
}

fn range(data_type: &DataType) -> String {
    let bits = 8 * data_type.primitive_width().unwrap_or(8) as u32;
    match data_type.is_signed_integer() {
        true => format!("from {} to {}", -(1_i128 << (bits - 1)), (1_i128 << (bits - 1)) - 1),
        false => format!("from 0 to {}", (1_i128 << bits) - 1),
    }
}

fn scale(data_type: &DataType) -> i8 {
    digits(data_type).map_or(0, |(_, scale)| scale)
}

/// Precision and scale.
#[expect(clippy::wildcard_enum_match_arm, reason = "only decimals have them")]
fn digits(data_type: &DataType) -> Option<(u8, i8)> {
    match *data_type {
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale) => Some((precision, scale)),
        _ => None,
    }
}
