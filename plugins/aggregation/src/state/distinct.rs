//! Number of distinct values, exact.

use arrow::array::ArrayRef;

use super::contract::{Output, ResultError, Rows, State, counts_to_array};
use crate::bytes::{Reader, SnapshotError, Writer};
use crate::error::StateError;
use crate::intern::{Interner, NULL};
use crate::pairs::PairMap;
use crate::value::Kind;

/// The set of values of each group.
///
/// Memory: each distinct value once, and 1 to 64 bytes for each distinct value of a group.
#[derive(Debug)]
pub(crate) struct Distinct {
    kind: Kind,
    values: Interner,
    seen: PairMap<bool>,
    groups: usize,
    codes: Vec<u32>,
}

impl Distinct {
    pub(crate) fn new(kind: Kind) -> Self {
        let values = Interner::new(kind);
        Self { kind, values, seen: PairMap::default(), groups: 0, codes: Vec::new() }
    }

    fn each_group(&self, groups: &[u32], mut f: impl FnMut(&[u32])) {
        let by_row = self.seen.by_row();
        let (mut cells, mut codes) = (Vec::new(), Vec::new());
        for group in groups {
            by_row.read(*group, &mut cells);
            codes.clear();
            codes.extend(cells.iter().map(|(code, _)| *code).filter(|code| *code != NULL));
            f(&codes);
        }
    }
}

impl State for Distinct {
    fn resize(&mut self, groups: usize) {
        self.groups = groups;
    }

    fn update(&mut self, rows: Rows<'_>) -> Result<(), StateError> {
        self.values.codes(rows.column(), &mut self.codes)?;
        self.seen.reserve(self.groups, self.values.len() + 1);
        self.seen.update(rows.ids, &self.codes, |_, seen| *seen = true);
        Ok(())
    }

    fn result(&self, _: Output, groups: &[u32]) -> Result<ArrayRef, ResultError> {
        let mut counts = Vec::with_capacity(groups.len());
        self.each_group(groups, |codes| counts.push(codes.len() as u64));
        Ok(counts_to_array(counts.into_iter()))
    }

    fn write(&self, groups: &[u32], out: &mut Writer) {
        let ranks = self.values.ranks();
        let mut sorted = Vec::new();
        self.each_group(groups, |codes| {
            sorted.clear();
            sorted.extend_from_slice(codes);
            sorted.sort_unstable_by_key(|code| ranks[*code as usize]);
            out.count(sorted.len());
            sorted.iter().for_each(|code| out.optional(self.values.value(*code)));
        });
    }

    fn absorb(&mut self, ids: &[u32], from: &mut Reader<'_>) -> Result<(), SnapshotError> {
        for id in ids {
            self.codes.clear();
            for _ in 0..from.count(1)? {
                let code = self.values.code(from.optional(self.kind)?);
                self.codes.push(code.map_err(|_| SnapshotError::TooMany)?);
            }
            self.seen.reserve(self.groups, self.values.len() + 1);
            self.seen.update(&vec![*id; self.codes.len()], &self.codes, |_, seen| *seen = true);
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.values.bytes() + self.seen.bytes()
    }
}
