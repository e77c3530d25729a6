//! Distinct texts: a hash table over one vector that holds them all.
//!
//! Most texts that are grouped or counted are codes and names of up to 16 bytes: these are compared
//! and hashed as two words that lie in the table itself, so that a look-up is one cache miss.

use std::hash::BuildHasher;

use arrow::array::{GenericBinaryArray, OffsetSizeTrait};
use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::column::each_bytes;

/// Distinct byte strings, one after the other in `bytes`.
#[derive(Debug, Default)]
pub(crate) struct BytesInterner {
    texts: Texts,
    codes: HashTable<Entry>,
}

/// The texts themselves, by code - 1.
#[derive(Debug, Default)]
struct Texts {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

/// What the table knows of a text.
#[derive(Debug, Clone, Copy)]
struct Entry {
    ends: Ends,
    code: u32,
}

/// The first and the last up to 8 bytes of a text, and its length: up to 16 bytes, all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ends {
    head: u64,
    tail: u64,
    /// Saturated.
    length: u32,
}

impl Texts {
    fn get(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..self.ends[index]]
    }

    fn of(&self, entry: &Entry) -> &[u8] {
        self.get(entry.code as usize - 1)
    }
}

impl Ends {
    #[inline]
    fn of(text: &[u8]) -> Self {
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        if let (Some(head), Some(tail)) = (text.first_chunk::<8>(), text.last_chunk::<8>()) {
            return Self {
                head: u64::from_le_bytes(*head),
                tail: u64::from_le_bytes(*tail),
                length,
            };
        }
        if let (Some(head), Some(tail)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
            let (head, tail) = (u32::from_le_bytes(*head), u32::from_le_bytes(*tail));
            return Self { head: head.into(), tail: tail.into(), length };
        }
        let head = text.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
        Self { head, tail: 0, length }
    }

    #[inline]
    fn hash(self, text: &[u8]) -> u64 {
        let middle = match middle(text) {
            [] => self.length.into(),
            middle => FixedState::default().hash_one(middle),
        };
        let head = self.head ^ 0x9e37_79b9_7f4a_7c15;
        let tail = self.tail ^ middle.wrapping_mul(0xbf58_476d_1ce4_e5b9) ^ 0x94d0_49bb_1331_11eb;
        let product = u128::from(head) * u128::from(tail);
        product as u64 ^ (product >> 64) as u64
    }
}

/// What the ends of a text do not cover.
#[inline]
fn middle(text: &[u8]) -> &[u8] {
    text.get(8..text.len().saturating_sub(8)).unwrap_or_default()
}

impl BytesInterner {
    #[inline]
    pub(crate) fn code(&mut self, text: &[u8]) -> u32 {
        let ends = Ends::of(text);
        let hash = ends.hash(text);
        let found = self.codes.find(hash, |entry| {
            let is_whole = ends.length <= 16;
            entry.ends == ends && (is_whole || middle(self.texts.of(entry)) == middle(text))
        });
        match found {
            Some(entry) => entry.code,
            None => self.insert(text, ends, hash),
        }
    }

    #[cold]
    fn insert(&mut self, text: &[u8], ends: Ends, hash: u64) -> u32 {
        let Self { texts, codes } = self;
        texts.bytes.extend_from_slice(text);
        texts.ends.push(texts.bytes.len());
        let code = texts.ends.len() as u32;
        let entry = Entry { ends, code };
        codes.insert_unique(hash, entry, |entry| entry.ends.hash(texts.of(entry)));
        code
    }

    pub(crate) fn codes<O: OffsetSizeTrait>(
        &mut self,
        array: &GenericBinaryArray<O>,
        out: &mut [u32],
    ) {
        each_bytes(array, |row, text| out[row] = self.code(text));
    }

    pub(crate) fn get(&self, index: usize) -> &[u8] {
        self.texts.get(index)
    }

    pub(crate) fn len(&self) -> usize {
        self.texts.ends.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.texts.bytes.capacity()
            + self.texts.ends.capacity() * size_of::<usize>()
            + self.codes.allocation_size()
    }
}
