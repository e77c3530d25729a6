//! Rows of one batch that a lookup rejects.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, StringArray};
use arrow::buffer::BooleanBuffer;

/// Which rows leave, and because of which lookup first.
#[derive(Debug, Default)]
pub(crate) struct Rejects {
    /// The rows without a match in a lookup that rejects, and that lookup's number.
    misses: Vec<(usize, BooleanBuffer)>,
}

impl Rejects {
    /// Notes the rows that have no match in a lookup; lookups come in order.
    pub(crate) fn add(&mut self, number: usize, misses: BooleanBuffer) {
        if misses.has_true() {
            self.misses.push((number, misses));
        }
    }

    /// Filter of the rows that leave; `None` when all stay.
    pub(crate) fn rejected(&self) -> Option<BooleanArray> {
        let misses = self.misses.iter().map(|(_, misses)| misses.clone());
        misses.reduce(|all, misses| &all | &misses).map(|all| BooleanArray::new(all, None))
    }

    /// Filter of the rows that stay; `None` when all do.
    pub(crate) fn kept(&self) -> Option<BooleanArray> {
        self.rejected().map(|rejected| BooleanArray::new(!rejected.values(), None))
    }

    /// The reason of every row that leaves.
    pub(crate) fn reasons<'a>(&self, reason_of: impl Fn(usize) -> &'a str) -> ArrayRef {
        let rejected = self.rejected();
        let rows = rejected.iter().flat_map(|rejected| rejected.values().set_indices());
        let first = |row| self.misses.iter().find(|(_, misses)| misses.value(row));
        let reason = |row| first(row).map(|(number, _)| reason_of(*number));
        Arc::new(rows.map(reason).collect::<StringArray>())
    }
}
