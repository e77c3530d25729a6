//! `Matches`: a regular expression over text.

use arrow::array::{Array, AsArray, GenericStringArray, OffsetSizeTrait};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{DataType, Schema};
use regex::Regex;
use tanda_spelling::type_name;

use super::rule::{Draft, Rows, Test, settle};
use crate::columns::Column;
use crate::config::{Matches, Nulls};
use crate::error::{BindError, JudgeError};

pub(super) fn bind(rule: &Matches, schema: &Schema) -> Result<Draft, BindError> {
    let column = Column::find(&rule.column, schema)?;
    if !matches!(column.data_type, DataType::Utf8 | DataType::LargeUtf8) {
        return Err(BindError::WrongType {
            column: rule.column.clone(),
            found: type_name(&column.data_type),
            expected: "text",
        });
    }
    let test = Found { column, pattern: compile(&rule.pattern)?, nulls: rule.nulls };
    Ok(Draft::of_column(test, rule.reason.as_ref(), &rule.column))
}

fn compile(pattern: &str) -> Result<Regex, BindError> {
    Regex::new(pattern).map_err(|source| BindError::BadPattern {
        pattern: pattern.to_owned(),
        source: Box::new(source),
    })
}

struct Found {
    column: Column,
    pattern: Regex,
    nulls: Nulls,
}

impl Found {
    fn missed<O: OffsetSizeTrait>(&self, texts: &GenericStringArray<O>) -> BooleanBuffer {
        let missed = |row| texts.is_valid(row) && !self.pattern.is_match(texts.value(row));
        BooleanBuffer::collect_bool(texts.len(), missed)
    }
}

impl Test for Found {
    fn failures(&self, rows: &mut Rows<'_>) -> Result<Option<BooleanBuffer>, JudgeError> {
        let array = self.column.of(rows.batch)?;
        let bad = match array.as_string_opt::<i32>() {
            Some(texts) => self.missed(texts),
            None => self.missed(array.as_string::<i64>()),
        };
        Ok(settle(bad, array.nulls(), self.nulls))
    }
}
