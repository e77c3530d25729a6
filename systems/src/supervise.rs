//! What failed or was told to stop is wound down.

use bevy_ecs::prelude::*;
use tanda_components::{At, BatchState, Effect, Ledger, Outbox, Rows, Run, Source, TickAgain};

use crate::retire::Retiring;

/// Tells every source to stop, once the run drains or fails; a failing run also asks plugins to
/// hurry.
pub(crate) fn stop_sources(
    run: Res<Run>,
    mut outbox: ResMut<Outbox>,
    mut sources: Query<(Entity, &mut Source)>,
) {
    if !matches!(*run, Run::Draining | Run::Failing { .. }) {
        return;
    }
    if run.is_changed() && matches!(*run, Run::Failing { .. }) {
        outbox.push(Effect::CancelJobs);
    }
    for (source, mut state) in &mut sources {
        if !state.stopped && !state.ended {
            state.stopped = true;
            outbox.push(Effect::StopSource { source });
        }
    }
}

/// In a failing run, gives up every batch that nobody holds, and enters its rows as abandoned.
///
/// As many a tick as the outbox has room for; the rest follow in the next.
pub(crate) fn abandon_batches(
    run: Res<Run>,
    outbox: Res<Outbox>,
    mut again: ResMut<TickAgain>,
    mut retiring: ResMut<Retiring>,
    mut batches: Query<(Entity, &mut BatchState, &At, &Rows)>,
    mut ledgers: Query<&mut Ledger>,
) {
    if !matches!(*run, Run::Failing { .. }) {
        return;
    }
    let room = outbox.free_count().saturating_sub(retiring.count());
    let waiting = batches.iter_mut().filter(|(_, state, ..)| is_waiting(**state));
    let mut given_up = 0;
    for (batch, mut state, at, rows) in waiting.take(room) {
        given_up += 1;
        *state = BatchState::Done;
        let mut ledger = ledgers.get_mut(at.stage).expect("a batch stands at a stage");
        ledger.rows_in += rows.0;
        ledger.batches_in += 1;
        ledger.abandoned += rows.0;
        retiring.push(batch);
    }
    again.0 |= given_up == room;
}

fn is_waiting(state: BatchState) -> bool {
    match state {
        BatchState::Ready | BatchState::Encoded => true,
        BatchState::InFlight { .. } | BatchState::Writing | BatchState::Done => false,
    }
}
