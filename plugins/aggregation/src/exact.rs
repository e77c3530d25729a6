//! Exact sums: fixed-point numbers so wide that nothing is ever rounded.
//!
//! A float is an integer of 53 bits times a power of two, so a sum of floats is an integer of some
//! 2,100 bits times 2^-1074 (Kulisch; the "small superaccumulator" of Neal, arXiv 1505.05571, is
//! the same idea with carries put off). Such sums do not depend on the order of their terms.
//!
//! Real columns use a few neighbouring limbs of those 2,100 bits, so the table keeps only the limbs
//! that some value of the column has touched, for all groups alike: normally 4, 32 bytes a group.
//! The limbs are one two's complement number; the topmost is never written by a term itself, so it
//! holds the carries of up to 2^63 terms.

use num_bigint::{BigInt, BigUint, Sign};

use crate::bytes::{Reader, SnapshotError, Writer};

/// Limbs of the widest sum: squares of floats need 4,200 bits.
const LIMBS_MAX: usize = 72;
/// Limbs that one term may touch, and one for the carries.
const TERM_LIMBS: usize = 4;

/// One exact sum for each group.
#[derive(Debug, Clone, Default)]
pub(crate) struct ExactSums {
    /// Index, in the full number, of the lowest limb that is kept.
    low: usize,
    /// Limbs kept for each group.
    width: usize,
    /// Groups, also while `width` is 0.
    groups: usize,
    limbs: Vec<u64>,
}

impl ExactSums {
    pub(crate) fn resize(&mut self, groups: usize) {
        self.groups = groups;
        self.limbs.resize(groups * self.width, 0);
    }

    /// Adds `±magnitude · 2^bit`, in units of the column. Cost: about 3 ns.
    #[inline]
    pub(crate) fn add(&mut self, group: usize, magnitude: u128, bit: usize, negative: bool) {
        let limb = bit / 64;
        if limb < self.low || limb + TERM_LIMBS > self.low + self.width {
            self.widen(limb);
        }
        let start = group * self.width + limb - self.low;
        let limbs = &mut self.limbs[start..(group + 1) * self.width];
        match negative {
            false => add(limbs, shifted(magnitude, bit % 64)),
            true => subtract(limbs, shifted(magnitude, bit % 64)),
        }
    }

    /// Adds the square of `magnitude · 2^bit`, in the square of that unit.
    #[inline]
    pub(crate) fn add_square(&mut self, group: usize, magnitude: u128, bit: usize) {
        let (high, low) = (magnitude >> 64, magnitude & u128::from(u64::MAX));
        self.add(group, low * low, 2 * bit, false);
        if high > 0 {
            self.add(group, high * low, 2 * bit + 65, false);
            self.add(group, high * high, 2 * bit + 128, false);
        }
    }

    /// Keeps more limbs: those of a term that starts at `limb`.
    #[cold]
    fn widen(&mut self, limb: usize) {
        let (mut low, mut end) = (limb, limb + TERM_LIMBS);
        if self.width > 0 {
            (low, end) = (low.min(self.low), end.max(self.low + self.width));
        }
        let width = end - low;
        let mut limbs = vec![0; self.groups * width];
        if self.width > 0 {
            let rows = limbs.chunks_exact_mut(width).zip(self.limbs.chunks_exact(self.width));
            for (new, old) in rows {
                let sign = if is_negative(old) { u64::MAX } else { 0 };
                let start = self.low - low;
                new[start..start + old.len()].copy_from_slice(old);
                new[start + old.len()..].fill(sign);
            }
        }
        (self.low, self.width, self.limbs) = (low, width, limbs);
    }

    /// The sum of a group, in units of the column.
    pub(crate) fn sum(&self, group: usize) -> BigInt {
        let (negative, magnitude) = self.sign_and_magnitude(group);
        let digits = magnitude.iter().flat_map(|limb| [*limb as u32, (*limb >> 32) as u32]);
        let number = BigUint::new(digits.collect()) << (64 * self.low);
        BigInt::from_biguint(if negative { Sign::Minus } else { Sign::Plus }, number)
    }

    /// The sum of a group times `2^exponent`, rounded once, to the nearest, ties to even.
    pub(crate) fn rounded(&self, group: usize, exponent: i32) -> f64 {
        let (negative, magnitude) = self.sign_and_magnitude(group);
        let value = round(&magnitude, exponent + 64 * self.low as i32, false);
        if negative { -value } else { value }
    }

    fn sign_and_magnitude(&self, group: usize) -> (bool, Vec<u64>) {
        let mut limbs = self.limbs[group * self.width..(group + 1) * self.width].to_vec();
        let negative = is_negative(&limbs);
        if negative {
            negate(&mut limbs);
        }
        (negative, limbs)
    }

    /// Writes the sum of a group: sign, first limb, limbs without zeros at either end.
    pub(crate) fn write(&self, group: usize, out: &mut Writer) {
        let (negative, magnitude) = self.sign_and_magnitude(group);
        let zeros = magnitude.iter().take_while(|limb| **limb == 0).count();
        let end = magnitude.iter().rposition(|limb| *limb != 0).map_or(zeros, |last| last + 1);
        let is_zero = zeros == end;
        out.u8(u8::from(negative));
        out.u16(if is_zero { 0 } else { (self.low + zeros) as u16 });
        out.u16((end - zeros) as u16);
        magnitude[zeros..end].iter().for_each(|limb| out.u64(*limb));
    }

    /// Adds a sum that [`Self::write`] wrote.
    ///
    /// # Errors
    /// It was not written by `write`.
    pub(crate) fn absorb(
        &mut self,
        group: usize,
        from: &mut Reader<'_>,
    ) -> Result<(), SnapshotError> {
        let negative = from.u8()? != 0;
        let start = usize::from(from.u16()?);
        let count = usize::from(from.u16()?);
        if start + count > LIMBS_MAX {
            return Err(from.damaged("a sum that is too wide"));
        }
        for limb in start..start + count {
            self.add(group, u128::from(from.u64()?), 64 * limb, negative);
        }
        Ok(())
    }

    /// Memory held.
    pub(crate) fn bytes(&self) -> usize {
        self.limbs.capacity() * 8
    }
}

fn is_negative(limbs: &[u64]) -> bool {
    limbs.last().is_some_and(|top| top >> 63 == 1)
}

fn negate(limbs: &mut [u64]) {
    let mut carry = true;
    for limb in limbs {
        (*limb, carry) = (!*limb).overflowing_add(u64::from(carry));
    }
}

#[inline]
fn shifted(magnitude: u128, shift: usize) -> [u64; 3] {
    let (low, high) = (magnitude << shift, (magnitude >> 64) >> (64 - shift));
    [low as u64, (low >> 64) as u64, high as u64]
}

#[inline]
fn add(limbs: &mut [u64], term: [u64; 3]) {
    let mut carry = false;
    for (limb, part) in limbs.iter_mut().zip(term) {
        (*limb, carry) = limb.carrying_add(part, carry);
    }
    for limb in &mut limbs[3..] {
        if !carry {
            break;
        }
        (*limb, carry) = limb.overflowing_add(1);
    }
}

#[inline]
fn subtract(limbs: &mut [u64], term: [u64; 3]) {
    let mut borrow = false;
    for (limb, part) in limbs.iter_mut().zip(term) {
        (*limb, borrow) = limb.borrowing_sub(part, borrow);
    }
    for limb in &mut limbs[3..] {
        if !borrow {
            break;
        }
        (*limb, borrow) = limb.overflowing_sub(1);
    }
}

/// `magnitude · 2^exponent` rounded to a float; `more` says that the number is really a bit larger.
fn round(magnitude: &[u64], exponent: i32, more: bool) -> f64 {
    let Some(top) = magnitude.iter().rposition(|limb| *limb != 0) else { return 0.0 };
    let zeros = magnitude[top].leading_zeros();
    let below = |down: usize| top.checked_sub(down).map_or(0, |limb| magnitude[limb]);
    let head = (u128::from(magnitude[top]) << 64 | u128::from(below(1))) << zeros;
    let mut bits = (head >> 64) as u64;
    let rest = magnitude[..top.saturating_sub(1)].iter().any(|limb| *limb != 0);
    if more || rest || head as u64 != 0 {
        bits |= 1;
    }
    scale(bits as f64, exponent + 64 * top as i32 - zeros.cast_signed())
}

/// `value · 2^exponent`; in steps, because the power itself may be no float.
fn scale(mut value: f64, mut exponent: i32) -> f64 {
    let power = |exponent: i32| f64::from_bits(((1023 + exponent) as u64) << 52);
    while exponent.abs() > 1000 {
        let step = 1000 * exponent.signum();
        (value, exponent) = (value * power(step), exponent - step);
    }
    value * power(exponent)
}

/// `numerator / denominator · 2^exponent`, rounded once (twice if the result is subnormal).
///
/// The denominator is not zero.
pub(crate) fn ratio(numerator: &BigInt, denominator: &BigUint, exponent: i32) -> f64 {
    let magnitude = numerator.magnitude();
    let shift = (denominator.bits() + 66).saturating_sub(magnitude.bits());
    let shifted = magnitude << shift;
    let quotient = &shifted / denominator;
    let inexact = shifted != &quotient * denominator;
    let value = round(&quotient.to_u64_digits(), exponent - shift as i32, inexact);
    if numerator.sign() == Sign::Minus { -value } else { value }
}

/// The square root of [`ratio`], which is not negative, also where that would be no float. The
/// exponent is even.
pub(crate) fn root_of_ratio(numerator: &BigInt, denominator: &BigUint, exponent: i32) -> f64 {
    let bits = |number: u64| i32::try_from(number).unwrap_or(i32::MAX);
    let half = (bits(numerator.bits()) - bits(denominator.bits()) + exponent) / 2;
    // Near 1, where a root loses nothing that powers of two could give back.
    scale(ratio(numerator, denominator, exponent - 2 * half).sqrt(), half)
}

/// A finite float as sign, integer and the position of its lowest bit in units of 2^-1074.
#[inline]
pub(crate) fn parts(value: f64) -> (bool, u64, usize) {
    let bits = value.to_bits();
    let exponent = (bits >> 52 & 0x7ff) as usize;
    let fraction = bits & ((1 << 52) - 1);
    match exponent {
        0 => (value.is_sign_negative(), fraction, 0),
        _ => (value.is_sign_negative(), fraction | 1 << 52, exponent - 1),
    }
}

/// Exponent of the unit in which [`parts`] counts.
pub(crate) const FLOAT_UNIT: i32 = -1074;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sum(values: &[f64]) -> f64 {
        exact(values).rounded(0, FLOAT_UNIT)
    }

    fn exact(values: &[f64]) -> ExactSums {
        let mut sums = ExactSums::default();
        sums.resize(1);
        for value in values {
            let (negative, magnitude, bit) = parts(*value);
            sums.add(0, magnitude.into(), bit, negative);
        }
        sums
    }

    #[test]
    fn what_floats_lose_is_kept() {
        assert_eq!(sum(&[1e100, 1.0, -1e100]), 1.0);
        assert_eq!(sum(&[0.1; 10]), 1.0);
        assert_eq!(sum(&[1e308, 1e308, -1e308]), 1e308);
        assert_eq!(sum(&[1e308, 1e308]), f64::INFINITY);
        assert_eq!(sum(&[5e-324, 5e-324]), 1e-323);
        assert_eq!(sum(&[-1.0]), -1.0);
        assert_eq!(sum(&[]), 0.0);
    }

    #[test]
    fn halves_round_to_even() {
        let ulp = f64::EPSILON;
        assert_eq!(sum(&[1.0, ulp / 2.0]), 1.0);
        assert_eq!(sum(&[1.0 + ulp, ulp / 2.0]), 1.0 + 2.0 * ulp);
        assert_eq!(sum(&[1.0, ulp / 2.0, 5e-324]), 1.0 + ulp);
        assert_eq!(sum(&[-1.0, -ulp / 2.0, -5e-324]), -1.0 - ulp);
    }

    #[test]
    fn a_third_is_rounded_once() {
        let third = ratio(&BigInt::from(-1), &BigUint::from(3_u8), 0);
        assert_eq!(third, -1.0 / 3.0);
        assert_eq!(ratio(&BigInt::from(1), &BigUint::from(1_u8), -1074), 5e-324);
    }

    #[test]
    fn a_root_may_be_a_float_where_its_square_is_none() {
        let one = BigUint::from(1_u8);
        assert_eq!(root_of_ratio(&BigInt::from(2), &one, 0), 2_f64.sqrt());
        assert_eq!(root_of_ratio(&BigInt::from(9), &one, 2000), 3.0 * 2_f64.powi(1000));
        assert_eq!(root_of_ratio(&BigInt::from(1), &one, -2000), 2_f64.powi(-1000));
        assert_eq!(root_of_ratio(&BigInt::ZERO, &one, 0), 0.0);
    }

    proptest! {
        #[test]
        fn a_float_is_its_own_sum(value in proptest::num::f64::ANY) {
            prop_assume!(value.is_finite());
            prop_assert_eq!(sum(&[value]), value);
        }

        #[test]
        fn two_floats_sum_as_ieee_says(a in proptest::num::f64::ANY, b in proptest::num::f64::ANY) {
            prop_assume!(a.is_finite() && b.is_finite());
            prop_assert_eq!(sum(&[a, b]), a + b);
        }

        #[test]
        fn order_and_splitting_do_not_matter(
            mut values in prop::collection::vec(proptest::num::f64::NORMAL, 0..20),
            at in any::<prop::sample::Index>(),
        ) {
            let mut whole = Writer::default();
            exact(&values).write(0, &mut whole);
            values.reverse();
            let (left, right) = values.split_at(at.index(values.len() + 1));
            let mut part = Writer::default();
            exact(right).write(0, &mut part);
            let mut merged = exact(left);
            merged.absorb(0, &mut Reader::new(&part.into_bytes())).unwrap();
            let mut found = Writer::default();
            merged.write(0, &mut found);
            prop_assert_eq!(found.into_bytes(), whole.into_bytes());
        }

        #[test]
        fn sums_of_integers_are_those_of_big_integers(
            terms in prop::collection::vec((any::<u128>(), 0_usize..300, any::<bool>()), 0..20),
        ) {
            let mut sums = ExactSums::default();
            sums.resize(1);
            let mut model = BigInt::ZERO;
            for (magnitude, bit, negative) in terms {
                sums.add(0, magnitude, bit, negative);
                let term = BigInt::from(magnitude) << bit;
                model += if negative { -term } else { term };
            }
            prop_assert_eq!(sums.sum(0), model);
        }
    }
}
