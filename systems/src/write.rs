//! Batches that have reached their sink are handed to its writer, in order.

use bevy_ecs::prelude::*;
use bumpalo::collections::Vec as ArenaVec;
use tanda_components::{
    At, BatchState, BufferHandle, Effect, Lineage, Origins, Outbox, Place, Run, Sink, StageInputs,
    TakeOrder, Turn, limits::WRITES_IN_FLIGHT_MAX,
};

use crate::tick_arena::TickArena;

/// Hands batches to writers, in the order of each sink: in source order the same input gives the
/// same bytes whoever made them; as they come, sources take turns.
///
/// Reads `Lineage`, `Turn`; writes `BatchState`, `Sink`, `TakeOrder` and the outbox.
pub(crate) fn write_batches(
    run: Res<Run>,
    origins: Res<Origins>,
    mut arena: ResMut<TickArena>,
    mut outbox: ResMut<Outbox>,
    mut sinks: Query<(&mut Sink, &StageInputs, &mut TakeOrder)>,
    mut batches: Query<(Entity, &mut BatchState, &At, &Lineage, &Turn, &BufferHandle)>,
) {
    if !matches!(*run, Run::Running | Run::Draining) {
        return;
    }
    let mut waiting = ArenaVec::new_in(arena.get());
    for (batch, state, at, &lineage, &turn, _) in &batches {
        if !matches!(*state, BatchState::Ready | BatchState::Encoded) {
            continue;
        }
        let Ok((sink, _, order)) = sinks.get(at.stage) else { continue };
        if sink.encodes == (*state == BatchState::Encoded) {
            // In source order turns do not matter.
            let turn = if matches!(order, TakeOrder::Arrival(_)) { turn } else { Turn::default() };
            waiting.push((at.stage, turn, Place::of(lineage, at.input, 0), batch));
        }
    }
    waiting.sort_unstable();
    for (stage, _, place, batch) in waiting {
        let (mut sink, inputs, mut order) = sinks.get_mut(stage).expect("only sinks were gathered");
        let is_free = sink.writes < WRITES_IN_FLIGHT_MAX;
        if !is_free || !order.admits(place, inputs.carries(), &origins) {
            continue;
        }
        order.take(place);
        sink.writes += 1;
        let (_, mut state, .., &buffer) = batches.get_mut(batch).expect("gathered just now");
        *state = BatchState::Writing;
        outbox.push(Effect::WriteBatch { batch, buffer, input: place.at.input, sink: stage });
    }
}
