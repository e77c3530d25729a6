//! Values written in the configuration, and how they become values of a column.

use std::fmt;
use std::sync::Arc;

use arrow::array::timezone::Tz;
use arrow::array::{Array, ArrayRef, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit};
use serde::Deserialize;

use crate::zone::UTC;

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
    #[must_use]
    pub fn to_array(&self, data_type: &DataType) -> Option<ArrayRef> {
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
        let array = match is_place(data_type) {
            true => with_offset(&text, data_type)?,
            false => read(&text, data_type)?,
        };
        is_whole(&array, &text).then_some(array)
    }

    /// What to write for a column instead of what is no value of it: `usually`, but for times of a
    /// place.
    #[must_use]
    pub fn advice(data_type: &DataType, usually: &'static str) -> &'static str {
        match is_place(data_type) {
            true => "a time with its offset, as in \"2024-01-31T00:00:00+01:00\"",
            false => usually,
        }
    }
}

/// The one value of `text` as another type, if it is one.
fn read(text: &ArrayRef, data_type: &DataType) -> Option<ArrayRef> {
    cast(text, data_type).ok().filter(|array| array.null_count() == 0)
}

/// Are these times in a zone that is called by a place? Arrow has no database of their offsets.
fn is_place(data_type: &DataType) -> bool {
    let DataType::Timestamp(_, Some(zone)) = data_type else { return false };
    zone.parse::<Tz>().is_err()
}

/// A time that brings its offset: it is the same wherever it is read.
fn with_offset(text: &ArrayRef, data_type: &DataType) -> Option<ArrayRef> {
    let DataType::Timestamp(unit, _) = data_type else { return None };
    let read_in = |zone: &str| read(text, &DataType::Timestamp(*unit, Some(zone.into())));
    let (here, there) = (read_in(UTC)?, read_in("+01:00")?);
    let relabel = |array: &ArrayRef| cast(array, data_type).ok();
    relabel(&here).filter(|array| relabel(&there).as_ref() == Some(array))
}

/// Does the value stand for all of the text? A decimal is rounded to its scale when it is read, a
/// time cut to its unit, and a date read from the front of a time.
fn is_whole(array: &ArrayRef, text: &ArrayRef) -> bool {
    let finer = finer_types(array.data_type());
    let both = finer.iter().find_map(|finer| Some((read(array, finer)?, read(text, finer)?)));
    both.is_none_or(|(found, wanted)| found == wanted)
}

/// Types that keep what a type may lose of a text, the finest first, for those that may.
#[expect(clippy::wildcard_enum_match_arm, reason = "the others are read without loss, or not")]
fn finer_types(data_type: &DataType) -> Vec<DataType> {
    let times = |zone: &Option<Arc<str>>| {
        let units = [TimeUnit::Nanosecond, TimeUnit::Microsecond];
        units.map(|unit| DataType::Timestamp(unit, zone.clone())).into()
    };
    match data_type {
        other if other.is_decimal() => vec![DataType::Float64],
        DataType::Timestamp(_, zone) if !is_place(data_type) => times(zone),
        DataType::Date32 | DataType::Date64 => times(&None),
        DataType::Time32(_) | DataType::Time64(_) => vec![DataType::Time64(TimeUnit::Nanosecond)],
        _ => Vec::new(),
    }
}

fn wants_text(data_type: &DataType) -> bool {
    !data_type.is_numeric() && *data_type != DataType::Boolean
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;
    use arrow::datatypes::TimestampMicrosecondType;

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
    fn a_time_fits_a_column_only_as_a_whole() {
        let fits = |text: &str, data_type| fits(Scalar::Text(text.into()), data_type);
        assert!(!fits("2024-01-01T12:00:00", DataType::Date32));
        assert!(fits("2024-01-01T00:00:00", DataType::Date32));
        assert!(fits("9999-12-31", DataType::Date32));
        let seconds = DataType::Timestamp(TimeUnit::Second, None);
        assert!(fits("2024-01-01T00:00:01", seconds.clone()));
        assert!(fits("9999-12-31", seconds.clone()));
        assert!(!fits("2024-01-01T00:00:00.5", seconds));
        assert!(!fits("12:00:00.0000005", DataType::Time64(TimeUnit::Microsecond)));
    }

    #[test]
    fn a_time_of_a_place_needs_its_offset() {
        let berlin = DataType::Timestamp(TimeUnit::Microsecond, Some("Europe/Berlin".into()));
        let array = Scalar::Text("2024-01-01T01:00:00+01:00".into()).to_array(&berlin).unwrap();
        assert_eq!(array.data_type(), &berlin);
        assert_eq!(
            array.as_primitive::<TimestampMicrosecondType>().value(0),
            1_704_067_200_000_000
        );
        assert!(!fits(Scalar::Text("2024-01-01".into()), berlin));
    }

    #[test]
    fn u64_above_i64_keeps_its_value() {
        let scalar: Scalar = ron::from_str("18446744073709551615").unwrap();
        assert_eq!(scalar, Scalar::UInt(u64::MAX));
    }
}
