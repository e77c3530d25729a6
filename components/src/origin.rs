//! The order of a run: origins, how many batches each has made, and where a batch stands.
//!
//! Invariant: the numbers of an origin have no gaps, and once it is closed its total stays. Ingest
//! counts batches, ingest and `end_stages` close origins; the [`Frontier`] of a stage only moves
//! on, but where a death has the stage begin again.

use bevy_ecs::{component::Component, resource::Resource};

use crate::{Lineage, StageIndex, limits::STAGES_MAX};

/// How many batches of one number each origin sends over an edge: one for each way that leads from
/// the origin to the edge, since every stage on it makes one of each that it takes.
///
/// A lineage's part counts them. What comes into a stage on a later edge counts after what comes on
/// the earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OriginParts([u16; STAGES_MAX]);

impl Default for OriginParts {
    fn default() -> Self {
        Self([0; STAGES_MAX])
    }
}

impl OriginParts {
    /// The stage is an origin itself: each of its batches leaves once.
    pub fn begin(&mut self, origin: StageIndex) {
        self.0[usize::from(origin.0)] = 1;
    }

    /// Another edge enters the stage, with what it carries.
    ///
    /// # Panics
    /// Beyond 65,535 ways: scenes are checked before a world is built.
    pub fn join(&mut self, edge: &Self) {
        for (parts, more) in self.0.iter_mut().zip(edge.0) {
            *parts = parts.checked_add(more).expect("scenes are checked for their ways");
        }
    }

    /// Ways from `origin`; 0 if none of its batches comes here.
    #[must_use]
    pub fn of(&self, origin: StageIndex) -> u16 {
        self.0[usize::from(origin.0)]
    }

    /// The most ways from any origin.
    #[must_use]
    pub fn most(&self) -> u16 {
        self.0.iter().copied().max().unwrap_or(0)
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

/// A place in source order; as the state of a stage, that of the next batch that it takes.
///
/// The order is origin by origin, in each batch by batch, of each the incoming edges in turn, of
/// each its parts. Fan-in is therefore independent of the batch size: one source's rows, then the
/// next one's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Frontier {
    /// Origin of the next batch.
    pub origin: u16,
    /// Its number within the origin.
    pub seq: u64,
    /// The incoming edge on which it comes.
    pub input: u8,
    /// Its part on that edge.
    pub part: u16,
}

impl Frontier {
    /// The first place at or after this one at which a batch can stand, given what each incoming
    /// edge carries and which origins have ended; `None` when nothing is left to come.
    #[must_use]
    pub fn settle(mut self, carries: &[OriginParts], origins: &Origins) -> Option<Self> {
        while usize::from(self.origin) < STAGES_MAX {
            let origin = StageIndex(self.origin);
            let ended = origins.total(origin).is_some_and(|total| self.seq >= total);
            let none = !carries.iter().any(|edge| edge.of(origin) > 0);
            if ended || none {
                self = Self { origin: self.origin + 1, ..Self::default() };
                continue;
            }
            match carries.get(usize::from(self.input)) {
                Some(edge) if self.part < edge.of(origin) => return Some(self),
                Some(_) => self = Self { input: self.input + 1, part: 0, ..self },
                None => self = Self { seq: self.seq + 1, input: 0, part: 0, ..self },
            }
        }
        None
    }

    /// Where the batch of this lineage stands, come on this edge.
    #[must_use]
    pub fn of(lineage: Lineage, input: u8) -> Self {
        let Lineage { origin, seq, part } = lineage;
        Self { origin: origin.0, seq, input, part }
    }

    /// The place after this one.
    #[must_use]
    pub fn past(self) -> Self {
        Self { part: self.part + 1, ..self }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    fn set(origins: &[u16]) -> OriginParts {
        let mut set = OriginParts::default();
        origins.iter().for_each(|&origin| set.begin(StageIndex(origin)));
        set
    }

    fn walk(carries: &[OriginParts], totals: &[(u16, u64)]) -> Vec<(u16, u64, u8)> {
        let mut origins = Origins::default();
        totals.iter().for_each(|&(origin, total)| origins.close(StageIndex(origin), total));
        let mut seen = Vec::new();
        let mut frontier = Frontier::default();
        while let Some(at) = frontier.settle(carries, &origins) {
            seen.push((at.origin, at.seq, at.input));
            frontier = at.past();
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

    /// Two branches met before the first edge, and a third comes on the second.
    #[test]
    fn parts_of_an_edge_come_before_the_next_edge() {
        let mut joined = set(&[1]);
        joined.join(&set(&[1]));
        assert_eq!(joined.of(StageIndex(1)), 2);
        let seen = walk(&[joined, set(&[1])], &[(1, 2)]);
        assert_eq!(seen, [(1, 0, 0), (1, 0, 0), (1, 0, 1), (1, 1, 0), (1, 1, 0), (1, 1, 1)]);
    }

    #[test]
    fn open_origin_holds_the_frontier() {
        let origins = Origins::default();
        let at = Frontier { origin: 0, seq: 9, input: 1, part: 0 }.settle(&[set(&[0])], &origins);
        assert_eq!(at, Some(Frontier { origin: 0, seq: 10, input: 0, part: 0 }));
    }

    #[test]
    fn empty_origin_is_skipped() {
        assert_eq!(walk(&[set(&[0, 3])], &[(0, 0), (3, 1)]), [(3, 0, 0)]);
    }
}
