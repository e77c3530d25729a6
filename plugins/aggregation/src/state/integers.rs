//! Sum and mean of integers.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, UInt64Array};

use super::contract::{Output, ResultError, Rows, State};
use crate::bytes::{Reader, SnapshotError, Writer};
use crate::column::{Numbers, each};
use crate::error::StateError;
use crate::exact::ratio;

/// A sum that no number of 64-bit rows can overflow, and how many values are in it.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    sum: i128,
    count: u64,
}

impl Sum {
    #[inline]
    fn add(&mut self, value: i128) {
        self.sum += value;
        self.count += 1;
    }

    /// Rounded once; there is a value.
    fn mean(self) -> f64 {
        match self.sum.unsigned_abs() < 1 << f64::MANTISSA_DIGITS {
            true => self.sum as f64 / self.count as f64,
            false => ratio(&self.sum.into(), &self.count.into(), 0),
        }
    }
}

/// Memory: 32 bytes a group.
#[derive(Debug)]
pub(crate) struct IntegerSums {
    sums: Vec<Sum>,
    signed: bool,
}

impl IntegerSums {
    pub(crate) fn new(signed: bool) -> Self {
        Self { sums: Vec::new(), signed }
    }

    fn results<'a>(&'a self, groups: &'a [u32]) -> impl Iterator<Item = (u32, Option<Sum>)> + 'a {
        let sums = groups.iter().map(|group| (*group, self.sums[*group as usize]));
        sums.map(|(group, sum)| (group, (sum.count > 0).then_some(sum)))
    }

    fn totals<T: TryFrom<i128>>(&self, groups: &[u32]) -> Result<Vec<Option<T>>, ResultError> {
        let fit = |(group, sum): (u32, Option<Sum>)| {
            let Some(Sum { sum, .. }) = sum else { return Ok(None) };
            let overflow = |_| ResultError::Overflow { group, what: "sum", value: sum.to_string() };
            T::try_from(sum).map(Some).map_err(overflow)
        };
        self.results(groups).map(fit).collect()
    }
}

impl State for IntegerSums {
    fn resize(&mut self, groups: usize) {
        self.sums.resize(groups, Sum::default());
    }

    fn update(&mut self, rows: Rows<'_>) -> Result<(), StateError> {
        let (sums, ids) = (&mut self.sums, rows.ids);
        let mut add = |row: usize, value: i128| sums[ids[row] as usize].add(value);
        match Numbers::of(rows.column())? {
            Numbers::Signed(values, nulls) => {
                each(&values, nulls.as_ref(), |row, value| add(row, value.into()));
            }
            Numbers::Unsigned(values, nulls) => {
                each(&values, nulls.as_ref(), |row, value| add(row, value.into()));
            }
            Numbers::Floats(..) | Numbers::Decimals(..) => unreachable!("bound to integers"),
        }
        Ok(())
    }

    fn result(&self, output: Output, groups: &[u32]) -> Result<ArrayRef, ResultError> {
        if output == Output::Mean {
            let means = self.results(groups).map(|(_, sum)| sum.map(Sum::mean));
            return Ok(Arc::new(Float64Array::from_iter(means)));
        }
        Ok(match self.signed {
            true => Arc::new(Int64Array::from(self.totals::<i64>(groups)?)),
            false => Arc::new(UInt64Array::from(self.totals::<u64>(groups)?)),
        })
    }

    fn write(&self, groups: &[u32], out: &mut Writer) {
        for group in groups {
            let Sum { sum, count } = self.sums[*group as usize];
            out.u64(count);
            out.i128(sum);
        }
    }

    fn absorb(&mut self, ids: &[u32], from: &mut Reader<'_>) -> Result<(), SnapshotError> {
        for id in ids {
            let sum = &mut self.sums[*id as usize];
            sum.count = sum.count.saturating_add(from.u64()?);
            sum.sum = sum.sum.saturating_add(from.i128()?);
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.sums.capacity() * size_of::<Sum>()
    }
}
