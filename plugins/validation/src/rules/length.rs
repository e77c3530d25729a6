//! `Length`: characters of a text, bytes of a binary, elements of a list.

use arrow::array::{Array, ArrayRef, AsArray, GenericStringArray, Int64Array, OffsetSizeTrait};
use arrow::buffer::BooleanBuffer;
use arrow::compute::cast;
use arrow::compute::kernels::length::length;
use arrow::datatypes::{DataType, Int64Type, Schema};
use arrow::error::ArrowError;
use tanda_spelling::type_name;

use super::rule::{Draft, Rows, Test, settle};
use crate::columns::Column;
use crate::config::{Length, Nulls};
use crate::error::{BindError, JudgeError};

pub(super) fn bind(rule: &Length, schema: &Schema) -> Result<Draft, BindError> {
    let column = Column::find(&rule.column, schema)?;
    check_measurable(&column, rule)?;
    if rule.min.is_none() && rule.max.is_none() {
        let what = "it has no bound; give min, max or both";
        return Err(BindError::Senseless { what, about: rule.column.clone() });
    }
    let bound = |bound: u64| i64::try_from(bound).unwrap_or(i64::MAX);
    let min = bound(rule.min.unwrap_or(0));
    let max = bound(rule.max.unwrap_or(u64::MAX));
    let test = Measured { column, min, max, nulls: rule.nulls };
    Ok(Draft::of_column(test, rule.reason.as_ref(), &rule.column))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "every other type has no length")]
fn check_measurable(column: &Column, rule: &Length) -> Result<(), BindError> {
    match &column.data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Binary | DataType::LargeBinary => Ok(()),
        DataType::List(_) | DataType::LargeList(_) => Ok(()),
        other => Err(BindError::WrongType {
            column: rule.column.clone(),
            found: type_name(other),
            expected: "text, binary or a list",
        }),
    }
}

struct Measured {
    column: Column,
    min: i64,
    max: i64,
    nulls: Nulls,
}

impl Test for Measured {
    fn failures(&self, rows: &mut Rows<'_>) -> Result<Option<BooleanBuffer>, JudgeError> {
        let array = self.column.of(rows.batch)?;
        let lengths = lengths(&array)?;
        let lengths = lengths.values();
        let outside = |row: usize| lengths[row] < self.min || lengths[row] > self.max;
        let bad = BooleanBuffer::collect_bool(array.len(), outside);
        Ok(settle(bad, array.nulls(), self.nulls))
    }
}

fn lengths(array: &ArrayRef) -> Result<Int64Array, ArrowError> {
    if let Some(texts) = array.as_string_opt::<i32>().filter(|texts| !texts.is_ascii()) {
        return Ok(characters(texts));
    }
    if let Some(texts) = array.as_string_opt::<i64>().filter(|texts| !texts.is_ascii()) {
        return Ok(characters(texts));
    }
    let lengths = cast(&length(array)?, &DataType::Int64)?;
    Ok(lengths.as_primitive::<Int64Type>().clone())
}

fn characters<O: OffsetSizeTrait>(texts: &GenericStringArray<O>) -> Int64Array {
    let count = |text: Option<&str>| text.map_or(0, |text| text.chars().count() as i64);
    texts.iter().map(count).collect::<Vec<_>>().into()
}
