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
        cast(&text, data_type).ok().filter(|array| array.null_count() == 0)
    }
}

fn wants_text(data_type: &DataType) -> bool {
    !data_type.is_numeric() && *data_type != DataType::Boolean
}
