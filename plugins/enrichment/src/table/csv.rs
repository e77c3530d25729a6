//! CSV and TSV tables. The `csv` crate is used for its line numbers: every error names one.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray, StringBuilder};
use csv::{Error, ErrorKind, Position, Reader, ReaderBuilder, StringRecord};

use super::bytes::read_bytes;
use super::infer::{Types, infer};
use super::{Places, Table, TableError, find_columns, named_columns, position};
use crate::config::Lookup;

pub(super) fn read(lookup: &Lookup, delimiter: u8) -> Result<Table, TableError> {
    let bytes = read_bytes(&lookup.table)?;
    let mut reader = ReaderBuilder::new().delimiter(delimiter).from_reader(&bytes[..]);
    let explain = |error| explain(&lookup.table, &bytes, error);
    let header = reader.headers().map_err(explain)?.clone();
    if header.is_empty() {
        return Err(TableError::Empty { path: lookup.table.clone() });
    }
    let names = named_columns(lookup);
    let indices = find_columns(lookup, &names, header.iter())?;
    let (columns, lines) = read_columns(&mut reader, &bytes, &indices).map_err(explain)?;
    build(lookup, &names, &columns, lines)
}

/// The line in which a record begins, from 1. The reader's own position is in front of the blank
/// lines before it.
fn line_of(position: Option<&Position>, bytes: &[u8]) -> u64 {
    let Some(position) = position else { return 1 };
    let start = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let rest = bytes.get(start..).unwrap_or_default().iter();
    let blank = rest.take_while(|byte| matches!(byte, b'\r' | b'\n'));
    position.line() + blank.filter(|byte| **byte == b'\n').count() as u64
}

/// The columns as texts, and the line of each record. An empty field is a missing value.
fn read_columns(
    reader: &mut Reader<&[u8]>,
    bytes: &[u8],
    indices: &[usize],
) -> Result<(Vec<StringArray>, Vec<u64>), Error> {
    let mut columns: Vec<_> = indices.iter().map(|_| StringBuilder::new()).collect();
    let mut lines = Vec::new();
    let mut record = StringRecord::new();
    while reader.read_record(&mut record)? {
        lines.push(line_of(record.position(), bytes));
        for (column, index) in columns.iter_mut().zip(indices) {
            column.append_option(record.get(*index).filter(|field| !field.is_empty()));
        }
    }
    Ok((columns.iter_mut().map(StringBuilder::finish).collect(), lines))
}

fn build(
    lookup: &Lookup,
    names: &[String],
    columns: &[StringArray],
    lines: Vec<u64>,
) -> Result<Table, TableError> {
    let text = |name: &String| &columns[position(names, name)];
    let types = Types::of(lookup, &lines)?;
    let taken = lookup.take.iter().map(|(_, name)| types.column(name, text(name), infer));
    let taken = taken.collect::<Result<Vec<_>, _>>()?;
    let key = |(_, name)| Arc::new(text(name).clone()) as ArrayRef;
    Ok(Table {
        path: lookup.table.clone(),
        keys: lookup.on.iter().map(key).collect(),
        taken,
        untyped_keys: true,
        places: Places::Lines(lines),
    })
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the others cannot come from reading records")]
fn explain(path: &str, bytes: &[u8], error: Error) -> TableError {
    let path = path.to_owned();
    let line = line_of(error.position(), bytes);
    match error.kind() {
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            TableError::Ragged { path, line, found: *len, expected: *expected_len }
        }
        ErrorKind::Utf8 { err, .. } => TableError::NotUtf8 { path, line, field: err.field() + 1 },
        _ => TableError::Csv { path, source: error },
    }
}
