//! What failed or was told to stop is wound down.

use bevy_ecs::prelude::*;
use tanda_components::{
    At, Attempts, BatchState, Budget, Bytes, Effect, HeldBatches, Ledger, Outbox, Rows, Run,
    Snapshotting, Source, TickAgain,
};

use crate::retire::Retiring;

/// Tells every source to stop, once the run drains or fails; a failing run also asks plugins to
/// hurry, and has workers killed.
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

/// In a failing run, gives up every batch that nobody works on, and enters its rows as abandoned;
/// those of a settled one are in the ledger already.
///
/// As many a tick as the outbox has room for; the rest follow in the next.
pub(crate) fn abandon_batches(
    run: Res<Run>,
    outbox: Res<Outbox>,
    mut again: ResMut<TickAgain>,
    mut budget: ResMut<Budget>,
    mut retiring: ResMut<Retiring>,
    mut batches: Query<(Entity, &mut BatchState, &At, &Rows, &Bytes, &Attempts)>,
    mut stages: Query<(&mut Ledger, &mut HeldBatches)>,
    mut workers: Query<&mut Snapshotting>,
) {
    if !matches!(*run, Run::Failing { .. }) {
        return;
    }
    let room = outbox.free_count().saturating_sub(retiring.count());
    let waiting = batches.iter_mut().filter(|(_, state, ..)| is_waiting(**state));
    let mut given_up = 0;
    for (batch, mut state, at, rows, bytes, attempts) in waiting.take(room) {
        given_up += 1;
        let was = core::mem::replace(&mut *state, BatchState::Done);
        let (mut ledger, mut held) = stages.get_mut(at.stage).expect("a batch stands at a stage");
        if attempts.settled {
            budget.held -= bytes.0;
        } else {
            ledger.rows_in += rows.0;
            ledger.batches_in += 1;
            ledger.abandoned += rows.0;
        }
        if let BatchState::Held { instance } = was {
            held.0 -= 1;
            workers.get_mut(instance).expect("only a state holds batches").held_bytes -= bytes.0;
        }
        retiring.push(batch);
    }
    again.0 |= given_up == room;
}

fn is_waiting(state: BatchState) -> bool {
    match state {
        BatchState::Ready
        | BatchState::Encoded
        | BatchState::Held { .. }
        | BatchState::Delayed { .. }
        | BatchState::FailingOver { given: false } => true,
        BatchState::InFlight { .. }
        | BatchState::FailingOver { given: true }
        | BatchState::Writing
        | BatchState::Done => false,
    }
}
