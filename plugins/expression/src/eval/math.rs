//! Rounding, roots and powers.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::compute::kernels::cast_utils::parse_decimal;
use arrow::compute::try_binary;
use arrow::datatypes::{
    ArrowNativeType, ArrowNativeTypeOp, DECIMAL128_MAX_PRECISION, DECIMAL256_MAX_PRECISION,
    DataType, Decimal128Type, Decimal256Type, DecimalType, Float32Type, Float64Type, Int64Type,
};
use arrow::error::ArrowError;

use super::evaluate as evaluate_node;
use super::value::{Evaluated, Rows, Value, failed};
use crate::cast::shortest_digits;
use crate::functions::Function;
use crate::plan::Node;

pub(super) fn evaluate(
    node: &Node,
    function: Function,
    operands: &[Node],
    rows: &Rows,
) -> Evaluated<Value> {
    let value = evaluate_node(&operands[0], rows)?;
    if function == Function::Power {
        let exponent = evaluate_node(&operands[1], rows)?;
        let result = power(&value, &exponent, rows.count).map_err(failed(node))?;
        return Ok(Value::like(&[&value, &exponent], result));
    }
    let places = match operands.get(1).and_then(Node::as_literal) {
        Some(places) => places.value.as_primitive::<Int64Type>().value(0),
        None => 0,
    };
    let result = apply(function, value.array(), places, &node.data_type).map_err(failed(node))?;
    Ok(Value::like(&[&value], result))
}

/// `places` is what `round` keeps after the point, from 0 to 15.
#[expect(clippy::wildcard_enum_match_arm, reason = "binding lets only these types through")]
fn apply(
    function: Function,
    array: &ArrayRef,
    places: i64,
    to: &DataType,
) -> Result<ArrayRef, ArrowError> {
    match array.data_type() {
        DataType::Float64 => Ok(Arc::new(float64(function, array.as_primitive(), places))),
        DataType::Float32 => {
            let wide = array.as_primitive::<Float32Type>().unary::<_, Float64Type>(f64::from);
            let result = float64(function, &wide, places);
            Ok(Arc::new(result.unary::<_, Float32Type>(|value| value as f32)))
        }
        DataType::Int64 if function == Function::Abs => {
            Ok(Arc::new(array.as_primitive::<Int64Type>().try_unary::<_, Int64Type, _>(abs)?))
        }
        DataType::Decimal128(_, scale) => {
            decimal::<Decimal128Type>(function, array.as_primitive(), *scale, to)
        }
        DataType::Decimal256(_, scale) => {
            decimal::<Decimal256Type>(function, array.as_primitive(), *scale, to)
        }
        _ => Ok(Arc::clone(array)),
    }
}

fn abs<N: ArrowNativeTypeOp>(value: N) -> Result<N, ArrowError> {
    if value.is_lt(N::ZERO) { value.neg_checked() } else { Ok(value) }
}

type Floats = PrimitiveArray<Float64Type>;

#[expect(clippy::wildcard_enum_match_arm, reason = "the other functions take no float")]
fn float64(function: Function, array: &Floats, places: i64) -> Floats {
    match function {
        Function::Abs => array.unary(f64::abs),
        Function::Ceil => array.unary(f64::ceil),
        Function::Exp => array.unary(f64::exp),
        Function::Floor => array.unary(f64::floor),
        Function::Ln => array.unary(f64::ln),
        Function::Sqrt => array.unary(f64::sqrt),
        Function::Round if places == 0 => array.unary(f64::round_ties_even),
        Function::Round => {
            let unit = (0..places).fold(1.0, |unit, _| unit * 10.0);
            array.unary(|value| round(value, unit, places))
        }
        _ => unreachable!("binding sends only functions of one float here"),
    }
}

/// Half away from zero by the digits that the float shows, as if it were cast to a decimal first;
/// a number too large to have that many places is itself.
fn round(value: f64, unit: f64, places: i64) -> f64 {
    let shifted = value * unit;
    if shifted.is_nan() || shifted.abs() >= 1e15 {
        return value;
    }
    if shifted.abs() < 1e12 && (shifted.fract().abs() - 0.5).abs() > 0.01 {
        return shifted.round() / unit;
    }
    let scale = i8::try_from(places).unwrap_or(0);
    let digits = parse_decimal::<Decimal128Type>(&shortest_digits(value), 38, scale);
    digits.map_or(value, |digits| digits as f64 / unit)
}

fn power(base: &Value, exponent: &Value, count: usize) -> Result<ArrayRef, ArrowError> {
    let count = if base.is_scalar() && exponent.is_scalar() { 1 } else { count };
    let bases = base.array().as_primitive::<Float64Type>();
    if let Value::Scalar(exponent) = exponent
        && exponent.is_valid(0)
        && !base.is_scalar()
    {
        let exponent = exponent.as_primitive::<Float64Type>().value(0);
        return Ok(Arc::new(bases.unary::<_, Float64Type>(|base| base.powf(exponent))));
    }
    let (bases, exponents) = (base.clone().into_array(count), exponent.clone().into_array(count));
    let bases = bases.as_primitive::<Float64Type>();
    let exponents = exponents.as_primitive::<Float64Type>();
    let result: Floats = try_binary(bases, exponents, |base, exponent| Ok(base.powf(exponent)))?;
    Ok(Arc::new(result))
}

fn decimal<T: DecimalType + ArrowPrimitiveType>(
    function: Function,
    array: &PrimitiveArray<T>,
    scale: i8,
    to: &DataType,
) -> Result<ArrayRef, ArrowError> {
    let dropped = digits(to).map_or(0, |(_, kept)| scale.saturating_sub(kept));
    let unit = T::Native::usize_as(10).pow_checked(u32::try_from(dropped).unwrap_or(0))?;
    let result: PrimitiveArray<T> = match function == Function::Abs {
        true => array.try_unary(abs)?,
        false => array.try_unary(|value| units(function, value, unit))?,
    };
    Ok(Arc::new(result.with_data_type(to.clone())))
}

/// How many times `unit` the function rounds to.
fn units<N: ArrowNativeTypeOp>(function: Function, value: N, unit: N) -> Result<N, ArrowError> {
    let rest = value.mod_checked(unit)?;
    let whole = value.div_checked(unit)?;
    let is_far = || {
        let rest = abs(rest)?;
        Ok::<bool, ArrowError>(rest.is_ge(unit.sub_checked(rest)?))
    };
    let negative = rest.is_lt(N::ZERO);
    let away = if function == Function::Floor {
        negative
    } else if function == Function::Ceil {
        rest.is_gt(N::ZERO)
    } else {
        !rest.is_zero() && is_far()?
    };
    match (away, negative) {
        (false, _) => Ok(whole),
        (true, true) => whole.sub_checked(N::ONE),
        (true, false) => whole.add_checked(N::ONE),
    }
}

/// The type of a rounded number: a decimal keeps the decimals that are asked for, and may get one
/// digit more before the point.
pub(crate) fn rounded_type(data_type: &DataType, places: i64) -> DataType {
    let Some((precision, scale)) = digits(data_type) else { return data_type.clone() };
    let Some(kept) = i8::try_from(places).ok().filter(|kept| *kept < scale) else {
        return data_type.clone();
    };
    let whole = i16::from(precision) - i16::from(scale) + 1;
    let wanted = u8::try_from(whole.max(1) + i16::from(kept)).unwrap_or(precision);
    match matches!(data_type, DataType::Decimal256(..)) {
        true => DataType::Decimal256(wanted.min(DECIMAL256_MAX_PRECISION), kept),
        false => DataType::Decimal128(wanted.min(DECIMAL128_MAX_PRECISION), kept),
    }
}

/// Precision and scale of a wide decimal.
#[expect(clippy::wildcard_enum_match_arm, reason = "binding widens the narrow ones")]
fn digits(data_type: &DataType) -> Option<(u8, i8)> {
    match *data_type {
        DataType::Decimal128(precision, scale) | DataType::Decimal256(precision, scale) => {
            Some((precision, scale))
        }
        _ => None,
    }
}
