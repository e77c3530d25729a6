//! What is done leaves the world: memory is released, credit is given back.

use alloc::vec::Vec;

use bevy_ecs::prelude::*;
use tanda_components::{
    Admission, AdmittedBy, At, Budget, BufferHandle, Buffers, Effect, Occupancy, Outbox, Source,
    TickAgain,
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
/// Reads the list that Ingest and Supervise wrote; writes `Buffers`, `Budget`, `Source`,
/// `Occupancy` and the outbox; despawns batches and admissions.
pub(crate) fn retire_batches(
    mut commands: Commands,
    mut retiring: ResMut<Retiring>,
    mut again: ResMut<TickAgain>,
    mut buffers: ResMut<Buffers>,
    mut budget: ResMut<Budget>,
    mut outbox: ResMut<Outbox>,
    mut occupancies: Query<&mut Occupancy>,
    mut admissions: Query<&mut Admission>,
    mut sources: Query<&mut Source>,
    batches: Query<(&At, &BufferHandle, &AdmittedBy)>,
) {
    let retiring = &mut *retiring;
    for batch in retiring.batches.drain(..) {
        let (at, &buffer, admitted_by) = batches.get(batch).expect("a batch retires once");
        occupancies.get_mut(at.stage).expect("a batch stands at a stage").0 -= 1;
        retiring.buffers.push(buffer);
        commands.entity(batch).despawn();
        let Some(admission) = admitted_by.0 else { continue };
        let mut credit = admissions.get_mut(admission).expect("credit outlives its batches");
        credit.batches -= 1;
        if credit.batches == 0 {
            budget.reserved -= credit.bytes;
            let mut source = sources.get_mut(credit.source).expect("credit is a source's");
            source.admitted -= 1;
            // Allocate is past in this tick; without a read under way nothing would wake the next.
            again.0 |= source.reads == 0 && !source.ended;
            commands.entity(admission).despawn();
        }
    }
    for buffer in retiring.buffers.drain(..) {
        if buffers.leave(buffer) {
            outbox.push(Effect::ReleaseBuffer { buffer });
        }
    }
}
