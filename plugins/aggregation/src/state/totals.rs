//! Sum and mean of floats and decimals, exact whatever the order of the rows.

use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array, Float64Array};
use num_bigint::{BigInt, BigUint};

use super::contract::{Output, ResultError, Rows, State};
use super::number::about;
use crate::bytes::{Reader, SnapshotError, Writer};
use crate::column::{Numbers, each};
use crate::error::StateError;
use crate::exact::{ExactSums, FLOAT_UNIT, parts, ratio};

/// What was seen besides finite numbers, as bits.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Specials(u8);

impl Specials {
    const NAN: u8 = 1;
    const INFINITY: u8 = 2;
    const NEG_INFINITY: u8 = 4;

    #[cold]
    pub(crate) fn add(&mut self, value: f64) {
        self.0 |= match (value.is_nan(), value > 0.0) {
            (true, _) => Self::NAN,
            (false, true) => Self::INFINITY,
            (false, false) => Self::NEG_INFINITY,
        };
    }

    /// Were there any?
    pub(crate) fn any(self) -> bool {
        self.0 != 0
    }

    /// What a sum becomes by them, if there are any.
    pub(crate) fn sum(self) -> Option<f64> {
        match self.0 {
            0 => None,
            Self::INFINITY => Some(f64::INFINITY),
            Self::NEG_INFINITY => Some(f64::NEG_INFINITY),
            _ => Some(f64::NAN),
        }
    }

    pub(crate) fn write(self, out: &mut Writer) {
        out.u8(self.0);
    }

    pub(crate) fn absorb(&mut self, from: &mut Reader<'_>) -> Result<(), SnapshotError> {
        self.0 |= from.u8()?;
        Ok(())
    }
}

/// Memory: normally 41 bytes a group; more where values differ by more than 2^100.
#[derive(Debug)]
pub(crate) struct Totals {
    sums: ExactSums,
    counts: Vec<u64>,
    specials: Vec<Specials>,
    /// Precision and scale of the result; none for floats.
    decimal: Option<(u8, i8)>,
}

impl Totals {
    pub(crate) fn new(decimal: Option<(u8, i8)>) -> Self {
        Self { sums: ExactSums::default(), counts: Vec::new(), specials: Vec::new(), decimal }
    }

    fn float_sum(&self, group: usize) -> f64 {
        self.specials[group].sum().unwrap_or_else(|| self.sums.rounded(group, FLOAT_UNIT))
    }

    /// The mean: of decimals, exact and rounded once; of floats, the rounded sum over the count
    /// (where that sum is no float but the mean is, the exact sum over the count).
    fn mean(&self, group: usize) -> f64 {
        let count = self.counts[group];
        let Some((_, scale)) = self.decimal else {
            let sum = self.float_sum(group);
            let rounded_away = sum.is_infinite() && !self.specials[group].any();
            return match rounded_away {
                true => ratio(&self.sums.sum(group), &BigUint::from(count), FLOAT_UNIT),
                false => sum / count as f64,
            };
        };
        let ten = BigUint::from(10_u8).pow(u32::from(scale.unsigned_abs()));
        match scale < 0 {
            true => ratio(&(self.sums.sum(group) * BigInt::from(ten)), &BigUint::from(count), 0),
            false => ratio(&self.sums.sum(group), &(ten * count), 0),
        }
    }

    fn decimal_sum(&self, group: u32, precision: u8) -> Result<i128, ResultError> {
        let sum = self.sums.sum(group as usize);
        let limit = BigUint::from(10_u8).pow(u32::from(precision));
        let fits = i128::try_from(&sum).ok().filter(|_| *sum.magnitude() < limit);
        let value = || format!("{sum} (unscaled)");
        fits.ok_or_else(|| ResultError::Overflow { group, what: "sum", value: value() })
    }

    /// One float for each group that has values. An infinity comes from one in the input.
    fn floats(
        &self,
        groups: &[u32],
        value: impl Fn(&Self, usize) -> f64,
    ) -> Result<ArrayRef, ResultError> {
        let checked = |group: &u32| {
            let index = *group as usize;
            let value = (self.counts[index] > 0).then(|| value(self, index));
            match value.is_some_and(f64::is_infinite) && !self.specials[index].any() {
                true => Err(self.beyond_floats(*group)),
                false => Ok(value),
            }
        };
        let values = groups.iter().map(checked).collect::<Result<Float64Array, _>>()?;
        Ok(Arc::new(values))
    }

    #[cold]
    fn beyond_floats(&self, group: u32) -> ResultError {
        let sum = self.sums.sum(group as usize);
        let value = about(&sum, &BigUint::from(1_u8), FLOAT_UNIT, false);
        ResultError::Overflow { group, what: "sum", value }
    }
}

impl State for Totals {
    fn resize(&mut self, groups: usize) {
        self.sums.resize(groups);
        self.counts.resize(groups, 0);
        self.specials.resize(groups, Specials::default());
    }

    fn update(&mut self, rows: Rows<'_>) -> Result<(), StateError> {
        match Numbers::of(rows.column())? {
            Numbers::Floats(values, nulls) => each(&values, nulls.as_ref(), |row, value| {
                let group = rows.ids[row] as usize;
                self.counts[group] += 1;
                if value.is_finite() {
                    let (negative, magnitude, bit) = parts(value);
                    self.sums.add(group, magnitude.into(), bit, negative);
                } else {
                    self.specials[group].add(value);
                }
            }),
            Numbers::Decimals(values, nulls) => each(&values, nulls.as_ref(), |row, value| {
                let group = rows.ids[row] as usize;
                self.counts[group] += 1;
                self.sums.add(group, value.unsigned_abs(), 0, value < 0);
            }),
            Numbers::Signed(..) | Numbers::Unsigned(..) => unreachable!("bound to fractions"),
        }
        Ok(())
    }

    fn result(&self, output: Output, groups: &[u32]) -> Result<ArrayRef, ResultError> {
        if output == Output::Mean {
            return self.floats(groups, Self::mean);
        }
        let Some((precision, scale)) = self.decimal else {
            return self.floats(groups, Self::float_sum);
        };
        let sum = |group: &u32| match self.counts[*group as usize] {
            0 => Ok(None),
            _ => self.decimal_sum(*group, precision).map(Some),
        };
        let sums = groups.iter().map(sum).collect::<Result<Vec<_>, _>>()?;
        Ok(Arc::new(Decimal128Array::from(sums).with_precision_and_scale(precision, scale)?))
    }

    fn write(&self, groups: &[u32], out: &mut Writer) {
        for group in groups.iter().map(|group| *group as usize) {
            out.u64(self.counts[group]);
            self.specials[group].write(out);
            self.sums.write(group, out);
        }
    }

    fn absorb(&mut self, ids: &[u32], from: &mut Reader<'_>) -> Result<(), SnapshotError> {
        for group in ids.iter().map(|id| *id as usize) {
            self.counts[group] = self.counts[group].saturating_add(from.u64()?);
            self.specials[group].absorb(from)?;
            self.sums.absorb(group, from)?;
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.sums.bytes() + self.counts.capacity() * 8 + self.specials.capacity()
    }
}
