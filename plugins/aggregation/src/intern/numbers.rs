//! Distinct numbers: a hash table, and in front of it a direct one for numbers that lie together.

use std::hash::{BuildHasher, Hash};

use arrow::buffer::NullBuffer;
use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::column::each;

/// Distinct numbers by hash.
#[derive(Debug)]
pub(crate) struct Hashed<T> {
    values: Vec<T>,
    codes: HashTable<u32>,
}

/// Distinct 128-bit numbers.
pub(crate) type Wides = Hashed<i128>;

impl<T> Default for Hashed<T> {
    fn default() -> Self {
        Self { values: Vec::new(), codes: HashTable::new() }
    }
}

fn hash<T: Hash>(value: &T) -> u64 {
    FixedState::default().hash_one(value)
}

impl<T: Copy + Eq + Hash> Hashed<T> {
    pub(crate) fn code(&mut self, value: T) -> u32 {
        let Self { values, codes } = self;
        let hashed = hash(&value);
        if let Some(code) = codes.find(hashed, |code| values[*code as usize - 1] == value) {
            return *code;
        }
        values.push(value);
        let code = values.len() as u32;
        codes.insert_unique(hashed, code, |code| hash(&values[*code as usize - 1]));
        code
    }

    pub(crate) fn codes(&mut self, values: &[T], nulls: Option<&NullBuffer>, out: &mut [u32]) {
        each(values, nulls, |row, value| out[row] = self.code(value));
    }

    pub(crate) fn values(&self) -> &[T] {
        &self.values
    }

    pub(crate) fn bytes(&self) -> usize {
        self.values.capacity() * size_of::<T>() + self.codes.allocation_size()
    }
}

/// Distinct 64-bit numbers. Those within `low .. low + near.len()` are found without hashing.
///
/// The direct table takes at most 64 bytes for each distinct number, and 4 KiB.
#[derive(Debug, Default)]
pub(crate) struct Words {
    far: Hashed<i64>,
    low: i64,
    /// Codes by `number - low`; 0 where the number was not seen since the table covers it.
    near: Vec<u32>,
}

impl Words {
    pub(crate) fn code(&mut self, word: i64) -> u32 {
        match self.near.get(self.offset(word)) {
            Some(code) if *code != 0 => *code,
            Some(_) | None => self.code_slowly(word),
        }
    }

    fn offset(&self, word: i64) -> usize {
        usize::try_from(word.wrapping_sub(self.low).cast_unsigned()).unwrap_or(usize::MAX)
    }

    #[cold]
    fn code_slowly(&mut self, word: i64) -> u32 {
        let code = self.far.code(word);
        self.widen(word);
        let offset = self.offset(word);
        if let Some(near) = self.near.get_mut(offset) {
            *near = code;
        }
        code
    }

    /// Makes the direct table cover a number, with room beside it, if that is not too much memory.
    fn widen(&mut self, word: i64) {
        if self.offset(word) < self.near.len() {
            return;
        }
        let wide = |number: i64| i128::from(number);
        let (mut low, mut high) = (wide(word), wide(word));
        if !self.near.is_empty() {
            low = low.min(wide(self.low));
            high = high.max(wide(self.low) + self.near.len() as i128 - 1);
        }
        let room = (high - low + 1).max(32);
        let low = (low - room / 2).max(wide(i64::MIN));
        let high = (high + room / 2).min(wide(i64::MAX));
        let cells = high - low + 1;
        if cells > 1024 + 16 * self.far.values().len() as i128 {
            return;
        }
        self.cover(low as i64, cells as usize);
    }

    fn cover(&mut self, low: i64, cells: usize) {
        self.low = low;
        self.near = vec![0; cells];
        for (code, word) in (1..).zip(self.far.values()) {
            let offset = word.wrapping_sub(low).cast_unsigned() as usize;
            if let Some(near) = self.near.get_mut(offset) {
                *near = code;
            }
        }
    }

    pub(crate) fn codes(&mut self, values: &[i64], nulls: Option<&NullBuffer>, out: &mut [u32]) {
        each(values, nulls, |row, word| out[row] = self.code(word));
    }

    pub(crate) fn values(&self) -> &[i64] {
        self.far.values()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.far.bytes() + self.near.capacity() * 4
    }
}
