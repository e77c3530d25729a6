//! CSV: RFC 4180 with `\n` line ends, quoted only where a reader would go wrong without.
//!
//! - A missing value is the sink's `null` text, empty by default. A text that is empty or equal to
//!   the `null` text is quoted, so that it stays apart from a missing value.
//! - A text is quoted if it contains the delimiter, a quote, a carriage return or a line feed.
//! - A record of one column that would be an empty line is written `""`, which then means missing:
//!   readers skip empty lines. An empty text there is refused, as it would be the same.
//! - A text with U+0000 is refused: readers, Tanda's too, take such a file for a binary one.
//! - Floats: see [`number::float64`] and [`number::fixed`]; binary is lower-case hexadecimal; times
//!   are ISO 8601, see [`time`](super::time).

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};

use crate::write::declared::check_batch;
use crate::write::error::WriteError;
use crate::write::plan::CsvFormat;
use crate::write::writer::Encode;

use super::cells::Column;
use super::downcast::prepare;
use super::number;
use super::style::Style;

/// The record of a file of one column that has no value.
const MISSING_ALONE: &[u8] = b"\"\"";

/// Bytes a cell takes, as a first guess for the output's capacity.
const CELL_BYTES: usize = 8;

pub(crate) struct CsvEncoder {
    style: CsvStyle,
    schema: SchemaRef,
}

impl CsvEncoder {
    pub(crate) fn new(format: CsvFormat, schema: SchemaRef) -> Self {
        Self { style: CsvStyle(format), schema }
    }

    /// The first line of the file.
    pub(crate) fn header(&self) -> Vec<u8> {
        header(&self.style, &self.schema)
    }
}

impl Encode for CsvEncoder {
    fn encode(&self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), WriteError> {
        check_batch(&self.schema, batch.schema_ref())?;
        let arrays = prepare(batch, &self.schema)?;
        let columns: Vec<_> = arrays.iter().map(|array| Column::new(array, &self.style)).collect();
        let begin = out.len();
        out.reserve(batch.num_rows() * columns.len() * CELL_BYTES);
        let is_lone = columns.len() == 1 && self.style.0.null.is_empty();
        for row in 0..batch.num_rows() {
            let start = out.len();
            write_fields(row, &columns, &self.style, out);
            if is_lone && out[start..] == *MISSING_ALONE {
                out.truncate(begin);
                let column = self.schema.field(0).name().clone();
                return Err(WriteError::EmptyTextAlone { column });
            }
            end_record(start, out);
        }
        if out[begin..].contains(&0) {
            out.truncate(begin);
            return Err(self.nul(&columns, batch.num_rows()));
        }
        Ok(())
    }
}

impl CsvEncoder {
    #[cold]
    fn nul(&self, columns: &[Column<'_>], rows: usize) -> WriteError {
        let has_nul = |column: &Column<'_>| {
            let mut cells = Vec::new();
            (0..rows).for_each(|row| column.write(row, &self.style, &mut cells));
            cells.contains(&0)
        };
        let index = columns.iter().position(has_nul).unwrap_or_default();
        WriteError::NulInCsv { column: self.schema.field(index).name().clone() }
    }
}

#[inline]
fn write_fields(row: usize, columns: &[Column<'_>], style: &CsvStyle, out: &mut Vec<u8>) {
    for (index, column) in columns.iter().enumerate() {
        if index > 0 {
            out.push(style.0.delimiter);
        }
        column.write(row, style, out);
    }
}

fn header(style: &CsvStyle, schema: &Schema) -> Vec<u8> {
    let mut out = Vec::new();
    for (index, field) in schema.fields().iter().enumerate() {
        if index > 0 {
            out.push(style.0.delimiter);
        }
        let name = field.name().as_bytes();
        // A reader would take it for the mark of UTF-8 and leave it out.
        let is_marked = index == 0 && name.starts_with("\u{feff}".as_bytes());
        if is_marked || name.iter().any(|&byte| style.is_special(byte)) {
            put_quoted(name, &mut out);
        } else {
            out.extend_from_slice(name);
        }
    }
    end_record(0, &mut out);
    out
}

#[inline]
fn end_record(start: usize, out: &mut Vec<u8>) {
    if out.len() == start {
        out.extend_from_slice(MISSING_ALONE);
    }
    out.push(b'\n');
}

struct CsvStyle(CsvFormat);

impl Style for CsvStyle {
    const QUOTE: &'static [u8] = b"";

    #[inline]
    fn is_special(&self, byte: u8) -> bool {
        (byte == self.0.delimiter) | (byte == b'"') | (byte == b'\n') | (byte == b'\r')
    }

    #[inline]
    fn is_verbatim(&self, text: &[u8]) -> bool {
        !text.is_empty() && text != self.0.null
    }

    #[inline]
    fn text(&self, text: &[u8], out: &mut Vec<u8>) {
        if self.is_verbatim(text) && !text.iter().any(|&byte| self.is_special(byte)) {
            out.extend_from_slice(text);
        } else {
            put_quoted(text, out);
        }
    }

    #[inline]
    fn null(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0.null);
    }

    #[inline]
    fn float64(&self, value: f64, out: &mut Vec<u8>) {
        match self.0.decimals {
            Some(decimals) => number::fixed(value, decimals, out),
            None => number::float64(value, out),
        }
    }

    #[inline]
    fn float32(&self, value: f32, out: &mut Vec<u8>) {
        match self.0.decimals {
            Some(decimals) => number::fixed(value.into(), decimals, out),
            None => number::float32(value, out),
        }
    }
}

#[inline(never)]
fn put_quoted(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for part in text.split_inclusive(|&byte| byte == b'"') {
        out.extend_from_slice(part);
        if part.ends_with(b"\"") {
            out.push(b'"');
        }
    }
    out.push(b'"');
}
