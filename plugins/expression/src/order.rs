//! How two values of one type compare: text by bytes, floats as IEEE 754 says.
//!
//! Arrow's own comparison of floats is a total order, in which `-0.0 < 0.0` and `NaN = NaN`.

use arrow::array::{Array, ArrowPrimitiveType, AsArray, BooleanArray, Datum};
use arrow::compute::kernels::cmp;
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use arrow::error::ArrowError;

use crate::syntax::Comparison;

/// Compares two values of one type.
#[expect(clippy::wildcard_enum_match_arm, reason = "only floats have an order of their own")]
pub(crate) fn compare(
    op: Comparison,
    left: &dyn Datum,
    right: &dyn Datum,
) -> Result<BooleanArray, ArrowError> {
    match left.get().0.data_type() {
        DataType::Float32 => Ok(floats::<Float32Type>(op, left, right)),
        DataType::Float64 => Ok(floats::<Float64Type>(op, left, right)),
        _ => match op {
            Comparison::Equal => cmp::eq(left, right),
            Comparison::NotEqual => cmp::neq(left, right),
            Comparison::Less => cmp::lt(left, right),
            Comparison::LessOrEqual => cmp::lt_eq(left, right),
            Comparison::Greater => cmp::gt(left, right),
            Comparison::GreaterOrEqual => cmp::gt_eq(left, right),
        },
    }
}

/// `=` of two values of one type.
pub(crate) fn equal(left: &dyn Datum, right: &dyn Datum) -> Result<BooleanArray, ArrowError> {
    compare(Comparison::Equal, left, right)
}

fn floats<T: ArrowPrimitiveType>(
    op: Comparison,
    left: &dyn Datum,
    right: &dyn Datum,
) -> BooleanArray {
    match op {
        Comparison::Equal => each::<T>(left, right, |l, r| l == r),
        Comparison::NotEqual => each::<T>(left, right, |l, r| l != r),
        Comparison::Less => each::<T>(left, right, |l, r| l < r),
        Comparison::LessOrEqual => each::<T>(left, right, |l, r| l <= r),
        Comparison::Greater => each::<T>(right, left, |r, l| r < l),
        Comparison::GreaterOrEqual => each::<T>(right, left, |r, l| r <= l),
    }
}

fn each<T: ArrowPrimitiveType>(
    left: &dyn Datum,
    right: &dyn Datum,
    test: impl Fn(T::Native, T::Native) -> bool,
) -> BooleanArray {
    let ((left, left_scalar), (right, right_scalar)) = (left.get(), right.get());
    let (left, right) = (left.as_primitive::<T>(), right.as_primitive::<T>());
    match (left_scalar, right_scalar) {
        (true, false) if left.is_null(0) => BooleanArray::new_null(right.len()),
        (false, true) if right.is_null(0) => BooleanArray::new_null(left.len()),
        (true, false) => {
            let constant = left.value(0);
            BooleanArray::from_unary(right, |value| test(constant, value))
        }
        (false, true) => {
            let constant = right.value(0);
            BooleanArray::from_unary(left, |value| test(value, constant))
        }
        (true, true) | (false, false) => BooleanArray::from_binary(left, right, test),
    }
}
