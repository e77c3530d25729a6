//! Values written in a configuration, and what they are as values of a column.

mod moment;
mod number;

use std::fmt;

use arrow::array::ArrayRef;
use arrow::compute::cast;
use arrow::datatypes::DataType;
use ron::value::RawValue;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// A number, a text or a truth value of a configuration in RON, with all that is written of it.
///
/// ```
/// use arrow::datatypes::DataType::{Decimal128, Float32};
/// use tanda_spelling::Scalar;
///
/// let price = Scalar::Number("7.25".into());
/// assert!(price.to_array(&Decimal128(4, 2)).is_some());
/// assert!(price.to_array(&Decimal128(4, 1)).is_none());
/// let count = Scalar::Number("16777217".into());
/// assert!(count.to_array(&Float32).is_none());
/// assert_eq!(count.advice(&Float32), "16777216.0, the nearest that there is");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scalar {
    /// `true` or `false`.
    Bool(bool),
    /// A number, in the digits of the configuration.
    Number(String),
    /// A text; also dates and times, `"2013-01-31"`.
    Text(String),
}

impl Scalar {
    /// An array of this one value in the type of a column; `None` when the type cannot hold all of
    /// it: 0.5 is no `int64`, 7.25 no `decimal(2, 1)`, 16777217 no `float32`, and half a second
    /// nothing that is counted in seconds.
    #[must_use]
    pub fn to_array(&self, data_type: &DataType) -> Option<ArrayRef> {
        if let DataType::Dictionary(_, values) = data_type {
            return cast(&self.to_array(values)?, data_type).ok();
        }
        match self {
            Self::Number(text) if data_type.is_numeric() => number::exact(text, data_type),
            Self::Text(text) if is_moment(data_type) => moment::exact(text, data_type),
            Self::Text(text) if wants_text(data_type) => moment::read(text, data_type),
            Self::Bool(value) if *data_type == DataType::Boolean => {
                moment::read(&value.to_string(), data_type)
            }
            Self::Number(_) | Self::Text(_) | Self::Bool(_) => None,
        }
    }

    /// Is it the number that is none?
    #[must_use]
    pub fn is_nan(&self) -> bool {
        matches!(self, Self::Number(text) if text.parse().is_ok_and(f64::is_nan))
    }

    /// What to write for a column of this type instead, where [`to_array`](Self::to_array) says
    /// `None`.
    #[must_use]
    pub fn advice(&self, data_type: &DataType) -> String {
        match (self, data_type) {
            (_, DataType::Dictionary(_, values)) => self.advice(values),
            (_, DataType::Boolean) => "true or false".to_owned(),
            (Self::Number(text), _) if data_type.is_numeric() => number::advice(text, data_type),
            (_, _) if data_type.is_numeric() => "a number, without quotes".to_owned(),
            (_, _) if is_moment(data_type) => moment::advice(data_type),
            (_, _) if data_type.is_nested() => {
                "none: lists and structs cannot be written here".to_owned()
            }
            (_, _) => "a text, in quotes".to_owned(),
        }
    }
}

fn is_moment(data_type: &DataType) -> bool {
    use DataType::{Date32, Date64, Time32, Time64, Timestamp};
    matches!(data_type, Date32 | Date64 | Time32(_) | Time64(_) | Timestamp(..))
}

fn wants_text(data_type: &DataType) -> bool {
    !data_type.is_numeric() && *data_type != DataType::Boolean
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(text) => f.write_str(text),
            Self::Text(text) => write!(f, "{text:?}"),
        }
    }
}

/// What a value is; a number without those of its digits that no float has.
#[derive(Deserialize)]
#[serde(untagged)]
enum Kind {
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float(f64),
    Text(String),
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let written = raw.trim().get_ron();
        let expected = |_| D::Error::custom("expected a number, a text in quotes, true or false");
        Ok(match ron::from_str(written).map_err(expected)? {
            Kind::Bool(value) => Self::Bool(value),
            Kind::Text(text) => Self::Text(text),
            Kind::Int(value) => Self::Number(value.to_string()),
            Kind::UInt(value) => Self::Number(value.to_string()),
            Kind::Float(value) => Self::Number(float(written, value)),
        })
    }
}

/// The digits that are written, where a float is read of them: `1.5f32` or `NaN` is what it means.
fn float(written: &str, value: f64) -> String {
    let digits = written.replace('_', "");
    match digits.parse::<f64>().is_ok_and(|parsed| parsed == value) {
        true => digits,
        false => value.to_string(),
    }
}

#[cfg(test)]
mod tests;
