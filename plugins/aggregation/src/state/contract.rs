//! What every state can do, and what it is given and gives.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};
use arrow::buffer::NullBuffer;
use arrow::error::ArrowError;

use crate::bytes::{Reader, SnapshotError, Writer};
use crate::error::StateError;

/// Rows to absorb: the group of each, and the column that a state looks at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<'a> {
    /// Group of each row, below the number of groups.
    pub(crate) ids: &'a [u32],
    /// The column; none for a count of rows.
    pub(crate) column: Option<&'a ArrayRef>,
}

impl Rows<'_> {
    pub(super) fn column(&self) -> &ArrayRef {
        self.column.expect("only a count of rows has no column")
    }

    pub(super) fn nulls(&self) -> Option<NullBuffer> {
        let nulls = self.column.and_then(|column| column.logical_nulls());
        nulls.filter(|nulls| nulls.null_count() > 0)
    }
}

/// What is read from a state; states that serve one aggregate only do not look at it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Output {
    /// The state's own value: count, sum, extreme, number of distinct values.
    Plain,
    /// Sum over count.
    Mean,
    /// Variance with this number of lost degrees of freedom, or its root.
    Variance { ddof: u8, root: bool },
    /// Quantile, `0.0..=1.0`.
    Quantile(f64),
}

/// Why a result cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ResultError {
    /// The exact result of a group is outside its type.
    #[error("the {what} of group {group} is {value}")]
    Overflow { group: u32, what: &'static str, value: String },
    /// Arrow refused the values.
    #[error(transparent)]
    Arrow(#[from] ArrowError),
}

/// The state of one aggregate (or of several that share it) for all groups.
pub(crate) trait State: Send {
    /// There are so many groups now; never fewer than before.
    fn resize(&mut self, groups: usize);

    /// Absorbs rows.
    ///
    /// # Errors
    /// Too many distinct values, or the column cannot be read.
    fn update(&mut self, rows: Rows<'_>) -> Result<(), StateError>;

    /// Results of these groups, in their order.
    ///
    /// # Errors
    /// A sum or variance does not fit its type.
    fn result(&self, output: Output, groups: &[u32]) -> Result<ArrayRef, ResultError>;

    /// Writes the state of these groups. Equal states give equal bytes.
    fn write(&self, groups: &[u32], out: &mut Writer);

    /// Adds what [`Self::write`] wrote: `ids[i]` is the group here of the i-th group there.
    ///
    /// # Errors
    /// It was not written by `write`; the state is then unusable.
    fn absorb(&mut self, ids: &[u32], from: &mut Reader<'_>) -> Result<(), SnapshotError>;

    /// Memory held.
    fn bytes(&self) -> usize;
}

/// Counts as a column of the result.
pub(super) fn counts_to_array(counts: impl Iterator<Item = u64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(counts.map(u64::cast_signed)))
}
