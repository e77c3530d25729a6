//! Division of decimals: rounded half away from zero, as PostgreSQL divides.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, Datum, PrimitiveArray};
use arrow::compute::try_binary;
use arrow::datatypes::{
    ArrowNativeTypeOp, DECIMAL128_MAX_PRECISION, DECIMAL256_MAX_PRECISION, DataType,
    Decimal128Type, Decimal256Type, i256,
};
use arrow::error::ArrowError;

use super::digits::too_many;

/// Decimals of a quotient, if its operands have no more.
const SCALE_LEAST: i16 = 16;

/// The quotient's type: 16 decimals, and room for all whole digits that there can be, but no more
/// digits than the type has. A quotient that then has too many whole digits is an overflow: as
/// PostgreSQL's digits depend on the value, any type is a choice, and decimals are what is missed.
pub(super) fn result_type(left: &DataType, right: &DataType) -> Option<DataType> {
    let (scale, precision) = match (left, right) {
        (DataType::Decimal128(p1, s1), DataType::Decimal128(_, s2)) => {
            digits((*p1, *s1), *s2, DECIMAL128_MAX_PRECISION)?
        }
        (DataType::Decimal256(p1, s1), DataType::Decimal256(_, s2)) => {
            digits((*p1, *s1), *s2, DECIMAL256_MAX_PRECISION)?
        }
        _ => return None,
    };
    Some(match matches!(left, DataType::Decimal256(..)) {
        true => DataType::Decimal256(precision, scale),
        false => DataType::Decimal128(precision, scale),
    })
}

fn digits((p1, s1): (u8, i8), s2: i8, max: u8) -> Option<(i8, u8)> {
    let (s1, s2, max) = (i16::from(s1), i16::from(s2), i16::from(max));
    let whole = (i16::from(p1) - s1 + s2).max(0);
    let scale = s1.max(s2).max(SCALE_LEAST);
    let precision = (whole + scale).clamp(1, max);
    let fits = s1 >= 0 && s2 >= 0 && scale <= max;
    fits.then_some(())?;
    Some((i8::try_from(scale).ok()?, u8::try_from(precision).ok()?))
}

/// Both operands are decimals of the width of `to`, which is their [`result_type`].
pub(super) fn divide(
    left: &dyn Datum,
    right: &dyn Datum,
    to: &DataType,
) -> Result<ArrayRef, ArrowError> {
    let shift = i32::from(scale(to)) - i32::from(scale(left.get().0.data_type()))
        + i32::from(scale(right.get().0.data_type()));
    let shift = u32::try_from(shift).unwrap_or(0);
    let ten = i256::from_i128(10);
    if matches!(to, DataType::Decimal256(..)) {
        let unit = ten.pow_checked(shift)?;
        let quotients = each::<Decimal256Type>(left, right, |l, r| quotient(l, r, unit))?;
        return Ok(Arc::new(quotients.with_data_type(to.clone())));
    }
    let (narrow, wide) = (10_i128.checked_pow(shift), ten.pow_checked(shift)?);
    let quotients = each::<Decimal128Type>(left, right, |l, r| {
        if let Some(Ok(quotient)) = narrow.map(|unit| quotient(l, r, unit)) {
            return Ok(quotient);
        }
        // The dividend with all decimals is wider than the quotient may be.
        let quotient = quotient(i256::from_i128(l), i256::from_i128(r), wide)?;
        quotient.to_i128().ok_or_else(|| too_many(DECIMAL128_MAX_PRECISION))
    })?;
    Ok(Arc::new(quotients.with_data_type(to.clone())))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "binding sends only decimals here")]
fn scale(data_type: &DataType) -> i8 {
    match data_type {
        DataType::Decimal128(_, scale) | DataType::Decimal256(_, scale) => *scale,
        _ => 0,
    }
}

/// `left * unit / right`, half away from zero.
fn quotient<N: ArrowNativeTypeOp>(left: N, right: N, unit: N) -> Result<N, ArrowError> {
    if right.is_zero() {
        return Err(ArrowError::DivideByZero);
    }
    let dividend = left.mul_checked(unit)?;
    let (whole, rest) = (dividend.div_checked(right)?, dividend.mod_checked(right)?);
    let (rest_size, size) = (size(rest)?, size(right)?);
    match rest_size.is_lt(size.sub_checked(rest_size)?) {
        true => Ok(whole),
        false if dividend.is_lt(N::ZERO) == right.is_lt(N::ZERO) => whole.add_checked(N::ONE),
        false => whole.sub_checked(N::ONE),
    }
}

fn size<N: ArrowNativeTypeOp>(value: N) -> Result<N, ArrowError> {
    if value.is_lt(N::ZERO) { value.neg_checked() } else { Ok(value) }
}

/// Row by row; a scalar stands for every row.
fn each<T: ArrowPrimitiveType>(
    left: &dyn Datum,
    right: &dyn Datum,
    divide: impl Fn(T::Native, T::Native) -> Result<T::Native, ArrowError>,
) -> Result<PrimitiveArray<T>, ArrowError> {
    let ((left, left_scalar), (right, right_scalar)) = (left.get(), right.get());
    let (left, right) = (left.as_primitive::<T>(), right.as_primitive::<T>());
    match (left_scalar, right_scalar) {
        (true, false) if left.is_null(0) => Ok(PrimitiveArray::new_null(right.len())),
        (false, true) if right.is_null(0) => Ok(PrimitiveArray::new_null(left.len())),
        (true, false) => right.try_unary(|divisor| divide(left.value(0), divisor)),
        (false, true) => left.try_unary(|dividend| divide(dividend, right.value(0))),
        (true, true) | (false, false) => try_binary(left, right, divide),
    }
}
