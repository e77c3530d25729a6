//! What goes through an evaluation: rows in, values out.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Datum, new_null_array};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::compute::{FilterBuilder, take};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use crate::error::EvaluateError;
use crate::plan::Node;

pub(super) type Evaluated<T> = Result<T, EvaluateError>;

/// The columns that an expression reads, of some rows.
pub(crate) struct Rows {
    pub(super) columns: Vec<ArrayRef>,
    pub(super) count: usize,
}

impl Rows {
    pub(crate) fn new(columns: Vec<ArrayRef>, count: usize) -> Self {
        Self { columns, count }
    }

    /// One row without columns, to evaluate constants on.
    pub(crate) fn one() -> Self {
        Self::new(Vec::new(), 1)
    }

    /// The rows of the mask; columns that `node` does not read are left as they are.
    pub(super) fn filter(&self, mask: &BooleanBuffer, node: &Node) -> Result<Self, ArrowError> {
        let mut read = vec![false; self.columns.len()];
        node.mark_columns(&mut read);
        let filter = FilterBuilder::new(&BooleanArray::new(mask.clone(), None)).optimize().build();
        let filtered = |(column, read): (&ArrayRef, bool)| match read {
            true => filter.filter(column),
            false => Ok(Arc::clone(column)),
        };
        let columns: Result<_, _> = self.columns.iter().zip(read).map(filtered).collect();
        Ok(Self::new(columns?, filter.count()))
    }
}

/// One value for each row, or one for all of them.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Array(ArrayRef),
    /// An array of length 1.
    Scalar(ArrayRef),
}

impl Datum for Value {
    fn get(&self) -> (&dyn Array, bool) {
        match self {
            Self::Array(array) => (array.as_ref(), false),
            Self::Scalar(array) => (array.as_ref(), true),
        }
    }
}

impl Value {
    pub(crate) fn array(&self) -> &ArrayRef {
        match self {
            Self::Array(array) | Self::Scalar(array) => array,
        }
    }

    pub(crate) fn data_type(&self) -> &DataType {
        self.array().data_type()
    }

    pub(super) fn is_scalar(&self) -> bool {
        matches!(self, Self::Scalar(_))
    }

    /// The result of a kernel over these operands: one value if they all were.
    pub(super) fn like(operands: &[&Self], array: ArrayRef) -> Self {
        match operands.iter().all(|operand| operand.is_scalar()) {
            true => Self::Scalar(array),
            false => Self::Array(array),
        }
    }

    /// The values of `count` rows.
    pub(crate) fn into_array(self, count: usize) -> ArrayRef {
        match self {
            Self::Array(array) => array,
            Self::Scalar(array) if count == 1 => array,
            Self::Scalar(array) if array.is_null(0) => new_null_array(array.data_type(), count),
            Self::Scalar(array) => repeat(&array, count),
        }
    }

    pub(super) fn into_boolean(self, count: usize) -> BooleanArray {
        self.into_array(count).as_boolean().clone()
    }
}

fn repeat(array: &ArrayRef, count: usize) -> ArrayRef {
    let first = arrow::array::UInt32Array::from_value(0, count);
    take(array, &first, None).expect("index 0 is inside an array of length 1")
}

pub(super) fn failed(node: &Node) -> impl Fn(ArrowError) -> EvaluateError + '_ {
    |error| EvaluateError::from_arrow(&node.text, &node.data_type, error)
}

/// Where a boolean is true; null is not.
pub(super) fn truths(array: &BooleanArray) -> BooleanBuffer {
    match array.nulls() {
        None => array.values().clone(),
        Some(nulls) => array.values() & nulls.inner(),
    }
}

pub(super) fn is_valid(value: &Value, count: usize) -> BooleanBuffer {
    match value {
        Value::Scalar(value) if value.is_null(0) => BooleanBuffer::new_unset(count),
        Value::Scalar(_) => BooleanBuffer::new_set(count),
        Value::Array(array) => array
            .logical_nulls()
            .map_or_else(|| BooleanBuffer::new_set(count), NullBuffer::into_inner),
    }
}
