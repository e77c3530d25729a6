//! CSV, TSV and NDJSON tables: decoded as sources are, by the same rules.

use std::collections::HashSet;

use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::DataType;
use indexmap::IndexMap;
use tanda_spelling::{KNOWN_TYPES, type_name};
use tanda_text::{
    Beginning, ColumnPlan, CsvSample, Cutter, Dialect, NdjsonPlan, NdjsonSample, OnBad, Rules,
    TextDecoder, TextError, TextPiece, Types, parse_json_types, parse_types, typed,
};

use super::bytes::read_bytes;
use super::columns::{Places, Table};
use super::error::TableError;
use super::named::{find_columns, named_columns, position};
use crate::config::Lookup;
use crate::shown::text_at;

/// Bytes that are decoded at a time; no record is longer.
const PIECE_BYTES: usize = 256 << 20;

/// Reads a CSV table. Its keys stay texts, to be read in the types of the input.
pub(super) fn csv(lookup: &Lookup, delimiter: u8) -> Result<Table, TableError> {
    let given = given_types(lookup, parse_types)?;
    let bytes = read_bytes(&lookup.table)?;
    let dialect = Dialect { delimiter, quote: b'"' };
    let no_types = Types::new();
    let mut sample = CsvSample::new(dialect, &no_types, None);
    let start = sample.add(&beginning(lookup, &bytes), usize::MAX)?;
    let mut plan = sample.finish()?;
    let names = named_columns(lookup);
    let found = plan.columns.iter().map(|column| column.name.as_str());
    let indices = find_columns(lookup, &names, found)?;
    let mut data_types = Vec::new();
    for index in &indices {
        let column = &mut plan.columns[*index];
        let guessed = column.data_type.clone();
        data_types.push(given.get(&column.name).cloned().unwrap_or(guessed));
        *column = ColumnPlan::given(column.name.clone(), DataType::Utf8);
    }
    let decoder = plan.decoder(&indices, rules());
    let text = Text { lookup, bytes: &bytes[start.skip..], line: start.line };
    let (texts, lines) = text.decode(&decoder, Some(dialect))?;
    let take = |(_, name): (&str, &String)| {
        let place = position(&names, name);
        taken(lookup, name, texts.column(place), &data_types[place], &lines)
    };
    let taken = lookup.take.iter().map(take).collect::<Result<_, _>>()?;
    let key = |(_, name): (&str, &String)| texts.column(position(&names, name)).clone();
    Ok(Table {
        path: lookup.table.clone(),
        keys: lookup.on.iter().map(key).collect(),
        taken,
        untyped_keys: true,
        places: Places::Lines(lines),
    })
}

/// Reads an NDJSON table, whose values have types.
pub(super) fn ndjson(lookup: &Lookup) -> Result<Table, TableError> {
    let mut given = given_types(lookup, parse_json_types)?;
    let bytes = read_bytes(&lookup.table)?;
    let mut sample = NdjsonSample::default();
    let skip = sample.add(&beginning(lookup, &bytes), &given, usize::MAX)?;
    let names = named_columns(lookup);
    let wanted = names.iter().map(String::as_str).collect::<HashSet<_>>();
    find_columns(lookup, &names, sample.keys())?;
    // What stands under keys that nobody names is nobody's business: text may be anything.
    let others = sample.keys().filter(|key| !wanted.contains(key)).map(str::to_owned);
    given.extend(others.map(|key| (key, DataType::Utf8)));
    let plan = NdjsonPlan::of(&lookup.table, &sample, given)?;
    let found = plan.columns.iter().map(|column| column.name.as_str());
    let indices = find_columns(lookup, &names, found)?;
    let decoder = plan.decoder(&indices, rules());
    let text = Text { lookup, bytes: &bytes[skip..], line: 1 };
    let (batch, lines) = text.decode(&decoder, None)?;
    Ok(Table::typed(lookup, batch.columns(), Places::Lines(lines)))
}

fn beginning<'a>(lookup: &'a Lookup, bytes: &'a [u8]) -> Beginning<'a> {
    Beginning { path: &lookup.table, bytes, ended: true, nameless: false }
}

fn rules() -> Rules {
    Rules { null: None, record_bytes_max: PIECE_BYTES, on_bad: OnBad::Fail }
}

/// How a format names types.
type Parse = fn(Option<&IndexMap<String, String>>) -> Result<Types, TextError>;

/// The types that the scene gives, which must be of columns that are taken.
fn given_types(lookup: &Lookup, parse: Parse) -> Result<Types, TableError> {
    let path = || lookup.table.clone();
    let is_taken = |column: &str| lookup.take.iter().any(|(_, taken)| taken == column);
    if let Some((column, _)) = lookup.types.iter().find(|(column, _)| !is_taken(column)) {
        return Err(TableError::UnusedType { path: path(), column: column.to_owned() });
    }
    let types = lookup.types.iter().map(|(column, name)| (column.to_owned(), name.clone()));
    parse(Some(&types.collect())).map_err(|error| {
        let TextError::UnknownType { found, hint, .. } = error else { return error.into() };
        let known =
            || format!("known are {KNOWN_TYPES}; in NDJSON also list(int64), struct(name: utf8)");
        let hint = hint.map_or_else(known, |near| format!("did you mean `{near}`?"));
        TableError::UnknownType { path: path(), name: found, hint }
    })
}

/// A column that is taken, of a table that is nothing but text.
fn taken(
    lookup: &Lookup,
    name: &str,
    texts: &ArrayRef,
    wanted: &DataType,
    lines: &[u64],
) -> Result<ArrayRef, TableError> {
    let column =
        typed(texts.as_string(), wanted).expect("`types` names types that texts stand for");
    column.map_err(|row| TableError::BadCell {
        path: lookup.table.clone(),
        line: lines[row],
        column: name.to_owned(),
        found: text_at(texts, row),
        wanted: type_name(wanted),
    })
}

/// The records of a table.
struct Text<'a> {
    lookup: &'a Lookup,
    bytes: &'a [u8],
    /// Line of the first record, from 1.
    line: u64,
}

impl Text<'_> {
    /// All records, and the line of each.
    fn decode(
        &self,
        decoder: &TextDecoder,
        dialect: Option<Dialect>,
    ) -> Result<(RecordBatch, Vec<u64>), TableError> {
        let (mut rest, mut line) = (self.bytes, self.line);
        let (mut batches, mut lines) = (Vec::new(), Vec::new());
        // Once at least, for the columns of a table without rows.
        while !rest.is_empty() || batches.is_empty() {
            let mut cutter = Cutter::new(dialect);
            cutter.scan(&rest[..rest.len().min(PIECE_BYTES)], usize::MAX);
            let is_last = rest.len() <= PIECE_BYTES;
            let end = if is_last { rest.len() } else { cutter.end() };
            if end == 0 && !is_last {
                let (path, bytes_max) = (self.lookup.table.clone(), PIECE_BYTES);
                return Err(TextError::RecordTooLong { path, line, bytes_max }.into());
            }
            let piece = TextPiece {
                text: &rest[..end],
                rows: cutter.records() + 1,
                path: &self.lookup.table,
                input: 0,
                first_line: line,
                is_long: false,
            };
            batches.push(decoder.decode_with_lines(piece, &mut lines)?.batch);
            (rest, line) = (&rest[end..], line + cutter.end_lines());
        }
        let failed = |source| TableError::Arrow { path: self.lookup.table.clone(), source };
        let whole = concat_batches(&batches[0].schema(), &batches).map_err(failed)?;
        Ok((whole, lines))
    }
}
