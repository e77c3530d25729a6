//! The workers of isolated instances: watched, killed when they are overdue, asked for states.

use bevy_ecs::prelude::*;
use tanda_components::{
    Budget, Clock, Effect, EngineTime, ExitReason, InFlight, Instance, LastBeat, NextDeadline,
    Outbox, Pressure, Run, Snapshotting, StageState, SupervisorState, TickAgain, Timeouts,
    WorkerState,
    limits::{
        HELD_BATCHES_MAX, HELD_MICROS_MAX, PRESSURE_MICROS, WORK_PER_SNAPSHOT_MIN,
        WORKER_EFFECTS_MAX,
    },
};

use crate::failover::Mishaps;

/// When a worker is overdue, and what it is killed for then; `None` while it owes nothing.
///
/// Cost: constant.
#[must_use]
pub fn plan_deadline(
    state: WorkerState,
    owes: bool,
    beat: LastBeat,
    timeouts: Timeouts,
) -> Option<(EngineTime, ExitReason)> {
    let (micros, reason) = match state {
        WorkerState::Starting => (timeouts.start_micros, ExitReason::StartTimedOut),
        WorkerState::Up | WorkerState::Finishing if owes => {
            (timeouts.batch_micros, ExitReason::TimedOut)
        }
        WorkerState::Dormant
        | WorkerState::Up
        | WorkerState::Finishing
        | WorkerState::Stopping { .. }
        | WorkerState::Down => return None,
    };
    (micros > 0).then(|| (beat.0 + micros, reason))
}

type Watched = (
    Entity,
    &'static Instance,
    &'static mut WorkerState,
    &'static LastBeat,
    &'static Timeouts,
    &'static InFlight,
    Option<&'static Snapshotting>,
);

/// Kills workers that have owed an answer for too long.
///
/// Reads `LastBeat`, `Timeouts`, `InFlight`, `Snapshotting`; writes `WorkerState` and the outbox.
pub(crate) fn watch_workers(
    run: Res<Run>,
    clock: Res<Clock>,
    mut again: ResMut<TickAgain>,
    mut outbox: ResMut<Outbox>,
    stages: Query<&StageState>,
    mut workers: Query<Watched>,
) {
    if !is_going(*run) {
        return;
    }
    let mut room = room_in(&outbox);
    for (instance, row, mut state, &beat, &timeouts, in_flight, snapshotting) in &mut workers {
        let owes = owes(*state, stages.get(row.stage).ok(), in_flight, snapshotting);
        let Some((due, reason)) = plan_deadline(*state, owes, beat, timeouts) else { continue };
        if due > clock.now {
            continue;
        }
        if room == 0 {
            again.0 = true;
            return;
        }
        room -= 1;
        *state = WorkerState::Stopping { reason: Some(reason) };
        outbox.push(Effect::KillWorker { instance, reason: Some(reason) });
    }
}

/// Notes when the next worker is overdue, a batch ready again, a stage in need of a worker, or a
/// supervisor has something to do; the last of a tick, when all are given what they get.
pub(crate) fn set_deadline(
    run: Res<Run>,
    mut next: ResMut<NextDeadline>,
    mishaps: Res<Mishaps>,
    stages: Query<&StageState>,
    supervisors: Query<&SupervisorState>,
    pressures: Query<&Pressure>,
    workers: Query<Watched>,
) {
    next.0 = supervisors.iter().filter_map(|state| state.wake).min();
    if !is_going(*run) {
        return;
    }
    let pressed = pressures.iter().filter_map(|pressure| Some(pressure.since? + PRESSURE_MICROS));
    next.0 = next.0.into_iter().chain(mishaps.next_due()).chain(pressed).min();
    for (_, row, state, &beat, &timeouts, in_flight, snapshotting) in &workers {
        let owes = owes(*state, stages.get(row.stage).ok(), in_flight, snapshotting);
        if let Some((due, _)) = plan_deadline(*state, owes, beat, timeouts) {
            next.0 = Some(next.0.map_or(due, |other| other.min(due)));
        }
    }
}

/// Does it owe an answer: for a batch, a snapshot, or the end of its stage?
fn owes(
    state: WorkerState,
    stage: Option<&StageState>,
    in_flight: &InFlight,
    snapshotting: Option<&Snapshotting>,
) -> bool {
    let finishing = state == WorkerState::Finishing
        && stage.is_some_and(|stage| *stage == StageState::Finishing);
    finishing || in_flight.count > 0 || snapshotting.is_some_and(|row| row.asked)
}

/// Has workers killed whose state went into a finish that came to nothing; their supervisor starts
/// them again.
///
/// Reads `StageState`; writes `WorkerState` and the outbox.
pub(crate) fn recycle_workers(
    run: Res<Run>,
    mut again: ResMut<TickAgain>,
    mut outbox: ResMut<Outbox>,
    stages: Query<&StageState>,
    mut workers: Query<(Entity, &Instance, &mut WorkerState)>,
) {
    if !is_going(*run) {
        return;
    }
    let mut room = room_in(&outbox);
    for (instance, row, mut state) in &mut workers {
        if *state != WorkerState::Finishing || stages.get(row.stage) != Ok(&StageState::Running) {
            continue;
        }
        if room == 0 {
            again.0 = true;
            return;
        }
        room -= 1;
        *state = WorkerState::Stopping { reason: None };
        outbox.push(Effect::KillWorker { instance, reason: None });
    }
}

/// Whether a worker is to be asked for its state: the batches held for it pass its share of the
/// memory, or are so many that a snapshot is cheap beside the work that a death would cost.
///
/// Cost: constant.
#[must_use]
pub fn is_snapshot_due(row: &Snapshotting, share_bytes: u64) -> bool {
    let many = row.held_micros > HELD_MICROS_MAX || row.held_count > HELD_BATCHES_MAX;
    let cheap = row.held_micros > WORK_PER_SNAPSHOT_MIN * u64::from(row.cost_micros);
    !row.asked && (row.held_bytes > share_bytes || many && cheap)
}

/// Asks workers for their states.
///
/// Reads `Budget`, `InFlight`; writes `Snapshotting`, `LastBeat` and the outbox.
pub(crate) fn ask_snapshots(
    run: Res<Run>,
    clock: Res<Clock>,
    budget: Res<Budget>,
    mut again: ResMut<TickAgain>,
    mut outbox: ResMut<Outbox>,
    mut workers: Query<(Entity, &WorkerState, &InFlight, &mut LastBeat, &mut Snapshotting)>,
) {
    if !is_going(*run) {
        return;
    }
    let mut room = room_in(&outbox);
    for (instance, &state, in_flight, mut beat, mut snapshotting) in &mut workers {
        if !is_snapshot_due(&snapshotting, budget.held_share) || state != WorkerState::Up {
            continue;
        }
        if room == 0 {
            again.0 = true;
            return;
        }
        room -= 1;
        snapshotting.asked = true;
        if in_flight.count == 0 {
            beat.0 = clock.now;
        }
        outbox.push(Effect::TakeSnapshot { instance });
    }
}

fn is_going(run: Run) -> bool {
    matches!(run, Run::Running | Run::Draining)
}

fn room_in(outbox: &Outbox) -> usize {
    outbox.free_count().min(WORKER_EFFECTS_MAX)
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::String};

    use super::*;

    fn due(state: WorkerState, owes: bool, batch_micros: u64) -> String {
        let beat = LastBeat(EngineTime::from_micros(100));
        let timeouts = Timeouts { batch_micros, start_micros: 7 };
        match plan_deadline(state, owes, beat, timeouts) {
            Some((due, reason)) => format!("{} {reason:?}", due.as_micros()),
            None => String::from("never"),
        }
    }

    #[test]
    fn worker_is_overdue_only_while_it_owes_something() {
        assert_eq!(due(WorkerState::Up, true, 50), "150 TimedOut");
        assert_eq!(due(WorkerState::Finishing, true, 50), "150 TimedOut");
        assert_eq!(due(WorkerState::Up, false, 50), "never");
    }

    #[test]
    fn start_has_a_deadline_of_its_own() {
        assert_eq!(due(WorkerState::Starting, false, 50), "107 StartTimedOut");
    }

    #[test]
    fn snapshot_is_due_when_it_is_cheap_or_memory_is_short() {
        let row = Snapshotting {
            held_micros: HELD_MICROS_MAX + 1,
            held_count: 3,
            held_bytes: 10,
            cost_micros: 100,
            asked: false,
        };
        assert!(is_snapshot_due(&row, 10));
        assert!(!is_snapshot_due(&Snapshotting { asked: true, ..row }, 10));
        assert!(!is_snapshot_due(&Snapshotting { held_micros: HELD_MICROS_MAX, ..row }, 10));
        let dear = Snapshotting { cost_micros: HELD_MICROS_MAX as u32, ..row };
        assert!(!is_snapshot_due(&dear, 10));
        assert!(is_snapshot_due(&dear, 9));
        let many = Snapshotting { held_micros: 4_000, held_count: HELD_BATCHES_MAX + 1, ..row };
        assert!(is_snapshot_due(&many, 10));
        assert!(!is_snapshot_due(&Snapshotting { held_micros: 1_500, ..many }, 10));
    }

    #[test]
    fn no_timeout_is_for_ever() {
        assert_eq!(due(WorkerState::Up, true, 0), "never");
    }

    #[test]
    fn worker_that_goes_is_not_killed_again() {
        assert_eq!(due(WorkerState::Stopping { reason: None }, true, 50), "never");
        assert_eq!(due(WorkerState::Down, false, 50), "never");
    }
}
