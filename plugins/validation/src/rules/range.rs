//! `Range`: comparison kernels against bounds in the column's own type.

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Datum, Scalar as One};
use arrow::buffer::BooleanBuffer;
use arrow::compute::kernels::cmp;
use arrow::datatypes::{DataType, Float16Type, Float32Type, Float64Type, Schema};
use arrow::error::ArrowError;
use tanda_spelling::{Scalar, type_name};

use super::rule::{Draft, Rows, Test, settle};
use crate::columns::Column;
use crate::config::{Nulls, Range};
use crate::error::{BindError, JudgeError};
use crate::floats::settled;

/// Rows for which it is true are out of range.
type Outside = fn(&dyn Datum, &dyn Datum) -> Result<BooleanArray, ArrowError>;

pub(super) fn bind(rule: &Range, schema: &Schema) -> Result<Draft, BindError> {
    let column = Column::find(&rule.column, schema)?;
    check_ordered(&column, rule)?;
    let written: [(&Option<Scalar>, Outside); 4] = [
        (&rule.min, cmp::lt),
        (&rule.max, cmp::gt),
        (&rule.exclusive_min, cmp::lt_eq),
        (&rule.exclusive_max, cmp::gt_eq),
    ];
    let mut bounds = Vec::new();
    for (scalar, outside) in written {
        if let Some(scalar) = scalar {
            bounds.push((One::new(bound(scalar, &column, rule)?), outside));
        }
    }
    if bounds.is_empty() {
        let what = "it has no bound; give min, max, exclusive_min or exclusive_max";
        return Err(BindError::Senseless { what, about: rule.column.clone() });
    }
    let test = Between { column, bounds, nulls: rule.nulls };
    Ok(Draft::of_column(test, rule.reason.as_ref(), &rule.column))
}

fn bound(scalar: &Scalar, column: &Column, rule: &Range) -> Result<ArrayRef, BindError> {
    if scalar.is_nan() {
        let what = "NaN is no bound: no value is above or below it; write inf, -inf or a number";
        return Err(BindError::Senseless { what, about: rule.column.clone() });
    }
    let bound = scalar.to_array(&column.data_type).ok_or_else(|| BindError::BadValue {
        value: scalar.to_string(),
        column: rule.column.clone(),
        data_type: type_name(&column.data_type),
        advice: scalar.advice(&column.data_type),
    })?;
    settled(&bound)
        .map_err(|source| BindError::BadKey { columns: vec![rule.column.clone()], source })
}

fn check_ordered(column: &Column, rule: &Range) -> Result<(), BindError> {
    if !column.data_type.is_nested() && column.data_type != DataType::Null {
        return Ok(());
    }
    Err(BindError::WrongType {
        column: rule.column.clone(),
        found: type_name(&column.data_type),
        expected: "numbers, text, dates or times",
    })
}

struct Between {
    column: Column,
    bounds: Vec<(One<ArrayRef>, Outside)>,
    nulls: Nulls,
}

impl Test for Between {
    fn failures(&self, rows: &mut Rows<'_>) -> Result<Option<BooleanBuffer>, JudgeError> {
        let array = self.column.comparable(rows.batch)?;
        let mut bad = nan(&array);
        for (bound, outside) in &self.bounds {
            let outside = outside(&array, bound)?.into_parts().0;
            bad = Some(bad.map_or(outside.clone(), |bad| &bad | &outside));
        }
        Ok(bad.and_then(|bad| settle(bad, array.nulls(), self.nulls)))
    }
}

/// NaN lies between no bounds (Arrow's total order would put it above every number).
#[expect(clippy::wildcard_enum_match_arm, reason = "only floats have NaN")]
fn nan(array: &ArrayRef) -> Option<BooleanBuffer> {
    let bits = |is_nan: &dyn Fn(usize) -> bool| BooleanBuffer::collect_bool(array.len(), is_nan);
    match array.data_type() {
        DataType::Float16 => {
            let values = array.as_primitive::<Float16Type>().values();
            Some(bits(&|row| values[row].is_nan()))
        }
        DataType::Float32 => {
            let values = array.as_primitive::<Float32Type>().values();
            Some(bits(&|row| values[row].is_nan()))
        }
        DataType::Float64 => {
            let values = array.as_primitive::<Float64Type>().values();
            Some(bits(&|row| values[row].is_nan()))
        }
        _ => None,
    }
}
