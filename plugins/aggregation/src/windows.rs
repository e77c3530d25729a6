//! Windows of event time: which rows belong to which, and when a window is closed.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, UInt32Array};
use arrow::compute::{filter, take_record_batch};
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use arrow::util::display::array_value_to_string;
use tanda_plugin::PluginError;
use tanda_spelling::type_name;

use crate::bytes::{Reader, SnapshotError, Writer};
use crate::column::Values;
use crate::error::StateError;
use crate::grid::Grid;
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
    /// Start and end of the window of the last row: rows come in clusters.
    near: Option<(i64, i64)>,
}

/// The column that holds the time, and spans in its unit.
#[derive(Debug, Clone)]
pub(crate) struct TumblingPlan {
    pub(crate) column: usize,
    /// Its name, for messages.
    pub(crate) name: String,
    pub(crate) data_type: DataType,
    pub(crate) grid: Grid,
    /// At least 0.
    pub(crate) lateness: i64,
}

impl TumblingPlan {
    /// The type of the ends of windows: that of the times, but int64 for integers, so that a window
    /// of 100 has an end among bytes, too.
    pub(crate) fn bounds_type(&self) -> DataType {
        if self.data_type.is_integer() { DataType::Int64 } else { self.data_type.clone() }
    }

    /// Start and end of the window of a time.
    ///
    /// # Errors
    /// They are outside the type of the bounds.
    fn window(&self, time: i64) -> Result<(i64, i64), StateError> {
        let is_narrow = self.data_type == DataType::Date32;
        let fits = |end: i64| !is_narrow || i32::try_from(end).is_ok();
        let window = self.grid.window(time).filter(|(start, end)| fits(*start) && fits(*end));
        window.ok_or_else(|| {
            let column = self.name.clone();
            let time = to_array([Some(Value::Word(time))].into_iter(), &self.data_type)
                .and_then(|array| array_value_to_string(&array, 0))
                .unwrap_or_else(|_| time.to_string());
            StateError::NoWindow { column, time, data_type: type_name(&self.bounds_type()) }
        })
    }
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
        Self { plan, windows, open: BTreeMap::new(), latest: None, near: None }
    }

    /// Absorbs a batch. Returns which rows came too late, if any did.
    ///
    /// # Errors
    /// Too many groups or values, or a time whose window its type cannot hold; the state is then
    /// unusable.
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
            let start = if has_time { self.window_of(*time)? } else { None };
            match start {
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
    fn window_of(&mut self, time: i64) -> Result<Option<i64>, StateError> {
        let near = self.near.filter(|(start, end)| (*start..*end).contains(&time));
        let (start, end) = near.map_or_else(|| self.windows.window(time), Ok)?;
        self.near = Some((start, end));
        if self.is_closed(end) {
            return Ok(None);
        }
        self.latest = Some(self.latest.map_or(time, |latest| latest.max(time)));
        Ok(Some(start))
    }

    fn is_closed(&self, end: i64) -> bool {
        let Some(latest) = self.latest else { return false };
        i128::from(end) <= i128::from(latest) - i128::from(self.windows.lateness)
    }

    /// Takes the closed windows out and appends their rows, in order of time.
    ///
    /// # Errors
    /// A sum does not fit its type.
    pub(crate) fn close(&mut self, out: &mut Results) -> Result<(), StateError> {
        while let Some(entry) = self.open.first_entry() {
            let (_, end) = self.windows.window(*entry.key())?;
            if !self.is_closed(end) {
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
        let (start, end) = self.windows.window(start)?;
        let mut columns = Vec::new();
        for bound in [start, end] {
            columns.push(self.repeat(bound, groups.len())?);
        }
        columns.extend(table.result(&groups)?);
        out.push(columns, groups.len());
        Ok(())
    }

    fn repeat(&self, time: i64, rows: usize) -> Result<ArrayRef, StateError> {
        let values = std::iter::repeat_n(Some(Value::Word(time)), rows);
        Ok(to_array(values, &self.windows.bounds_type())?)
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
