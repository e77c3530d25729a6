//! Evaluation, a column at a time, with arrow's kernels.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Datum, Scalar, new_null_array};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::compute::kernels::merge::merge;
use arrow::compute::{FilterBuilder, is_null, kernels, not, take};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use crate::error::EvaluateError;
use crate::functions::Function;
use crate::plan::{Kind, Node};

mod arithmetic;
mod case;
mod cast;
mod choice;
mod compare;
mod digits;
mod divide;
mod logic;
mod math;
mod part;
mod select;
mod text;

pub(crate) use arithmetic::result_type as arithmetic_type;
pub(crate) use math::rounded_type;
pub(crate) use part::{has_part, seconds_type};

type Evaluated<T> = Result<T, EvaluateError>;

/// The columns that an expression reads, of some rows.
pub(crate) struct Rows {
    columns: Vec<ArrayRef>,
    count: usize,
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
    fn filter(&self, mask: &BooleanBuffer, node: &Node) -> Result<Self, ArrowError> {
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

    fn is_scalar(&self) -> bool {
        matches!(self, Self::Scalar(_))
    }

    /// The result of a kernel over these operands: one value if they all were.
    fn like(operands: &[&Self], array: ArrayRef) -> Self {
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

    fn into_boolean(self, count: usize) -> BooleanArray {
        self.into_array(count).as_boolean().clone()
    }
}

fn repeat(array: &ArrayRef, count: usize) -> ArrayRef {
    let first = arrow::array::UInt32Array::from_value(0, count);
    take(array, &first, None).expect("index 0 is inside an array of length 1")
}

/// Evaluates one node over all rows.
pub(crate) fn evaluate(node: &Node, rows: &Rows) -> Evaluated<Value> {
    match &node.kind {
        Kind::Column(slot) => Ok(Value::Array(Arc::clone(&rows.columns[*slot]))),
        Kind::Literal(literal) => Ok(Value::Scalar(Arc::clone(&literal.value))),
        Kind::Cast { value, lenient } => cast::evaluate(node, value, *lenient, rows),
        Kind::Negate(value) => {
            unary(node, value, rows, |array| kernels::numeric::neg(array.as_ref()))
        }
        Kind::Not(value) => {
            unary(node, value, rows, |array| Ok(Arc::new(not(array.as_boolean())?)))
        }
        Kind::Arithmetic(op, left, right) => arithmetic::evaluate(node, *op, left, right, rows),
        Kind::Compare(op, left, right) => compare::evaluate(node, *op, left, right, rows),
        Kind::Between(value, low, high) => compare::between(node, value, low, high, rows),
        Kind::Logic(op, left, right) => logic::evaluate(node, *op, left, right, rows),
        Kind::IsNull(value) => {
            unary(node, value, rows, |array| Ok(Arc::new(is_null(array.as_ref())?)))
        }
        Kind::IsBoolean(value, wanted) => unary(node, value, rows, |array| {
            Ok(Arc::new(logic::is_boolean(array.as_boolean(), *wanted)))
        }),
        Kind::In(value, members) => {
            unary(node, value, rows, |array| Ok(Arc::new(members.contain(array)?)))
        }
        Kind::Like { value, pattern, fold_case } => {
            text::like(node, value, pattern, *fold_case, rows)
        }
        Kind::Matches(value, regex) => {
            unary(node, value, rows, |array| Ok(Arc::new(text::matches(array, regex))))
        }
        Kind::Case { branches, otherwise } => case::evaluate(node, branches, otherwise, rows),
        Kind::Call(function, operands) => call(node, *function, operands, rows),
    }
}

fn call(node: &Node, function: Function, operands: &[Node], rows: &Rows) -> Evaluated<Value> {
    match function {
        Function::Coalesce => choice::coalesce(node, operands, rows),
        Function::NullIf => choice::null_if(node, &operands[0], &operands[1], rows),
        Function::Least | Function::Greatest => choice::extreme(node, function, operands, rows),
        Function::Part(part) => unary(node, &operands[0], rows, |array| part::part(array, part)),
        Function::Seconds => unary(node, &operands[0], rows, part::seconds),
        Function::Abs
        | Function::Ceil
        | Function::Exp
        | Function::Floor
        | Function::Ln
        | Function::Power
        | Function::Round
        | Function::Sqrt => math::evaluate(node, function, operands, rows),
        Function::Concat
        | Function::Contains
        | Function::EndsWith
        | Function::Join
        | Function::Length
        | Function::Lower
        | Function::RegexpLike
        | Function::Replace
        | Function::StartsWith
        | Function::Substr
        | Function::Trim(_)
        | Function::Upper => text::evaluate(node, function, operands, rows),
    }
}

/// Evaluates a node for the rows of the mask; what the others get is not said.
///
/// A node that can fail sees no other rows: `case when x <> 0 then 1 / x end` does not divide by
/// zero.
fn evaluate_where(node: &Node, rows: &Rows, mask: &BooleanBuffer) -> Evaluated<Value> {
    let wanted = mask.count_set_bits();
    if wanted == 0 {
        return Ok(Value::Scalar(new_null_array(&node.data_type, 1)));
    }
    if !node.fallible || wanted == rows.count {
        return evaluate(node, rows);
    }
    let some = rows.filter(mask, node).map_err(failed(node))?;
    match evaluate(node, &some)? {
        Value::Scalar(value) => Ok(Value::Scalar(value)),
        Value::Array(values) => {
            let null = Scalar::new(new_null_array(&node.data_type, 1));
            let mask = BooleanArray::new(mask.clone(), None);
            let spread = merge(&mask, &values, &null).map_err(failed(node))?;
            Ok(Value::Array(spread))
        }
    }
}

fn unary(
    node: &Node,
    operand: &Node,
    rows: &Rows,
    kernel: impl FnOnce(&ArrayRef) -> Result<ArrayRef, ArrowError>,
) -> Evaluated<Value> {
    let operand = evaluate(operand, rows)?;
    let result = kernel(operand.array()).map_err(failed(node))?;
    Ok(Value::like(&[&operand], result))
}

fn failed(node: &Node) -> impl Fn(ArrowError) -> EvaluateError + '_ {
    |error| EvaluateError::from_arrow(&node.text, &node.data_type, error)
}

/// Where a boolean is true; null is not.
fn truths(array: &BooleanArray) -> BooleanBuffer {
    match array.nulls() {
        None => array.values().clone(),
        Some(nulls) => array.values() & nulls.inner(),
    }
}

fn is_valid(value: &Value, count: usize) -> BooleanBuffer {
    match value {
        Value::Scalar(value) if value.is_null(0) => BooleanBuffer::new_unset(count),
        Value::Scalar(_) => BooleanBuffer::new_set(count),
        Value::Array(array) => array
            .logical_nulls()
            .map_or_else(|| BooleanBuffer::new_set(count), NullBuffer::into_inner),
    }
}
