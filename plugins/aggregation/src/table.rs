//! Groups and their states: one aggregation over one set of rows.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::record_batch::RecordBatch;
use tanda_spelling::type_name;

use crate::bytes::{Reader, SnapshotError, Writer};
use crate::error::StateError;
use crate::groups::GroupIndex;
use crate::plan::{Plan, ResultPlan};
use crate::state::{ResultError, Rows, State};
use crate::value::to_array;

/// The state of an aggregation over one window, or over the whole input.
///
/// Memory: groups times the states of the plan; each state says what it takes.
pub(crate) struct Table {
    plan: Arc<Plan>,
    groups: GroupIndex,
    states: Vec<Box<dyn State>>,
    ids: Vec<u32>,
}

impl Table {
    pub(crate) fn new(plan: Arc<Plan>) -> Self {
        let kinds = plan.keys.iter().map(|key| key.kind).collect();
        let states = plan.states.iter().map(|state| state.make()).collect();
        let mut table = Self { plan, groups: GroupIndex::new(kinds), states, ids: Vec::new() };
        table.make_room();
        table
    }

    /// Without keys there is a group before there are rows: the states must know it.
    fn make_room(&mut self) {
        let groups = self.groups.count();
        self.states.iter_mut().for_each(|state| state.resize(groups));
    }

    /// Absorbs the rows of a batch.
    ///
    /// # Errors
    /// Too many groups or values; the table is then unusable.
    pub(crate) fn update(&mut self, batch: &RecordBatch) -> Result<(), StateError> {
        let keys: Vec<&ArrayRef> =
            self.plan.keys.iter().map(|key| batch.column(key.column)).collect();
        self.groups.assign(&keys, batch.num_rows(), &mut self.ids)?;
        for (state, plan) in self.states.iter_mut().zip(&self.plan.states) {
            let column = plan.column.map(|column| batch.column(column));
            state.resize(self.groups.count());
            state.update(Rows { ids: &self.ids, column })?;
        }
        Ok(())
    }

    /// Groups so far.
    pub(crate) fn group_count(&self) -> usize {
        self.groups.count()
    }

    /// All groups in the order in which they leave.
    pub(crate) fn sorted(&self) -> Vec<u32> {
        self.groups.sorted()
    }

    /// Result columns of these groups.
    ///
    /// # Errors
    /// A sum or variance does not fit its type.
    pub(crate) fn result(&self, groups: &[u32]) -> Result<Vec<ArrayRef>, StateError> {
        let keys = self.plan.keys.iter().zip(self.groups.keys(groups));
        let keys = keys.map(|(key, values)| {
            to_array(values.into_iter(), key.field.data_type()).map_err(StateError::from)
        });
        let results = self.plan.results.iter().map(|plan| {
            let result = self.states[plan.state].result(plan.output, groups);
            result.map_err(|error| self.explain(error, plan))
        });
        keys.chain(results).collect()
    }

    fn explain(&self, error: ResultError, plan: &ResultPlan) -> StateError {
        match error {
            ResultError::Arrow(error) => StateError::Arrow(error),
            ResultError::Overflow { group, what, value } => StateError::Overflow {
                column: plan.column.clone(),
                what,
                value,
                group: self.describe(group),
                data_type: type_name(plan.field.data_type()),
                advice: match plan.field.data_type().is_floating() {
                    true => "divide the column by a power of ten before this stage",
                    false => "use Mean, or cast the column to a float before this stage",
                },
            },
        }
    }

    /// `(carrier: UA, month: 1)`, for messages.
    fn describe(&self, group: u32) -> String {
        let values = self.groups.keys(&[group]);
        let keys = self.plan.keys.iter().zip(values).map(|(key, values)| {
            let text = to_array(values.into_iter(), key.field.data_type())
                .and_then(|array| arrow::util::display::array_value_to_string(&array, 0));
            format!("{}: {}", key.field.name(), text.unwrap_or_default())
        });
        format!("({})", keys.collect::<Vec<_>>().join(", "))
    }

    /// Writes the state; equal states give equal bytes.
    pub(crate) fn write(&self, out: &mut Writer) {
        let groups = self.groups.sorted();
        out.count(groups.len());
        self.groups.write(&groups, out);
        self.states.iter().for_each(|state| state.write(&groups, out));
    }

    /// Adds the state that another table wrote.
    ///
    /// # Errors
    /// It was not written by [`Self::write`]; the table is then unusable.
    pub(crate) fn absorb(&mut self, from: &mut Reader<'_>) -> Result<(), SnapshotError> {
        let count = from.count(self.plan.keys.len())?;
        if self.plan.keys.is_empty() && count != 1 {
            return Err(from.damaged("several groups without keys"));
        }
        let ids = self.groups.absorb(count, from)?;
        for state in &mut self.states {
            state.resize(self.groups.count());
            state.absorb(&ids, from)?;
        }
        Ok(())
    }

    /// Memory held.
    pub(crate) fn bytes(&self) -> usize {
        self.groups.bytes() + self.states.iter().map(|state| state.bytes()).sum::<usize>()
    }
}
