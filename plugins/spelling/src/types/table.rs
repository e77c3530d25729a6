//! The table of column types by name, and the types that take parameters.

use std::sync::Arc;

use arrow::datatypes::{DataType, TimeUnit};

use crate::zone::{UTC, one_zone};

/// The types that are neither list nor struct, for an error about one that is none of them.
pub const KNOWN_TYPES: &str = "int8, int16, int32, int64, uint8, uint16, uint32, uint64, float32, \
    float64, bool, utf8, date32, time, timestamp(s|ms|us|ns), timestamp(us, UTC), \
    decimal(precision, scale)";

/// Types without parameters; the first name of a type is the one that messages use.
const SIMPLE: [(&str, DataType); 22] = [
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

/// The units of a timestamp, all that there are.
const UNITS: [(&str, TimeUnit); 4] = [
    ("s", TimeUnit::Second),
    ("ms", TimeUnit::Millisecond),
    ("us", TimeUnit::Microsecond),
    ("ns", TimeUnit::Nanosecond),
];

/// All names of types without parameters, those that messages use first.
pub fn simple_types() -> impl Iterator<Item = &'static str> + Clone {
    SIMPLE.iter().map(|(name, _)| *name)
}

/// The type without parameters that `text` names, letter case aside.
#[must_use]
pub fn parse_simple_type(text: &str) -> Option<DataType> {
    let text = text.trim().to_ascii_lowercase();
    SIMPLE.iter().find(|(name, _)| *name == text).map(|(_, data_type)| data_type.clone())
}

/// The type that `text` names, neither list nor struct, letter case aside.
#[must_use]
pub fn parse_flat_type(text: &str) -> Option<DataType> {
    if let Some(simple) = parse_simple_type(text) {
        return Some(simple);
    }
    let text = text.trim().to_ascii_lowercase();
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
    UNITS.iter().find(|(name, _)| *name == text).map(|(_, unit)| *unit)
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

/// The name of a type that is neither list nor struct; none for one that cannot be written.
#[expect(clippy::wildcard_enum_match_arm, reason = "arrow has far more types than the table")]
pub(super) fn flat_type_name(data_type: &DataType) -> Option<String> {
    if let Some((name, _)) = SIMPLE.iter().find(|(_, simple)| simple == data_type) {
        return Some((*name).to_owned());
    }
    Some(match data_type {
        DataType::Timestamp(unit, None) => format!("timestamp({})", unit_name(*unit)),
        DataType::Timestamp(unit, Some(zone)) if **zone == *UTC => {
            format!("timestamp({}, UTC)", unit_name(*unit))
        }
        DataType::Timestamp(unit, Some(zone)) => format!("timestamp({}, {zone})", unit_name(*unit)),
        DataType::Decimal128(precision, scale) => format!("decimal({precision}, {scale})"),
        _ => return None,
    })
}

fn unit_name(unit: TimeUnit) -> &'static str {
    let found = UNITS.iter().find(|(_, known)| *known == unit);
    found.map(|(name, _)| *name).expect("the table has all units")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::type_name;

    #[test]
    fn every_name_that_messages_use_can_be_written() {
        let written = [
            "timestamp(ms)",
            "timestamp(us, UTC)",
            "timestamp(us, \"UTC\")",
            "timestamp(ns, +02:00)",
        ];
        for name in simple_types().chain(written).chain(["decimal(10, 2)", " Int64 "]) {
            let data_type = parse_flat_type(name).unwrap_or_else(|| panic!("{name}"));
            assert_eq!(parse_flat_type(&type_name(&data_type)), Some(data_type), "{name}");
        }
    }

    #[test]
    fn an_error_lists_the_name_of_each_type_that_messages_use() {
        let named = simple_types().map(|name| type_name(&parse_flat_type(name).unwrap()));
        for name in named.filter(|name| !name.contains('(')) {
            assert!(KNOWN_TYPES.split(", ").any(|known| known == name), "{name}");
        }
    }

    #[test]
    fn what_is_no_type_is_refused() {
        for text in ["", "integer64", "time(us)", "timestamp(h)", "decimal(40,2)", "decimal(2,3)"] {
            assert_eq!(parse_flat_type(text), None, "{text}");
        }
    }
}
