//! The laws, checked after every tick in debug builds and in simulation.

mod supervision;
mod workers;

use alloc::{format, string::String};

use bevy_ecs::prelude::*;
use tanda_components::{
    Admission, AdmittedBy, At, BatchState, Budget, BufferHandle, Buffers, Capacity, Conserves,
    Edges, InFlight, Inbox, Ledger, Occupancy, Rows, Run, Source, StageInputs, StageName,
    WorkerState,
};

use self::{
    supervision::supervisors_keep_their_order,
    workers::{
        held_batches_are_counted, order_waits_for_no_batch_it_passed,
        settled_batches_are_held_memory, workers_hold_what_they_can,
    },
};

/// A law: what is said when it is broken.
type Law = fn(&mut World) -> Result<(), String>;

/// Every law that must hold between two ticks, by its name.
const LAWS: [(&str, Law); 11] = [
    ("rows_are_accounted_for", rows_are_accounted_for),
    ("instances_hold_no_more_than_their_slots", instances_hold_no_more_than_their_slots),
    ("buffers_are_named_by_batches", buffers_are_named_by_batches),
    ("credit_is_held_by_batches", credit_is_held_by_batches),
    ("occupancy_counts_batches", occupancy_counts_batches),
    ("held_batches_are_counted", held_batches_are_counted),
    ("settled_batches_are_held_memory", settled_batches_are_held_memory),
    ("workers_hold_what_they_can", workers_hold_what_they_can),
    ("order_waits_for_no_batch_it_passed", order_waits_for_no_batch_it_passed),
    ("supervisors_keep_their_order", supervisors_keep_their_order),
    ("ended_run_is_empty", ended_run_is_empty),
];

/// Checks every law that must hold between two ticks; the first that is broken is returned as text.
///
/// Cost: a few passes over the world. Allocates only when a law is broken.
///
/// # Errors
/// The law that is broken, by its name, where, and the figures.
pub fn check(world: &mut World) -> Result<(), String> {
    LAWS.iter().try_for_each(|(name, law)| {
        law(world).map_err(|found| format!("law `{name}` is broken: {found}"))
    })
}

/// Rows in + made = out over all ports + absorbed + abandoned, but for batches being processed now,
/// whose emissions may have come in before the rest.
fn rows_are_accounted_for(world: &mut World) -> Result<(), String> {
    if !world.resource::<Inbox>().is_empty() {
        return Ok(());
    }
    let mut stages = world.query::<(&StageName, &Ledger)>();
    let broken = stages.iter(world).find(|(_, ledger)| ledger.pending() > 0);
    match broken {
        Some((name, ledger)) => Err(format!("rows of stage {name:?} do not add up: {ledger:?}")),
        None => Ok(()),
    }
}

fn instances_hold_no_more_than_their_slots(world: &mut World) -> Result<(), String> {
    let mut instances = world.query::<(Entity, &InFlight, Has<WorkerState>)>();
    let (mut held, mut jobs) = (0, 0);
    for (entity, in_flight, isolated) in instances.iter(world) {
        held += u32::from(in_flight.count);
        jobs += if isolated { 0 } else { u32::from(in_flight.count) };
        if in_flight.count > in_flight.slots {
            return Err(format!("instance {entity} holds {in_flight:?}"));
        }
    }
    let capacity = *world.resource::<Capacity>();
    let mut batches = world.query::<&BatchState>();
    let flying =
        batches.iter(world).filter(|state| matches!(state, BatchState::InFlight { .. })).count()
            as u32;
    if jobs != capacity.jobs || flying != held || jobs > capacity.jobs_max {
        return Err(format!("{held} slots taken, {flying} batches in flight, {capacity:?}"));
    }
    Ok(())
}

/// A buffer lives exactly as long as some batch names it.
fn buffers_are_named_by_batches(world: &mut World) -> Result<(), String> {
    let mut batches = world.query::<(Entity, &BufferHandle)>();
    let buffers = world.resource::<Buffers>();
    let mut names = 0;
    for (batch, &buffer) in batches.iter(world) {
        names += 1;
        if !buffers.is_live(buffer) {
            return Err(format!("batch {batch} names dead {buffer:?}"));
        }
    }
    if names < buffers.live_count() {
        return Err(format!("{} buffers alive, {names} batches", buffers.live_count()));
    }
    Ok(())
}

fn credit_is_held_by_batches(world: &mut World) -> Result<(), String> {
    let mut admissions = world.query::<(Entity, &Admission)>();
    let mut batches = world.query::<&AdmittedBy>();
    let mut sources = world.query::<&Source>();
    let on_credit = batches.iter(world).filter(|by| by.0.is_some()).count();
    let mut promised = 0;
    let mut reserved: u64 = sources.iter(world).map(|source| source.reads_bytes).sum();
    for (entity, admission) in admissions.iter(world) {
        promised += admission.batches as usize;
        reserved += admission.bytes;
        if admission.batches == 0 {
            return Err(format!("credit {entity} is held by no batch"));
        }
    }
    let budget = world.resource::<Budget>();
    if promised != on_credit || reserved != budget.reserved {
        return Err(format!(
            "credit for {promised} batches, {on_credit} live on it; {reserved} bytes, {budget:?}"
        ));
    }
    Ok(())
}

fn occupancy_counts_batches(world: &mut World) -> Result<(), String> {
    let mut batches = world.query::<&At>();
    let mut stages = world.query::<(&StageName, &Occupancy)>();
    let total: u32 = stages.iter(world).map(|(_, occupancy)| occupancy.0).sum();
    let count = batches.iter(world).count();
    if total as usize != count {
        return Err(format!("stages count {total} batches, the world has {count}"));
    }
    Ok(())
}

/// At the end of a run every batch has been retired, and what left each port has come in behind it.
fn ended_run_is_empty(world: &mut World) -> Result<(), String> {
    let Run::Ended { .. } = *world.resource::<Run>() else { return Ok(()) };
    let buffers = world.resource::<Buffers>().live_count();
    let budget = world.resource::<Budget>();
    let reserved = budget.reserved + budget.held;
    let batches = world.query::<&Rows>().iter(world).count();
    if buffers != 0 || reserved != 0 || batches != 0 {
        return Err(format!("ended with {batches} batches, {buffers} buffers, {reserved} bytes"));
    }
    ledger_is_balanced(world)
}

/// The ledger at the end of a run: every stage adds up, none has kept a row that it promised to
/// hand on, and every row that left a port was taken in by each stage behind it.
///
/// # Errors
/// The stage that does not balance, with its figures.
pub fn ledger_is_balanced(world: &mut World) -> Result<(), String> {
    let mut stages = world.query::<(Entity, &StageName, &Ledger)>();
    let mut edges = world.query::<&Edges>();
    let mut inputs = world.query::<(&StageName, &Ledger, &StageInputs)>();
    let mut conserving = world.query_filtered::<(&StageName, &Ledger), With<Conserves>>();
    for (name, ledger) in conserving.iter(world) {
        if ledger.absorbed > 0 {
            return Err(format!("{} rows were lost at stage {name:?}", ledger.absorbed));
        }
    }
    for (_, name, ledger) in stages.iter(world) {
        if ledger.pending() != 0 {
            return Err(format!("rows of stage {name:?} do not add up: {ledger:?}"));
        }
    }
    for (entity, ..) in stages.iter(world) {
        let Ok((name, ledger, before)) = inputs.get(world, entity) else { continue };
        if before.from().is_empty() {
            continue;
        }
        let mut sent = 0;
        for (input, &from) in before.from().iter().enumerate() {
            let Ok((_, upstream, _)) = inputs.get(world, from) else { continue };
            let Ok(edges) = edges.get(world, from) else { continue };
            let edge = edges
                .as_slice()
                .iter()
                .find(|edge| edge.stage == entity && usize::from(edge.input) == input);
            sent += edge.map_or(0, |edge| upstream.ports[usize::from(edge.port)].rows);
        }
        if sent != ledger.rows_in {
            return Err(format!("stage {name:?} took in {} of {sent} rows sent", ledger.rows_in));
        }
    }
    Ok(())
}
