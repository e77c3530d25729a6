//! Ready batches go to idle instances.

use bevy_ecs::{prelude::*, query::QueryData};
use bumpalo::{Bump, collections::Vec as ArenaVec};
use tanda_components::{
    At, Attempts, BatchState, BufferHandle, Capacity, Clock, Effect, EngineTime, InFlight,
    Instance, LastBeat, LastGiven, Lineage, Origins, Outbox, Place, Priority, Run, Sink,
    StageInputs, TakeOrder, TickAgain, Turn, WorkerState,
    limits::{DISPATCHES_PER_TICK_MAX, STAGES_MAX},
};

use crate::tick_arena::TickArena;

/// A ready batch whose stage has an idle instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The batch.
    pub batch: Entity,
    /// Its stage's index.
    pub stage: u16,
    /// Higher first.
    pub priority: Priority,
    /// Earlier first.
    pub turn: Turn,
    /// Older first.
    pub lineage: Lineage,
    /// Lower edge first.
    pub input: u8,
}

impl Candidate {
    /// Sorts first what is dispatched first; never equal for two batches.
    fn rank(&self) -> (i16, Turn, Lineage, u16, u8) {
        (!self.priority.0, self.turn, self.lineage, self.stage, self.input)
    }
}

/// An instance with a free slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Idle {
    /// The instance.
    pub instance: Entity,
    /// Its stage's index.
    pub stage: u16,
    /// Number among its stage's instances.
    pub index: u16,
    /// Slots of it that are filled before this one: all instances get one batch before one gets
    /// two.
    pub held: u8,
    /// It works in a process of its own, and takes no job from the engine's threads.
    pub isolated: bool,
}

/// Pairs ready batches with idle instances, at most `steps_max` of them and `jobs` of those in the
/// process: highest priority first, then the earliest turn, whatever its stage. A deep batch has an
/// earlier turn than a new one of its source, so memory drains first; and sources take turns, so
/// that none waits for another that always has something ready.
///
/// `idle` is one entry a free slot. Cost: linear in the candidates, and sorting of those that can
/// be served.
pub fn plan_dispatch<'a>(
    arena: &'a Bump,
    ready: &mut [Candidate],
    idle: &mut [Idle],
    mut jobs: usize,
    steps_max: usize,
) -> ArenaVec<'a, (Candidate, Idle)> {
    idle.sort_unstable_by_key(|idle| (idle.stage, idle.held, idle.index));
    ready.sort_unstable_by_key(Candidate::rank);
    let mut next = [0_usize; STAGES_MAX];
    for (at, idle) in idle.iter().enumerate().rev() {
        next[usize::from(idle.stage)] = at;
    }
    let mut isolated = idle.iter().filter(|idle| idle.isolated).count();
    let mut steps = ArenaVec::new_in(arena);
    for candidate in ready.iter() {
        if steps.len() == steps_max || jobs + isolated == 0 {
            break;
        }
        let at = &mut next[usize::from(candidate.stage)];
        let Some(idle) = idle.get(*at).filter(|idle| idle.stage == candidate.stage) else {
            continue;
        };
        let left = if idle.isolated { &mut isolated } else { &mut jobs };
        if *left > 0 {
            *left -= 1;
            *at += 1;
            steps.push((*candidate, *idle));
        }
    }
    steps
}

/// A batch as dispatch sees it.
#[derive(QueryData)]
#[query_data(mutable)]
pub(crate) struct Batch {
    entity: Entity,
    state: &'static mut BatchState,
    at: &'static At,
    lineage: &'static Lineage,
    buffer: &'static BufferHandle,
    priority: &'static Priority,
    turn: &'static Turn,
    attempts: &'static mut Attempts,
}

type Batches<'w, 's> = Query<'w, 's, Batch>;
/// A sink's order is that of its writes: its encoders take any batch.
type Stages<'w, 's> =
    Query<'w, 's, (&'static StageInputs, Option<&'static mut TakeOrder>), Without<Sink>>;

type Instances<'w, 's> =
    Query<'w, 's, (Entity, &'static Instance, &'static mut InFlight), Without<WorkerState>>;
type Workers<'w, 's> = Query<
    'w,
    's,
    (
        Entity,
        &'static Instance,
        &'static mut InFlight,
        &'static WorkerState,
        &'static mut LastBeat,
        &'static mut LastGiven,
    ),
>;

/// Gives ready batches to idle instances: those in the process while the engine's threads have
/// room, workers that are up as long as they have a free slot.
///
/// Reads `Lineage`, `Priority`, `Turn`; writes `BatchState`, `InFlight`, `LastBeat`, `TakeOrder` of
/// `EXCLUSIVE` stages, `Attempts`, `Capacity` and the outbox. At most `DISPATCHES_PER_TICK_MAX` a
/// tick. Law: `invariants`, "an instance holds no more batches than its slots".
pub(crate) fn dispatch_batches(
    run: Res<Run>,
    clock: Res<Clock>,
    origins: Res<Origins>,
    mut again: ResMut<TickAgain>,
    mut arena: ResMut<TickArena>,
    mut capacity: ResMut<Capacity>,
    mut outbox: ResMut<Outbox>,
    mut stages: Stages,
    mut instances: Instances,
    mut workers: Workers,
    mut batches: Batches,
) {
    let jobs = capacity.jobs_max.saturating_sub(capacity.jobs) as usize;
    if !matches!(*run, Run::Running | Run::Draining) || (jobs == 0 && workers.is_empty()) {
        return;
    }
    let arena = arena.get();
    let mut idle = ArenaVec::new_in(arena);
    if jobs > 0 {
        instances.iter().for_each(|row| push_slots(&mut idle, row.0, row.1, row.2, false));
    }
    let up = workers.iter().filter(|(_, _, _, state, ..)| **state == WorkerState::Up);
    up.for_each(|row| push_slots(&mut idle, row.0, row.1, row.2, true));
    let mut ready = gather_ready(arena, &batches, &stages, &idle, &origins);
    let steps_max = outbox.free_count().min(DISPATCHES_PER_TICK_MAX);
    let steps = plan_dispatch(arena, &mut ready, &mut idle, jobs, steps_max);
    again.0 |= steps.len() == steps_max;
    for (candidate, idle) in steps {
        let instance = idle.instance;
        let mut row = batches.get_mut(candidate.batch).expect("candidates are batches");
        *row.state = BatchState::InFlight { instance };
        let (batch, buffer) = (row.entity, *row.buffer);
        let left = if idle.isolated {
            give_worker(&mut workers, instance, batch, clock.now)
        } else {
            let (.., mut in_flight) = instances.get_mut(instance).expect("it was gathered");
            in_flight.count += 1;
            capacity.jobs += 1;
            0
        };
        if let Ok((_, Some(mut order))) = stages.get_mut(row.at.stage) {
            let place = Place::of(candidate.lineage, candidate.input, row.attempts.taken);
            row.attempts.taken = order.take(place);
            // Only one batch of an order is next in a tick; its second slot is filled in another.
            again.0 |= left > 0;
        }
        outbox.push(Effect::ProcessBatch { batch, buffer, input: candidate.input, instance });
    }
}

/// Fills a slot of a worker; returns how many are left.
fn give_worker(workers: &mut Workers, instance: Entity, batch: Entity, now: EngineTime) -> u8 {
    let (_, _, mut in_flight, _, mut beat, mut last) =
        workers.get_mut(instance).expect("it was gathered");
    last.0 = batch;
    if in_flight.count == 0 {
        beat.0 = now;
    }
    in_flight.count += 1;
    in_flight.slots - in_flight.count
}

fn push_slots(
    idle: &mut ArenaVec<'_, Idle>,
    entity: Entity,
    instance: &Instance,
    in_flight: &InFlight,
    isolated: bool,
) {
    for held in in_flight.count..in_flight.slots {
        idle.push(Idle {
            instance: entity,
            stage: instance.stage_index.0,
            index: instance.index,
            held,
            isolated,
        });
    }
}

/// Ready batches that an idle instance could take now; at a stage with an order, only the next one:
/// of the origins that mix there as they come, that of the first.
fn gather_ready<'a>(
    arena: &'a Bump,
    batches: &Batches,
    stages: &Stages,
    idle: &[Idle],
    origins: &Origins,
) -> ArenaVec<'a, Candidate> {
    let mut idle_at = [false; STAGES_MAX];
    idle.iter().for_each(|idle| idle_at[usize::from(idle.stage)] = true);
    let mut ready = ArenaVec::new_in(arena);
    let mut first_of_order: ArenaVec<'_, Candidate> = ArenaVec::new_in(arena);
    for row in batches {
        let (at, &lineage) = (row.at, row.lineage);
        if *row.state != BatchState::Ready || !idle_at[usize::from(at.index.0)] {
            continue;
        }
        let (priority, turn, input) = (*row.priority, *row.turn, at.input);
        let batch = row.entity;
        let candidate = Candidate { batch, stage: at.index.0, priority, turn, lineage, input };
        let Ok((inputs, Some(order))) = stages.get(at.stage) else {
            ready.push(candidate);
            continue;
        };
        let place = Place::of(lineage, input, row.attempts.taken);
        if !order.admits(place, inputs.carries(), origins) {
            continue;
        }
        match first_of_order.iter_mut().find(|other| other.stage == candidate.stage) {
            Some(other) if other.rank() < candidate.rank() => {}
            Some(other) => *other = candidate,
            None => first_of_order.push(candidate),
        }
    }
    ready.extend(first_of_order);
    ready
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::String, vec::Vec};

    use tanda_components::StageIndex;

    use super::*;

    fn entity(number: u32) -> Entity {
        Entity::from_raw_u32(number).expect("small numbers are entities")
    }

    fn ready(number: u32, stage: u16, priority: i16, seq: u64) -> Candidate {
        let lineage = Lineage { origin: StageIndex(0), seq, part: 0 };
        let (priority, turn) = (Priority(priority), Turn(seq));
        Candidate { batch: entity(number), stage, priority, turn, lineage, input: 0 }
    }

    fn slots(idle: &[(u32, u16)]) -> Vec<Idle> {
        idle.iter()
            .map(|&(number, stage)| Idle {
                instance: entity(number),
                stage,
                index: number as u16,
                held: 0,
                isolated: false,
            })
            .collect()
    }

    fn plan(ready: &mut [Candidate], mut idle: Vec<Idle>, jobs: usize) -> String {
        let arena = Bump::new();
        plan_dispatch(&arena, ready, &mut idle, jobs, 8)
            .iter()
            .map(|(candidate, idle)| format!("{}>{} ", candidate.batch, idle.instance))
            .collect()
    }

    #[test]
    fn oldest_goes_first_whatever_its_stage() {
        let mut batches = [ready(1, 0, 0, 9), ready(2, 3, 0, 4), ready(3, 0, 0, 5)];
        assert_eq!(
            plan(&mut batches, slots(&[(10, 0), (11, 0), (12, 3)]), 2),
            "2v0>12v0 3v0>10v0 "
        );
    }

    /// The first origin always has something ready: the other one waits no longer for it.
    #[test]
    fn origins_take_turns() {
        let of = |number, origin, turn| Candidate {
            turn: Turn(turn),
            lineage: Lineage { origin: StageIndex(origin), ..ready(number, 0, 0, 90).lineage },
            ..ready(number, 0, 0, 90)
        };
        let mut batches = [of(1, 0, 7), of(2, 0, 8), of(3, 0, 9), of(4, 1, 7), of(5, 1, 8)];
        let slots = slots(&[(10, 0), (11, 0), (12, 0)]);
        assert_eq!(plan(&mut batches, slots, 8), "1v0>10v0 4v0>11v0 2v0>12v0 ");
    }

    #[test]
    fn priority_beats_age() {
        let mut batches = [ready(1, 0, 0, 1), ready(2, 0, 5, 9)];
        assert_eq!(plan(&mut batches, slots(&[(10, 0)]), 8), "2v0>10v0 ");
    }

    #[test]
    fn busy_stage_does_not_hold_others_back() {
        let mut batches = [ready(1, 0, 0, 1), ready(2, 0, 0, 2), ready(3, 1, 0, 3)];
        assert_eq!(plan(&mut batches, slots(&[(10, 0), (11, 1)]), 8), "1v0>10v0 3v0>11v0 ");
    }

    #[test]
    fn workers_are_given_batches_beyond_the_jobs() {
        let mut idle = slots(&[(10, 0), (11, 0), (12, 1), (13, 1)]);
        idle[2..].iter_mut().for_each(|idle| idle.isolated = true);
        let mut batches = [ready(1, 0, 0, 1), ready(2, 0, 0, 2), ready(3, 1, 0, 3)];
        assert_eq!(plan(&mut batches, idle.clone(), 1), "1v0>10v0 3v0>12v0 ");
        assert_eq!(plan(&mut batches, idle, 0), "3v0>12v0 ");
    }

    #[test]
    fn every_worker_gets_one_batch_before_one_gets_two() {
        let mut idle = slots(&[(10, 0), (10, 0), (11, 0), (11, 0)]);
        for (number, idle) in idle.iter_mut().enumerate() {
            *idle = Idle { isolated: true, held: number as u8 % 2, ..*idle };
        }
        let mut batches = [ready(1, 0, 0, 1), ready(2, 0, 0, 2), ready(3, 0, 0, 3)];
        assert_eq!(plan(&mut batches, idle, 0), "1v0>10v0 2v0>11v0 3v0>10v0 ");
    }

    #[test]
    fn no_more_steps_than_there_is_room_for() {
        let mut batches: Vec<Candidate> = (1..20).map(|n| ready(n, 0, 0, n.into())).collect();
        let many: Vec<(u32, u16)> = (100..120).map(|number| (number, 0)).collect();
        assert_eq!(plan(&mut batches, slots(&many), 100).split_whitespace().count(), 8);
    }
}
