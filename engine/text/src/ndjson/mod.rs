//! NDJSON: one JSON object a line.

mod escape;
mod fault;
mod fit;
mod infer;
mod nested;
mod node;
mod scan;
mod seen;
mod split;
mod token;

pub use self::infer::NdjsonSample;
pub(crate) use self::nested::Nested;
pub(crate) use self::split::NdjsonSplit;
use tanda_spelling::nearest;

use crate::beginning::Beginning;
use crate::decode::TextDecoder;
use crate::error::TextError;
use crate::plan::{ColumnPlan, Rules, slots};
use crate::types::Types;

use self::seen::Mixed;

const FORMAT: &str = "one JSON object a line";

/// The columns of NDJSON inputs: their keys.
#[derive(Debug)]
pub struct NdjsonPlan {
    /// Keys in the order of their first occurrence, then those that only the types name.
    pub columns: Vec<ColumnPlan>,
    /// Bytes of a record on the average of those looked at, at least 1.
    pub record_bytes: usize,
}

impl NdjsonPlan {
    /// The columns of what was sampled, with types from `types` or from the values. `path` is the
    /// (first) input.
    ///
    /// # Errors
    /// [`TextError::MixedColumn`] and [`TextError::UnknownKey`].
    pub fn of(path: &str, sample: &NdjsonSample, types: Types) -> Result<Self, TextError> {
        let columns = plan_columns(path, sample, types)?;
        Ok(Self { columns, record_bytes: sample.bytes / sample.records.max(1) + 1 })
    }

    /// A decoder of the columns `wanted`, in this order.
    ///
    /// # Panics
    /// When a column index is beyond [`Self::columns`].
    #[must_use]
    pub fn decoder(&self, wanted: &[usize], rules: Rules) -> TextDecoder {
        let slots = slots(self.columns.len(), wanted);
        let columns = wanted.iter().map(|index| self.columns[*index].clone()).collect();
        let split = NdjsonSplit::new(self.columns.clone(), wanted.len(), |key| slots[key]);
        TextDecoder::ndjson(split, columns, rules)
    }
}

impl NdjsonSample {
    /// The keys found, in the order of their first occurrence.
    pub fn keys(&self) -> impl Iterator<Item = &str> + Clone {
        self.members.keys.iter().map(|(key, _)| key.as_str())
    }

    /// Takes at most `records_max` first records of an input into account; gives where its records
    /// begin.
    ///
    /// # Errors
    /// [`TextError::Empty`] if there is no record and `types` names no column either;
    /// [`TextError::WrongFormat`] if there is something else.
    pub fn add(
        &mut self,
        head: &Beginning<'_>,
        types: &Types,
        records_max: usize,
    ) -> Result<usize, TextError> {
        let skip = head.mark_bytes();
        let text = head.records(skip, None, records_max);
        self.take(text);
        self.bytes += text.len();
        check(head, self, types)?;
        Ok(skip)
    }
}

/// Without any record the columns must come from `schema:`.
fn check(head: &Beginning<'_>, sample: &NdjsonSample, types: &Types) -> Result<(), TextError> {
    let is_empty = head.bytes.trim_ascii().is_empty();
    if is_empty && !types.is_empty() {
        return Ok(());
    }
    head.check_is_text(FORMAT)?;
    let path = head.path.to_owned();
    if is_empty && sample.records == 0 {
        return Err(TextError::Empty { path, expected: FORMAT });
    }
    let is_array = head.bytes[head.mark_bytes()..].trim_ascii_start().starts_with(b"[");
    if !is_array && (is_empty || sample.records > 0) {
        return Ok(());
    }
    let found = if is_array {
        "a JSON array".to_owned()
    } else {
        let why = sample.refusal.as_ref().map(|why| format!(" (the first: {why})"));
        format!("no JSON object on any of the first lines{}", why.unwrap_or_default())
    };
    Err(TextError::WrongFormat { path, found, expected: FORMAT })
}

/// Refuses a name of `schema:` that no record has, if it is nearly a key that is there and that
/// `schema:` does not name: most likely a slip, which would make a column without values.
fn refuse_slips(path: &str, columns: &[ColumnPlan], unseen: &Types) -> Result<(), TextError> {
    for name in unseen.keys().filter(|name| name.chars().count() > 2) {
        // Keys that are numbered differ in nothing else.
        let letters = |name: &str| name.replace(|letter: char| letter.is_ascii_digit(), "");
        let is_other = |key: &&str| letters(key) != letters(name);
        let keys = columns.iter().filter(|plan| plan.inferred).map(|plan| plan.name.as_str());
        if let Some(near) = nearest(name, keys.filter(is_other)) {
            let (path, key, near) = (path.to_owned(), name.clone(), near.to_owned());
            return Err(TextError::UnknownKey { path, key, near });
        }
    }
    Ok(())
}

/// Keys in the order of their first occurrence, then those that only `schema:` names.
fn plan_columns(
    path: &str,
    sample: &NdjsonSample,
    mut types: Types,
) -> Result<Vec<ColumnPlan>, TextError> {
    let mut columns = Vec::new();
    for (name, values) in &sample.members.keys {
        let name = name.clone();
        let given = types.shift_remove(&name);
        let inferred = given.is_none();
        let data_type = match given {
            Some(data_type) => data_type,
            None => values.data_type().map_err(|Mixed { path: within, found }| {
                let place =
                    if within.is_empty() { within } else { format!(" at `{name}{within}`") };
                let (path, column) = (path.to_owned(), name.clone());
                TextError::MixedColumn { path, column, found: found + &place }
            })?,
        };
        columns.push(ColumnPlan {
            name,
            data_type,
            inferred,
            unseen: inferred && !values.is_any(),
        });
    }
    refuse_slips(path, &columns, &types)?;
    columns.extend(types.into_iter().map(|(name, data_type)| ColumnPlan::given(name, data_type)));
    Ok(columns)
}
