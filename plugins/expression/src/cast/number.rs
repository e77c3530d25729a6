//! Floats and decimals become other numbers.

use std::fmt::Display;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray, downcast_integer};
use arrow::compute::kernels::cast_utils::parse_decimal;
use arrow::datatypes::{
    ArrowNativeType, DECIMAL128_MAX_PRECISION, DataType, Decimal128Type, Decimal256Type,
    DecimalType, Float32Type, Float64Type,
};
use arrow::error::ArrowError;

use super::by_arrow::by_arrow;

/// Powers of ten up to this one are exact as float64.
const POWER_MAX: u8 = 22;
/// Whole numbers up to this one are exact as float64.
const WHOLE_MAX: u64 = 1 << 53;

/// Half to even, as PostgreSQL rounds a `double precision`.
pub(super) fn float_to_integer(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    let wide = by_arrow(array, &DataType::Float64, true)?;
    let wide = wide.as_primitive::<Float64Type>();
    macro_rules! rounded {
        ($type:ty) => {
            Arc::new(wide.unary_opt::<_, $type>(|value| {
                let whole = value.round_ties_even() as i128;
                if value.is_nan() { None } else { whole.try_into().ok() }
            }))
        };
    }
    Ok(downcast_integer! {
        to => (rounded),
        _ => unreachable!("the target is an integer")
    })
}

/// A number beyond the smaller type is none; one that is nearer to 0 than any becomes 0.
pub(super) fn float_to_float(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    match (array.as_primitive_opt::<Float64Type>(), to) {
        (Some(doubles), DataType::Float32) => {
            Ok(Arc::new(doubles.unary_opt::<_, Float32Type>(|value| {
                let single = value as f32;
                (single.is_finite() || !value.is_finite()).then_some(single)
            })))
        }
        _ => by_arrow(array, to, true),
    }
}

/// By the digits that a float shows, half away from zero.
pub(super) fn float_to_decimal(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    let DataType::Decimal128(precision, scale) = *to else { return by_arrow(array, to, true) };
    let decimals: PrimitiveArray<Decimal128Type> = match array.as_primitive_opt::<Float64Type>() {
        Some(doubles) => {
            let unit = u8::try_from(scale).ok().and_then(power_of_ten);
            doubles.unary_opt(|value| match unit.and_then(|unit| near(value * unit)) {
                Some(whole) => {
                    Decimal128Type::is_valid_decimal_precision(whole, precision).then_some(whole)
                }
                None => {
                    let digits = shortest_digits(value);
                    parse_decimal::<Decimal128Type>(&digits, precision, scale).ok()
                }
            })
        }
        None => {
            let singles = by_arrow(array, &DataType::Float32, true)?;
            singles.as_primitive::<Float32Type>().unary_opt(|value| {
                parse_decimal::<Decimal128Type>(&value.to_string(), precision, scale).ok()
            })
        }
    };
    Ok(Arc::new(decimals.with_data_type(to.clone())))
}

/// The decimal digits of a float: its first 15, which is all that a decimal number keeps on its
/// way through float64; from 1e15 the fewest that read back the same.
pub(crate) fn shortest_digits(value: f64) -> String {
    if value.abs() < 1e15 { format!("{value:.14e}") } else { value.to_string() }
}

/// The nearest whole number, where no digit beyond the 15th can change it.
fn near(value: f64) -> Option<i128> {
    let is_clear = value.abs() < 1e12 && (value.fract().abs() - 0.5).abs() > 0.01;
    is_clear.then_some(value.round() as i128)
}

/// A power of ten, if float64 has it exactly.
fn power_of_ten(power: u8) -> Option<f64> {
    // Multiplying exact powers is exact as long as the result is.
    (power <= POWER_MAX).then(|| (0..power).fold(1.0, |product, _| product * 10.0))
}

/// Half away from zero, as PostgreSQL rounds a `numeric`.
pub(super) fn decimal_to_integer(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    let whole = by_arrow(array, &DataType::Decimal128(DECIMAL128_MAX_PRECISION, 0), true)?;
    let whole = whole.as_primitive::<Decimal128Type>();
    macro_rules! fitting {
        ($type:ty) => {
            Arc::new(whole.unary_opt::<_, $type>(|value| value.try_into().ok()))
        };
    }
    Ok(downcast_integer! {
        to => (fitting),
        _ => unreachable!("the target is an integer")
    })
}

/// The nearest float.
#[expect(clippy::wildcard_enum_match_arm, reason = "the four widths of decimals")]
pub(super) fn decimal_to_float(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    match *array.data_type() {
        DataType::Decimal256(_, scale) => nearest::<Decimal256Type>(array, scale, to),
        DataType::Decimal128(_, scale) => nearest::<Decimal128Type>(array, scale, to),
        DataType::Decimal32(precision, scale) | DataType::Decimal64(precision, scale) => {
            let wide = by_arrow(array, &DataType::Decimal128(precision, scale), true)?;
            nearest::<Decimal128Type>(&wide, scale, to)
        }
        _ => by_arrow(array, to, true),
    }
}

fn nearest<T: DecimalType>(
    array: &ArrayRef,
    scale: i8,
    to: &DataType,
) -> Result<ArrayRef, ArrowError>
where
    T::Native: Display,
{
    let decimals = array.as_primitive::<T>();
    let text = |value: T::Native| format!("{value}e{}", -i16::from(scale));
    if *to == DataType::Float32 {
        return Ok(Arc::new(decimals.unary_opt::<_, Float32Type>(|value| {
            text(value).parse::<f32>().ok().filter(|single| single.is_finite())
        })));
    }
    let unit = u8::try_from(scale).ok().and_then(power_of_ten);
    let floats = decimals.unary_opt::<_, Float64Type>(|value| {
        // Both exact: the quotient is rounded once.
        let small = value.to_i64().filter(|value| value.unsigned_abs() <= WHOLE_MAX);
        match (small, unit) {
            (Some(small), Some(unit)) => Some(small as f64 / unit),
            _ => text(value).parse::<f64>().ok(),
        }
    });
    by_arrow(&(Arc::new(floats) as ArrayRef), to, true)
}
