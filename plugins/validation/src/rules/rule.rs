//! What a rule is once it is bound: a test, and what is said of the rows that it fails.

use arrow::array::RecordBatch;
use arrow::buffer::{BooleanBuffer, NullBuffer};

use super::seen::Seen;
use crate::config::Nulls;
use crate::error::JudgeError;

/// A batch on its way through the rules.
pub(crate) struct Rows<'a> {
    /// The batch, in the bound schema.
    pub(crate) batch: &'a RecordBatch,
    /// Rows that an earlier rule has failed; `None` when all are still good.
    pub(crate) failed: Option<&'a BooleanBuffer>,
    /// What the `Unique` rules remember, in their order.
    pub(crate) seen: &'a mut [Seen],
}

/// The question that a rule asks of a batch.
pub(crate) trait Test: Send {
    /// A bit for every row that fails; `None` when none does. Rows that failed before may be set.
    fn failures(&self, rows: &mut Rows<'_>) -> Result<Option<BooleanBuffer>, JudgeError>;
}

/// A test and what it says about the rows that it fails.
pub(crate) struct BoundRule {
    /// The question.
    pub(crate) test: Box<dyn Test>,
    /// Goes into the reason column.
    pub(crate) reason: String,
    /// Where the rule stands and what it is: "rule 4 (Range)".
    pub(crate) place: String,
    /// Names of the columns that it reads.
    pub(crate) columns: Vec<String>,
}

/// What a rule binds to, before it knows where it stands.
pub(super) struct Draft {
    test: Box<dyn Test>,
    reason: String,
    columns: Vec<String>,
}

impl Draft {
    pub(super) fn new(test: impl Test + 'static, reason: Option<&String>, default: String) -> Self {
        let reason = reason.cloned().unwrap_or(default);
        Self { test: Box::new(test), reason, columns: Vec::new() }
    }

    pub(super) fn of_column(
        test: impl Test + 'static,
        reason: Option<&String>,
        column: &str,
    ) -> Self {
        Self::new(test, reason, format!("bad_{column}")).reading([column.to_owned()])
    }

    pub(super) fn reading(self, columns: impl Into<Vec<String>>) -> Self {
        Self { columns: columns.into(), ..self }
    }

    pub(super) fn place(self, place: &str) -> BoundRule {
        let Self { test, reason, columns } = self;
        BoundRule { test, reason, columns, place: place.to_owned() }
    }
}

/// Lets a null pass or fail, whatever the test made of the slot under it.
pub(super) fn settle(
    bad: BooleanBuffer,
    nulls: Option<&NullBuffer>,
    rule: Nulls,
) -> Option<BooleanBuffer> {
    let bad = match (nulls.filter(|nulls| nulls.null_count() > 0), rule) {
        (None, Nulls::Pass | Nulls::Fail) => bad,
        (Some(nulls), Nulls::Pass) => &bad & nulls.inner(),
        (Some(nulls), Nulls::Fail) => &bad | &!nulls.inner(),
    };
    bad.has_true().then_some(bad)
}
