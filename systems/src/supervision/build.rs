//! From what the scene says to supervisors in the world.

use alloc::vec::Vec;

use bevy_ecs::prelude::*;
use tanda_components::{
    ChildSpec, ChildState, Instance, Shutdown, StageName, SupervisedBy, Supervises, SupervisionLog,
    Supervisor, SupervisorName, SupervisorState, WorkerState, limits::INTENSITY_MAX,
};

use crate::topology::{SupervisedSpec, SupervisorSpec, Topology};

/// The supervisors, each after the one above it.
#[derive(Resource, Debug, Default)]
pub(crate) struct SupervisorOrder(pub(crate) Vec<Entity>);

/// Spawns the supervisors of `topology` over the instances that are in the world.
pub(crate) fn spawn_supervisors(world: &mut World, topology: &Topology) {
    let mut instances: Vec<(u16, u16, Entity)> = world
        .query::<(Entity, &Instance)>()
        .iter(world)
        .map(|(entity, row)| (row.stage_index.0, row.index, entity))
        .collect();
    instances.sort_unstable();
    let top = topology.supervision.clone().unwrap_or_default().adopting(topology);
    let mut order = SupervisorOrder::default();
    spawn(world, &top, &instances, &mut order);
    world.insert_resource(order);
    world.init_resource::<SupervisionLog>();
}

fn spawn(
    world: &mut World,
    spec: &SupervisorSpec,
    instances: &[(u16, u16, Entity)],
    order: &mut SupervisorOrder,
) -> Entity {
    let named = spec.stages();
    let workers = instances.iter().filter(|(stage, ..)| named.contains(stage)).count() as u32;
    let supervisor = Supervisor {
        strategy: spec.strategy,
        intensity: spec.intensity.unwrap_or(workers + 10).min(INTENSITY_MAX),
        period_secs: spec.period_secs,
        auto_shutdown: spec.auto_shutdown,
        seed: order.0.len() as u64,
    };
    let name = SupervisorName(StageName::new(&spec.name));
    let state = SupervisorState::default();
    let above = world.spawn((supervisor, name, state, Supervises::default())).id();
    order.0.push(above);
    for child in &spec.children {
        match child {
            SupervisedSpec::Workers { stage, spec } => {
                for (_, _, worker) in instances.iter().filter(|(of, ..)| of == stage) {
                    let dormant = world.get(*worker) == Some(&WorkerState::Dormant);
                    let state = if dormant { ChildState::dormant() } else { ChildState::default() };
                    world.entity_mut(*worker).insert((*spec, state, SupervisedBy(above)));
                }
            }
            SupervisedSpec::Supervisor { supervisor, spec } => {
                let below = spawn(world, supervisor, instances, order);
                let spec = ChildSpec { shutdown: Shutdown::Infinity, ..*spec };
                let supervised = (spec, ChildState::default(), SupervisedBy(above));
                world.entity_mut(below).insert(supervised);
            }
        }
    }
    above
}
