//! Values written in the configuration, and how they become values of a column.

use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use serde::Deserialize;

/// A number, a text or a truth value of the configuration.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged, expecting = "expected a number, a text in quotes, true or false")]
pub enum Scalar {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number beyond `i64`.
    UInt(u64),
    /// A number with a fraction or an exponent.
    Float(f64),
    /// A text; also dates and times, `"2013-01-31"`.
    Text(String),
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::UInt(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value}"),
            Self::Text(value) => write!(f, "{value:?}"),
        }
    }
}

impl Scalar {
    /// An array of this one value in the type of a column; `None` when it is no such value.
    ///
    /// It is read from its text: 0.5 is no `int64` and 300 no `uint8`, instead of 0 and 44.
    pub(crate) fn to_array(&self, data_type: &DataType) -> Option<ArrayRef> {
        let text = match self {
            Self::Text(text) if wants_text(data_type) => text.clone(),
            Self::Bool(value) if *data_type == DataType::Boolean => value.to_string(),
            Self::Int(_) | Self::UInt(_) | Self::Float(_) if data_type.is_numeric() => {
                self.to_string()
            }
            Self::Text(_) | Self::Bool(_) | Self::Int(_) | Self::UInt(_) | Self::Float(_) => {
                return None;
            }
        };
        let text: ArrayRef = Arc::new(StringArray::from(vec![text]));
        let array = cast(&text, data_type).ok().filter(|array| array.null_count() == 0)?;
        (!data_type.is_decimal() || same_number(&array, &text)).then_some(array)
    }
}

/// A decimal is rounded to its scale when it is read; then it is another number.
fn same_number(array: &ArrayRef, text: &ArrayRef) -> bool {
    match (cast(array, &DataType::Float64), cast(text, &DataType::Float64)) {
        (Ok(found), Ok(wanted)) => found.as_ref() == wanted.as_ref(),
        (Err(_), _) | (_, Err(_)) => false,
    }
}

fn wants_text(data_type: &DataType) -> bool {
    !data_type.is_numeric() && *data_type != DataType::Boolean
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(scalar: Scalar, data_type: DataType) -> bool {
        scalar.to_array(&data_type).is_some()
    }

    #[test]
    fn a_value_fits_a_column_only_without_loss() {
        assert!(fits(Scalar::Int(-1), DataType::Int64));
        assert!(fits(Scalar::Int(3), DataType::Float64));
        assert!(fits(Scalar::Float(2.0), DataType::Int64));
        assert!(fits(Scalar::Text("2013-01-31".into()), DataType::Date32));
        assert!(!fits(Scalar::Int(-1), DataType::UInt8));
        assert!(!fits(Scalar::Int(256), DataType::UInt8));
        assert!(!fits(Scalar::Float(0.5), DataType::Int64));
        assert!(!fits(Scalar::Text("1".into()), DataType::Int64));
        assert!(!fits(Scalar::Int(1), DataType::Utf8));
        assert!(fits(Scalar::Float(0.25), DataType::Decimal128(9, 2)));
        assert!(!fits(Scalar::Float(0.255), DataType::Decimal128(9, 2)));
        assert!(!fits(Scalar::Bool(true), DataType::Utf8));
    }

    #[test]
    fn u64_above_i64_keeps_its_value() {
        let scalar: Scalar = ron::from_str("18446744073709551615").unwrap();
        assert_eq!(scalar, Scalar::UInt(u64::MAX));
    }
}
