//! One batch through the plan. What nobody wants is not computed.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow::compute::{FilterBuilder, cast};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use tanda_expression::value_type;
use tanda_plugin::{Emitter, PluginError};

use crate::plan::{ComputeStep, LookupStep, Plan};
use crate::rejects::Rejects;

/// Index of the port of the enriched rows.
const MAIN: usize = 0;
/// Index of the port of rows without a match, where a lookup rejects them.
const REJECTED: usize = 1;

/// Enriches a batch and emits it.
pub(crate) fn process(
    plan: &Plan,
    batch: &RecordBatch,
    out: &mut Emitter<'_>,
) -> Result<(), PluginError> {
    let needed = needed(plan, out);
    let mut columns = Columns::new(batch, plan.slot_count());
    let mut rejects = Rejects::default();
    for (step, number) in plan.lookups.iter().zip(0..) {
        columns.look_up(step, number, &needed, &mut rejects)?;
    }
    if let Some(kept) = rejects.kept() {
        emit_rejected(plan, batch, &rejects, out)?;
        columns.keep(&kept, &needed)?;
    }
    for step in plan.computes.iter().filter(|step| needed[step.slot]) {
        columns.compute(step, plan)?;
    }
    emit_main(plan, &columns, out)
}

/// Slots whose values are needed: the wanted ones, and what they are made of.
fn needed(plan: &Plan, out: &Emitter<'_>) -> Vec<bool> {
    let mut needed = vec![false; plan.slot_count()];
    if out.is_connected(MAIN) {
        out.passed(MAIN).iter().for_each(|slot| needed[*slot] = true);
        wanted_own(plan, out).for_each(|slot| needed[slot] = true);
    }
    for step in plan.computes.iter().rev() {
        if needed[step.slot] {
            step.reads.iter().for_each(|slot| needed[*slot] = true);
        }
    }
    for step in plan.lookups.iter().rev() {
        if step.runs(&needed) {
            step.lookup.keys.iter().for_each(|slot| needed[*slot] = true);
        }
    }
    needed
}

impl LookupStep {
    fn slots(&self) -> std::ops::Range<usize> {
        self.first..self.first + self.taken_count + usize::from(self.known.is_some())
    }

    fn runs(&self, needed: &[bool]) -> bool {
        self.lookup.rejects || self.slots().any(|slot| needed[slot])
    }
}

/// The columns of a batch by slot, as far as they are computed.
struct Columns {
    slots: Vec<Option<ArrayRef>>,
    rows: usize,
}

impl Columns {
    fn new(batch: &RecordBatch, slot_count: usize) -> Self {
        let mut slots: Vec<_> = batch.columns().iter().cloned().map(Some).collect();
        slots.resize(slot_count, None);
        Self { slots, rows: batch.num_rows() }
    }

    fn get(&self, slot: usize) -> ArrayRef {
        self.slots[slot].clone().expect("`needed` marks every column that a step reads")
    }

    fn look_up(
        &mut self,
        step: &LookupStep,
        number: usize,
        needed: &[bool],
        rejects: &mut Rejects,
    ) -> Result<(), ArrowError> {
        if !step.runs(needed) {
            return Ok(());
        }
        let keys = step.lookup.keys.iter().map(|slot| spelled_out(&self.get(*slot)));
        let matches = step.lookup.find(&keys.collect::<Result<Vec<_>, _>>()?)?;
        if step.lookup.rejects {
            rejects.add(number, !&matches.known());
        }
        for column in (0..step.taken_count).filter(|column| needed[step.first + column]) {
            self.slots[step.first + column] = Some(step.lookup.take(column, &matches)?);
        }
        if let Some(slot) = step.known.filter(|slot| needed[*slot]) {
            self.slots[slot] = Some(matches.known_column());
        }
        Ok(())
    }

    /// Filters the columns that are needed; the others are gone.
    fn keep(&mut self, kept: &BooleanArray, needed: &[bool]) -> Result<(), ArrowError> {
        let filter = FilterBuilder::new(kept).optimize().build();
        for (slot, needed) in self.slots.iter_mut().zip(needed) {
            *slot = match slot.take().filter(|_| *needed) {
                Some(column) => Some(filter.filter(&column)?),
                None => None,
            };
        }
        self.rows = filter.count();
        Ok(())
    }

    fn compute(&mut self, step: &ComputeStep, plan: &Plan) -> Result<(), PluginError> {
        let columns = step.reads.iter().map(|slot| self.get(*slot)).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        let schema = Arc::clone(&step.schema);
        let batch = RecordBatch::try_new_with_options(schema, columns, &options)?;
        let name = plan.name(step.slot);
        let column = step.expression.evaluate(&batch);
        let failed = |error| PluginError::new(format!("compute `{name}`: {error}")).about(name);
        self.slots[step.slot] = Some(column.map_err(failed)?);
        Ok(())
    }
}

/// Keys are compared by value: a dictionary becomes what it stands for.
fn spelled_out(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    match array.data_type() {
        data_type if matches!(data_type, DataType::Dictionary(..)) => {
            cast(array, value_type(data_type))
        }
        _ => Ok(array.clone()),
    }
}

fn wanted_own(plan: &Plan, out: &Emitter<'_>) -> impl Iterator<Item = usize> {
    let first = plan.input_count();
    (0..plan.own().len()).filter(|own| out.wants(MAIN, *own)).map(move |own| first + own)
}

fn emit_main(plan: &Plan, columns: &Columns, out: &mut Emitter<'_>) -> Result<(), PluginError> {
    if !out.is_connected(MAIN) {
        return out.count_rows(MAIN, columns.rows);
    }
    let passed = out.passed(MAIN).iter().copied();
    let wanted = passed.chain(wanted_own(plan, out)).map(|slot| columns.get(slot)).collect();
    out.emit(MAIN, wanted, columns.rows)
}

fn emit_rejected(
    plan: &Plan,
    batch: &RecordBatch,
    rejects: &Rejects,
    out: &mut Emitter<'_>,
) -> Result<(), PluginError> {
    let Some(rejected) = rejects.rejected() else { return Ok(()) };
    let filter = FilterBuilder::new(&rejected).optimize().build();
    out.host().counter_add("rows_rejected", filter.count() as u64);
    if !out.is_connected(REJECTED) {
        return out.count_rows(REJECTED, filter.count());
    }
    let passed = out.passed(REJECTED).iter().map(|index| filter.filter(batch.column(*index)));
    let mut columns = passed.collect::<Result<Vec<_>, _>>()?;
    if out.wants(REJECTED, 0) {
        columns.push(rejects.reasons(|number| &plan.lookups[number].reason));
    }
    out.emit(REJECTED, columns, filter.count())
}
