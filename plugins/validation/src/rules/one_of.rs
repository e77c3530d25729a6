//! `OneOf`: short texts as packed words, a few values by comparison, many by hash.

use arrow::array::{Array, ArrayRef, AsArray, Scalar as One};
use arrow::buffer::BooleanBuffer;
use arrow::compute::concat;
use arrow::compute::kernels::cmp;
use arrow::datatypes::{DataType, Schema};
use arrow::error::ArrowError;
use arrow::row::{RowConverter, SortField};
use hashbrown::HashSet;
use tanda_expression::packed::{pack, words};
use tanda_spelling::{Scalar, type_name};

use super::rule::{Draft, Rows, Test, settle};
use crate::columns::Column;
use crate::config::{Nulls, OneOf};
use crate::error::{BindError, JudgeError};
use crate::floats::settled;

/// Above this many values a hash of the row is cheaper than one comparison for each value.
const COMPARED_MAX: usize = 16;

pub(super) fn bind(rule: &OneOf, schema: &Schema) -> Result<Draft, BindError> {
    let column = Column::find(&rule.column, schema)?;
    if rule.values.is_empty() {
        let what = "its list of values is empty, so every row would fail; name the values";
        return Err(BindError::Senseless { what, about: rule.column.clone() });
    }
    let value = |value: &Scalar| bind_value(value, &column, rule);
    let values = rule.values.iter().map(value).collect::<Result<Vec<_>, _>>()?;
    let set = Set::new(&values, &column.data_type)
        .map_err(|source| BindError::BadKey { columns: vec![rule.column.clone()], source })?;
    let test = Member { column, set, nulls: rule.nulls };
    Ok(Draft::of_column(test, rule.reason.as_ref(), &rule.column))
}

fn bind_value(value: &Scalar, column: &Column, rule: &OneOf) -> Result<ArrayRef, BindError> {
    value.to_array(&column.data_type).ok_or_else(|| BindError::BadValue {
        value: value.to_string(),
        column: rule.column.clone(),
        data_type: type_name(&column.data_type),
        advice: value.advice(&column.data_type),
    })
}

struct Member {
    column: Column,
    set: Set,
    nulls: Nulls,
}

impl Test for Member {
    fn failures(&self, rows: &mut Rows<'_>) -> Result<Option<BooleanBuffer>, JudgeError> {
        let array = self.column.comparable(rows.batch)?;
        let bad = self.set.strangers(&array)?;
        Ok(settle(bad, array.nulls(), self.nulls))
    }
}

/// The values that pass.
enum Set {
    /// A few texts that all fit into a word.
    Packed(Vec<u64>),
    /// A few values of any type.
    Few(Vec<One<ArrayRef>>),
    /// Many values of any type, in Arrow's row format.
    Many(RowConverter, HashSet<Box<[u8]>>),
}

impl Set {
    fn new(values: &[ArrayRef], data_type: &DataType) -> Result<Self, ArrowError> {
        let values = &values.iter().map(settled).collect::<Result<Vec<_>, _>>()?;
        if values.len() > COMPARED_MAX {
            return Self::many(values, data_type);
        }
        let words = values.iter().map(|value| pack(value.as_string_opt::<i32>()?.value(0)));
        Ok(match words.collect() {
            Some(words) => Self::Packed(words),
            None => Self::Few(values.iter().cloned().map(One::new).collect()),
        })
    }

    fn many(values: &[ArrayRef], data_type: &DataType) -> Result<Self, ArrowError> {
        let converter = RowConverter::new(vec![SortField::new(data_type.clone())])?;
        let values = concat(&values.iter().map(AsRef::as_ref).collect::<Vec<_>>())?;
        let rows = converter.convert_columns(&[values])?;
        let set = rows.iter().map(|row| Box::from(row.data())).collect();
        Ok(Self::Many(converter, set))
    }

    /// A bit for every row whose value is not in the set; what a null gets is undefined.
    fn strangers(&self, array: &ArrayRef) -> Result<BooleanBuffer, ArrowError> {
        match self {
            Self::Packed(members) => {
                let word = words(array.as_string::<i32>());
                let stranger = |row| {
                    let word = word(row);
                    members.iter().all(|member| *member != word)
                };
                Ok(BooleanBuffer::collect_bool(array.len(), stranger))
            }
            Self::Few(members) => few(array, members),
            Self::Many(converter, members) => {
                let rows = converter.convert_columns(std::slice::from_ref(array))?;
                let stranger = |row| !members.contains(rows.row(row).data());
                Ok(BooleanBuffer::collect_bool(array.len(), stranger))
            }
        }
    }
}

fn few(array: &ArrayRef, members: &[One<ArrayRef>]) -> Result<BooleanBuffer, ArrowError> {
    let mut found = BooleanBuffer::new_unset(array.len());
    for member in members {
        found |= &cmp::eq(array, member)?.into_parts().0;
    }
    Ok(!&found)
}
