//! A table over pairs (row, column) of small numbers: dense while that is cheap, else hashed.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// A dense table may take so much for each pair in use …
const DENSE_BYTES_PER_PAIR: usize = 64;
/// … and so much to begin with.
const DENSE_BYTES_FREE: usize = 4 << 20;

/// Cells by (row, column); a cell that equals `T::default()` is not there.
///
/// Memory: at most 64 bytes for each cell in use, and 4 MiB, while dense; then it is hashed for
/// good, at 12 to 40 bytes a cell. How it is held is never seen from outside.
#[derive(Debug, Clone)]
pub(crate) struct PairMap<T> {
    cells: Cells<T>,
    used: usize,
}

#[derive(Debug, Clone)]
enum Cells<T> {
    /// Rows of `stride` cells, one after the other.
    Dense { stride: usize, cells: Vec<T> },
    /// By `row << 32 | column`.
    Sparse(HashMap<u64, T, FixedState>),
}

impl<T> Default for PairMap<T> {
    fn default() -> Self {
        Self { cells: Cells::Dense { stride: 1, cells: Vec::new() }, used: 0 }
    }
}

impl<T: Copy + Default + PartialEq> PairMap<T> {
    /// Makes room for rows below `rows` and columns below `columns`.
    pub(crate) fn reserve(&mut self, rows: usize, columns: usize) {
        let Cells::Dense { stride, cells } = &mut self.cells else { return };
        let wanted = if columns > *stride { columns.next_power_of_two() } else { *stride };
        let bytes = rows.saturating_mul(wanted).saturating_mul(size_of::<T>());
        if bytes > DENSE_BYTES_FREE.saturating_add(self.used * DENSE_BYTES_PER_PAIR) {
            self.make_sparse();
            return;
        }
        if wanted > *stride {
            *cells = restride(cells, *stride, wanted);
            *stride = wanted;
        }
        if cells.len() < rows * *stride {
            cells.resize(rows * *stride, T::default());
        }
    }

    fn make_sparse(&mut self) {
        let Cells::Dense { stride, cells } = &self.cells else { return };
        let present = cells.iter().enumerate().filter(|(_, cell)| **cell != T::default());
        let keyed = present.map(|(at, cell)| {
            let (row, column) = (at / stride, at % stride);
            ((row as u64) << 32 | column as u64, *cell)
        });
        self.cells = Cells::Sparse(keyed.collect());
    }

    /// Calls `f(i, cell)` for each pair `(rows[i], columns[i])`; it leaves the cell not default.
    ///
    /// Room for them was made by [`Self::reserve`].
    pub(crate) fn update(
        &mut self,
        rows: &[u32],
        columns: &[u32],
        mut f: impl FnMut(usize, &mut T),
    ) {
        let pairs = rows.iter().zip(columns).enumerate();
        let mut fresh = 0;
        let mut visit = |i: usize, cell: &mut T| {
            fresh += usize::from(*cell == T::default());
            f(i, cell);
        };
        match &mut self.cells {
            Cells::Dense { stride, cells } => {
                for (i, (row, column)) in pairs {
                    visit(i, &mut cells[*row as usize * *stride + *column as usize]);
                }
            }
            Cells::Sparse(map) => {
                for (i, (row, column)) in pairs {
                    visit(i, map.entry(key(*row, *column)).or_default());
                }
            }
        }
        self.used += fresh;
    }

    /// The cells in use, to be read row by row.
    pub(crate) fn by_row(&self) -> ByRow<'_, T> {
        let mut keys = match &self.cells {
            Cells::Dense { .. } => Vec::new(),
            Cells::Sparse(map) => map.keys().copied().collect(),
        };
        keys.sort_unstable();
        ByRow { map: self, keys }
    }

    /// Memory held.
    pub(crate) fn bytes(&self) -> usize {
        match &self.cells {
            Cells::Dense { cells, .. } => cells.capacity() * size_of::<T>(),
            Cells::Sparse(map) => map.allocation_size(),
        }
    }
}

fn key(row: u32, column: u32) -> u64 {
    u64::from(row) << 32 | u64::from(column)
}

fn restride<T: Copy + Default>(cells: &[T], old: usize, new: usize) -> Vec<T> {
    let mut wide = vec![T::default(); cells.len() / old * new];
    for (row, cells) in wide.chunks_exact_mut(new).zip(cells.chunks_exact(old)) {
        row[..old].copy_from_slice(cells);
    }
    wide
}

/// A view of a [`PairMap`] by row; makes a sorted list of 8 bytes a pair if the map is hashed.
#[derive(Debug)]
pub(crate) struct ByRow<'a, T> {
    map: &'a PairMap<T>,
    keys: Vec<u64>,
}

impl<T: Copy + Default + PartialEq> ByRow<'_, T> {
    /// Cells of a row with their columns, ascending, into `out`, which is emptied first.
    pub(crate) fn read(&self, row: u32, out: &mut Vec<(u32, T)>) {
        out.clear();
        match &self.map.cells {
            Cells::Dense { stride, cells } => {
                let start = (row as usize * stride).min(cells.len());
                let cells = &cells[start..(start + stride).min(cells.len())];
                let present = cells.iter().zip(0..).filter(|(cell, _)| **cell != T::default());
                out.extend(present.map(|(cell, column)| (column, *cell)));
            }
            Cells::Sparse(map) => {
                let start = self.keys.partition_point(|k| *k < key(row, 0));
                let end = self.keys.partition_point(|k| *k <= key(row, u32::MAX));
                let keys = self.keys[start..end].iter();
                out.extend(keys.map(|k| ((*k & u64::from(u32::MAX)) as u32, map[k])));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn dense_and_hashed_hold_the_same_counts(
            batches in prop::collection::vec(
                prop::collection::vec((0_u32..300, 0_u32..2000), 1..60), 1..12),
        ) {
            let mut map = PairMap::<u64>::default();
            let mut model = BTreeMap::<(u32, u32), u64>::new();
            for batch in &batches {
                let (rows, columns): (Vec<u32>, Vec<u32>) = batch.iter().copied().unzip();
                map.reserve(300, columns.iter().max().map_or(0, |max| *max as usize + 1));
                map.update(&rows, &columns, |_, cell| *cell += 1);
                batch.iter().for_each(|pair| *model.entry(*pair).or_default() += 1);
            }
            prop_assert_eq!(map.used, model.len());
            let by_row = map.by_row();
            let mut found = Vec::new();
            let mut cells = Vec::new();
            for row in 0..300 {
                by_row.read(row, &mut cells);
                found.extend(cells.iter().map(|(column, count)| ((row, *column), *count)));
            }
            prop_assert_eq!(found, model.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn scattered_pairs_are_hashed() {
        let mut map = PairMap::<u64>::default();
        map.reserve(1 << 20, 1 << 20);
        assert!(matches!(map.cells, Cells::Sparse(_)));
    }
}
