//! Why a batch could not be rebuilt.

use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use crate::layout::ELEMENTS_MAX;
use crate::wire::Short;
use crate::{ArenaFull, SegmentId};

/// A batch could not be rebuilt, or bytes not copied out. Nothing is kept of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RebuildError {
    /// The bytes do not begin as a description does.
    #[error("the bytes are not a description of a batch")]
    NoDescription,
    /// The description is of another schema.
    #[error("the batch has {found} columns, its schema has {expected}")]
    Columns {
        /// Columns of the description.
        found: usize,
        /// Columns of the schema.
        expected: usize,
    },
    /// The batch claims too many rows.
    #[error("the batch has {rows} rows, at most {ELEMENTS_MAX} can cross")]
    Rows {
        /// What it claims.
        rows: u64,
    },
    /// Something is wrong with a column.
    #[error("column {column}: {fault}")]
    Column {
        /// Its index.
        column: usize,
        /// What is wrong.
        fault: ColumnFault,
    },
    /// There is more than the description of a batch.
    #[error("{bytes} bytes follow the description of the batch")]
    Trailing {
        /// How many.
        bytes: usize,
    },
    /// The columns do not make a batch of the schema: types, lengths or nulls.
    #[error("the columns do not fit the schema: {0}")]
    Batch(ArrowError),
    /// Raw bytes do not lie in a segment.
    #[error(transparent)]
    Range(#[from] RangeFault),
    /// More raw bytes than are wanted.
    #[error("{bytes} bytes are offered, at most {max} are taken")]
    TooLarge {
        /// How many.
        bytes: u64,
        /// How many are taken.
        max: usize,
    },
}

impl RebuildError {
    /// Nothing is wrong with the batch: there was no room for its copies.
    #[must_use]
    pub fn is_for_want_of_room(&self) -> bool {
        matches!(self, Self::Column { fault: ColumnFault::ArenaFull(_), .. })
    }
}

/// What is wrong with a column.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ColumnFault {
    /// The description ends inside the column.
    #[error("the description ends inside it")]
    Truncated,
    /// It is said to be a column of the input that there is not.
    #[error("it is column {index} of an input of {columns} columns")]
    NotInInput {
        /// The index.
        index: u32,
        /// Columns of the input, 0 without one.
        columns: usize,
    },
    /// Its type does not cross.
    #[error("its type {data_type} does not cross a process border")]
    Unsupported {
        /// The type.
        data_type: DataType,
    },
    /// It has other than the rows of the batch, or an array inside other than its parent needs.
    #[error("it has an array of {found} elements where {expected} are needed")]
    Length {
        /// Elements that there are.
        found: u64,
        /// Elements needed, at least.
        expected: usize,
    },
    /// An array claims more than [`ELEMENTS_MAX`] elements.
    #[error("it has an array of {elements} elements, at most {ELEMENTS_MAX} can cross")]
    TooLong {
        /// What it claims.
        elements: u64,
    },
    /// A buffer does not lie in the segment that it names.
    #[error(transparent)]
    Range(#[from] RangeFault),
    /// A buffer lies in a segment that the description must not name, and not in the input.
    #[error("it names memory of segment {}, which is not the writer's", segment.0)]
    Foreign {
        /// The segment.
        segment: SegmentId,
    },
    /// A buffer or array inside is shorter than the type and length need, or offsets run backwards.
    #[error("a buffer is shorter than its type and length need")]
    Short,
    /// The array breaks a rule of the Arrow format.
    #[error("it is not valid: {0}")]
    Invalid(ArrowError),
    /// The copies would be larger than the segment that they are from.
    #[error("it names more memory than its segment has")]
    TooMuch,
    /// There is no room for the copies; a later try can help.
    #[error(transparent)]
    ArenaFull(#[from] ArenaFull),
}

impl From<Short> for ColumnFault {
    fn from(_: Short) -> Self {
        Self::Truncated
    }
}

/// A range does not lie in a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RangeFault {
    /// The segment is not known, or not any more.
    #[error("segment {} is not known", segment.0)]
    Unknown {
        /// The segment.
        segment: SegmentId,
    },
    /// The range reaches outside.
    #[error("{bytes} bytes at {offset} are not in segment {} of {segment_bytes} bytes", segment.0)]
    Outside {
        /// The segment.
        segment: SegmentId,
        /// Where the range begins.
        offset: u64,
        /// Its length.
        bytes: u64,
        /// Size of the segment.
        segment_bytes: usize,
    },
}
