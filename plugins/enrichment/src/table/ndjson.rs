//! NDJSON tables: one object a line, plain values, types as JSON has them.

use std::io::ErrorKind;

use arrow::array::{StringArray, StringBuilder};
use arrow::datatypes::DataType;
use serde_json::{Map, Value};

use super::bytes::read_bytes;
use super::infer::Types;
use super::{Places, Table, TableError, find_columns, named_columns};
use crate::config::Lookup;
use crate::types;

pub(super) fn read(lookup: &Lookup) -> Result<Table, TableError> {
    let not_text = |_| TableError::Open {
        path: lookup.table.clone(),
        source: std::io::Error::new(ErrorKind::InvalidData, "stream did not contain valid UTF-8"),
    };
    let text = String::from_utf8(read_bytes(&lookup.table)?).map_err(not_text)?;
    let (objects, lines) = parse(lookup, &text)?;
    let names = named_columns(lookup);
    find_columns(lookup, &names, all_names(&objects).iter().copied())?;
    let types = Types::of(lookup, &lines)?;
    let mut columns = Vec::new();
    for name in &names {
        let (texts, data_type) = column(lookup, name, &objects, &lines)?;
        columns.push(types.column(name, &texts, |_| data_type)?);
    }
    Ok(Table::typed(lookup, &columns, Places::Lines(lines)))
}

type Object = Map<String, Value>;

/// The objects and the number of each one's line, from 1; blank lines hold none.
fn parse(lookup: &Lookup, text: &str) -> Result<(Vec<Object>, Vec<u64>), TableError> {
    let mut objects = Vec::new();
    let mut lines = Vec::new();
    for (line, number) in text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty()) {
        objects.push(serde_json::from_str(line).map_err(|error| broken(lookup, number, &error))?);
        lines.push(number);
    }
    Ok((objects, lines))
}

fn broken(lookup: &Lookup, line: u64, error: &serde_json::Error) -> TableError {
    let found = error.to_string();
    // Its own place is that within the line.
    let found = found.rsplit_once(" at line ").map_or(found.as_str(), |(found, _)| found);
    TableError::Json {
        path: lookup.table.clone(),
        line,
        column: error.column().max(1),
        found: found.to_owned(),
    }
}

/// Names of all objects, each once, in the order in which they appear.
fn all_names(objects: &[Object]) -> Vec<&str> {
    let mut seen = hashbrown::HashSet::new();
    objects
        .iter()
        .flat_map(Map::keys)
        .map(String::as_str)
        .filter(|name| seen.insert(*name))
        .collect()
}

/// One column as texts, and the type that its values have in JSON.
fn column(
    lookup: &Lookup,
    name: &str,
    objects: &[Object],
    lines: &[u64],
) -> Result<(StringArray, DataType), TableError> {
    let mut texts = StringBuilder::new();
    let mut all: Option<DataType> = None;
    for (object, line) in objects.iter().zip(lines) {
        let value = object.get(name).filter(|value| !value.is_null());
        texts.append_option(value.map(plain_text));
        let Some(value) = value else { continue };
        let joined = type_of(value).and_then(|own| match &all {
            None => Some(own),
            Some(all) => join(all, own),
        });
        all = Some(joined.ok_or_else(|| TableError::MixedJson {
            path: lookup.table.clone(),
            line: *line,
            column: name.to_owned(),
            found: value.to_string(),
            expected: types::name(all.as_ref().unwrap_or(&DataType::Utf8)),
        })?);
    }
    Ok((texts.finish(), all.unwrap_or(DataType::Utf8)))
}

fn plain_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The type of a plain value; none for a list or an object.
fn type_of(value: &Value) -> Option<DataType> {
    match value {
        Value::Bool(_) => Some(DataType::Boolean),
        Value::Number(number) if number.is_i64() => Some(DataType::Int64),
        Value::Number(_) => Some(DataType::Float64),
        Value::String(_) => Some(DataType::Utf8),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The type that holds values of both.
fn join(all: &DataType, own: DataType) -> Option<DataType> {
    match (all, &own) {
        (DataType::Int64, DataType::Float64) | (DataType::Float64, DataType::Int64) => {
            Some(DataType::Float64)
        }
        (all, own) if all == own => Some(all.clone()),
        (_, _) => None,
    }
}
