//! An isolated stage gets one more worker when its batches wait although a core is free.

use bevy_ecs::prelude::*;
use tanda_components::{
    At, BatchState, Capacity, ChildState, Clock, EngineTime, Fate, InFlight, Instance, Pressure,
    Run, Stage, SupervisedBy, SupervisorState, TickAgain, WorkerState,
    limits::{PRESSURE_MICROS, STAGES_MAX},
};

/// How the workers of a stage stand to its batches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct StageLoad {
    /// Batches that are ready.
    waiting: u32,
    /// Free slots of workers that are up.
    free: u32,
    /// A worker is on its way.
    coming: bool,
    /// The first worker that was never started.
    dormant: Option<(u16, Entity)>,
}

impl StageLoad {
    fn add(&mut self, index: u16, worker: Entity, state: WorkerState, held: InFlight, fate: Fate) {
        match state {
            WorkerState::Dormant => {
                let this = (index, worker);
                self.dormant = Some(self.dormant.map_or(this, |other| other.min(this)));
            }
            WorkerState::Starting => self.coming = true,
            WorkerState::Up => self.free += u32::from(held.slots - held.count),
            WorkerState::Finishing => {}
            WorkerState::Stopping { .. } | WorkerState::Down => self.coming |= fate != Fate::Gone,
        }
    }
}

/// Since when one more worker would help; `None` if none would. More workers than cores only take
/// turns: as long as every core has something to do, batches may as well wait.
#[must_use]
fn pressed_since(
    since: Option<EngineTime>,
    load: StageLoad,
    has_free_core: bool,
    now: EngineTime,
) -> Option<EngineTime> {
    let short = load.waiting > load.free && !load.coming;
    let pressed = short && load.dormant.is_some() && has_free_core;
    pressed.then(|| since.unwrap_or(now))
}

type Workers<'w, 's> = Query<
    'w,
    's,
    (
        Entity,
        &'static Instance,
        &'static WorkerState,
        &'static InFlight,
        &'static mut ChildState,
        &'static SupervisedBy,
    ),
>;

/// Has a worker that was never started started, where that has been needed for a while.
///
/// Reads `BatchState`, `WorkerState`, `InFlight`; writes `Pressure`, `ChildState` and the
/// supervisors, which do the rest. Linear in batches and workers while a stage has a worker to
/// wake.
pub(crate) fn wake_workers(
    run: Res<Run>,
    clock: Res<Clock>,
    capacity: Res<Capacity>,
    mut again: ResMut<TickAgain>,
    batches: Query<(&BatchState, &At)>,
    mut stages: Query<(&Stage, &mut Pressure)>,
    mut workers: Workers,
    mut supervisors: Query<&mut SupervisorState>,
) {
    let any_dormant = workers.iter().any(|(_, _, state, ..)| *state == WorkerState::Dormant);
    if !any_dormant || !matches!(*run, Run::Running | Run::Draining) {
        return;
    }
    let mut loads = [StageLoad::default(); STAGES_MAX];
    for (state, at) in &batches {
        loads[usize::from(at.index.0)].waiting += u32::from(*state == BatchState::Ready);
    }
    let cores = capacity.jobs_max / 2;
    let mut busy = capacity.jobs.min(cores);
    for (worker, row, &state, &held, child, _) in &workers {
        loads[usize::from(row.stage_index.0)].add(row.index, worker, state, held, child.fate);
        busy += u32::from(held.count > 0);
    }
    for (stage, mut pressure) in &mut stages {
        let load = loads[usize::from(stage.index.0)];
        let since = pressed_since(pressure.since, load, busy < cores, clock.now);
        let over = since.is_some_and(|since| since + PRESSURE_MICROS <= clock.now);
        pressure.set_if_neq(Pressure { since: since.filter(|_| !over) });
        let Some((_, worker)) = load.dormant.filter(|_| over) else { continue };
        let (.., mut child, above) = workers.get_mut(worker).expect("it was seen just now");
        child.fate = Fate::Waiting { due: clock.now };
        let mut supervisor = supervisors.get_mut(above.0).expect("children are of supervisors");
        supervisor.roused = true;
        again.0 = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: EngineTime = EngineTime::from_micros(70);

    fn worker(number: u32) -> Entity {
        Entity::from_raw_u32(number).expect("small numbers are entities")
    }

    fn load(states: &[(WorkerState, u8, Fate)]) -> StageLoad {
        let mut load = StageLoad { waiting: 2, ..StageLoad::default() };
        for (index, &(state, count, fate)) in states.iter().enumerate() {
            let held = InFlight { count, slots: 2 };
            load.add(index as u16, worker(index as u32), state, held, fate);
        }
        load
    }

    const FULL: (WorkerState, u8, Fate) = (WorkerState::Up, 2, Fate::Kept);
    const DORMANT: (WorkerState, u8, Fate) = (WorkerState::Dormant, 0, Fate::Gone);

    #[test]
    fn one_more_worker_helps_if_all_are_full_and_a_core_is_free() {
        let full = load(&[FULL, DORMANT, DORMANT]);
        assert_eq!(full.dormant, Some((1, worker(1))));
        assert_eq!(pressed_since(None, full, true, NOW), Some(NOW));
        assert_eq!(pressed_since(None, full, false, NOW), None);
        assert_eq!(pressed_since(None, load(&[FULL, FULL]), true, NOW), None);
        let idle = StageLoad { waiting: 0, ..full };
        assert_eq!(pressed_since(None, idle, true, NOW), None);
    }

    #[test]
    fn pressure_counts_from_its_beginning() {
        let before = EngineTime::from_micros(20);
        let full = load(&[FULL, DORMANT]);
        assert_eq!(pressed_since(Some(before), full, true, NOW), Some(before));
        assert_eq!(pressed_since(Some(before), full, false, NOW), None);
    }

    #[test]
    fn who_has_a_slot_or_is_on_its_way_is_waited_for() {
        let idle = (WorkerState::Up, 0, Fate::Kept);
        let starting = (WorkerState::Starting, 0, Fate::Kept);
        let restarted = (WorkerState::Down, 0, Fate::Waiting { due: NOW });
        for other in [idle, starting, restarted] {
            let load = load(&[FULL, other, DORMANT]);
            assert_eq!(pressed_since(None, load, true, NOW), None, "{other:?}");
        }
        // One slot is too few for two batches, as is nobody.
        let half = (WorkerState::Up, 1, Fate::Kept);
        let gone = (WorkerState::Down, 0, Fate::Gone);
        for other in [half, gone] {
            let load = load(&[FULL, other, DORMANT]);
            assert_eq!(pressed_since(None, load, true, NOW), Some(NOW), "{other:?}");
        }
    }
}
