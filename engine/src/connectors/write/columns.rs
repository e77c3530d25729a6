//! The columns of a batch, downcast once, so that writing a cell is one match and no dynamic call.

use std::ops::Range;

use arrow::array::{Array, ArrayRef, OffsetSizeTrait, RecordBatch};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{FieldRef, Schema};

use super::WriteError;
use super::cells::Cells;
use super::number::append_block;
use super::schema::text_form_of;

/// What differs between CSV and JSON in the text of a cell.
pub(super) trait Style {
    /// Stands around dates, times, binary and [verbatim](Style::is_verbatim) texts.
    const QUOTE: &'static [u8];

    /// Whether a text that contains `byte` needs more than copying.
    fn is_special(&self, byte: u8) -> bool;

    /// Whether a text without special bytes is its own form, between two `QUOTE`s.
    fn is_verbatim(&self, text: &[u8]) -> bool;

    /// Writes any text.
    fn text(&self, text: &[u8], out: &mut Vec<u8>);

    /// Writes a missing value.
    fn null(&self, out: &mut Vec<u8>);

    fn float64(&self, value: f64, out: &mut Vec<u8>);

    fn float32(&self, value: f32, out: &mut Vec<u8>);
}

/// Brings the columns into the types that [`Column::new`] reads: a copy of the references, and a
/// conversion only for the rarer types.
pub(super) fn prepare(batch: &RecordBatch, declared: &Schema) -> Result<Vec<ArrayRef>, WriteError> {
    batch.columns().iter().zip(declared.fields()).map(prepare_one).collect()
}

fn prepare_one((array, field): (&ArrayRef, &FieldRef)) -> Result<ArrayRef, WriteError> {
    match text_form_of(field) {
        Some(form) if form != *array.data_type() => Ok(cast(array, &form)?),
        Some(_) | None => Ok(array.clone()),
    }
}

/// One column: which rows are missing, and the values.
pub(super) struct Column<'a> {
    nulls: Option<NullBuffer>,
    cells: Cells<'a>,
}

impl<'a> Column<'a> {
    /// Reads a column that [`prepare`] returned. Cost: one pass over its texts.
    pub(super) fn new(array: &'a dyn Array, style: &impl Style) -> Self {
        let nulls = array.logical_nulls().filter(|nulls| nulls.null_count() > 0);
        Self { nulls, cells: Cells::new(array, style) }
    }

    #[inline]
    pub(super) fn write<S: Style>(&self, row: usize, style: &S, out: &mut Vec<u8>) {
        match &self.nulls {
            Some(nulls) if nulls.is_null(row) => style.null(out),
            Some(_) | None => self.cells.write(row, style, out),
        }
    }
}

/// Texts one after the other; `plain` if none of them has a special byte.
pub(super) struct Texts<'a, O> {
    offsets: &'a [O],
    bytes: &'a [u8],
    pub(super) plain: bool,
}

impl<'a, O: OffsetSizeTrait> Texts<'a, O> {
    pub(super) fn new(offsets: &'a [O], bytes: &'a [u8], style: &impl Style) -> Self {
        let used = offsets.first().zip(offsets.last());
        let used = used.map_or(0..0, |(first, last)| first.as_usize()..last.as_usize());
        let plain = !contains(&bytes[used], |byte| style.is_special(byte));
        Self { offsets, bytes, plain }
    }

    /// For bytes that are not written as text.
    pub(super) fn unscanned(offsets: &'a [O], bytes: &'a [u8]) -> Self {
        Self { offsets, bytes, plain: false }
    }

    #[inline]
    fn range(&self, row: usize) -> Range<usize> {
        self.offsets[row].as_usize()..self.offsets[row + 1].as_usize()
    }

    #[inline]
    pub(super) fn get(&self, row: usize) -> &'a [u8] {
        &self.bytes[self.range(row)]
    }

    #[inline]
    pub(super) fn write<S: Style>(&self, row: usize, style: &S, out: &mut Vec<u8>) {
        let range = self.range(row);
        let text = &self.bytes[range.clone()];
        if self.plain && style.is_verbatim(text) {
            out.extend_from_slice(S::QUOTE);
            append_prefix(&self.bytes[range.start..], text.len(), out);
            out.extend_from_slice(S::QUOTE);
        } else {
            style.text(text, out);
        }
    }
}

/// Whether any byte is special: in blocks without an early exit, which the compiler vectorises.
fn contains(bytes: &[u8], is_special: impl Fn(u8) -> bool) -> bool {
    bytes.chunks(256).any(|block| block.iter().fold(false, |any, &byte| any | is_special(byte)))
}

/// Columns under their names, as the fields of a JSON object.
pub(super) struct Fields<'a> {
    columns: Vec<(Key, Column<'a>)>,
}

impl<'a> Fields<'a> {
    pub(super) fn new<'n>(
        names: impl Iterator<Item = &'n str>,
        arrays: &'a [ArrayRef],
        style: &impl Style,
    ) -> Self {
        let named = names.zip(arrays).enumerate();
        let columns = named
            .map(|(index, (name, array))| (Key::new(index, name, style), Column::new(array, style)))
            .collect();
        Self { columns }
    }

    #[inline]
    pub(super) fn write<S: Style>(&self, row: usize, style: &S, out: &mut Vec<u8>) {
        for (key, column) in &self.columns {
            append_prefix(&key.padded, key.length, out);
            column.write(row, style, out);
        }
        out.extend_from_slice(if self.columns.is_empty() { b"{}" } else { b"}" });
    }
}

/// What stands before a value, `{"name":` for the first and `,"name":` for the others, with so
/// much behind it that it is copied as a block.
struct Key {
    padded: Vec<u8>,
    length: usize,
}

impl Key {
    fn new(index: usize, name: &str, style: &impl Style) -> Self {
        let mut padded = vec![if index == 0 { b'{' } else { b',' }];
        style.text(name.as_bytes(), &mut padded);
        padded.push(b':');
        let length = padded.len();
        padded.resize(length + BLOCK_BYTES, 0);
        Self { padded, length }
    }
}

/// A text up to this long is copied as one block if as much stands behind its start.
const BLOCK_BYTES: usize = 32;

/// Appends the first `length` of `bytes`.
#[inline]
fn append_prefix(bytes: &[u8], length: usize, out: &mut Vec<u8>) {
    match bytes.first_chunk::<BLOCK_BYTES>() {
        Some(block) if length <= BLOCK_BYTES => append_block(block, length, out),
        Some(_) | None => out.extend_from_slice(&bytes[..length]),
    }
}
