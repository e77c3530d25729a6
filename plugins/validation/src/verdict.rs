//! Which rows fail, and by which rule first.

use arrow::array::{ArrayRef, BooleanArray, RecordBatch, StringArray};
use arrow::buffer::BooleanBuffer;
use std::sync::Arc;

use crate::error::JudgeError;
use crate::rules::{BoundRule, Rows, Seen};

/// The failing rows of one batch.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// A bit for every row that fails; `None` when all are valid.
    pub(crate) failed: Option<BooleanBuffer>,
    /// Index of the first rule that the row fails; only meant for failing rows.
    rule_of: Vec<u16>,
}

impl Verdict {
    /// Asks the rules in order.
    ///
    /// # Errors
    /// A rule that could not judge the batch, with its place.
    pub(crate) fn of<'r>(
        batch: &RecordBatch,
        rules: &'r [BoundRule],
        seen: &mut [Seen],
    ) -> Result<Self, (&'r BoundRule, JudgeError)> {
        let mut verdict = Self::default();
        for (rule, index) in rules.iter().zip(0..) {
            let mut rows = Rows { batch, failed: verdict.failed.as_ref(), seen };
            if let Some(bad) = rule.test.failures(&mut rows).map_err(|error| (rule, error))? {
                verdict.add(index, bad);
            }
        }
        Ok(verdict)
    }

    fn add(&mut self, rule: u16, bad: BooleanBuffer) {
        self.rule_of.resize(bad.len(), 0);
        let (fresh, all) = match self.failed.take() {
            None => (bad.clone(), bad),
            Some(failed) => (&bad & &!&failed, &failed | &bad),
        };
        for row in fresh.set_indices() {
            self.rule_of[row] = rule;
        }
        self.failed = Some(all);
    }

    /// The first failing row and the index of its rule.
    pub(crate) fn first(&self) -> Option<(usize, usize)> {
        let row = self.failed.as_ref()?.set_indices().next()?;
        Some((row, usize::from(self.rule_of[row])))
    }

    /// Failing rows and the others, as filters.
    pub(crate) fn split(&self) -> Option<Split> {
        let failed = self.failed.as_ref()?;
        let count = failed.count_set_bits();
        Some(Split {
            failed: BooleanArray::new(failed.clone(), None),
            valid: BooleanArray::new(!failed, None),
            failed_count: count,
            valid_count: failed.len() - count,
        })
    }

    /// The reasons of the failing rows alone.
    pub(crate) fn reasons(&self, rules: &[BoundRule]) -> ArrayRef {
        let failing = self.failed.iter().flat_map(BooleanBuffer::set_indices);
        let reason = |row: usize| rules[usize::from(self.rule_of[row])].reason.as_str();
        Arc::new(StringArray::from_iter_values(failing.map(reason)))
    }

    /// The reason of every row; null for a valid one.
    pub(crate) fn annotations(&self, rules: &[BoundRule], rows: usize) -> ArrayRef {
        let Some(failed) = &self.failed else {
            return Arc::new(StringArray::new_null(rows));
        };
        let reason = |(row, failed): (usize, bool)| {
            failed.then(|| rules[usize::from(self.rule_of[row])].reason.as_str())
        };
        Arc::new(failed.iter().enumerate().map(reason).collect::<StringArray>())
    }
}

/// Filters for the two kinds of rows.
#[derive(Debug)]
pub(crate) struct Split {
    pub(crate) failed: BooleanArray,
    pub(crate) valid: BooleanArray,
    pub(crate) failed_count: usize,
    pub(crate) valid_count: usize,
}
