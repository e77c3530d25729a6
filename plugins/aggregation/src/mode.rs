//! Which rows belong together, and the state of that.

use std::sync::Arc;

use arrow::datatypes::Schema;
use arrow::record_batch::RecordBatch;
use tanda_plugin::{Emitter, PluginError};

use crate::bytes::{Reader, SnapshotError, Writer};
use crate::error::StateError;
use crate::plan::Plan;
use crate::results::Results;
use crate::row_windows::RowWindows;
use crate::table::Table;
use crate::windows::{Tumbling, TumblingPlan, chosen};

/// Port for rows that belong to no open window.
const LATE: usize = 1;

/// What a mode is made from.
#[derive(Debug, Clone)]
pub(crate) enum ModePlan {
    Whole,
    Tumbling(TumblingPlan),
    Rows(u64),
}

impl ModePlan {
    /// What snapshots of one mode have in common.
    pub(crate) fn describe(&self, input: &Schema) -> String {
        match self {
            Self::Whole => "whole".to_owned(),
            Self::Rows(every) => format!("rows {every}"),
            Self::Tumbling(windows) => {
                let TumblingPlan { column, data_type, grid, .. } = windows;
                format!("tumbling {}: {data_type} {grid:?}", input.field(*column).name())
            }
        }
    }

    /// An empty state.
    pub(crate) fn make(&self, plan: &Arc<Plan>) -> Mode {
        let plan = Arc::clone(plan);
        match self {
            Self::Whole => Mode::Whole(Table::new(plan)),
            Self::Tumbling(windows) => Mode::Tumbling(Tumbling::new(plan, windows.clone())),
            Self::Rows(every) => Mode::Rows(RowWindows::new(plan, *every)),
        }
    }
}

/// The state of an instance.
pub(crate) enum Mode {
    Whole(Table),
    Tumbling(Tumbling),
    Rows(RowWindows),
}

impl Mode {
    /// Absorbs a batch; emits the windows that it closes, and the rows that came too late.
    ///
    /// # Errors
    /// Too many groups or values, or a sum does not fit its type; the state is then unusable.
    pub(crate) fn process(
        &mut self,
        batch: &RecordBatch,
        out: &mut Emitter<'_>,
    ) -> Result<(), PluginError> {
        let mut results = Results::default();
        match self {
            Self::Whole(table) => table.update(batch)?,
            Self::Rows(windows) => windows.update(batch, &mut results)?,
            Self::Tumbling(windows) => {
                if let Some(late) = windows.update(batch)? {
                    out.host().counter_add("late_rows", late.true_count() as u64);
                    let columns = chosen(batch, out.passed(LATE), &late)?;
                    out.emit(LATE, columns, late.true_count())?;
                }
                windows.close(&mut results)?;
            }
        }
        results.emit(out)
    }

    /// Emits everything that is left.
    ///
    /// # Errors
    /// A sum does not fit its type.
    pub(crate) fn finish(&mut self, out: &mut Emitter<'_>) -> Result<(), PluginError> {
        out.host().counter_add("groups_at_end", self.group_count() as u64);
        out.host().counter_add("state_bytes_at_end", self.bytes() as u64);
        let mut results = Results::default();
        match self {
            Self::Whole(table) => whole(table, &mut results)?,
            Self::Rows(windows) => windows.close_last(&mut results)?,
            Self::Tumbling(windows) => windows.close_all(&mut results)?,
        }
        results.emit_in_parts(out)
    }

    fn group_count(&self) -> usize {
        match self {
            Self::Whole(table) => table.group_count(),
            Self::Rows(windows) => windows.group_count(),
            Self::Tumbling(windows) => windows.group_count(),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Whole(table) => table.bytes(),
            Self::Rows(windows) => windows.bytes(),
            Self::Tumbling(windows) => windows.bytes(),
        }
    }

    /// Writes the state.
    pub(crate) fn write(&self, out: &mut Writer) {
        match self {
            Self::Whole(table) => table.write(out),
            Self::Rows(windows) => windows.write(out),
            Self::Tumbling(windows) => windows.write(out),
        }
    }

    /// Reads what [`Self::write`] wrote into an empty state.
    ///
    /// # Errors
    /// It was not written by `write`; the state is then unusable.
    pub(crate) fn read(&mut self, from: &mut Reader<'_>) -> Result<(), SnapshotError> {
        match self {
            Self::Whole(table) => table.absorb(from),
            Self::Rows(windows) => windows.read(from),
            Self::Tumbling(windows) => windows.read(from),
        }
    }
}

fn whole(table: &Table, results: &mut Results) -> Result<(), StateError> {
    let groups = table.sorted();
    results.push(table.result(&groups)?, groups.len());
    Ok(())
}
