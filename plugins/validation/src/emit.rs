//! What leaves on the ports, by policy.

use arrow::array::{ArrayRef, BooleanArray, RecordBatch};
use arrow::compute::{FilterBuilder, FilterPredicate};
use arrow::util::display::array_value_to_string;
use tanda_plugin::{Emitter, PluginError};

use crate::rules::BoundRule;
use crate::verdict::Verdict;

/// Index of the port of the valid rows.
const MAIN: usize = 0;
/// Index of the port of the others, where the policy has one.
const REJECTED: usize = 1;

/// `RejectRow`: valid rows to `main`, the others with their reason to `rejected`.
pub(crate) fn reject_rows(
    batch: &RecordBatch,
    verdict: &Verdict,
    rules: &[BoundRule],
    out: &mut Emitter<'_>,
) -> Result<(), PluginError> {
    let Some(split) = verdict.split() else {
        return pass_all(batch, out);
    };
    emit_filtered(MAIN, batch, &split.valid, split.valid_count, out, || None)?;
    emit_filtered(REJECTED, batch, &split.failed, split.failed_count, out, || {
        Some(verdict.reasons(rules))
    })?;
    out.host().counter_add("rows_rejected", split.failed_count as u64);
    Ok(())
}

/// `Annotate`: every row to `main`, beside its reason.
pub(crate) fn annotate(
    batch: &RecordBatch,
    verdict: &Verdict,
    rules: &[BoundRule],
    out: &mut Emitter<'_>,
) -> Result<(), PluginError> {
    let mut columns = passed(MAIN, batch, out);
    if out.is_connected(MAIN) && out.wants(MAIN, 0) {
        columns.push(verdict.annotations(rules, batch.num_rows()));
    }
    out.emit(MAIN, columns, batch.num_rows())
}

/// `FailBatch`: every row to `main`, or none at all.
pub(crate) fn fail_batch(
    batch: &RecordBatch,
    verdict: &Verdict,
    rules: &[BoundRule],
    out: &mut Emitter<'_>,
) -> Result<(), PluginError> {
    match verdict.first() {
        None => pass_all(batch, out),
        Some((row, rule)) => Err(failure(batch, row, &rules[rule])),
    }
}

fn failure(batch: &RecordBatch, row: usize, rule: &BoundRule) -> PluginError {
    let value = |name: &String| {
        let array = batch.column_by_name(name)?;
        let text = if array.is_null(row) {
            "null".to_owned()
        } else {
            array_value_to_string(array, row).unwrap_or_else(|_| "?".to_owned())
        };
        Some(format!("{name} = {text}"))
    };
    let values = rule.columns.iter().filter_map(value).collect::<Vec<_>>().join(", ");
    PluginError::new(format!(
        "row {} of {} in the batch fails {} with reason `{}`: {values}; mend the data, or let bad \
         rows leave on their own port with policy: RejectRow",
        row + 1,
        batch.num_rows(),
        rule.place,
        rule.reason,
    ))
}

fn pass_all(batch: &RecordBatch, out: &mut Emitter<'_>) -> Result<(), PluginError> {
    let columns = passed(MAIN, batch, out);
    out.emit(MAIN, columns, batch.num_rows())
}

fn passed(port: usize, batch: &RecordBatch, out: &Emitter<'_>) -> Vec<ArrayRef> {
    out.passed(port).iter().map(|index| batch.column(*index).clone()).collect()
}

/// Emits the chosen rows; looks only at the columns that somebody wants.
fn emit_filtered(
    port: usize,
    batch: &RecordBatch,
    chosen: &BooleanArray,
    rows: usize,
    out: &mut Emitter<'_>,
    own: impl FnOnce() -> Option<ArrayRef>,
) -> Result<(), PluginError> {
    if !out.is_connected(port) {
        return out.count_rows(port, rows);
    }
    let passed = out.passed(port);
    let filter = predicate(chosen, passed.len());
    let mut columns = Vec::with_capacity(passed.len() + 1);
    for index in passed {
        columns.push(filter.filter(batch.column(*index))?);
    }
    if port == REJECTED && out.wants(REJECTED, 0) {
        columns.extend(own());
    }
    out.emit(port, columns, rows)
}

/// Finding the chosen rows once pays as soon as two columns are filtered.
fn predicate(chosen: &BooleanArray, columns: usize) -> FilterPredicate {
    let builder = FilterBuilder::new(chosen);
    if columns > 1 { builder.optimize().build() } else { builder.build() }
}
