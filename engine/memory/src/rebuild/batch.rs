//! A batch of its description, column by column.

use std::sync::Arc;

use arrow::array::{ArrayData, ArrayRef, RecordBatch, RecordBatchOptions, make_array};
use arrow::buffer::Buffer;
use arrow::datatypes::{DataType, SchemaRef};
use zerocopy::little_endian::U32;

use super::column;
use super::error::{ColumnFault, RebuildError};
use super::source::Source;
use super::trust::Trust;
use crate::Segments;
use crate::copier::{Copier, CopyFault};
use crate::layout::{ELEMENTS_MAX, is_supported};
use crate::wire::{Header, MAGIC, OWN, Reader};

/// A batch that was rebuilt.
#[derive(Debug, Clone)]
pub struct Rebuilt {
    /// The batch.
    pub batch: RecordBatch,
    /// Bytes that were copied for it; 0 in place.
    pub bytes_copied: u64,
}

/// Rebuilds a batch of its description.
///
/// `bytes` must be private memory; `schema` and `input` are what the writer had, too. Whatever the
/// bytes say: it does not panic, it reads nothing outside the named segments, and its cost is
/// bounded by the schema, and beside it in place by the number of elements, copied by the size of
/// the segment. 20 passed columns take 0.4 us, 20 described ones 6 us in place.
///
/// # Errors
/// The description is not one of such a batch, or names memory that it must not, or the memory does
/// not hold what the types need, or there is no room for the copies. Nothing is kept.
pub fn rebuild(
    bytes: &[u8],
    schema: &SchemaRef,
    segments: &Segments,
    input: Option<&RecordBatch>,
    trust: Trust<'_>,
) -> Result<Rebuilt, RebuildError> {
    let mut reader = Reader(bytes);
    let rows = read_header(&mut reader, schema)?;
    let mut columns = Columns { rows, input, source: Source::new(segments, input, &trust), trust };
    let mut arrays = Vec::with_capacity(schema.fields().len());
    let mut bytes_copied = 0;
    for (column, field) in schema.fields().iter().enumerate() {
        let built = columns.column(&mut reader, field.data_type(), &mut bytes_copied);
        arrays.push(built.map_err(|fault| RebuildError::Column { column, fault })?);
    }
    if !reader.0.is_empty() {
        return Err(RebuildError::Trailing { bytes: reader.0.len() });
    }
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let batch = RecordBatch::try_new_with_options(Arc::clone(schema), arrays, &options)
        .map_err(RebuildError::Batch)?;
    Ok(Rebuilt { batch, bytes_copied })
}

fn read_header(reader: &mut Reader<'_>, schema: &SchemaRef) -> Result<usize, RebuildError> {
    let header: Header = reader.take().map_err(|_| RebuildError::NoDescription)?;
    if header.magic.get() != MAGIC {
        return Err(RebuildError::NoDescription);
    }
    let (found, expected) = (header.columns.get() as usize, schema.fields().len());
    if found != expected {
        return Err(RebuildError::Columns { found, expected });
    }
    match header.rows.get() {
        rows @ 0..=ELEMENTS_MAX => Ok(rows as usize),
        rows => Err(RebuildError::Rows { rows }),
    }
}

/// Rebuilds the columns of a batch.
struct Columns<'a> {
    rows: usize,
    input: Option<&'a RecordBatch>,
    source: Source<'a>,
    trust: Trust<'a>,
}

impl Columns<'_> {
    fn column(
        &mut self,
        reader: &mut Reader<'_>,
        data_type: &DataType,
        copied: &mut u64,
    ) -> Result<ArrayRef, ColumnFault> {
        let tag = reader.take::<U32>()?.get();
        if tag != OWN {
            return self.passed(tag);
        }
        if !is_supported(data_type) {
            return Err(ColumnFault::Unsupported { data_type: data_type.clone() });
        }
        let data = column::read(reader, &mut self.source, data_type)?;
        if data.len() != self.rows {
            return Err(ColumnFault::Length { found: data.len() as u64, expected: self.rows });
        }
        let data = self.checked(data, copied)?;
        Ok(make_array(data))
    }

    fn passed(&self, index: u32) -> Result<ArrayRef, ColumnFault> {
        let columns = self.input.map_or(&[][..], RecordBatch::columns);
        let column = columns.get(index as usize);
        column.cloned().ok_or(ColumnFault::NotInInput { index, columns: columns.len() })
    }

    fn checked(&self, data: ArrayData, copied: &mut u64) -> Result<ArrayData, ColumnFault> {
        match self.trust {
            Trust::InPlace { .. } => {
                data.validate().map_err(ColumnFault::Invalid)?;
                Ok(data)
            }
            Trust::Copied { arena, .. } => {
                let stays = |buffer: &Buffer| !self.source.is_foreign(buffer);
                let granted = self.source.foreign_bytes() - *copied;
                let mut copier = Copier::new(arena, &stays, granted);
                let copy = copier.copy(&data, 0..data.len())?;
                *copied += copier.copied();
                copy.validate_full().map_err(ColumnFault::Invalid)?;
                Ok(copy)
            }
        }
    }
}

impl From<CopyFault> for ColumnFault {
    fn from(fault: CopyFault) -> Self {
        match fault {
            CopyFault::Full(full) => Self::ArenaFull(full),
            CopyFault::TooMuch => Self::TooMuch,
            CopyFault::Short => Self::Short,
        }
    }
}
