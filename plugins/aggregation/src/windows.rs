//! Windows of event time: which rows belong to which, and when a window is closed.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, UInt32Array};
use arrow::compute::{filter, take_record_batch};
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use tanda_plugin::PluginError;

use crate::bytes::{Reader, SnapshotError, Writer};
use crate::column::Values;
use crate::error::StateError;
use crate::plan::Plan;
use crate::results::Results;
use crate::table::Table;
use crate::value::{Value, to_array};

/// Tumbling windows over a time column.
///
/// The watermark is the latest time seen less the lateness, row by row: what is late does not
/// depend on where batches begin. A window is closed when its end is not after the watermark.
pub(crate) struct Tumbling {
    plan: Arc<Plan>,
    windows: TumblingPlan,
    /// Open windows by their start.
    open: BTreeMap<i64, Table>,
    latest: Option<i64>,
}

/// The column that holds the time, and spans in its unit.
#[derive(Debug, Clone)]
pub(crate) struct TumblingPlan {
    pub(crate) column: usize,
    pub(crate) data_type: DataType,
    /// Length of a window, at least 1.
    pub(crate) every: i64,
    /// At least 0.
    pub(crate) lateness: i64,
}

/// Rows of a batch by what becomes of them.
#[derive(Debug, Default)]
struct Split {
    /// Rows by the start of their window.
    windows: BTreeMap<i64, Vec<u32>>,
    /// Rows without a time, or with one that came too late.
    late: Vec<bool>,
    late_count: usize,
}

impl Tumbling {
    pub(crate) fn new(plan: Arc<Plan>, windows: TumblingPlan) -> Self {
        Self { plan, windows, open: BTreeMap::new(), latest: None }
    }

    /// Absorbs a batch. Returns which rows came too late, if any did.
    ///
    /// # Errors
    /// Too many groups or values; the state is then unusable.
    pub(crate) fn update(
        &mut self,
        batch: &RecordBatch,
    ) -> Result<Option<BooleanArray>, StateError> {
        let split = self.split(batch)?;
        for (start, rows) in split.windows {
            let table =
                self.open.entry(start).or_insert_with(|| Table::new(Arc::clone(&self.plan)));
            match rows.len() == batch.num_rows() {
                true => table.update(batch)?,
                false => table.update(&rows_of(batch, rows)?)?,
            }
        }
        Ok((split.late_count > 0).then(|| BooleanArray::from(split.late)))
    }

    fn split(&mut self, batch: &RecordBatch) -> Result<Split, StateError> {
        let mut split = Split { late: vec![false; batch.num_rows()], ..Split::default() };
        let Values::Words(times, nulls) = Values::of(batch.column(self.windows.column))? else {
            unreachable!("bound to a column of times")
        };
        for (row, time) in times.iter().enumerate() {
            let has_time = nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
            match has_time.then(|| self.window_of(*time)).flatten() {
                Some(start) => split.windows.entry(start).or_default().push(row as u32),
                None => {
                    split.late[row] = true;
                    split.late_count += 1;
                }
            }
        }
        Ok(split)
    }

    /// The window of a row, or none if it is closed. The row's time moves the watermark.
    fn window_of(&mut self, time: i64) -> Option<i64> {
        let start = time.div_euclid(self.windows.every).checked_mul(self.windows.every)?;
        if self.is_closed(start) {
            return None;
        }
        self.latest = Some(self.latest.map_or(time, |latest| latest.max(time)));
        Some(start)
    }

    fn is_closed(&self, start: i64) -> bool {
        let Some(latest) = self.latest else { return false };
        let end = i128::from(start) + i128::from(self.windows.every);
        end <= i128::from(latest) - i128::from(self.windows.lateness)
    }

    /// Takes the closed windows out and appends their rows, in order of time.
    ///
    /// # Errors
    /// A sum does not fit its type.
    pub(crate) fn close(&mut self, out: &mut Results) -> Result<(), StateError> {
        while let Some(entry) = self.open.first_entry() {
            let start = *entry.key();
            if !self.is_closed(start) {
                break;
            }
            self.emit_first(out)?;
        }
        Ok(())
    }

    /// Takes out every window that is left.
    ///
    /// # Errors
    /// A sum does not fit its type.
    pub(crate) fn close_all(&mut self, out: &mut Results) -> Result<(), StateError> {
        while !self.open.is_empty() {
            self.emit_first(out)?;
        }
        Ok(())
    }

    fn emit_first(&mut self, out: &mut Results) -> Result<(), StateError> {
        let Some((start, table)) = self.open.pop_first() else { return Ok(()) };
        let groups = table.sorted();
        let bounds = [Some(start), start.checked_add(self.windows.every)];
        let mut columns = Vec::new();
        for bound in bounds {
            columns.push(self.repeat(bound, groups.len())?);
        }
        columns.extend(table.result(&groups)?);
        out.push(columns, groups.len());
        Ok(())
    }

    fn repeat(&self, time: Option<i64>, rows: usize) -> Result<ArrayRef, StateError> {
        let values = std::iter::repeat_n(time.map(Value::Word), rows);
        Ok(to_array(values, &self.windows.data_type)?)
    }

    pub(crate) fn write(&self, out: &mut Writer) {
        out.optional(self.latest.map(Value::Word));
        out.count(self.open.len());
        for (start, table) in &self.open {
            out.i64(*start);
            table.write(out);
        }
    }

    /// Reads what [`Self::write`] wrote into a fresh value.
    ///
    /// # Errors
    /// It was not written by `write`; the value is then unusable.
    pub(crate) fn read(&mut self, from: &mut Reader<'_>) -> Result<(), SnapshotError> {
        self.latest = match from.optional(crate::value::Kind::Word)? {
            Some(Value::Word(latest)) => Some(latest),
            Some(Value::Wide(_) | Value::Bytes(_)) | None => None,
        };
        for _ in 0..from.count(16)? {
            let start = from.i64()?;
            let mut table = Table::new(Arc::clone(&self.plan));
            table.absorb(from)?;
            self.open.insert(start, table);
        }
        Ok(())
    }

    /// Groups in open windows.
    pub(crate) fn group_count(&self) -> usize {
        self.open.values().map(Table::group_count).sum()
    }

    /// Memory held.
    pub(crate) fn bytes(&self) -> usize {
        self.open.values().map(Table::bytes).sum()
    }
}

fn rows_of(batch: &RecordBatch, rows: Vec<u32>) -> Result<RecordBatch, StateError> {
    Ok(take_record_batch(batch, &UInt32Array::from(rows))?)
}

/// Rows of a batch that a mask chooses, of these columns only.
///
/// # Errors
/// Arrow refused the columns.
pub(crate) fn chosen(
    batch: &RecordBatch,
    columns: &[usize],
    mask: &BooleanArray,
) -> Result<Vec<ArrayRef>, PluginError> {
    let columns = columns.iter().map(|column| filter(batch.column(*column), mask));
    Ok(columns.collect::<Result<_, _>>()?)
}
