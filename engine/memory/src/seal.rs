//! Batches into shared memory.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, make_array};
use arrow::buffer::Buffer;
use arrow::datatypes::DataType;

use crate::copier::{Copier, CopyFault, all_stay};
use crate::layout::is_supported;
use crate::{Arena, ArenaFull, Segments};

/// A batch could not be sealed. What was copied of it is freed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// There is no room; a later try can help.
    #[error(transparent)]
    ArenaFull(#[from] ArenaFull),
    /// The type of a column does not cross a process border.
    #[error("column {column} is of the type {data_type}, which does not cross a process border")]
    Unsupported {
        /// Index of the column.
        column: usize,
        /// Its type.
        data_type: DataType,
    },
    /// The offsets of a column do not lie in its data: who made it was wrongly trusted.
    #[error("column {column} has offsets outside its data")]
    Malformed {
        /// Index of the column.
        column: usize,
    },
}

/// Copies what does not yet lie in one of `segments` into `arena`; gives the batch whose buffers
/// all lie in shared memory, and the bytes that were copied.
///
/// Columns that are there are shared. Of a slice, only its rows are copied. A batch that is sealed
/// costs some 100 ns a column.
///
/// # Errors
/// There is no room, a type does not cross, or a column is malformed.
pub fn seal(
    batch: &RecordBatch,
    arena: &Arena,
    segments: &Segments,
) -> Result<(RecordBatch, u64), SealError> {
    let stays = |buffer: &Buffer| is_shared(buffer, segments);
    let mut copier = Copier::new(arena, &stays, u64::MAX);
    let mut columns = Vec::with_capacity(batch.num_columns());
    for (column, array) in batch.columns().iter().enumerate() {
        columns.push(seal_column(array, column, &stays, &mut copier)?);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    let sealed = RecordBatch::try_new_with_options(batch.schema(), columns, &options);
    let sealed = sealed.expect("copies have the types, lengths and nulls of the columns");
    Ok((sealed, copier.copied()))
}

fn seal_column(
    array: &ArrayRef,
    column: usize,
    stays: &dyn Fn(&Buffer) -> bool,
    copier: &mut Copier<'_>,
) -> Result<ArrayRef, SealError> {
    if !is_supported(array.data_type()) {
        return Err(SealError::Unsupported { column, data_type: array.data_type().clone() });
    }
    let data = array.to_data();
    if all_stay(&data, stays) {
        return Ok(Arc::clone(array));
    }
    match copier.copy(&data, 0..data.len()) {
        Ok(copy) => Ok(make_array(copy)),
        Err(CopyFault::Full(full)) => Err(SealError::ArenaFull(full)),
        Err(CopyFault::Short | CopyFault::TooMuch) => Err(SealError::Malformed { column }),
    }
}

/// Whether all buffers of a batch lie in shared memory.
pub fn is_sealed(batch: &RecordBatch, segments: &Segments) -> bool {
    let stays = |buffer: &Buffer| is_shared(buffer, segments);
    batch.columns().iter().all(|array| all_stay(&array.to_data(), &stays))
}

/// A buffer without bytes lies everywhere.
fn is_shared(buffer: &Buffer, segments: &Segments) -> bool {
    buffer.is_empty() || segments.locate(buffer.as_ptr(), buffer.len()).is_some()
}
