//! From a topology to the entities of a world.

use alloc::vec::Vec;

use bevy_ecs::prelude::*;
use tanda_components::{
    Breaker, Budget, Buffers, Capacity, Clock, Conserves, Edge, Edges, FailedFinishes, Failures,
    Growth, HeldBatches, InFlight, Inbox, Instance, LastBeat, LastGiven, Ledger, NextDeadline,
    Occupancy, OriginParts, OriginSeq, Origins, Outbox, Pressure, Resort, Restarts, RetryBudget,
    Run, ServiceTime, Sink, Snapshotting, Source, Stage, StageIndex, StageInputs, StageKind,
    StageName, StageState, TakeOrder, TickAgain, Timeouts, TurnsPast, WorkerState,
    limits::WORKER_SLOTS,
};

use crate::{
    failover::Mishaps,
    retire::Retiring,
    supervision::spawn_supervisors,
    tick_arena::TickArena,
    topology::{StageSpec, Topology},
};

/// Spawns the entities and resources of `topology`; returns the stages' entities by index.
///
/// # Panics
/// When an edge leads backwards, a source or sink is to be isolated, or a bound of
/// [`limits`](tanda_components::limits) is passed: scenes are checked before.
pub fn build_world(world: &mut World, topology: &Topology) -> Vec<Entity> {
    insert_resources(world, topology);
    let mut entities: Vec<Entity> = Vec::new();
    let mut carried: Vec<OriginParts> = Vec::new();
    for (index, spec) in topology.stages.iter().enumerate() {
        let stage = spawn_stage(world, StageIndex(index as u16), spec);
        let mut inputs = StageInputs::default();
        let mut origins = OriginParts::default();
        for edge in &spec.inputs {
            let from = usize::from(edge.stage);
            let input = inputs.push(entities[from], carried[from]);
            origins.join(&carried[from]);
            let mut edges =
                world.get_mut::<Edges>(entities[from]).expect("every stage is spawned with edges");
            edges.push(Edge { port: edge.port, stage, index: StageIndex(index as u16), input });
        }
        if makes_batches(spec.kind) {
            origins.begin(StageIndex(index as u16));
        }
        world.entity_mut(stage).insert(inputs);
        entities.push(stage);
        carried.push(origins);
    }
    if topology.is_isolated() {
        spawn_supervisors(world, topology);
    }
    entities
}

/// Stages that have batches of their own: read from outside, or flushed at the end of the input.
fn makes_batches(kind: StageKind) -> bool {
    matches!(kind, StageKind::Source | StageKind::Mergeable | StageKind::Exclusive)
}

fn insert_resources(world: &mut World, topology: &Topology) {
    let threads = u32::from(topology.threads.max(1));
    world.init_resource::<Clock>();
    world.init_resource::<Inbox>();
    world.init_resource::<Outbox>();
    world.init_resource::<Buffers>();
    world.init_resource::<Origins>();
    world.init_resource::<Run>();
    world.init_resource::<TickAgain>();
    world.init_resource::<TurnsPast>();
    world.init_resource::<Retiring>();
    world.init_resource::<Mishaps>();
    world.init_resource::<TickArena>();
    world.init_resource::<NextDeadline>();
    world.insert_resource(Capacity { jobs_max: 2 * threads, jobs: 0 });
    let isolated = topology.stages.iter().filter_map(|stage| Some((stage, stage.isolation?)));
    // Not those that may be woken: each of the others waits for a core, and has its pieces.
    let workers: u32 = isolated.clone().map(|(_, isolation)| u32::from(isolation.workers)).sum();
    let with_state = isolated.filter(|(stage, _)| stage.kind != StageKind::Stateless);
    let with_state: u32 = with_state.map(|(stage, _)| u32::from(stage.instances)).sum();
    world.insert_resource(Budget {
        limit: topology.memory_bytes,
        reserved: 0,
        held: 0,
        held_share: topology.memory_bytes / 4 / u64::from(with_state.max(1)),
        pieces_max: 4 + 4 * threads + u32::from(WORKER_SLOTS) * workers,
    });
}

fn spawn_stage(world: &mut World, index: StageIndex, spec: &StageSpec) -> Entity {
    let stage = world
        .spawn((
            Stage { index, kind: spec.kind },
            StageName::new(&spec.name),
            StageState::default(),
            Occupancy::default(),
            HeldBatches::default(),
            Growth::default(),
            Edges::default(),
            OriginSeq::default(),
            Ledger::default(),
        ))
        .id();
    if spec.kind == StageKind::Source {
        world.entity_mut(stage).insert(Source::new(spec.piece_bytes, spec.priority));
    }
    if spec.kind == StageKind::Sink {
        let encodes = spec.instances > 0;
        let sink = Sink { encodes, writes: 0, bytes: 0 };
        world.entity_mut(stage).insert(sink);
    }
    if matches!(spec.kind, StageKind::Exclusive | StageKind::Sink) {
        world.entity_mut(stage).insert(TakeOrder::new(spec.ordered));
    }
    if spec.conserves {
        world.entity_mut(stage).insert(Conserves);
    }
    if spec.isolation.is_some() {
        world.entity_mut(stage).insert((FailedFinishes::default(), Pressure::default()));
    }
    if let Some(limits) = spec.breaker {
        world.entity_mut(stage).insert(Breaker::new(limits));
    }
    if let Some(policy) = spec.on_failure {
        assert!(
            spec.kind != StageKind::Exclusive
                || !(policy.fallback || policy.last != Resort::Halt || spec.breaker.is_some()),
            "a stage with an order can only try its batches again: stage {}",
            spec.name
        );
        let counts = (RetryBudget::default(), Failures::default());
        world.entity_mut(stage).insert((policy, counts));
    }
    for number in 0..spec.instances {
        spawn_instance(world, Instance { stage, stage_index: index, index: number }, spec);
    }
    stage
}

fn spawn_instance(world: &mut World, instance: Instance, spec: &StageSpec) {
    let slots = if spec.isolation.is_some() { WORKER_SLOTS } else { 1 };
    let held = InFlight { count: 0, slots };
    let mut entity = world.spawn((instance, held, ServiceTime::default()));
    let Some(isolation) = spec.isolation else { return };
    assert!(
        !matches!(spec.kind, StageKind::Source | StageKind::Sink),
        "only plugins are isolated: stage {}",
        spec.name
    );
    let timeouts = Timeouts {
        batch_micros: isolation.batch_timeout_micros,
        start_micros: isolation.start_timeout_micros,
    };
    let is_up = instance.index < isolation.workers;
    entity.insert((
        if is_up { WorkerState::Up } else { WorkerState::Dormant },
        LastBeat::default(),
        LastGiven::default(),
        timeouts,
        Restarts::default(),
    ));
    if spec.kind != StageKind::Stateless {
        entity.insert(Snapshotting::default());
    }
}
