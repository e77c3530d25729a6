//! The laws of isolated instances.

use alloc::{format, string::String};

use bevy_ecs::prelude::*;
use tanda_components::{
    AdmittedBy, At, Attempts, BatchState, Budget, Bytes, HeldBatches, InFlight, Instance, Lineage,
    Place, Restarts, Run, Snapshotting, Stage, StageKind, StageName, StageState, TakeOrder,
    WorkerState,
    limits::{ATTEMPTS_MAX, STAGES_MAX},
};

/// A stage counts its held batches, and each of them is settled.
pub(super) fn held_batches_are_counted(world: &mut World) -> Result<(), String> {
    let mut batches = world.query::<(Entity, &BatchState, &At, &Attempts)>();
    let mut stages = world.query::<(&Stage, &StageName, &HeldBatches)>();
    let mut counts = [0; STAGES_MAX];
    for (batch, state, at, attempts) in batches.iter(world) {
        if !matches!(state, BatchState::Held { .. }) {
            continue;
        }
        counts[usize::from(at.index.0)] += 1;
        if !attempts.settled {
            return Err(format!("batch {batch} is held and has settled nothing"));
        }
    }
    for (stage, name, held) in stages.iter(world) {
        let count = counts[usize::from(stage.index.0)];
        if count != held.0 {
            return Err(format!("stage {name:?} counts {held:?}, the world has {count}"));
        }
    }
    Ok(())
}

/// A settled batch lives on no source's credit, but counts as held memory until it is done.
pub(super) fn settled_batches_are_held_memory(world: &mut World) -> Result<(), String> {
    let mut batches = world.query::<(Entity, &BatchState, &Attempts, &AdmittedBy, &Bytes)>();
    let settled = batches.iter(world).filter(|(_, _, attempts, ..)| attempts.settled);
    let mut bytes = 0;
    for (batch, state, _, admitted_by, size) in settled {
        bytes += if *state == BatchState::Done { 0 } else { size.0 };
        if admitted_by.0.is_some() {
            return Err(format!("batch {batch} is settled and lives on credit"));
        }
    }
    let budget = world.resource::<Budget>();
    if bytes != budget.held {
        return Err(format!("settled batches have {bytes} bytes, {budget:?}"));
    }
    Ok(())
}

type Worker = (
    Entity,
    &'static Instance,
    &'static WorkerState,
    &'static InFlight,
    &'static Restarts,
    Option<&'static Snapshotting>,
);

/// A worker that is not up holds nothing, its books are exact, and no bound on it is passed.
pub(super) fn workers_hold_what_they_can(world: &mut World) -> Result<(), String> {
    let mut workers = world.query::<Worker>();
    let mut batches = world.query::<(&BatchState, &Bytes)>();
    let mut stages = world.query::<&StageState>();
    let run = world.resource::<Run>();
    let failing = run.is_over() || matches!(run, Run::Failing { .. });
    for (instance, row, state, in_flight, restarts, snapshotting) in workers.iter(world) {
        let (mut flying, mut held, mut held_bytes) = (0, 0, 0);
        for (batch, bytes) in batches.iter(world) {
            flying += u8::from(*batch == BatchState::InFlight { instance });
            if *batch == (BatchState::Held { instance }) {
                held += 1;
                held_bytes += bytes.0;
            }
        }
        let busy = flying > 0 || snapshotting.is_some_and(|row| row.asked);
        let dormant = *state == WorkerState::Dormant;
        let gone = dormant || matches!(state, WorkerState::Starting | WorkerState::Down);
        let lent = stages.get(world, row.stage) == Ok(&StageState::Finishing);
        let wrong = flying != in_flight.count
            || held_bytes != snapshotting.map_or(0, |row| row.held_bytes)
            || (gone && (busy || held > 0))
            || (*state == WorkerState::Finishing && busy)
            || (lent && !dormant && (gone || *state == WorkerState::Up));
        let spent = restarts.failed_snapshots >= ATTEMPTS_MAX;
        if wrong || (spent && !failing) {
            return Err(format!(
                "worker of {instance}: {state:?}, {in_flight:?} of {flying} in flight, \
                 {snapshotting:?} of {held} held with {held_bytes} bytes, {restarts:?}"
            ));
        }
    }
    Ok(())
}

/// At a stage with an order, every batch that waits is still to come.
pub(super) fn order_waits_for_no_batch_it_passed(world: &mut World) -> Result<(), String> {
    let mut batches = world.query::<(Entity, &BatchState, &At, &Lineage, &Attempts)>();
    let mut stages = world.query::<(&Stage, &TakeOrder)>();
    if !matches!(world.resource::<Run>(), Run::Running | Run::Draining) {
        return Ok(());
    }
    for (batch, state, at, lineage, attempts) in batches.iter(world) {
        let Ok((stage, order)) = stages.get(world, at.stage) else { continue };
        let place = Place::of(*lineage, at.input, attempts.taken);
        let waits = stage.kind == StageKind::Exclusive && *state == BatchState::Ready;
        if waits && !order.is_to_come(place) {
            return Err(format!("batch {batch} waits at {place:?}, which its stage has passed"));
        }
    }
    Ok(())
}
