use bevy_ecs::{component::Component, resource::Resource};

use crate::{Lineage, StageIndex, limits::STAGES_MAX};

/// A set of origins, a bit for each of the [`STAGES_MAX`] stages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OriginSet(u128);

const _: () = assert!(STAGES_MAX <= u128::BITS as usize);

impl OriginSet {
    /// Adds one origin.
    pub fn insert(&mut self, origin: StageIndex) {
        self.0 |= 1 << origin.0;
    }

    /// Both sets together.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Is `origin` in it?
    #[must_use]
    pub fn contains(self, origin: StageIndex) -> bool {
        self.0 >> origin.0 & 1 == 1
    }
}

/// Batches that a stage has made as an origin so far: the number of its next one.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OriginSeq(pub u64);

/// How many batches each origin has made, once it is known that there will be no more.
#[derive(Resource, Clone, Copy, Debug)]
pub struct Origins {
    totals: [Option<u64>; STAGES_MAX],
}

impl Default for Origins {
    fn default() -> Self {
        Self { totals: [None; STAGES_MAX] }
    }
}

impl Origins {
    /// `origin` has made `total` batches and makes no more.
    pub fn close(&mut self, origin: StageIndex, total: u64) {
        self.totals[usize::from(origin.0)] = Some(total);
    }

    /// Batches of `origin` in all; `None` while it may make more.
    #[must_use]
    pub fn total(&self, origin: StageIndex) -> Option<u64> {
        self.totals[usize::from(origin.0)]
    }
}

/// The next batch that a stage with an order takes: an ordered sink, or an `EXCLUSIVE` plugin.
///
/// The order is origin by origin, in each batch by batch, of each the incoming edges in turn.
/// Fan-in is therefore independent of the batch size: one source's rows, then the next one's.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Frontier {
    /// Origin of the next batch.
    pub origin: u16,
    /// Its number within the origin.
    pub seq: u64,
    /// The incoming edge on which it comes.
    pub input: u8,
}

impl Frontier {
    /// The first place at or after this one at which a batch can stand, given what each incoming
    /// edge carries and which origins have ended; `None` when nothing is left to come.
    #[must_use]
    pub fn settle(mut self, carries: &[OriginSet], origins: &Origins) -> Option<Self> {
        while usize::from(self.origin) < STAGES_MAX {
            let origin = StageIndex(self.origin);
            let ended = origins.total(origin).is_some_and(|total| self.seq >= total);
            let none = !carries.iter().any(|set| set.contains(origin));
            if ended || none {
                self = Self { origin: self.origin + 1, seq: 0, input: 0 };
                continue;
            }
            match (usize::from(self.input)..carries.len()).find(|&i| carries[i].contains(origin)) {
                Some(input) => return Some(Self { input: input as u8, ..self }),
                None => self = Self { seq: self.seq + 1, input: 0, ..self },
            }
        }
        None
    }

    /// The place after the batch of this lineage, come on this edge.
    #[must_use]
    pub fn past(lineage: Lineage, input: u8) -> Self {
        Self { origin: lineage.origin.0, seq: lineage.seq, input: input + 1 }
    }

    /// Does a batch of this lineage, come on this edge, stand here?
    #[must_use]
    pub fn is_at(self, lineage: Lineage, input: u8) -> bool {
        (self.origin, self.seq, self.input) == (lineage.origin.0, lineage.seq, input)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    fn set(origins: &[u16]) -> OriginSet {
        let mut set = OriginSet::default();
        origins.iter().for_each(|&origin| set.insert(StageIndex(origin)));
        set
    }

    fn walk(carries: &[OriginSet], totals: &[(u16, u64)]) -> Vec<(u16, u64, u8)> {
        let mut origins = Origins::default();
        totals.iter().for_each(|&(origin, total)| origins.close(StageIndex(origin), total));
        let mut seen = Vec::new();
        let mut frontier = Frontier::default();
        while let Some(at) = frontier.settle(carries, &origins) {
            seen.push((at.origin, at.seq, at.input));
            frontier = Frontier { input: at.input + 1, ..at };
        }
        seen
    }

    #[test]
    fn fan_in_takes_one_origin_after_the_other() {
        let seen = walk(&[set(&[2]), set(&[0])], &[(0, 2), (2, 1)]);
        assert_eq!(seen, [(0, 0, 1), (0, 1, 1), (2, 0, 0)]);
    }

    #[test]
    fn two_edges_of_one_origin_take_turns() {
        let seen = walk(&[set(&[1]), set(&[1])], &[(1, 2)]);
        assert_eq!(seen, [(1, 0, 0), (1, 0, 1), (1, 1, 0), (1, 1, 1)]);
    }

    #[test]
    fn open_origin_holds_the_frontier() {
        let origins = Origins::default();
        let at = Frontier { origin: 0, seq: 9, input: 1 }.settle(&[set(&[0])], &origins);
        assert_eq!(at, Some(Frontier { origin: 0, seq: 10, input: 0 }));
    }

    #[test]
    fn empty_origin_is_skipped() {
        assert_eq!(walk(&[set(&[0, 3])], &[(0, 0), (3, 1)]), [(3, 0, 0)]);
    }
}
