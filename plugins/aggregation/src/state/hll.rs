//! Number of distinct values, estimated: HyperLogLog.
//!
//! 2^14 registers (standard error 0.81 %), each the largest run of leading zeros among the hashes
//! that fall to it; the estimator is Ertl's improved one ("New cardinality estimation algorithms
//! for HyperLogLog sketches", arXiv 1702.01284, algorithm 6), which needs no bias tables.
//! The hash is XXH64 of the value's bytes, the same on every machine and in every version.

use arrow::array::ArrayRef;
use twox_hash::XxHash64;

use super::contract::{Output, ResultError, Rows, State, counts_to_array};
use crate::bytes::{Reader, SnapshotError, Writer};
use crate::column::{Values, each, each_bytes};
use crate::error::StateError;
use crate::pairs::PairMap;

/// Bits of a hash that choose the register.
const REGISTER_BITS: u32 = 14;
const REGISTERS: usize = 1 << REGISTER_BITS;
/// Largest value of a register: all other bits are zero.
const RUN_MAX: usize = (64 - REGISTER_BITS) as usize + 1;

/// Registers of each group; one that is 0 takes no room.
///
/// Memory: at most 64 bytes for each distinct value of a group, and at most 40 for each register.
#[derive(Debug, Default)]
pub(crate) struct Hll {
    registers: PairMap<u8>,
    groups: usize,
}

/// Groups, registers and runs of a batch.
#[derive(Debug, Default)]
struct Hashes {
    groups: Vec<u32>,
    registers: Vec<u32>,
    runs: Vec<u8>,
}

impl Hashes {
    fn push(&mut self, group: u32, bytes: &[u8]) {
        let hash = XxHash64::oneshot(0, bytes);
        self.groups.push(group);
        self.registers.push((hash >> (64 - REGISTER_BITS)) as u32);
        let rest = hash << REGISTER_BITS | 1 << (REGISTER_BITS - 1);
        self.runs.push(rest.leading_zeros() as u8 + 1);
    }

    fn of(rows: Rows<'_>) -> Result<Self, StateError> {
        let mut hashes = Self::default();
        let group = |row: usize| rows.ids[row];
        match Values::of(rows.column())? {
            Values::Words(words, nulls) => each(&words, nulls.as_ref(), |row, word| {
                hashes.push(group(row), &word.to_le_bytes());
            }),
            Values::Wides(wides, nulls) => each(&wides, nulls.as_ref(), |row, wide| {
                hashes.push(group(row), &wide.to_le_bytes());
            }),
            Values::Bytes(array) => {
                each_bytes(&array, |row, bytes| hashes.push(group(row), bytes));
            }
            Values::LargeBytes(array) => {
                each_bytes(&array, |row, bytes| hashes.push(group(row), bytes));
            }
        }
        Ok(hashes)
    }
}

impl Hll {
    fn raise(&mut self, hashes: &Hashes) {
        self.registers.reserve(self.groups, REGISTERS);
        self.registers.update(&hashes.groups, &hashes.registers, |i, run| {
            *run = (*run).max(hashes.runs[i]);
        });
    }
}

impl State for Hll {
    fn resize(&mut self, groups: usize) {
        self.groups = groups;
    }

    fn update(&mut self, rows: Rows<'_>) -> Result<(), StateError> {
        self.raise(&Hashes::of(rows)?);
        Ok(())
    }

    fn result(&self, _: Output, groups: &[u32]) -> Result<ArrayRef, ResultError> {
        let by_row = self.registers.by_row();
        let mut cells = Vec::new();
        let estimates = groups.iter().map(|group| {
            by_row.read(*group, &mut cells);
            estimate(&cells).round() as u64
        });
        Ok(counts_to_array(estimates))
    }

    fn write(&self, groups: &[u32], out: &mut Writer) {
        let by_row = self.registers.by_row();
        let mut cells = Vec::new();
        for group in groups {
            by_row.read(*group, &mut cells);
            out.count(cells.len());
            for (register, run) in &cells {
                out.u16(*register as u16);
                out.u8(*run);
            }
        }
    }

    fn absorb(&mut self, ids: &[u32], from: &mut Reader<'_>) -> Result<(), SnapshotError> {
        for id in ids {
            let mut hashes = Hashes::default();
            for _ in 0..from.count(3)? {
                let (register, run) = (from.u16()?, from.u8()?);
                if usize::from(register) >= REGISTERS || !(1..=RUN_MAX).contains(&run.into()) {
                    return Err(from.damaged("a register that cannot be"));
                }
                hashes.groups.push(*id);
                hashes.registers.push(register.into());
                hashes.runs.push(run);
            }
            self.raise(&hashes);
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.registers.bytes()
    }
}

/// Ertl's estimator over the registers that are not 0.
fn estimate(cells: &[(u32, u8)]) -> f64 {
    let mut histogram = [0_u32; RUN_MAX + 1];
    histogram[0] = (REGISTERS - cells.len()) as u32;
    cells.iter().for_each(|(_, run)| histogram[usize::from(*run)] += 1);
    let m = REGISTERS as f64;
    let mut z = m * tau(1.0 - f64::from(histogram[RUN_MAX]) / m);
    for count in histogram[1..RUN_MAX].iter().rev() {
        z = 0.5 * (z + f64::from(*count));
    }
    z += m * sigma(f64::from(histogram[0]) / m);
    m * m / (2.0 * std::f64::consts::LN_2 * z)
}

fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z == before {
            return z;
        }
    }
}

fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
        if z == before {
            return z / 3.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_are_within_three_standard_errors() {
        for distinct in [0_u64, 1, 10, 1_000, 30_000, 100_000, 1_000_000] {
            let mut hashes = Hashes::default();
            (0..distinct).for_each(|value| hashes.push(0, &value.to_le_bytes()));
            let mut hll = Hll { groups: 1, ..Hll::default() };
            hll.raise(&hashes);
            let mut cells = Vec::new();
            hll.registers.by_row().read(0, &mut cells);
            let error = (estimate(&cells) - distinct as f64).abs();
            assert!(error <= 0.0243 * distinct as f64 + 0.5, "{distinct}: off by {error}");
        }
    }
}
