//! Windows of so many rows.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};
use arrow::record_batch::RecordBatch;

use crate::bytes::{Reader, SnapshotError, Writer};
use crate::error::StateError;
use crate::plan::Plan;
use crate::results::Results;
use crate::table::Table;

/// Every `every` rows of the input are a window; the last one may have fewer.
pub(crate) struct RowWindows {
    plan: Arc<Plan>,
    every: u64,
    /// Rows seen so far, in all windows.
    seen: u64,
    table: Table,
}

impl RowWindows {
    /// Windows of `every` rows, at least 1.
    pub(crate) fn new(plan: Arc<Plan>, every: u64) -> Self {
        let table = Table::new(Arc::clone(&plan));
        Self { plan, every, seen: 0, table }
    }

    /// Absorbs a batch, and appends the rows of the windows that it fills.
    ///
    /// # Errors
    /// Too many groups or values, or a sum does not fit its type; the state is then unusable.
    pub(crate) fn update(
        &mut self,
        batch: &RecordBatch,
        out: &mut Results,
    ) -> Result<(), StateError> {
        let mut at = 0;
        while at < batch.num_rows() {
            let room = self.every - self.seen % self.every;
            let left = batch.num_rows() - at;
            let rows = usize::try_from(room).map_or(left, |room| room.min(left));
            self.table.update(&batch.slice(at, rows))?;
            (at, self.seen) = (at + rows, self.seen + rows as u64);
            if self.seen.is_multiple_of(self.every) {
                self.close(self.seen - self.every, out)?;
            }
        }
        Ok(())
    }

    /// Appends the rows of the window that is not full, if it has any.
    ///
    /// # Errors
    /// A sum does not fit its type.
    pub(crate) fn close_last(&mut self, out: &mut Results) -> Result<(), StateError> {
        match self.seen % self.every {
            0 => Ok(()),
            rows => self.close(self.seen - rows, out),
        }
    }

    fn close(&mut self, start: u64, out: &mut Results) -> Result<(), StateError> {
        let table = std::mem::replace(&mut self.table, Table::new(Arc::clone(&self.plan)));
        let groups = table.sorted();
        let repeat = |bound: u64| -> ArrayRef {
            Arc::new(Int64Array::from_value(bound.cast_signed(), groups.len()))
        };
        let mut columns = vec![repeat(start), repeat(self.seen)];
        columns.extend(table.result(&groups)?);
        out.push(columns, groups.len());
        Ok(())
    }

    pub(crate) fn write(&self, out: &mut Writer) {
        out.u64(self.seen);
        self.table.write(out);
    }

    /// Reads what [`Self::write`] wrote into a fresh value.
    ///
    /// # Errors
    /// It was not written by `write`; the value is then unusable.
    pub(crate) fn read(&mut self, from: &mut Reader<'_>) -> Result<(), SnapshotError> {
        self.seen = from.u64()?;
        self.table.absorb(from)
    }

    /// Groups in the open window.
    pub(crate) fn group_count(&self) -> usize {
        self.table.group_count()
    }

    /// Memory held.
    pub(crate) fn bytes(&self) -> usize {
        self.table.bytes()
    }
}
