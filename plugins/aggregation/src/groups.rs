//! Gives each distinct key a dense group number.
//!
//! Each key column is interned by itself; then codes are folded from left to right: (nothing, code
//! of column 1) is prefix p, (p, code of column 2) is prefix p', and the last prefix is the group.
//! For keys of few values, each fold is one load from a small dense table.

use arrow::array::ArrayRef;

use crate::bytes::{Reader, SnapshotError, Writer};
use crate::error::StateError;
use crate::intern::Interner;
use crate::pairs::PairMap;
use crate::value::{Kind, Value};

/// Groups by key, numbered as they are first seen.
#[derive(Debug)]
pub(crate) struct GroupIndex {
    keys: Vec<Interner>,
    kinds: Vec<Kind>,
    folds: Vec<Fold>,
    codes: Vec<u32>,
}

#[derive(Debug, Default)]
struct Fold {
    /// Prefix and code to the longer prefix, plus one.
    longer: PairMap<u32>,
    /// What each longer prefix is made of.
    parts: Vec<(u32, u32)>,
}

impl Fold {
    fn apply(&mut self, prefixes: usize, codes: &[u32], code_count: usize, ids: &mut [u32]) {
        self.longer.reserve(prefixes, code_count);
        let (parts, shorter) = (&mut self.parts, ids.to_vec());
        self.longer.update(&shorter, codes, |row, longer| {
            if *longer == 0 {
                parts.push((shorter[row], codes[row]));
                *longer = parts.len() as u32;
            }
            ids[row] = *longer - 1;
        });
    }
}

impl GroupIndex {
    pub(crate) fn new(kinds: Vec<Kind>) -> Self {
        Self {
            keys: kinds.iter().map(|kind| Interner::new(*kind)).collect(),
            folds: kinds.iter().map(|_| Fold::default()).collect(),
            kinds,
            codes: Vec::new(),
        }
    }

    /// Groups so far; without key columns there is always one.
    pub(crate) fn count(&self) -> usize {
        self.folds.last().map_or(1, |fold| fold.parts.len())
    }

    /// Group of each row into `ids`, which is emptied first.
    ///
    /// # Errors
    /// There could be more groups or distinct values than numbers for them.
    pub(crate) fn assign(
        &mut self,
        columns: &[&ArrayRef],
        rows: usize,
        ids: &mut Vec<u32>,
    ) -> Result<(), StateError> {
        self.check_room(rows)?;
        ids.clear();
        ids.resize(rows, 0);
        let mut codes = std::mem::take(&mut self.codes);
        for (level, column) in columns.iter().enumerate() {
            self.keys[level].codes(column, &mut codes)?;
            self.fold(level, &codes, ids);
        }
        self.codes = codes;
        Ok(())
    }

    fn fold(&mut self, level: usize, codes: &[u32], ids: &mut [u32]) {
        let prefixes = level.checked_sub(1).map_or(1, |before| self.folds[before].parts.len());
        let code_count = self.keys[level].len() + 1;
        self.folds[level].apply(prefixes, codes, code_count, ids);
    }

    fn check_room(&self, rows: usize) -> Result<(), StateError> {
        match self.count().saturating_add(rows) < u32::MAX as usize {
            true => Ok(()),
            false => Err(StateError::TooMany),
        }
    }

    /// Codes of each key column, by group.
    fn codes_by_group(&self) -> Vec<Vec<u32>> {
        let mut prefixes: Vec<u32> = (0..self.count() as u32).collect();
        let mut columns = Vec::with_capacity(self.folds.len());
        for fold in self.folds.iter().rev() {
            let parts = prefixes.iter().map(|prefix| fold.parts[*prefix as usize]);
            let (shorter, codes) = parts.unzip();
            columns.push(codes);
            prefixes = shorter;
        }
        columns.reverse();
        columns
    }

    /// All groups, ascending by key, missing keys last. Cost: a sort.
    pub(crate) fn sorted(&self) -> Vec<u32> {
        let columns: Vec<Vec<u32>> = (self.keys.iter().zip(self.codes_by_group()))
            .map(|(key, codes)| {
                let ranks = key.ranks();
                codes.iter().map(|code| ranks[*code as usize]).collect()
            })
            .collect();
        let mut groups: Vec<u32> = (0..self.count() as u32).collect();
        groups.sort_unstable_by(|a, b| {
            let pairs = columns.iter().map(|ranks| (ranks[*a as usize], ranks[*b as usize]));
            pairs.map(|(a, b)| a.cmp(&b)).find(|order| order.is_ne()).unwrap_or(a.cmp(b))
        });
        groups
    }

    /// Values of each key column for these groups.
    pub(crate) fn keys(&self, groups: &[u32]) -> Vec<Vec<Option<Value<'_>>>> {
        let columns = self.keys.iter().zip(self.codes_by_group());
        let values = columns.map(|(key, codes)| {
            groups.iter().map(|group| key.value(codes[*group as usize])).collect()
        });
        values.collect()
    }

    /// Writes the keys of these groups, column by column.
    pub(crate) fn write(&self, groups: &[u32], out: &mut Writer) {
        self.keys(groups).into_iter().flatten().for_each(|value| out.optional(value));
    }

    /// Group of each of `count` keys that [`Self::write`] wrote; new ones are made.
    ///
    /// # Errors
    /// They were not written by `write`.
    pub(crate) fn absorb(
        &mut self,
        count: usize,
        from: &mut Reader<'_>,
    ) -> Result<Vec<u32>, SnapshotError> {
        self.check_room(count).map_err(|_| SnapshotError::TooMany)?;
        let mut ids = vec![0; count];
        for level in 0..self.keys.len() {
            let mut codes = Vec::with_capacity(count);
            for _ in 0..count {
                let value = from.optional(self.kinds[level])?;
                codes.push(self.keys[level].code(value).map_err(|_| SnapshotError::TooMany)?);
            }
            self.fold(level, &codes, &mut ids);
        }
        Ok(ids)
    }

    /// Memory held.
    pub(crate) fn bytes(&self) -> usize {
        let folds = self.folds.iter();
        let folds = folds.map(|fold| fold.longer.bytes() + fold.parts.capacity() * 8);
        folds.chain(self.keys.iter().map(Interner::bytes)).sum()
    }
}
