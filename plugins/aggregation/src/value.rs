//! Values outside of arrays: three kinds hold every type that can be a key, counted or compared.
//!
//! A kind keeps what matters for groups: equal values are equal, and smaller values compare
//! smaller.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, Decimal128Array, Float64Array, Int64Array, LargeBinaryArray, UInt64Array,
};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

/// How values of a type are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Numbers of up to 64 bits, dates, times, booleans, as ordered `i64`.
    Word,
    /// Decimals of up to 38 digits.
    Wide,
    /// Text and binary.
    Bytes,
}

impl Kind {
    /// The kind of a column type; none for lists, structs and 256-bit decimals.
    #[expect(clippy::wildcard_enum_match_arm, reason = "what is not listed has no kind")]
    pub(crate) fn of(data_type: &DataType) -> Option<Self> {
        use DataType as T;
        match data_type {
            T::Boolean | T::Date32 | T::Date64 | T::Time32(_) | T::Time64(_) => Some(Self::Word),
            T::Timestamp(..) => Some(Self::Word),
            T::Decimal32(..) | T::Decimal64(..) | T::Decimal128(..) => Some(Self::Wide),
            T::Utf8 | T::LargeUtf8 | T::Binary | T::LargeBinary => Some(Self::Bytes),
            T::Dictionary(_, value) => Self::of(value).filter(|kind| *kind == Self::Bytes),
            _ if data_type.is_numeric() && data_type.primitive_width() <= Some(8) => {
                Some(Self::Word)
            }
            _ => None,
        }
    }
}

/// One value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Value<'a> {
    Word(i64),
    Wide(i128),
    Bytes(&'a [u8]),
}

/// The type in which values of a column leave again: dictionaries leave as plain text.
pub(crate) fn plain(data_type: &DataType) -> DataType {
    let DataType::Dictionary(_, value) = data_type else { return data_type.clone() };
    value.as_ref().clone()
}

/// A float as an `i64` that sorts like it: -inf … 0 … inf, NaN.
///
/// -0.0 becomes 0.0 and every NaN the same one, so that values which SQL calls equal are equal.
pub(crate) fn float_to_word(value: f64) -> i64 {
    let value = if value.is_nan() { f64::NAN } else { value + 0.0 };
    let bits = value.abs().to_bits().cast_signed();
    if value.is_sign_negative() && !value.is_nan() { !bits } else { bits }
}

/// The float that [`float_to_word`] was given.
pub(crate) fn word_to_float(word: i64) -> f64 {
    match word < 0 {
        true => -f64::from_bits((!word).cast_unsigned()),
        false => f64::from_bits(word.cast_unsigned()),
    }
}

/// An unsigned number as an `i64` that sorts like it.
pub(crate) fn unsigned_to_word(value: u64) -> i64 {
    (value ^ (1 << 63)).cast_signed()
}

/// The number that [`unsigned_to_word`] was given.
pub(crate) fn word_to_unsigned(word: i64) -> u64 {
    word.cast_unsigned() ^ (1 << 63)
}

/// An array of a plain type from values of its kind.
///
/// # Errors
/// Text that is not UTF-8, or a number that the type cannot hold: only damaged snapshots have them.
pub(crate) fn to_array<'a>(
    values: impl Iterator<Item = Option<Value<'a>>>,
    data_type: &DataType,
) -> Result<ArrayRef, ArrowError> {
    match Kind::of(data_type) {
        Some(Kind::Word) => words_to_array(values.map(|value| value.map(word)), data_type),
        Some(Kind::Wide) => {
            let wides: Decimal128Array = values.map(|value| value.map(wide)).collect();
            let DataType::Decimal128(precision, scale) = *data_type else {
                return narrow_decimal(wides, data_type);
            };
            Ok(Arc::new(wides.with_precision_and_scale(precision, scale)?))
        }
        Some(Kind::Bytes) if matches!(data_type, DataType::LargeUtf8 | DataType::LargeBinary) => {
            let array: LargeBinaryArray = values.map(|value| value.map(bytes)).collect();
            cast(&array, data_type)
        }
        Some(Kind::Bytes) => {
            let array: BinaryArray = values.map(|value| value.map(bytes)).collect();
            cast(&array, data_type)
        }
        None => unreachable!("bind refuses columns without a kind"),
    }
}

fn words_to_array(
    words: impl Iterator<Item = Option<i64>>,
    data_type: &DataType,
) -> Result<ArrayRef, ArrowError> {
    if data_type.is_floating() {
        let floats: Float64Array = words.map(|word| word.map(word_to_float)).collect();
        return cast(&floats, data_type);
    }
    if *data_type == DataType::UInt64 {
        let array: UInt64Array = words.map(|word| word.map(word_to_unsigned)).collect();
        return Ok(Arc::new(array));
    }
    let array: Int64Array = words.collect();
    match matches!(data_type, DataType::Date32 | DataType::Time32(_)) {
        true => cast(&cast(&array, &DataType::Int32)?, data_type),
        false => cast(&array, data_type),
    }
}

fn narrow_decimal(wides: Decimal128Array, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
    let (DataType::Decimal32(precision, scale) | DataType::Decimal64(precision, scale)) = data_type
    else {
        unreachable!("wide kinds are decimals")
    };
    cast(&wides.with_precision_and_scale(*precision, *scale)?, data_type)
}

fn word(value: Value<'_>) -> i64 {
    let Value::Word(word) = value else { unreachable!("a column has one kind") };
    word
}

fn wide(value: Value<'_>) -> i128 {
    let Value::Wide(wide) = value else { unreachable!("a column has one kind") };
    wide
}

fn bytes(value: Value<'_>) -> &[u8] {
    let Value::Bytes(bytes) = value else { unreachable!("a column has one kind") };
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn float_words_sort_like_floats_with_nan_last_and_one_zero() {
        let floats = [f64::NEG_INFINITY, -1.5, -f64::MIN_POSITIVE, 0.0, 5e-324, 2.0, f64::INFINITY];
        let words = floats.map(float_to_word);
        assert!(words.is_sorted());
        assert_eq!(words.map(word_to_float), floats);
        assert_eq!(float_to_word(-0.0), float_to_word(0.0));
        assert_eq!(float_to_word(-f64::NAN), float_to_word(f64::NAN));
        assert!(float_to_word(f64::NAN) > float_to_word(f64::INFINITY));
    }

    #[test]
    fn unsigned_words_sort_like_numbers() {
        let words = [0, 1, i64::MAX as u64, u64::MAX].map(unsigned_to_word);
        assert!(words.is_sorted());
        assert_eq!(words.map(word_to_unsigned), [0, 1, i64::MAX as u64, u64::MAX]);
    }
}
