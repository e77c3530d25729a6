//! Credit: sources are admitted within the memory budget, and nothing else is held back by it.

use bevy_ecs::prelude::*;
use bumpalo::collections::Vec as ArenaVec;
use tanda_components::{
    Budget, Effect, Growth, Outbox, Run, Source, Stage, StageInputs, StageKind,
    limits::{EDGES_IN_MAX, READS_IN_FLIGHT_MAX, STAGES_MAX},
};

use crate::tick_arena::TickArena;

/// A source as admission sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reader {
    /// The source.
    pub source: Entity,
    /// Its place in the scene.
    pub index: u16,
    /// Pieces asked for.
    pub reads: u16,
    /// Pieces in flight.
    pub admitted: u32,
    /// Bytes that one more piece will hold at its largest, over all stages.
    pub piece_bytes: u64,
}

impl Reader {
    fn pieces(&self) -> u32 {
        u32::from(self.reads) + self.admitted
    }
}

/// Grants reads: the source with the fewest pieces first, in scene order among equals.
///
/// A source without a piece is always granted one, whatever the budget says, so that no bound can
/// stop an ordered sink or a fan-in that waits for it.
pub fn plan_admission(readers: &mut [Reader], mut budget: Budget, mut grant: impl FnMut(&Reader)) {
    let mut pieces: u32 = readers.iter().map(Reader::pieces).sum();
    while let Some(reader) = readers
        .iter_mut()
        .filter(|reader| reader.reads < READS_IN_FLIGHT_MAX)
        .min_by_key(|reader| (reader.pieces(), reader.index))
    {
        let fits = budget.reserved + budget.held + reader.piece_bytes <= budget.limit;
        if reader.pieces() > 0 && !(fits && pieces < budget.pieces_max) {
            return;
        }
        grant(reader);
        reader.reads += 1;
        pieces += 1;
        budget.reserved += reader.piece_bytes;
    }
}

/// Asks sources for pieces while the budget lasts.
///
/// Reads growth and graph; writes `Source`, `Budget` and the outbox.
pub(crate) fn admit_batches(
    run: Res<Run>,
    mut arena: ResMut<TickArena>,
    mut budget: ResMut<Budget>,
    mut outbox: ResMut<Outbox>,
    mut sources: Query<(Entity, &Stage, &mut Source)>,
    stages: Query<(&Stage, &Growth, &StageInputs)>,
) {
    if *run != Run::Running {
        return;
    }
    let mut readers = ArenaVec::new_in(arena.get());
    for (entity, stage, source) in &sources {
        if !source.ended && source.reads < READS_IN_FLIGHT_MAX {
            readers.push(Reader {
                source: entity,
                index: stage.index.0,
                reads: source.reads,
                admitted: source.admitted,
                piece_bytes: source.piece_bytes,
            });
        }
    }
    let full = readers.iter().map(Reader::pieces).sum::<u32>() >= budget.pieces_max;
    if full && readers.iter().all(|reader| reader.pieces() > 0) {
        return;
    }
    let factors = footprints(&stages);
    for reader in &mut readers {
        let factor = factors[usize::from(reader.index)];
        reader.piece_bytes = (reader.piece_bytes.saturating_mul(factor) / 1_024).max(1);
    }
    let snapshot = *budget;
    plan_admission(&mut readers, snapshot, |reader| {
        let (.., mut source) = sources.get_mut(reader.source).expect("readers are sources");
        source.reads += 1;
        source.reads_bytes += reader.piece_bytes;
        budget.reserved += reader.piece_bytes;
        outbox.push(Effect::ReadBatch { source: reader.source });
    });
}

/// The reservation of a piece of `bytes`, when `estimate` was reserved for an expected size.
pub(crate) fn footprint_of_piece(estimate: u64, expected_bytes: u64, bytes: u64) -> u64 {
    let scaled = u128::from(estimate) * u128::from(bytes) / u128::from(expected_bytes.max(1));
    u64::try_from(scaled).unwrap_or(u64::MAX).max(bytes)
}

/// For each source, the bytes of a piece and of all that every stage makes of it, in 1/1024 of the
/// piece: an upper bound of what is alive at once.
fn footprints(stages: &Query<(&Stage, &Growth, &StageInputs)>) -> [u64; STAGES_MAX] {
    let mut growths = [0_u64; STAGES_MAX];
    let mut parents = [[u16::MAX; EDGES_IN_MAX]; STAGES_MAX];
    let mut count = 0;
    for (stage, growth, inputs) in stages {
        let index = usize::from(stage.index.0);
        growths[index] = u64::from(growth.0);
        for (slot, &from) in parents[index].iter_mut().zip(inputs.from()) {
            *slot = stages.get(from).map_or(u16::MAX, |(stage, ..)| stage.index.0);
        }
        count = count.max(index + 1);
    }
    let mut totals = [0; STAGES_MAX];
    for (stage, ..) in stages.iter().filter(|(stage, ..)| stage.kind == StageKind::Source) {
        let source = usize::from(stage.index.0);
        totals[source] = footprint(source, &growths[..count], &parents[..count]);
    }
    totals
}

fn footprint(source: usize, growths: &[u64], parents: &[[u16; EDGES_IN_MAX]]) -> u64 {
    let mut made = [0_u64; STAGES_MAX];
    made[source] = growths[source];
    let mut total = 1_024 + made[source];
    for index in source + 1..growths.len() {
        let taken: u64 = parents[index]
            .iter()
            .filter(|&&parent| parent != u16::MAX)
            .map(|&parent| made[usize::from(parent)])
            .sum();
        made[index] = (taken * growths[index] / 1_024).min(1 << 30);
        total += made[index];
    }
    total
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::String};

    use super::*;

    /// Sources with so many pieces of 10 bytes in flight: which are granted one more, in order.
    fn plan(pieces: &[u32], reserved: u64, held: u64) -> String {
        let mut readers: [Reader; 2] = core::array::from_fn(|index| Reader {
            source: Entity::from_raw_u32(index as u32 + 1).expect("small numbers are entities"),
            index: index as u16,
            reads: READS_IN_FLIGHT_MAX - 1,
            admitted: pieces.get(index).copied().unwrap_or(0),
            piece_bytes: 10,
        });
        for (reader, &pieces) in readers.iter_mut().zip(pieces) {
            reader.reads = if pieces == 0 { 0 } else { reader.reads };
        }
        let budget = Budget { limit: 100, reserved, held, held_share: 25, pieces_max: 99 };
        let mut granted = String::new();
        plan_admission(&mut readers[..pieces.len()], budget, |reader| {
            granted += &format!("{} ", reader.index);
        });
        granted
    }

    #[test]
    fn piece_is_granted_up_to_the_limit() {
        assert_eq!(plan(&[1], 90, 0), "0 ");
        assert_eq!(plan(&[1], 91, 0), "");
    }

    #[test]
    fn held_batches_take_from_the_same_memory() {
        assert_eq!(plan(&[1], 70, 20), "0 ");
        assert_eq!(plan(&[1], 70, 21), "");
    }

    #[test]
    fn source_without_a_piece_is_granted_one_whatever_is_held() {
        assert_eq!(plan(&[1, 0], 100, 100), "1 ");
    }
}
