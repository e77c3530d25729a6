//! Functions over text. Binding gives all operands of one call the same offset size.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, GenericStringArray, Int64Array, OffsetSizeTrait,
};
use arrow::compute::kernels::comparison::{
    contains, ends_with, ilike, like as like_kernel, starts_with,
};
use arrow::datatypes::DataType;
use regex::Regex;

use super::evaluate as evaluate_node;
use super::value::{Evaluated, Rows, Value, failed};
use crate::functions::Function;
use crate::plan::Node;

mod build;
mod cut;
mod writer;

use writer::{Texts, Writer};

pub(super) fn evaluate(
    node: &Node,
    function: Function,
    operands: &[Node],
    rows: &Rows,
) -> Evaluated<Value> {
    let values: Evaluated<Vec<Value>> =
        operands.iter().map(|operand| evaluate_node(operand, rows)).collect();
    let values = values?;
    let count = if values.iter().all(Value::is_scalar) { 1 } else { rows.count };
    let array = match *values[0].data_type() == DataType::LargeUtf8 {
        true => typed::<i64>(node, function, &values, count)?,
        false => typed::<i32>(node, function, &values, count)?,
    };
    Ok(Value::like(&values.iter().collect::<Vec<_>>(), array))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the other functions take no text")]
fn typed<O: OffsetSizeTrait>(
    node: &Node,
    function: Function,
    values: &[Value],
    count: usize,
) -> Evaluated<ArrayRef> {
    let texts = || values.iter().map(Texts::<O>::new).collect::<Vec<_>>();
    let writer = Writer::<O>::new(node, count);
    match function {
        Function::Length => Ok(Arc::new(length(values[0].array().as_string::<O>()))),
        Function::Lower => build::fold_case(writer, values[0].array().as_string(), false),
        Function::Upper => build::fold_case(writer, values[0].array().as_string(), true),
        Function::Concat => build::concat(writer, &texts(), true),
        Function::Join => build::concat(writer, &texts(), false),
        Function::Replace => build::replace(writer, &texts()),
        Function::Trim(side) => cut::trim(writer, &texts(), side),
        Function::Substr => cut::substr(writer, values),
        Function::StartsWith | Function::EndsWith | Function::Contains => {
            let kernel = if function == Function::StartsWith {
                starts_with
            } else if function == Function::EndsWith {
                ends_with
            } else {
                contains
            };
            Ok(Arc::new(kernel(&values[0], &values[1]).map_err(failed(node))?))
        }
        _ => unreachable!("binding sends only functions over text here"),
    }
}

/// Characters, not bytes.
fn length<O: OffsetSizeTrait>(array: &GenericStringArray<O>) -> Int64Array {
    let offsets = array.value_offsets();
    let lengths: Vec<i64> = if writer::used_bytes(array).is_ascii() {
        let bytes = |pair: &[O]| (pair[1] - pair[0]).as_usize() as i64;
        offsets.windows(2).map(bytes).collect()
    } else {
        (0..array.len()).map(|row| array.value(row).chars().count() as i64).collect()
    };
    Int64Array::new(lengths.into(), array.nulls().cloned())
}

pub(super) fn like(
    node: &Node,
    value: &Node,
    pattern: &Node,
    fold_case: bool,
    rows: &Rows,
) -> Evaluated<Value> {
    let (value, pattern) = (evaluate_node(value, rows)?, evaluate_node(pattern, rows)?);
    let kernel = if fold_case { ilike } else { like_kernel };
    let result = match [&value, &pattern].into_iter().find(|operand| is_null_dictionary(operand)) {
        Some(nulls) => BooleanArray::new_null(nulls.array().len()),
        None => kernel(&value, &pattern).map_err(failed(node))?,
    };
    Ok(Value::like(&[&value, &pattern], Arc::new(result)))
}

/// A dictionary without values, of nothing but nulls: the kernels take it for a fault.
fn is_null_dictionary(value: &Value) -> bool {
    value.array().as_any_dictionary_opt().is_some_and(|array| array.values().is_empty())
}

pub(super) fn matches(array: &ArrayRef, regex: &Regex) -> BooleanArray {
    match array.as_string_opt::<i64>() {
        Some(texts) => BooleanArray::from_unary(texts, |text| regex.is_match(text)),
        None => BooleanArray::from_unary(array.as_string::<i32>(), |text| regex.is_match(text)),
    }
}
