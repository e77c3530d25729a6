//! Variance and standard deviation from exact sums of values and of their squares.
//!
//! With X the sum and Q the sum of squares, variance is `(n·Q − X²) / (n·(n − ddof))`. In floats
//! that formula is infamous; here every term is an exact integer and only the quotient is rounded.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array};
use num_bigint::{BigInt, BigUint};

use super::contract::{Output, ResultError, Rows, State};
use super::number::about;
use super::totals::Specials;
use crate::bytes::{Reader, SnapshotError, Writer};
use crate::column::{Numbers, each};
use crate::error::StateError;
use crate::exact::{ExactSums, FLOAT_UNIT, parts, ratio, root_of_ratio};

/// Memory: normally 80 to 120 bytes a group.
#[derive(Debug, Default)]
pub(crate) struct Moments {
    sums: ExactSums,
    squares: ExactSums,
    counts: Vec<u64>,
    specials: Vec<Specials>,
    /// Exponents, of two and of ten, of the unit in which values are counted.
    unit: (i32, i8),
}

impl Moments {
    /// Of floats.
    pub(crate) fn of_floats() -> Self {
        Self { unit: (FLOAT_UNIT, 0), ..Self::default() }
    }

    /// Of integers (scale 0) or decimals.
    pub(crate) fn of_scaled(scale: i8) -> Self {
        Self { unit: (0, -scale), ..Self::default() }
    }

    fn add(&mut self, group: usize, magnitude: u128, bit: usize, negative: bool) {
        self.counts[group] += 1;
        self.sums.add(group, magnitude, bit, negative);
        self.squares.add_square(group, magnitude, bit);
    }

    fn add_float(&mut self, group: usize, value: f64) {
        if value.is_finite() {
            let (negative, magnitude, bit) = parts(value);
            self.add(group, magnitude.into(), bit, negative);
        } else {
            self.counts[group] += 1;
            self.specials[group].add(value);
        }
    }

    /// The variance, or its root, which may be a float where the variance is none.
    fn variance(&self, group: u32, ddof: u8, root: bool) -> Result<Option<f64>, ResultError> {
        let index = group as usize;
        let count = self.counts[index];
        let freedom = count.saturating_sub(ddof.into());
        if freedom == 0 {
            return Ok(None);
        }
        if self.specials[index].any() {
            return Ok(Some(f64::NAN));
        }
        let sum = self.sums.sum(index);
        let mut numerator = BigInt::from(count) * self.squares.sum(index) - &sum * &sum;
        let mut denominator = BigUint::from(count) * freedom;
        let (two, ten) = self.unit;
        let scale = BigUint::from(100_u8).pow(u32::from(ten.unsigned_abs()));
        match ten < 0 {
            true => denominator *= scale,
            false => numerator *= BigInt::from(scale),
        }
        let value = match root {
            true => root_of_ratio(&numerator, &denominator, 2 * two),
            false => ratio(&numerator, &denominator, 2 * two),
        };
        if value.is_infinite() {
            let what = if root { "standard deviation" } else { "variance" };
            let value = about(&numerator, &denominator, 2 * two, root);
            return Err(ResultError::Overflow { group, what, value });
        }
        Ok(Some(value))
    }
}

impl State for Moments {
    fn resize(&mut self, groups: usize) {
        self.sums.resize(groups);
        self.squares.resize(groups);
        self.counts.resize(groups, 0);
        self.specials.resize(groups, Specials::default());
    }

    fn update(&mut self, rows: Rows<'_>) -> Result<(), StateError> {
        let group = |row: usize| rows.ids[row] as usize;
        match Numbers::of(rows.column())? {
            Numbers::Signed(values, nulls) => each(&values, nulls.as_ref(), |row, value| {
                self.add(group(row), value.unsigned_abs().into(), 0, value < 0);
            }),
            Numbers::Unsigned(values, nulls) => {
                each(&values, nulls.as_ref(), |row, value| {
                    self.add(group(row), value.into(), 0, false);
                });
            }
            Numbers::Decimals(values, nulls) => each(&values, nulls.as_ref(), |row, value| {
                self.add(group(row), value.unsigned_abs(), 0, value < 0);
            }),
            Numbers::Floats(values, nulls) => {
                each(&values, nulls.as_ref(), |row, value| self.add_float(group(row), value));
            }
        }
        Ok(())
    }

    fn result(&self, output: Output, groups: &[u32]) -> Result<ArrayRef, ResultError> {
        let (ddof, root) = match output {
            Output::Variance { ddof, root } => (ddof, root),
            Output::Plain | Output::Mean | Output::Quantile(_) => (1, false),
        };
        let variances = groups.iter().map(|group| self.variance(*group, ddof, root));
        Ok(Arc::new(variances.collect::<Result<Float64Array, _>>()?))
    }

    fn write(&self, groups: &[u32], out: &mut Writer) {
        for group in groups.iter().map(|group| *group as usize) {
            out.u64(self.counts[group]);
            self.specials[group].write(out);
            self.sums.write(group, out);
            self.squares.write(group, out);
        }
    }

    fn absorb(&mut self, ids: &[u32], from: &mut Reader<'_>) -> Result<(), SnapshotError> {
        for group in ids.iter().map(|id| *id as usize) {
            self.counts[group] = self.counts[group].saturating_add(from.u64()?);
            self.specials[group].absorb(from)?;
            self.sums.absorb(group, from)?;
            self.squares.absorb(group, from)?;
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        let counts = self.counts.capacity() * 8 + self.specials.capacity();
        self.sums.bytes() + self.squares.bytes() + counts
    }
}
