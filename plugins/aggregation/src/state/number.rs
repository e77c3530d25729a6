//! Numbers between numbers, exact until they are rounded to a float.

use num_bigint::{BigInt, BigUint, Sign};

use crate::exact::{FLOAT_UNIT, parts, ratio};

/// A number of a column.
#[derive(Debug, Clone, Copy)]
pub(super) enum Number {
    /// An integer, or a decimal with so many digits behind the point.
    Exact(i128, i8),
    Float(f64),
}

impl Number {
    /// The number at a fraction, `0.0..1.0`, of the way to `to`, which is of the same sort. It is
    /// computed exactly and rounded once, so that nothing cancels or overflows on the way.
    pub(super) fn toward(self, to: Self, fraction: f64) -> f64 {
        match (self, to) {
            (Self::Exact(low, digits), Self::Exact(high, _)) => {
                let (between, exponent) = between(&low.into(), &high.into(), fraction);
                let ten = BigUint::from(10_u8).pow(digits.unsigned_abs().into());
                match digits < 0 {
                    true => ratio(&(between * BigInt::from(ten)), &BigUint::from(1_u8), exponent),
                    false => ratio(&between, &ten, exponent),
                }
            }
            (Self::Float(low), Self::Float(_)) if fraction == 0.0 => low,
            (Self::Float(low), Self::Float(high)) if low.is_finite() && high.is_finite() => {
                let (between, exponent) = between(&units(low), &units(high), fraction);
                ratio(&between, &BigUint::from(1_u8), FLOAT_UNIT + exponent)
            }
            (Self::Float(low), Self::Float(high)) => low * (1.0 - fraction) + high * fraction,
            (Self::Exact(..) | Self::Float(_), _) => unreachable!("a column has one sort"),
        }
    }
}

/// `low + (high - low) * fraction` as an integer and the exponent of two that goes with it.
fn between(low: &BigInt, high: &BigInt, fraction: f64) -> (BigInt, i32) {
    if fraction == 0.0 || low == high {
        return (low.clone(), 0);
    }
    let (_, part, bit) = parts(fraction);
    let bits = FLOAT_UNIT.unsigned_abs() as usize - bit;
    let value = (low << bits) + (high - low) * part;
    (value, -(bits as i32))
}

/// A finite float in units of 2^-1074.
fn units(float: f64) -> BigInt {
    let (negative, magnitude, bit) = parts(float);
    let value = BigInt::from(magnitude) << bit;
    if negative { -value } else { value }
}

/// `numerator / denominator · 2^exponent` in a few digits, for messages about what is no float; or
/// the square root of it.
pub(super) fn about(
    numerator: &BigInt,
    denominator: &BigUint,
    exponent: i32,
    root: bool,
) -> String {
    let (up, down) = (exponent.max(0).unsigned_abs(), exponent.min(0).unsigned_abs());
    let whole = (numerator.magnitude() << up) / (denominator << down);
    let digits = if root { whole.sqrt() } else { whole }.to_string();
    let sign = if numerator.sign() == Sign::Minus { "-" } else { "" };
    let (head, rest) = digits.split_at(digits.len().min(15));
    format!("about {sign}{:.3}e{}", head.parse::<f64>().unwrap_or(0.0) / 1e14, rest.len() + 14)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn floats(low: f64, high: f64, fraction: f64) -> f64 {
        Number::Float(low).toward(Number::Float(high), fraction)
    }

    #[test]
    fn nothing_cancels_or_overflows() {
        let decimal = |low, high| Number::Exact(low, 4).toward(Number::Exact(high, 4), 0.5);
        assert_eq!(decimal(-2_915_600, -2_915_528), -291.5564);
        assert_eq!(decimal(10_i128.pow(37), 10_i128.pow(37) + 2), 1e33);
        let integer = |low, high| Number::Exact(low, 0).toward(Number::Exact(high, 0), 0.5);
        assert_eq!(integer(i64::MAX.into(), i64::MAX.into()), 9.223_372_036_854_776e18);
        assert_eq!(integer(9_007_199_254_740_993, 9_007_199_254_740_995), 9_007_199_254_740_994.0);
        assert_eq!(Number::Exact(3, -2).toward(Number::Exact(4, -2), 0.5), 350.0);
        assert_eq!(floats(1e308, 1.5e308, 0.5), 1.25e308);
        assert_eq!(floats(-1.7e308, 1.7e308, 0.5), 0.0);
        assert_eq!(floats(-1.0, 1e16, 0.5), 5e15 - 0.5);
        assert_eq!(floats(5e-324, 1.5e-323, 0.5), 1e-323);
        assert_eq!(floats(0.1, 0.1, 0.3), 0.1);
    }

    #[test]
    fn what_is_no_float_is_told_in_a_few_digits() {
        let one = BigUint::from(1_u8);
        let large: BigInt = BigInt::from(10_u8).pow(400) * 34_567;
        assert_eq!(about(&-&large, &one, 0, false), "about -3.457e404");
        assert_eq!(about(&(large.clone() << 1074), &one, FLOAT_UNIT, false), "about 3.457e404");
        assert_eq!(about(&(large * 10), &one, 0, true), "about 5.879e202");
    }

    #[test]
    fn infinities_draw_what_is_between() {
        let (infinity, nan) = (f64::INFINITY, f64::NAN);
        assert_eq!(floats(1.0, infinity, 0.5), infinity);
        assert_eq!(floats(-infinity, 1.0, 0.5), -infinity);
        assert_eq!(floats(-infinity, infinity, 0.0), -infinity);
        assert_eq!(floats(1.0, nan, 0.0), 1.0);
        assert!(floats(-infinity, infinity, 0.5).is_nan() && floats(1.0, nan, 0.5).is_nan());
    }

    proptest! {
        #[test]
        fn what_is_between_stays_between(
            a in proptest::num::f64::NORMAL,
            b in proptest::num::f64::NORMAL,
            fraction in 0.0..1.0,
        ) {
            let (low, high) = (a.min(b), a.max(b));
            let found = floats(low, high, fraction);
            prop_assert!(low <= found && found <= high, "{low} {found} {high}");
        }
    }
}
