//! What is to be read of a text: its columns, and what is a value and what is a bad record.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use crate::column::{Bad, misfit};
use crate::numbers::Form;
use crate::rejects::OnBad;

/// One column of a text.
#[derive(Debug, Clone)]
pub struct ColumnPlan {
    /// Its name: in the header, or the key of its values.
    pub name: String,
    /// What its values become.
    pub data_type: DataType,
    /// Whether the type was inferred from the first rows, not written in `schema:`.
    pub inferred: bool,
    /// Whether that was a guess, because none of these rows had a value.
    pub unseen: bool,
}

impl ColumnPlan {
    /// A column of `schema:`.
    #[must_use]
    pub fn given(name: String, data_type: DataType) -> Self {
        Self { name, data_type, inferred: false, unseen: false }
    }

    /// How strictly its numbers are read.
    pub(crate) fn form(&self) -> Form {
        if self.inferred { Form::Plain } else { Form::Any }
    }

    /// What to do when a value does not fit the type of the first ones.
    pub(crate) fn advice(&self) -> String {
        let name = &self.name;
        format!(" as in the first rows; give `{name}` a type in `schema:`, for example utf8")
    }

    /// What an error says about a `field` that the column cannot hold.
    pub(crate) fn misfit(&self, bad: &Bad, field: &[u8]) -> String {
        let name = &self.name;
        let (path, found, by_type) = match &bad.inside {
            Some(inside) => (inside.path.as_str(), inside.found.clone(), inside.by_type),
            None => ("", misfit(&self.data_type, self.form(), field), true),
        };
        let advice = if self.inferred && by_type { self.advice() } else { String::new() };
        format!("column `{name}{path}`: {found}{advice}")
    }
}

/// For each of `count` columns, its place among the `wanted` ones.
pub(crate) fn slots(count: usize, wanted: &[usize]) -> Vec<Option<usize>> {
    let mut slots = vec![None; count];
    wanted.iter().enumerate().for_each(|(slot, column)| slots[*column] = Some(slot));
    slots
}

/// Every column may be missing a value, as text formats have it.
#[must_use]
pub fn schema_of(columns: &[ColumnPlan]) -> SchemaRef {
    let field = |plan: &ColumnPlan| Field::new(&plan.name, plan.data_type.clone(), true);
    Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()))
}

/// What is a value and what is a bad record, beside the columns.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Text that stands for a missing value, unless it is quoted in a column of texts.
    pub null: Option<Vec<u8>>,
    /// Bytes of the longest record, without its line end.
    pub record_bytes_max: usize,
    /// What becomes of bad records.
    pub on_bad: OnBad,
}
