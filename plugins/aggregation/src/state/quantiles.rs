//! Quantiles from counted values: of the values themselves (exact), or of buckets (sketch).
//!
//! A sketch keeps the exponent and the top bits of the mantissa: all values of a bucket are within
//! the stated relative error of its middle. It is a log-linear histogram, like HDR histograms, and
//! like DDSketch (Masson et al., VLDB 2019) it merges by adding counts; it needs no logarithm, so
//! its bytes are the same on every machine.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array};
use arrow::compute::cast;
use arrow::datatypes::DataType;

use super::contract::{Output, ResultError, Rows, State};
use super::number::Number;
use crate::bytes::{Reader, SnapshotError, Writer};
use crate::column::Values;
use crate::error::StateError;
use crate::intern::{Interner, NULL};
use crate::pairs::PairMap;
use crate::value::{Kind, Value, word_to_float, word_to_unsigned};

/// What a counted number stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    Signed,
    Unsigned,
    /// A decimal of so many digits behind the point.
    Decimal {
        digits: i8,
    },
    /// A float (sketches take all numbers as floats) without its lowest `dropped` bits: 0 is exact.
    Float {
        dropped: u8,
    },
}

/// Bits of a mantissa.
const MANTISSA_BITS: u8 = 52;

impl Scale {
    /// The sketch whose buckets are within `error` of their middle, relative: `1e-6..=0.5`.
    pub(crate) fn sketch(error: f64) -> Self {
        let kept = (0..MANTISSA_BITS).find(|kept| 0.5_f64.powi(i32::from(*kept) + 1) <= error);
        Self::Float { dropped: MANTISSA_BITS - kept.unwrap_or(MANTISSA_BITS) }
    }

    fn values(self, column: &ArrayRef) -> Result<Values, StateError> {
        let Self::Float { dropped } = self else { return Ok(Values::of(column)?) };
        let floats = cast(column, &DataType::Float64)?;
        let Values::Words(words, nulls) = Values::of(&floats)? else {
            unreachable!("floats are words")
        };
        let buckets = match dropped {
            0 => words,
            _ => words.iter().map(|word| word >> dropped).collect(),
        };
        Ok(Values::Words(buckets, nulls))
    }

    fn kind(self) -> Kind {
        match self {
            Self::Decimal { .. } => Kind::Wide,
            Self::Signed | Self::Unsigned | Self::Float { .. } => Kind::Word,
        }
    }

    /// The number that a value stands for.
    fn number(self, value: Value<'_>) -> Number {
        match (self, value) {
            (Self::Signed, Value::Word(word)) => Number::Exact(word.into(), 0),
            (Self::Unsigned, Value::Word(word)) => Number::Exact(word_to_unsigned(word).into(), 0),
            (Self::Decimal { digits }, Value::Wide(wide)) => Number::Exact(wide, digits),
            (Self::Float { dropped: 0 }, Value::Word(word)) => Number::Float(word_to_float(word)),
            (Self::Float { dropped }, Value::Word(word)) => Number::Float(middle(word, dropped)),
            (_, Value::Word(_) | Value::Wide(_) | Value::Bytes(_)) => {
                unreachable!("quantiles hold values of the kind of their scale")
            }
        }
    }
}

/// Middle of a bucket; zero and the infinities have buckets that stand for themselves.
fn middle(bucket: i64, dropped: u8) -> f64 {
    let low = bucket << dropped;
    let high = low | ((1 << dropped) - 1);
    let edges = [word_to_float(low), word_to_float(high)];
    let exact = edges.into_iter().find(|edge| *edge == 0.0 || edge.is_infinite());
    exact.unwrap_or_else(|| word_to_float(low | 1 << (dropped - 1)))
}

/// Counts of values by group.
///
/// Memory: 8 to 64 bytes for each distinct value (or bucket) of a group; see [`PairMap`].
#[derive(Debug)]
pub(crate) struct Quantiles {
    scale: Scale,
    values: Interner,
    counts: PairMap<u64>,
    groups: usize,
    codes: Vec<u32>,
}

impl Quantiles {
    pub(crate) fn new(scale: Scale) -> Self {
        let values = Interner::new(scale.kind());
        Self { scale, values, counts: PairMap::default(), groups: 0, codes: Vec::new() }
    }

    /// Calls `f` with the counted values of each group, ascending.
    fn each_group<'a>(&'a self, groups: &[u32], mut f: impl FnMut(&[(Value<'a>, u64)])) {
        let by_row = self.counts.by_row();
        let (mut cells, mut counted) = (Vec::new(), Vec::new());
        for group in groups {
            by_row.read(*group, &mut cells);
            let values = cells.iter().filter(|(code, _)| *code != NULL);
            counted.clear();
            // Only NULL has no value.
            counted.extend(
                values.filter_map(|(code, count)| Some((self.values.value(*code)?, *count))),
            );
            counted.sort_unstable();
            f(&counted);
        }
    }

    fn quantile(&self, counted: &[(Value<'_>, u64)], q: f64) -> Option<f64> {
        let count = counted.iter().fold(0_u64, |sum, (_, count)| sum.saturating_add(*count));
        let position = count.checked_sub(1)? as f64 * q;
        let low = position as u64;
        let high = low.saturating_add(1).min(count - 1);
        let number = |index| Some(self.scale.number(nth(counted, index)?));
        Some(number(low)?.toward(number(high)?, position - low as f64))
    }
}

/// The value at an index of the sorted values, each repeated as often as it was counted.
fn nth<'a>(counted: &[(Value<'a>, u64)], index: u64) -> Option<Value<'a>> {
    let mut left = index;
    for (value, count) in counted {
        match left.checked_sub(*count) {
            Some(rest) => left = rest,
            None => return Some(*value),
        }
    }
    None
}

impl State for Quantiles {
    fn resize(&mut self, groups: usize) {
        self.groups = groups;
    }

    fn update(&mut self, rows: Rows<'_>) -> Result<(), StateError> {
        let values = self.scale.values(rows.column())?;
        self.values.codes_of(&values, rows.ids.len(), &mut self.codes)?;
        self.counts.reserve(self.groups, self.values.len() + 1);
        self.counts.update(rows.ids, &self.codes, |_, count| *count += 1);
        Ok(())
    }

    fn result(&self, output: Output, groups: &[u32]) -> Result<ArrayRef, ResultError> {
        let q = match output {
            Output::Quantile(q) => q,
            Output::Plain | Output::Mean | Output::Variance { .. } => 0.5,
        };
        let mut results = Vec::with_capacity(groups.len());
        self.each_group(groups, |counted| results.push(self.quantile(counted, q)));
        Ok(Arc::new(Float64Array::from(results)))
    }

    fn write(&self, groups: &[u32], out: &mut Writer) {
        self.each_group(groups, |counted| {
            out.count(counted.len());
            for (value, count) in counted {
                out.value(*value);
                out.u64(*count);
            }
        });
    }

    fn absorb(&mut self, ids: &[u32], from: &mut Reader<'_>) -> Result<(), SnapshotError> {
        for id in ids {
            let distinct = from.count(16)?;
            let mut added = Vec::with_capacity(distinct);
            self.codes.clear();
            for _ in 0..distinct {
                let code = self.values.code(Some(from.value(self.scale.kind())?));
                self.codes.push(code.map_err(|_| SnapshotError::TooMany)?);
                added.push(from.u64()?);
            }
            if added.contains(&0) {
                return Err(from.damaged("a value that was never seen"));
            }
            self.counts.reserve(self.groups, self.values.len() + 1);
            self.counts.update(&vec![*id; distinct], &self.codes, |i, count| {
                *count = count.saturating_add(added[i]);
            });
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.values.bytes() + self.counts.bytes()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value::float_to_word;

    #[test]
    fn a_sketch_keeps_as_few_bits_as_its_error_allows() {
        assert_eq!(Scale::sketch(0.5), Scale::Float { dropped: 52 });
        assert_eq!(Scale::sketch(0.01), Scale::Float { dropped: 46 });
        assert_eq!(Scale::sketch(1e-6), Scale::Float { dropped: 33 });
    }

    proptest! {
        #[test]
        fn a_bucket_is_within_the_error_of_its_middle(
            value in prop_oneof![-1e4..1e4, proptest::num::f64::NORMAL],
            error in 1e-6..0.5,
        ) {
            let scale = Scale::sketch(error);
            let Scale::Float { dropped } = scale else { unreachable!() };
            let middle = middle(float_to_word(value) >> dropped, dropped);
            prop_assert!((middle - value).abs() <= error * value.abs(), "{value} in {middle}");
        }
    }

    #[test]
    fn zero_and_infinities_stand_for_themselves() {
        for value in [0.0, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(middle(float_to_word(value) >> 46, 46), value);
        }
        assert!(middle(float_to_word(f64::NAN) >> 46, 46).is_nan());
    }
}
