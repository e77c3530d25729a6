//! The columns of a batch, downcast once, so that writing a cell is one match and no dynamic call.
//!
//! A [`Column`] has [`Cells`] by type, which for lists and structs are columns again.

use std::ops::Range;

use arrow::array::{Array, ArrayRef, Decimal256Array, Float16Array};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::TimeUnit;

use super::style::Style;
use super::texts::{BLOCK_BYTES, Texts, append_prefix};
use super::{number, time};

/// One column: which rows are missing, and the values.
pub(super) struct Column<'a> {
    nulls: Option<NullBuffer>,
    cells: Cells<'a>,
}

impl<'a> Column<'a> {
    /// Reads a column that [`prepare`](super::downcast::prepare) returned. Cost: one pass over its
    /// texts.
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

/// Values by type; each variant borrows the buffers of the array.
pub(super) enum Cells<'a> {
    Null,
    Bool(&'a BooleanBuffer),
    Int8(&'a [i8]),
    Int16(&'a [i16]),
    Int32(&'a [i32]),
    Int64(&'a [i64]),
    UInt8(&'a [u8]),
    UInt16(&'a [u16]),
    UInt32(&'a [u32]),
    UInt64(&'a [u64]),
    Float16(&'a Float16Array),
    Float32(&'a [f32]),
    Float64(&'a [f64]),
    Text(Texts<'a, i32>),
    LargeText(Texts<'a, i64>),
    Dictionary(&'a [i32], Texts<'a, i32>),
    Binary(Texts<'a, i32>),
    LargeBinary(Texts<'a, i64>),
    /// Sixteen bytes each.
    Uuid(&'a [u8]),
    Date32(&'a [i32]),
    Date64(&'a [i64]),
    Time32(&'a [i32], TimeUnit),
    Time64(&'a [i64], TimeUnit),
    /// With a time zone if true.
    Timestamp(&'a [i64], TimeUnit, bool),
    Decimal32(&'a [i32], i8),
    Decimal64(&'a [i64], i8),
    Decimal128(&'a [i128], i8),
    Decimal256(&'a Decimal256Array),
    List(&'a [i32], Box<Column<'a>>),
    LargeList(&'a [i64], Box<Column<'a>>),
    Struct(Fields<'a>),
}

impl Cells<'_> {
    /// Appends the text of the value at `row`, which is not missing.
    #[inline]
    pub(super) fn write<S: Style>(&self, row: usize, style: &S, out: &mut Vec<u8>) {
        match self {
            Self::Null => style.null(out),
            Self::Bool(values) => {
                out.extend_from_slice(if values.value(row) { b"true" } else { b"false" });
            }
            Self::Int8(values) => number::integer(values[row].into(), out),
            Self::Int16(values) => number::integer(values[row].into(), out),
            Self::Int32(values) => number::integer(values[row].into(), out),
            Self::Int64(values) => number::integer(values[row], out),
            Self::UInt8(values) => number::integer(values[row].into(), out),
            Self::UInt16(values) => number::integer(values[row].into(), out),
            Self::UInt32(values) => number::integer(values[row].into(), out),
            Self::UInt64(values) => number::unsigned(values[row], out),
            Self::Float16(values) => style.float32(values.value(row).to_f32(), out),
            Self::Float32(values) => style.float32(values[row], out),
            Self::Float64(values) => style.float64(values[row], out),
            Self::Text(texts) => texts.write(row, style, out),
            Self::LargeText(texts) => texts.write(row, style, out),
            Self::Dictionary(keys, texts) => texts.write(keys[row] as usize, style, out),
            Self::Binary(bytes) => hex(bytes.get(row), style, out),
            Self::LargeBinary(bytes) => hex(bytes.get(row), style, out),
            Self::Uuid(bytes) => {
                quoted::<S>(out, |out| number::uuid(&bytes[row * 16..][..16], out))
            }
            Self::Date32(days) => quoted::<S>(out, |out| time::date(days[row].into(), out)),
            Self::Date64(values) => quoted::<S>(out, |out| time::date64(values[row], out)),
            Self::Time32(values, unit) => {
                quoted::<S>(out, |out| time::time(values[row].into(), *unit, out));
            }
            Self::Time64(values, unit) => {
                quoted::<S>(out, |out| time::time(values[row], *unit, out));
            }
            Self::Timestamp(values, unit, utc) => {
                quoted::<S>(out, |out| time::timestamp(values[row], *unit, *utc, out));
            }
            Self::Decimal32(values, scale) => number::decimal(values[row].into(), *scale, out),
            Self::Decimal64(values, scale) => number::decimal(values[row].into(), *scale, out),
            Self::Decimal128(values, scale) => number::decimal(values[row], *scale, out),
            Self::Decimal256(values) => {
                out.extend_from_slice(values.value_as_string(row).as_bytes());
            }
            Self::List(at, items) => {
                list(items, at[row] as usize..at[row + 1] as usize, style, out)
            }
            Self::LargeList(at, items) => {
                list(items, at[row] as usize..at[row + 1] as usize, style, out);
            }
            Self::Struct(fields) => fields.write(row, style, out),
        }
    }
}

#[inline]
fn quoted<S: Style>(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(S::QUOTE);
    write(out);
    out.extend_from_slice(S::QUOTE);
}

/// Bytes that are none must not look missing: the style has a form for an empty text.
fn hex<S: Style>(bytes: &[u8], style: &S, out: &mut Vec<u8>) {
    match bytes {
        [] => style.text(bytes, out),
        _ => quoted::<S>(out, |out| number::hex(bytes, out)),
    }
}

#[inline(never)]
fn list<S: Style>(items: &Column<'_>, rows: Range<usize>, style: &S, out: &mut Vec<u8>) {
    out.push(b'[');
    let first = rows.start;
    for row in rows {
        if row > first {
            out.push(b',');
        }
        items.write(row, style, out);
    }
    out.push(b']');
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
