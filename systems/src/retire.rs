//! What is done leaves the world: memory is released, credit is given back.

use alloc::vec::Vec;

use bevy_ecs::prelude::*;
use tanda_components::{
    Admission, AdmittedBy, At, Budget, BufferHandle, Buffers, Effect, Occupancy, Outbox, Source,
    TickAgain, TurnsPast, limits::STAGES_MAX,
};

/// Batches that are done, and buffers that lost a name, since the last tick's end.
///
/// A list instead of a search, so that retiring costs nothing for the batches that stay.
#[derive(Resource, Debug, Default)]
pub(crate) struct Retiring {
    batches: Vec<Entity>,
    buffers: Vec<BufferHandle>,
}

impl Retiring {
    pub(crate) fn push(&mut self, batch: Entity) {
        self.batches.push(batch);
    }

    /// One name of `buffer` is gone, though its batch lives on.
    pub(crate) fn leave(&mut self, buffer: BufferHandle) {
        self.buffers.push(buffer);
    }

    pub(crate) fn count(&self) -> usize {
        self.batches.len() + self.buffers.len()
    }
}

/// Retires every batch that is done, exactly once.
///
/// Reads the list that Ingest and Supervise wrote; writes `Buffers`, `Budget`, `TurnsPast`,
/// `Source`, `Occupancy` and the outbox; despawns batches and admissions. A snapshot can end more
/// batches at once than the outbox takes releases: the rest follow in the next tick.
pub(crate) fn retire_batches(
    mut commands: Commands,
    mut retiring: ResMut<Retiring>,
    mut again: ResMut<TickAgain>,
    mut buffers: ResMut<Buffers>,
    mut budget: ResMut<Budget>,
    mut turns_past: ResMut<TurnsPast>,
    mut outbox: ResMut<Outbox>,
    mut occupancies: Query<&mut Occupancy>,
    mut admissions: Query<&mut Admission>,
    mut sources: Query<&mut Source>,
    batches: Query<(&At, &BufferHandle, &AdmittedBy)>,
) {
    let retiring = &mut *retiring;
    // What is left is for the ends of stages, which come after this.
    let room = outbox.free_count().saturating_sub(STAGES_MAX + retiring.buffers.len());
    let count = retiring.batches.len().min(room);
    again.0 |= count < retiring.batches.len();
    for batch in retiring.batches.drain(..count) {
        let (at, &buffer, admitted_by) = batches.get(batch).expect("a batch retires once");
        occupancies.get_mut(at.stage).expect("a batch stands at a stage").0 -= 1;
        retiring.buffers.push(buffer);
        commands.entity(batch).despawn();
        let Some(admission) = admitted_by.0 else { continue };
        let source = leave_credit(
            admission,
            &mut commands,
            &mut budget,
            &mut turns_past,
            &mut admissions,
            &mut sources,
        );
        // Allocate is past in this tick; without a read under way nothing would wake the next.
        again.0 |= source.is_some_and(|source| source.reads == 0 && !source.ended);
    }
    for buffer in retiring.buffers.drain(..) {
        if buffers.leave(buffer) {
            outbox.push(Effect::ReleaseBuffer { buffer });
        }
    }
}

/// A batch lives no longer on this credit; the last one gives it back to the source that is
/// returned.
pub(crate) fn leave_credit(
    admission: Entity,
    commands: &mut Commands,
    budget: &mut Budget,
    turns_past: &mut TurnsPast,
    admissions: &mut Query<&mut Admission>,
    sources: &mut Query<&mut Source>,
) -> Option<Source> {
    let mut credit = admissions.get_mut(admission).expect("credit outlives its batches");
    credit.batches -= 1;
    if credit.batches > 0 {
        return None;
    }
    budget.reserved -= credit.bytes;
    turns_past.leave(credit.turn);
    let mut source = sources.get_mut(credit.source).expect("credit is a source's");
    source.admitted -= 1;
    commands.entity(admission).despawn();
    Some(*source)
}
