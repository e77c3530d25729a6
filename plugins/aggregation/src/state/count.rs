//! Count: of rows, or of values that are not missing.

use arrow::array::ArrayRef;

use super::contract::{Output, ResultError, Rows, State, counts_to_array};
use crate::bytes::{Reader, SnapshotError, Writer};
use crate::error::StateError;

/// Memory: 8 bytes a group.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    counts: Vec<u64>,
}

impl State for Counts {
    fn resize(&mut self, groups: usize) {
        self.counts.resize(groups, 0);
    }

    fn update(&mut self, rows: Rows<'_>) -> Result<(), StateError> {
        match rows.nulls() {
            None => rows.ids.iter().for_each(|group| self.counts[*group as usize] += 1),
            Some(nulls) => {
                let groups = nulls.valid_indices().map(|row| rows.ids[row]);
                groups.for_each(|group| self.counts[group as usize] += 1);
            }
        }
        Ok(())
    }

    fn result(&self, _: Output, groups: &[u32]) -> Result<ArrayRef, ResultError> {
        let counts = groups.iter().map(|group| self.counts[*group as usize]);
        Ok(counts_to_array(counts))
    }

    fn write(&self, groups: &[u32], out: &mut Writer) {
        groups.iter().for_each(|group| out.u64(self.counts[*group as usize]));
    }

    fn absorb(&mut self, ids: &[u32], from: &mut Reader<'_>) -> Result<(), SnapshotError> {
        for id in ids {
            let count = &mut self.counts[*id as usize];
            *count = count.saturating_add(from.u64()?);
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.counts.capacity() * 8
    }
}
