//! The one place that orders the systems: read this first.
//!
//! A tick drains the inbox, runs this schedule, and hands the outbox to the platform. Phases are
//! strictly chained, and so are the systems of a phase, so a tick has one order and one result.

use bevy_ecs::{
    prelude::*,
    schedule::{LogLevel, ScheduleBuildSettings, ScheduleLabel},
};

use crate::{
    allocate::admit_batches,
    balance::wake_workers,
    dispatch::dispatch_batches,
    divert::divert_batches,
    failover::fail_over_batches,
    finish::{end_run, end_stages},
    ingest::ingest_inputs,
    retire::retire_batches,
    supervise::{abandon_batches, stop_sources},
    supervision::supervise_workers,
    tick_arena::reset_arena,
    topology::Topology,
    workers::{ask_snapshots, recycle_workers, set_deadline, watch_workers},
    write::write_batches,
};

/// Label of the engine's schedule.
#[derive(ScheduleLabel, Clone, Debug, PartialEq, Eq, Hash)]
pub struct EngineSchedule;

/// The phases of a tick, in this order. Add a system to one with `Engine::add_systems`; it runs
/// after the engine's own systems of the phase, in the order of adding.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TickSystems {
    /// Facts from the inbox become components.
    Ingest,
    /// Measures of life and load: workers that are overdue are killed.
    Heartbeat,
    /// What failed or was told to stop is wound down; supervisors start, stop and give up workers.
    Supervise,
    /// Credit is given to sources within the memory budget.
    Allocate,
    /// Stages in need get one more worker. The place to adjust priorities.
    Balance,
    /// Ready batches go to idle instances and to writers.
    Dispatch,
    /// What is done leaves the world; stages and the run end.
    Retire,
}

/// The engine's own systems of a phase.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct BuiltIn(TickSystems);

/// The `n`th group of systems that a user added to this phase.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Added(TickSystems, usize);

/// The engine's schedule for `topology`: what there is to do about workers is in it only when there
/// are any, and about batches that fail when there are any or a stage has a policy. Two systems
/// that touch the same data without an order are an error when it is first run.
#[must_use]
pub fn build_schedule(topology: &Topology) -> Schedule {
    use TickSystems::{Allocate, Balance, Dispatch, Heartbeat, Ingest, Retire, Supervise};
    let mut schedule = Schedule::new(EngineSchedule);
    schedule.set_build_settings(ScheduleBuildSettings {
        ambiguity_detection: LogLevel::Error,
        ..ScheduleBuildSettings::default()
    });
    schedule.configure_sets(
        (Ingest, Heartbeat, Supervise, Allocate, Balance, Dispatch, Retire).chain(),
    );
    schedule.add_systems((
        (reset_arena, ingest_inputs).chain().in_set(BuiltIn(Ingest)),
        (stop_sources, abandon_batches).chain().in_set(BuiltIn(Supervise)),
        admit_batches.in_set(BuiltIn(Allocate)),
        (dispatch_batches, write_batches).chain().in_set(BuiltIn(Dispatch)),
        // None of them looks at what the one before despawns: one sync point for all three.
        (retire_batches, end_stages, end_run).chain_ignore_deferred().in_set(BuiltIn(Retire)),
    ));
    if topology.is_isolated() {
        schedule.add_systems((
            watch_workers.in_set(BuiltIn(Heartbeat)),
            (recycle_workers, supervise_workers, ask_snapshots)
                .chain()
                .after(abandon_batches)
                .after(fail_over_batches)
                .in_set(BuiltIn(Supervise)),
        ));
    }
    if topology.grows() {
        schedule.add_systems(wake_workers.in_set(BuiltIn(Balance)));
    }
    if topology.is_isolated() || topology.fails_over() {
        let fail_over = fail_over_batches.after(abandon_batches).in_set(BuiltIn(Supervise));
        schedule.add_systems(fail_over);
    }
    if topology.breaks() {
        let divert = divert_batches.after(abandon_batches).before(fail_over_batches);
        schedule.add_systems(divert.in_set(BuiltIn(Supervise)));
    }
    if topology.is_isolated() || topology.fails_over() {
        schedule.add_systems(set_deadline.after_ignore_deferred(end_run).in_set(BuiltIn(Retire)));
    }
    for phase in [Ingest, Heartbeat, Supervise, Allocate, Balance, Dispatch, Retire] {
        schedule.configure_sets(BuiltIn(phase).in_set(phase));
    }
    schedule
}

/// Adds the `n`th group of a user's systems to `phase`, counted in this phase: after the engine's
/// own, after the group before.
pub fn add_group<M>(
    schedule: &mut Schedule,
    phase: TickSystems,
    n: usize,
    systems: impl IntoScheduleConfigs<bevy_ecs::system::ScheduleSystem, M>,
) {
    schedule.configure_sets(Added(phase, n).in_set(phase).after(BuiltIn(phase)));
    if n > 0 {
        schedule.configure_sets(Added(phase, n).after(Added(phase, n - 1)));
    }
    schedule.add_systems(systems.in_set(Added(phase, n)));
}
