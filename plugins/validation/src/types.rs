//! Types by the names that scenes use.

use arrow::datatypes::{DataType, TimeUnit};

const NAMES: [(&str, DataType); 15] = [
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
    ("boolean", DataType::Boolean),
    ("utf8", DataType::Utf8),
    ("date", DataType::Date32),
    ("time", DataType::Time64(TimeUnit::Microsecond)),
    ("timestamp", DataType::Timestamp(TimeUnit::Microsecond, None)),
];

/// The type that scenes call so.
pub(crate) fn named(name: &str) -> Option<DataType> {
    NAMES.into_iter().find(|(known, _)| *known == name).map(|(_, data_type)| data_type)
}

/// What scenes call a type; Arrow's name for one that they cannot name.
pub(crate) fn name(data_type: &DataType) -> String {
    let known = NAMES.iter().find(|(_, known)| known == data_type);
    known.map_or_else(|| data_type.to_string(), |(name, _)| (*name).to_owned())
}

/// All that `named` knows.
pub(crate) fn names() -> impl Iterator<Item = &'static str> + Clone {
    NAMES.iter().map(|(name, _)| *name)
}
