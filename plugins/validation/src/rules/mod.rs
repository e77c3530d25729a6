//! Rules bound to a schema: each judges whole columns and says which rows fail.

mod check;
mod length;
mod matches;
mod one_of;
mod range;
mod required;
mod r#type;
mod unique;

use arrow::array::RecordBatch;
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::Schema;
use tanda_plugin::PluginError;

pub(crate) use self::unique::Seen;
use crate::config::{Nulls, Rule};
use crate::error::{BindError, JudgeError};

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

/// Binds all rules; a `Required` of several columns becomes one bound rule for each.
///
/// # Errors
/// The first rule that does not fit the schema.
pub(crate) fn bind(rules: &[Rule], schema: &Schema) -> Result<Vec<BoundRule>, PluginError> {
    let mut bound = Vec::new();
    let mut unique_count = 0;
    for (index, rule) in rules.iter().enumerate() {
        let place = format!("rule {} ({})", index + 1, rule.kind());
        let tests = bind_one(rule, schema, &mut unique_count).map_err(|e| e.at(&place))?;
        bound.extend(tests.into_iter().map(|draft| draft.place(&place)));
    }
    Ok(bound)
}

/// What a rule binds to, before it knows where it stands.
struct Draft {
    test: Box<dyn Test>,
    reason: String,
    columns: Vec<String>,
}

impl Draft {
    fn new(test: impl Test + 'static, reason: Option<&String>, default: String) -> Self {
        let reason = reason.cloned().unwrap_or(default);
        Self { test: Box::new(test), reason, columns: Vec::new() }
    }

    fn of_column(test: impl Test + 'static, reason: Option<&String>, column: &str) -> Self {
        Self::new(test, reason, format!("bad_{column}")).reading([column.to_owned()])
    }

    fn reading(self, columns: impl Into<Vec<String>>) -> Self {
        Self { columns: columns.into(), ..self }
    }

    fn place(self, place: &str) -> BoundRule {
        let Self { test, reason, columns } = self;
        BoundRule { test, reason, columns, place: place.to_owned() }
    }
}

fn bind_one(
    rule: &Rule,
    schema: &Schema,
    unique_count: &mut usize,
) -> Result<Vec<Draft>, BindError> {
    let draft = match rule {
        Rule::Required(rule) => return required::bind(rule, schema),
        Rule::OneOf(rule) => one_of::bind(rule, schema)?,
        Rule::Range(rule) => range::bind(rule, schema)?,
        Rule::Matches(rule) => matches::bind(rule, schema)?,
        Rule::Length(rule) => length::bind(rule, schema)?,
        Rule::Type(rule) => r#type::bind(rule, schema)?,
        Rule::Unique(rule) => {
            *unique_count += 1;
            unique::bind(rule, schema, *unique_count - 1)?
        }
        Rule::Check(rule) => check::bind(rule, schema)?,
    };
    Ok(vec![draft])
}

/// Lets a null pass or fail, whatever the test made of the slot under it.
fn settle(bad: BooleanBuffer, nulls: Option<&NullBuffer>, rule: Nulls) -> Option<BooleanBuffer> {
    let bad = match (nulls.filter(|nulls| nulls.null_count() > 0), rule) {
        (None, Nulls::Pass | Nulls::Fail) => bad,
        (Some(nulls), Nulls::Pass) => &bad & nulls.inner(),
        (Some(nulls), Nulls::Fail) => &bad | &!nulls.inner(),
    };
    bad.has_true().then_some(bad)
}
