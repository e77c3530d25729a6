//! Names of column types, as `schema:` writes them.

use std::sync::Arc;

use arrow::datatypes::{DataType, TimeUnit};
use indexmap::IndexMap;
use tanda_plugin::{UTC, one_zone};

use crate::error::TextError;
use crate::hint::nearest;
use crate::nested_types::{nested_type_name, parse_any_type};

/// What an error about an unknown type lists.
const KNOWN: &str = "int8, int16, int32, int64, uint8, uint16, uint32, uint64, float32, float64, \
    bool, utf8, date32, time, timestamp(s|ms|us|ns), timestamp(us, UTC), decimal(precision, \
    scale); in NDJSON also list(int64), struct(name: utf8)";

/// Names without parameters; the first name of a type is the one that messages use.
const PLAIN: [(&str, DataType); 22] = [
    ("int8", DataType::Int8),
    ("int16", DataType::Int16),
    ("int32", DataType::Int32),
    ("int64", DataType::Int64),
    ("uint8", DataType::UInt8),
    ("uint16", DataType::UInt16),
    ("uint32", DataType::UInt32),
    ("uint64", DataType::UInt64),
    ("float32", DataType::Float32),
    ("float64", DataType::Float64),
    ("bool", DataType::Boolean),
    ("utf8", DataType::Utf8),
    ("date32", DataType::Date32),
    ("time", DataType::Time64(TimeUnit::Microsecond)),
    ("timestamp(us)", DataType::Timestamp(TimeUnit::Microsecond, None)),
    ("boolean", DataType::Boolean),
    ("string", DataType::Utf8),
    ("date", DataType::Date32),
    ("timestamp", DataType::Timestamp(TimeUnit::Microsecond, None)),
    ("int", DataType::Int64),
    ("float", DataType::Float64),
    ("double", DataType::Float64),
];

/// Types by columns, in the order in which `schema:` names them.
pub type Types = IndexMap<String, DataType>;

/// Types of all columns that `schema:` names.
///
/// # Errors
/// [`TextError::UnknownType`] of the first that is none.
pub fn parse_types(schema: Option<&IndexMap<String, String>>) -> Result<Types, TextError> {
    parse_with(parse_type, schema)
}

/// The same where values may be lists and structs.
///
/// # Errors
/// [`TextError::UnknownType`] of the first that is none.
pub fn parse_json_types(schema: Option<&IndexMap<String, String>>) -> Result<Types, TextError> {
    parse_with(parse_any_type, schema)
}

fn parse_with(
    parse: impl Fn(&str) -> Option<DataType>,
    schema: Option<&IndexMap<String, String>>,
) -> Result<Types, TextError> {
    let typed = |(column, name): (&String, &String)| {
        let data_type = parse(name).ok_or_else(|| unknown(column, name))?;
        Ok((column.clone(), data_type))
    };
    schema.into_iter().flatten().map(typed).collect()
}

/// The type that `text` names, letter case aside.
pub(crate) fn parse_type(text: &str) -> Option<DataType> {
    let text = text.trim().to_ascii_lowercase();
    if let Some((_, data_type)) = PLAIN.iter().find(|(name, _)| *name == text) {
        return Some(data_type.clone());
    }
    let (name, rest) = text.split_once('(')?;
    let parameters = rest.strip_suffix(')')?.split(',').map(str::trim).collect::<Vec<_>>();
    match (name.trim(), parameters.as_slice()) {
        ("timestamp", [unit]) => Some(DataType::Timestamp(time_unit(unit)?, None)),
        ("timestamp", [unit, zone]) => timestamp_in(time_unit(unit)?, zone),
        ("decimal" | "decimal128", [precision, scale]) => decimal(precision, scale),
        _ => None,
    }
}

fn time_unit(text: &str) -> Option<TimeUnit> {
    match text {
        "s" => Some(TimeUnit::Second),
        "ms" => Some(TimeUnit::Millisecond),
        "us" => Some(TimeUnit::Microsecond),
        "ns" => Some(TimeUnit::Nanosecond),
        _ => None,
    }
}

/// Only UTC and fixed offsets are known: arrow's time zone database is not part of this build.
fn timestamp_in(unit: TimeUnit, zone: &str) -> Option<DataType> {
    let zone = zone.strip_prefix('"').and_then(|zone| zone.strip_suffix('"')).unwrap_or(zone);
    let data_type = one_zone(&DataType::Timestamp(unit, Some(Arc::from(zone))));
    let DataType::Timestamp(_, Some(zone)) = &data_type else { return None };
    let is_fixed = zone.parse::<arrow::array::timezone::Tz>().is_ok();
    is_fixed.then_some(data_type)
}

fn decimal(precision: &str, scale: &str) -> Option<DataType> {
    let (precision, scale) = (precision.parse::<u8>().ok()?, scale.parse::<i8>().ok()?);
    let possible = (1..=38).contains(&precision) && (0..=38).contains(&scale);
    (possible && scale.unsigned_abs() <= precision)
        .then_some(DataType::Decimal128(precision, scale))
}

fn unknown(column: &str, found: &str) -> TextError {
    let names = PLAIN.iter().map(|(name, _)| *name).chain(["timestamp(us)", "decimal(18, 2)"]);
    TextError::UnknownType {
        column: column.to_owned(),
        found: found.to_owned(),
        hint: nearest(&found.to_ascii_lowercase(), names),
        known: KNOWN,
    }
}

/// The name that messages use for a type: what `schema:` would say.
#[expect(clippy::wildcard_enum_match_arm, reason = "arrow has far more types than `schema:` names")]
#[must_use]
pub fn type_name(data_type: &DataType) -> String {
    if let Some((name, _)) = PLAIN.iter().find(|(_, plain)| plain == data_type) {
        return (*name).to_owned();
    }
    match data_type {
        DataType::Timestamp(unit, None) => format!("timestamp({})", unit_name(*unit)),
        DataType::Timestamp(unit, Some(zone)) if **zone == *UTC => {
            format!("timestamp({}, UTC)", unit_name(*unit))
        }
        DataType::Timestamp(unit, Some(zone)) => format!("timestamp({}, {zone})", unit_name(*unit)),
        DataType::Decimal128(precision, scale) => format!("decimal({precision}, {scale})"),
        other => nested_type_name(other).unwrap_or_else(|| other.to_string().to_lowercase()),
    }
}

fn unit_name(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "s",
        TimeUnit::Millisecond => "ms",
        TimeUnit::Microsecond => "us",
        TimeUnit::Nanosecond => "ns",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_that_messages_use_can_be_written_in_a_schema() {
        let written = [
            "timestamp(ms)",
            "timestamp(us, UTC)",
            "timestamp(us, \"UTC\")",
            "timestamp(ns, +02:00)",
        ];
        let plain = PLAIN.iter().map(|(name, _)| *name);
        for name in plain.chain(written).chain(["decimal(10, 2)", " Int64 "]) {
            let data_type = parse_type(name).unwrap_or_else(|| panic!("{name}"));
            assert_eq!(parse_type(&type_name(&data_type)), Some(data_type), "{name}");
        }
    }

    #[test]
    fn what_is_no_type_is_refused() {
        for text in ["", "integer64", "time(us)", "timestamp(h)", "decimal(40,2)", "decimal(2,3)"] {
            assert_eq!(parse_type(text), None, "{text}");
        }
    }

    #[test]
    fn an_unknown_type_is_answered_with_the_nearest_one() {
        let schema = IndexMap::from([("delay".to_owned(), "flaot64".to_owned())]);
        let error = parse_types(Some(&schema)).unwrap_err().to_string();
        let start =
            "schema of column `delay`: unknown type `flaot64`, did you mean `float64`?; known";
        assert!(error.starts_with(start), "{error}");
    }
}
