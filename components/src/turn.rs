//! Whose batches are next, where sources take turns.
//!
//! Invariant: the turns of a source ascend, and none is given that has passed, so a source that was
//! quiet has saved up nothing. `ingest` gives a turn to each piece, and `retire` notes that it has
//! left.

use bevy_ecs::{component::Component, resource::Resource};

/// When a batch is due among those of all sources, which take turns: whoever reads fast does not
/// push before whoever reads slowly. What is made of a batch keeps its turn, so that what is on its
/// way already goes before what has just been read.
///
/// A source's pieces get turns that follow one another, and none that is already past: "start-time
/// fair queueing" (Goyal, Vin, Chen, 1996) with every piece as long as every other.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Turn(pub u64);

/// The latest turn of which a piece has left the engine: a source that has been quiet goes on from
/// here.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TurnsPast(pub u64);

impl TurnsPast {
    /// The turn after `last`, the last one of a source.
    #[must_use]
    pub fn after(self, last: Turn) -> Turn {
        Turn(self.0.max(last.0) + 1)
    }

    /// A piece of this turn has left.
    pub fn leave(&mut self, turn: Turn) {
        self.0 = self.0.max(turn.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_that_was_quiet_comes_next_and_has_saved_up_nothing() {
        let mut past = TurnsPast::default();
        let busy = (0..20).fold(Turn(0), |last, _| past.after(last));
        past.leave(Turn(7));
        let quiet = past.after(Turn(1));
        assert_eq!((busy, quiet), (Turn(20), Turn(8)));
        assert_eq!(past.after(quiet), Turn(9));
    }
}
