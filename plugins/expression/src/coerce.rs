//! Which types combine, and into what.
//!
//! | operands | comparison, case, coalesce, in | arithmetic |
//! |---|---|---|
//! | integers | the wider one, `int64` for mixed signs | `int64`; `uint64` if both are |
//! | integer and float | `float64` | `float64` |
//! | float32 and float32 | `float32` | `float32` |
//! | decimal and decimal or integer | a decimal that holds both | a decimal that holds the result |
//! | decimal and float | `float64` | `float64` |
//! | text, of any offset size or dictionary | `utf8`, or `large_utf8` if one is | none |
//! | date and timestamp | the timestamp | none |
//! | equal types | that type | none |
//!
//! A number that is written gives way: beside a float it is one, beside a decimal an integer counts
//! by its own digits, and one that is written with a point divides, or is divided, as a float64,
//! unless the other side is a decimal that is not written (`bind/number.rs`).

use arrow::datatypes::{DECIMAL128_MAX_PRECISION, DECIMAL256_MAX_PRECISION, DataType, TimeUnit};

/// Digits that every `int64` (and every smaller integer) fits.
const INT64_DIGITS: u8 = 19;
/// Digits that every `uint64` fits.
const UINT64_DIGITS: u8 = 20;

/// The type of a dictionary's values, and any other type itself.
#[must_use]
pub fn value_type(data_type: &DataType) -> &DataType {
    if let DataType::Dictionary(_, values) = data_type { values } else { data_type }
}

pub(crate) fn is_text(data_type: &DataType) -> bool {
    matches!(value_type(data_type), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

pub(crate) fn is_number(data_type: &DataType) -> bool {
    data_type.is_integer() || data_type.is_floating() || data_type.is_decimal()
}

/// Types whose values have an order, so that `=` and `<` mean something.
pub(crate) fn is_comparable(data_type: &DataType) -> bool {
    let plain = value_type(data_type);
    !plain.is_nested() && !matches!(plain, DataType::Dictionary(..) | DataType::RunEndEncoded(..))
}

/// The type to which two types are brought to be compared, or to share a column.
pub(crate) fn common(left: &DataType, right: &DataType) -> Option<DataType> {
    let (left, right) = (value_type(left), value_type(right));
    if left == right {
        return Some(left.clone());
    }
    match (left, right) {
        (DataType::Null, other) | (other, DataType::Null) => Some(other.clone()),
        _ if is_number(left) && is_number(right) => common_number(left, right),
        _ if is_text(left) && is_text(right) => Some(wider_text(left, right)),
        (DataType::Binary, DataType::LargeBinary) | (DataType::LargeBinary, DataType::Binary) => {
            Some(DataType::LargeBinary)
        }
        _ => common_time(left, right),
    }
}

fn wider_text(left: &DataType, right: &DataType) -> DataType {
    match *left == DataType::LargeUtf8 || *right == DataType::LargeUtf8 {
        true => DataType::LargeUtf8,
        false => DataType::Utf8,
    }
}

fn common_number(left: &DataType, right: &DataType) -> Option<DataType> {
    if left.is_floating() || right.is_floating() {
        return Some(DataType::Float64);
    }
    if left.is_decimal() || right.is_decimal() {
        return common_decimal(left, right);
    }
    Some(common_integer(left, right))
}

/// Mixed signs meet in `int64`, or in a decimal of 20 digits if one side is `uint64`.
fn common_integer(left: &DataType, right: &DataType) -> DataType {
    let wider = if left.primitive_width() >= right.primitive_width() { left } else { right };
    match left.is_signed_integer() == right.is_signed_integer() {
        true => wider.clone(),
        false if *left == DataType::UInt64 || *right == DataType::UInt64 => {
            DataType::Decimal128(UINT64_DIGITS, 0)
        }
        false => DataType::Int64,
    }
}

fn common_decimal(left: &DataType, right: &DataType) -> Option<DataType> {
    let ((p1, s1), (p2, s2)) = (digits(left)?, digits(right)?);
    let scale = s1.max(s2);
    let whole = (i16::from(p1) - i16::from(s1)).max(i16::from(p2) - i16::from(s2));
    let precision = u8::try_from(whole + i16::from(scale)).ok()?;
    if precision <= DECIMAL128_MAX_PRECISION && !is_wide(left) && !is_wide(right) {
        return Some(DataType::Decimal128(precision, scale));
    }
    Some(DataType::Decimal256(precision.min(DECIMAL256_MAX_PRECISION), scale))
}

fn is_wide(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Decimal256(..))
}

/// Precision and scale of a decimal, or of the smallest decimal that holds an integer type.
#[expect(clippy::wildcard_enum_match_arm, reason = "the types that are not exact numbers")]
fn digits(data_type: &DataType) -> Option<(u8, i8)> {
    match data_type {
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale) => Some((*precision, *scale)),
        DataType::UInt64 => Some((UINT64_DIGITS, 0)),
        integer if integer.is_integer() => Some((INT64_DIGITS, 0)),
        _ => None,
    }
}

fn common_time(left: &DataType, right: &DataType) -> Option<DataType> {
    use DataType::{Date32, Date64, Time32, Time64, Timestamp};
    Some(match (left, right) {
        (Date32, Date64) | (Date64, Date32) => Date64,
        (Date32 | Date64, Timestamp(..)) => right.clone(),
        (Timestamp(..), Date32 | Date64) => left.clone(),
        (Timestamp(l, None), Timestamp(r, None)) => Timestamp(finer(*l, *r), None),
        (Timestamp(l, Some(zone)), Timestamp(r, Some(_))) => {
            Timestamp(finer(*l, *r), Some(zone.clone()))
        }
        (Time32(_), Time32(_)) => Time32(TimeUnit::Millisecond),
        (Time64(_), Time64(_)) => Time64(TimeUnit::Nanosecond),
        (Time32(_), Time64(unit)) | (Time64(unit), Time32(_)) => Time64(*unit),
        _ => return None,
    })
}

fn finer(left: TimeUnit, right: TimeUnit) -> TimeUnit {
    left.max(right)
}

/// The types to which the operands of an arithmetic operator are cast.
pub(crate) fn arithmetic(left: &DataType, right: &DataType) -> Option<(DataType, DataType)> {
    let (left, right) = (value_type(left), value_type(right));
    match (left, right) {
        (DataType::Null, DataType::Null) => return Some((DataType::Int64, DataType::Int64)),
        (DataType::Null, other) => return arithmetic(other, other),
        (other, DataType::Null) => return arithmetic(other, other),
        _ if !is_number(left) || !is_number(right) => return None,
        _ => {}
    }
    if left.is_floating() || right.is_floating() {
        let both = if left == right { left.clone() } else { DataType::Float64 };
        return Some((both.clone(), both));
    }
    if left.is_decimal() || right.is_decimal() {
        let wide = is_wide(left) || is_wide(right);
        return Some((as_decimal(left, wide)?, as_decimal(right, wide)?));
    }
    let both = if *left == DataType::UInt64 && left == right { left } else { &DataType::Int64 };
    Some((both.clone(), both.clone()))
}

fn as_decimal(data_type: &DataType, wide: bool) -> Option<DataType> {
    let (precision, scale) = digits(data_type)?;
    Some(match wide {
        true => DataType::Decimal256(precision, scale),
        false => DataType::Decimal128(precision, scale),
    })
}

/// Whether every value of one type has a value of the other, so that the cast cannot fail.
pub(crate) fn always_fits(from: &DataType, to: &DataType) -> bool {
    let from = value_type(from);
    if *from == DataType::Null || from == to {
        return true;
    }
    if is_text(to) {
        return is_number(from) || matches!(from, DataType::Boolean | DataType::Utf8);
    }
    if from.is_integer() && to.is_integer() {
        let wider = to.primitive_width() > from.primitive_width();
        return wider && (to.is_signed_integer() || from.is_unsigned_integer());
    }
    match *to == DataType::Float64 {
        true => is_number(from),
        false => *to == DataType::Float32 && from.is_integer(),
    }
}
