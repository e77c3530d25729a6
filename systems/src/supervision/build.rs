//! From what the scene says to supervisors in the world.

use alloc::{
    string::{String, ToString},
    vec::Vec,
};

use bevy_ecs::prelude::*;
use tanda_components::{
    AutoShutdown, ChildSpec, ChildState, Instance, Shutdown, StageName, Strategy, SupervisedBy,
    Supervises, SupervisionLog, Supervisor, SupervisorName, SupervisorState, WorkerState,
    limits::INTENSITY_MAX,
};

use crate::Topology;

/// A supervisor of a [`Topology`], with all below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupervisorSpec {
    /// Its name.
    pub name: String,
    /// Who is restarted.
    pub strategy: Strategy,
    /// Restarts within a period at most; `None`: ten, and one for each worker below it.
    pub intensity: Option<u32>,
    /// Whole seconds.
    pub period_secs: u32,
    /// Whether it ends with its significant children.
    pub auto_shutdown: AutoShutdown,
    /// Its children in start order.
    pub children: Vec<SupervisedSpec>,
}

/// A child of a [`SupervisorSpec`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SupervisedSpec {
    /// Every worker of a stage, in the order of their numbers.
    Workers {
        /// Index of the stage.
        stage: u16,
        /// What is told of each.
        spec: ChildSpec,
    },
    /// A supervisor; whatever `spec` says, it is waited for when it is stopped.
    Supervisor {
        /// It.
        supervisor: SupervisorSpec,
        /// What is told of it.
        spec: ChildSpec,
    },
}

impl Default for SupervisorSpec {
    /// One for one, five seconds, no children.
    fn default() -> Self {
        Self {
            name: "top".to_string(),
            strategy: Strategy::OneForOne,
            intensity: None,
            period_secs: 5,
            auto_shutdown: AutoShutdown::Never,
            children: Vec::new(),
        }
    }
}

impl SupervisorSpec {
    /// The stages that it names, those of the supervisors below it too.
    fn stages(&self) -> Vec<u16> {
        let of = |child: &SupervisedSpec| match child {
            SupervisedSpec::Workers { stage, .. } => Vec::from([*stage]),
            SupervisedSpec::Supervisor { supervisor, .. } => supervisor.stages(),
        };
        self.children.iter().flat_map(of).collect()
    }

    /// Takes the isolated stages that nobody supervises under itself, behind its other children.
    #[must_use]
    pub fn adopting(mut self, topology: &Topology) -> Self {
        let named = self.stages();
        for (index, stage) in topology.stages.iter().enumerate() {
            let index = index as u16;
            if stage.isolation.is_some() && !named.contains(&index) {
                let spec = ChildSpec::default();
                self.children.push(SupervisedSpec::Workers { stage: index, spec });
            }
        }
        self
    }
}

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
