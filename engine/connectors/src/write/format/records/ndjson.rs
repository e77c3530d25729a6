//! NDJSON: one JSON object a line, every column in it, a missing value as `null`.
//!
//! - Floats are the shortest text that reads back the same; NaN and the infinities, which JSON does
//!   not have, are `null`.
//! - Decimals are numbers with all their digits; binary is a string of lower-case hexadecimal;
//!   times are ISO 8601 strings, see [`time`](super::time).
//! - Lists are arrays and structs objects, by the same rules at any depth.
//! - Strings are UTF-8 as they are: only `"`, `\` and control characters are escaped.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use crate::write::declared::check_batch;
use crate::write::error::WriteError;
use crate::write::writer::Encode;

use super::cells::Fields;
use super::downcast::prepare;
use super::number;
use super::style::Style;

/// Bytes a cell takes without its name, as a first guess for the output's capacity.
const CELL_BYTES: usize = 12;

pub(crate) struct NdjsonEncoder {
    schema: SchemaRef,
}

impl NdjsonEncoder {
    pub(crate) fn new(schema: SchemaRef) -> Self {
        Self { schema }
    }
}

impl Encode for NdjsonEncoder {
    fn encode(&self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), WriteError> {
        check_batch(&self.schema, batch.schema_ref())?;
        let arrays = prepare(batch, &self.schema)?;
        let names = || self.schema.fields().iter().map(|field| field.name().as_str());
        let fields = Fields::new(names(), &arrays, &JsonStyle);
        let row_bytes: usize = names().map(|name| name.len() + CELL_BYTES).sum();
        out.reserve(batch.num_rows() * row_bytes);
        for row in 0..batch.num_rows() {
            fields.write(row, &JsonStyle, out);
            out.push(b'\n');
        }
        Ok(())
    }
}

struct JsonStyle;

impl Style for JsonStyle {
    const QUOTE: &'static [u8] = b"\"";

    #[inline]
    fn is_special(&self, byte: u8) -> bool {
        (byte < b' ') | (byte == b'"') | (byte == b'\\')
    }

    #[inline]
    fn is_verbatim(&self, _text: &[u8]) -> bool {
        true
    }

    #[inline]
    fn text(&self, text: &[u8], out: &mut Vec<u8>) {
        out.push(b'"');
        if text.iter().any(|&byte| self.is_special(byte)) {
            put_escaped(text, out);
        } else {
            out.extend_from_slice(text);
        }
        out.push(b'"');
    }

    #[inline]
    fn null(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"null");
    }

    #[inline]
    fn float64(&self, value: f64, out: &mut Vec<u8>) {
        if value.is_finite() { number::float64(value, out) } else { self.null(out) }
    }

    #[inline]
    fn float32(&self, value: f32, out: &mut Vec<u8>) {
        if value.is_finite() { number::float32(value, out) } else { self.null(out) }
    }
}

#[inline(never)]
fn put_escaped(text: &[u8], out: &mut Vec<u8>) {
    for &byte in text {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0..b' ' => {
                out.extend_from_slice(b"\\u00");
                number::hex(&[byte], out);
            }
            b' '.. => out.push(byte),
        }
    }
}
