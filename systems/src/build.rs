//! From a topology (what the scene says, typed and checked) to the entities of a world.

use alloc::{string::String, vec::Vec};

use bevy_ecs::prelude::*;
use tanda_components::{
    Budget, Buffers, Capacity, Clock, Edge, Edges, Frontier, Growth, InFlight, Inbox, Instance,
    Ledger, Occupancy, OriginSeq, OriginSet, Origins, Outbox, Run, ServiceTime, Sink, Source,
    Stage, StageIndex, StageInputs, StageKind, StageName, StageState, TickAgain,
};

use crate::{retire::Retiring, tick_arena::TickArena};

/// The stages of a scene in topological order, with what bounds them.
#[derive(Clone, Debug, Default)]
pub struct Topology {
    /// Stages; an edge only leads to a later one.
    pub stages: Vec<StageSpec>,
    /// Bytes of batches in flight (`engine.memory`).
    pub memory_bytes: u64,
    /// Threads that decode, process and encode.
    pub threads: u16,
}

/// One stage of a [`Topology`].
#[derive(Clone, Debug)]
pub struct StageSpec {
    /// Its name.
    pub name: String,
    /// What it does.
    pub kind: StageKind,
    /// Running copies, at least 1; also of a source's decoder and a sink's encoder. 0 when the
    /// reader or writer does that work itself.
    pub instances: u16,
    /// Where its batches come from; empty for a source.
    pub inputs: Vec<EdgeSpec>,
    /// A sink that writes in source order.
    pub ordered: bool,
    /// A source's largest piece, bytes.
    pub piece_bytes: u64,
    /// Priority of a source's batches.
    pub priority: i16,
}

/// One end of an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EdgeSpec {
    /// Index of the stage that emits.
    pub stage: u16,
    /// Its port.
    pub port: u8,
}

/// Spawns the entities and resources of `topology`; returns the stages' entities by index.
///
/// # Panics
/// When an edge leads backwards or a bound of [`limits`](tanda_components::limits) is passed:
/// scenes are checked before.
pub fn build_world(world: &mut World, topology: &Topology) -> Vec<Entity> {
    insert_resources(world, topology);
    let mut entities: Vec<Entity> = Vec::new();
    let mut carried: Vec<OriginSet> = Vec::new();
    for (index, spec) in topology.stages.iter().enumerate() {
        let stage = spawn_stage(world, StageIndex(index as u16), spec);
        let mut inputs = StageInputs::default();
        let mut origins = OriginSet::default();
        for edge in &spec.inputs {
            let from = usize::from(edge.stage);
            let input = inputs.push(entities[from], carried[from]);
            origins = origins.union(carried[from]);
            let mut edges =
                world.get_mut::<Edges>(entities[from]).expect("every stage is spawned with edges");
            edges.push(Edge { port: edge.port, stage, index: StageIndex(index as u16), input });
        }
        if makes_batches(spec.kind) {
            origins.insert(StageIndex(index as u16));
        }
        world.entity_mut(stage).insert(inputs);
        entities.push(stage);
        carried.push(origins);
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
    world.init_resource::<Retiring>();
    world.init_resource::<TickArena>();
    world.insert_resource(Capacity { jobs_max: 2 * threads, jobs: 0 });
    world.insert_resource(Budget {
        limit: topology.memory_bytes,
        reserved: 0,
        pieces_max: 4 + 4 * threads,
    });
}

fn spawn_stage(world: &mut World, index: StageIndex, spec: &StageSpec) -> Entity {
    let stage = world
        .spawn((
            Stage { index, kind: spec.kind },
            StageName::new(&spec.name),
            StageState::default(),
            Occupancy::default(),
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
        let sink = Sink { encodes, ordered: spec.ordered, writes: 0, bytes: 0 };
        world.entity_mut(stage).insert(sink);
    }
    if spec.kind == StageKind::Exclusive || (spec.kind == StageKind::Sink && spec.ordered) {
        world.entity_mut(stage).insert(Frontier::default());
    }
    for number in 0..spec.instances {
        let held = InFlight { count: 0, slots: 1 };
        world.spawn((
            Instance { stage, stage_index: index, index: number },
            held,
            ServiceTime::default(),
        ));
    }
    stage
}
