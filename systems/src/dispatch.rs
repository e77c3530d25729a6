//! Ready batches go to idle instances.

use bevy_ecs::prelude::*;
use bumpalo::{Bump, collections::Vec as ArenaVec};
use tanda_components::{
    At, BatchState, BufferHandle, Capacity, Effect, Frontier, InFlight, Instance, Lineage, Origins,
    Outbox, Priority, Run, Sink, StageInputs, limits::STAGES_MAX,
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
    /// Older first.
    pub lineage: Lineage,
    /// Lower edge first.
    pub input: u8,
}

impl Candidate {
    /// Sorts first what is dispatched first; never equal for two batches.
    fn rank(&self) -> (i16, Lineage, u16, u8) {
        (!self.priority.0, self.lineage, self.stage, self.input)
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
}

/// Pairs ready batches with idle instances, at most `free` of them: highest priority first, then
/// the oldest lineage, whatever its stage. A deep batch is older than a new one, so memory drains
/// first.
///
/// `idle` is one entry a free slot. Cost: linear in the candidates, and sorting of those that can
/// be served.
pub fn plan_dispatch<'a>(
    arena: &'a Bump,
    ready: &mut [Candidate],
    idle: &mut [Idle],
    free: usize,
) -> ArenaVec<'a, (Candidate, Entity)> {
    idle.sort_unstable_by_key(|idle| (idle.stage, idle.index));
    ready.sort_unstable_by_key(Candidate::rank);
    let mut next = [0_usize; STAGES_MAX];
    for (at, idle) in idle.iter().enumerate().rev() {
        next[usize::from(idle.stage)] = at;
    }
    let mut steps = ArenaVec::new_in(arena);
    for candidate in ready.iter() {
        if steps.len() == free {
            break;
        }
        let at = &mut next[usize::from(candidate.stage)];
        if let Some(idle) = idle.get(*at).filter(|idle| idle.stage == candidate.stage) {
            steps.push((*candidate, idle.instance));
            *at += 1;
        }
    }
    steps
}

type Batches<'w, 's> = Query<
    'w,
    's,
    (
        Entity,
        &'static mut BatchState,
        &'static At,
        &'static Lineage,
        &'static BufferHandle,
        &'static Priority,
    ),
>;
type Stages<'w, 's> =
    Query<'w, 's, (&'static StageInputs, Option<&'static mut Frontier>, Option<&'static Sink>)>;

/// Gives ready batches to idle instances.
///
/// Reads `Lineage`, `Priority`; writes `BatchState`, `InFlight`, `Frontier` of `EXCLUSIVE` stages,
/// `Capacity` and the outbox. Law: `invariants`, "an instance holds no more batches than its
/// slots".
pub(crate) fn dispatch_batches(
    run: Res<Run>,
    origins: Res<Origins>,
    mut arena: ResMut<TickArena>,
    mut capacity: ResMut<Capacity>,
    mut outbox: ResMut<Outbox>,
    mut stages: Stages,
    mut instances: Query<(Entity, &Instance, &mut InFlight)>,
    mut batches: Batches,
) {
    let free = capacity.jobs_max.saturating_sub(capacity.jobs) as usize;
    if free == 0 || !matches!(*run, Run::Running | Run::Draining) {
        return;
    }
    let arena = arena.get();
    let mut idle = gather_idle(arena, &instances);
    let mut ready = gather_ready(arena, &batches, &stages, &idle, &origins);
    for (candidate, instance) in plan_dispatch(arena, &mut ready, &mut idle, free) {
        let (batch, mut state, at, _, &buffer, _) =
            batches.get_mut(candidate.batch).expect("candidates are batches");
        *state = BatchState::InFlight { instance };
        let (.., mut in_flight) = instances.get_mut(instance).expect("idle ones are instances");
        in_flight.count += 1;
        capacity.jobs += 1;
        if let Ok((.., Some(mut frontier), None)) = stages.get_mut(at.stage) {
            *frontier = Frontier::past(candidate.lineage, candidate.input);
        }
        outbox.push(Effect::ProcessBatch { batch, buffer, input: candidate.input, instance });
    }
}

fn gather_idle<'a>(
    arena: &'a Bump,
    instances: &Query<(Entity, &Instance, &mut InFlight)>,
) -> ArenaVec<'a, Idle> {
    let mut idle = ArenaVec::new_in(arena);
    for (entity, instance, in_flight) in instances {
        for _ in in_flight.count..in_flight.slots {
            idle.push(Idle {
                instance: entity,
                stage: instance.stage_index.0,
                index: instance.index,
            });
        }
    }
    idle
}

/// Ready batches that an idle instance could take now; at a stage with an order, only the next one.
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
    for (batch, state, at, &lineage, _, &priority) in batches {
        if *state != BatchState::Ready || !idle_at[usize::from(at.index.0)] {
            continue;
        }
        let (inputs, frontier, sink) = stages.get(at.stage).expect("a batch stands at a stage");
        // A sink's frontier orders its writes; its encoders take any batch.
        if let (Some(frontier), None) = (frontier, sink) {
            let next = frontier.settle(inputs.carries(), origins);
            if !next.is_some_and(|next| next.is_at(lineage, at.input)) {
                continue;
            }
        }
        ready.push(Candidate { batch, stage: at.index.0, priority, lineage, input: at.input });
    }
    ready
}

#[cfg(test)]
mod tests {
    use tanda_components::StageIndex;

    use super::*;

    fn entity(number: u32) -> Entity {
        Entity::from_raw_u32(number).expect("small numbers are entities")
    }

    fn ready(number: u32, stage: u16, priority: i16, seq: u64) -> Candidate {
        let lineage = Lineage { origin: StageIndex(0), seq };
        Candidate { batch: entity(number), stage, priority: Priority(priority), lineage, input: 0 }
    }

    fn plan(ready: &mut [Candidate], idle: &[(u32, u16)], free: usize) -> alloc::string::String {
        let mut idle: alloc::vec::Vec<Idle> = idle
            .iter()
            .map(|&(number, stage)| Idle { instance: entity(number), stage, index: number as u16 })
            .collect();
        let arena = Bump::new();
        plan_dispatch(&arena, ready, &mut idle, free)
            .iter()
            .map(|(candidate, instance)| alloc::format!("{}>{} ", candidate.batch, instance))
            .collect()
    }

    #[test]
    fn oldest_goes_first_whatever_its_stage() {
        let mut batches = [ready(1, 0, 0, 9), ready(2, 3, 0, 4), ready(3, 0, 0, 5)];
        assert_eq!(plan(&mut batches, &[(10, 0), (11, 0), (12, 3)], 2), "2v0>12v0 3v0>10v0 ");
    }

    #[test]
    fn priority_beats_age() {
        let mut batches = [ready(1, 0, 0, 1), ready(2, 0, 5, 9)];
        assert_eq!(plan(&mut batches, &[(10, 0)], 8), "2v0>10v0 ");
    }

    #[test]
    fn busy_stage_does_not_hold_others_back() {
        let mut batches = [ready(1, 0, 0, 1), ready(2, 0, 0, 2), ready(3, 1, 0, 3)];
        assert_eq!(plan(&mut batches, &[(10, 0), (11, 1)], 8), "1v0>10v0 3v0>11v0 ");
    }
}
