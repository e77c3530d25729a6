//! Batches that have reached their sink are handed to its writer, in order.

use bevy_ecs::prelude::*;
use bumpalo::collections::Vec as ArenaVec;
use tanda_components::{
    At, BatchState, BufferHandle, Effect, Frontier, Lineage, Origins, Outbox, Run, Sink,
    StageInputs, limits::WRITES_IN_FLIGHT_MAX,
};

use crate::tick_arena::TickArena;

/// Hands batches to writers: at an ordered sink only as its frontier moves, so that the same input
/// gives the same bytes whoever made them.
///
/// Reads `Lineage`; writes `BatchState`, `Sink`, `Frontier` and the outbox.
pub(crate) fn write_batches(
    run: Res<Run>,
    origins: Res<Origins>,
    mut arena: ResMut<TickArena>,
    mut outbox: ResMut<Outbox>,
    mut sinks: Query<(&mut Sink, &StageInputs, Option<&mut Frontier>)>,
    mut batches: Query<(Entity, &mut BatchState, &At, &Lineage, &BufferHandle)>,
) {
    if !matches!(*run, Run::Running | Run::Draining) {
        return;
    }
    let mut waiting = ArenaVec::new_in(arena.get());
    for (batch, state, at, &lineage, _) in &batches {
        if !matches!(*state, BatchState::Ready | BatchState::Encoded) {
            continue;
        }
        let Ok((sink, ..)) = sinks.get(at.stage) else { continue };
        if sink.encodes == (*state == BatchState::Encoded) {
            waiting.push((at.stage, Frontier::of(lineage, at.input), batch));
        }
    }
    waiting.sort_unstable();
    for (stage, place, batch) in waiting {
        let (mut sink, inputs, frontier) = sinks.get_mut(stage).expect("only sinks were gathered");
        if sink.writes >= WRITES_IN_FLIGHT_MAX {
            continue;
        }
        if let Some(mut frontier) = frontier {
            let next = frontier.settle(inputs.carries(), &origins);
            if next != Some(place) {
                continue;
            }
            *frontier = place.past();
        }
        sink.writes += 1;
        let (_, mut state, .., &buffer) = batches.get_mut(batch).expect("gathered just now");
        *state = BatchState::Writing;
        outbox.push(Effect::WriteBatch { batch, buffer, input: place.input, sink: stage });
    }
}
