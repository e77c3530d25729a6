//! Supervisors and their children, as the scene sees them.

use tanda_components::{AutoShutdown, ChildSpec, Strategy};
use tanda_systems::supervision::{SupervisedSpec, SupervisorSpec};

/// One supervisor of the scene.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupervisorScene {
    /// Its name; the top one's is `top` unless it has another.
    pub name: String,
    /// Who is restarted when a child ends. Default `OneForOne`.
    pub strategy: Strategy,
    /// Restarts within `period` at most. Default: ten, and one for each worker below it.
    pub intensity: Option<u32>,
    /// Whole seconds. Default `5s`.
    pub period_secs: u32,
    /// Whether it ends with its significant children. Default `Never`.
    pub auto_shutdown: AutoShutdown,
    /// Its children in start order.
    pub children: Vec<ChildScene>,
}

impl Default for SupervisorScene {
    /// The top one of a scene that says nothing of supervision.
    fn default() -> Self {
        Self {
            name: "top".to_owned(),
            strategy: Strategy::OneForOne,
            intensity: None,
            period_secs: 5,
            auto_shutdown: AutoShutdown::Never,
            children: Vec::new(),
        }
    }
}

/// A child of a supervisor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChildScene {
    /// `Worker( stage: "…" )`: every worker of a stage.
    Worker {
        /// The stage.
        stage: String,
        /// What is told of each.
        spec: ChildSpec,
    },
    /// `Supervisor( name: "…", children: [ … ] )`.
    Supervisor {
        /// It.
        supervisor: SupervisorScene,
        /// What is told of it.
        spec: ChildSpec,
    },
}

impl SupervisorScene {
    /// With stages by their index in `stages`, as the systems take it.
    #[must_use]
    pub fn spec(&self, stages: &[String]) -> SupervisorSpec {
        let child = |child: &ChildScene| match child {
            ChildScene::Worker { stage, spec } => {
                let stage = stages.iter().position(|name| name == stage)?;
                Some(SupervisedSpec::Workers { stage: stage as u16, spec: *spec })
            }
            ChildScene::Supervisor { supervisor, spec } => Some(SupervisedSpec::Supervisor {
                supervisor: supervisor.spec(stages),
                spec: *spec,
            }),
        };
        SupervisorSpec {
            name: self.name.clone(),
            strategy: self.strategy,
            intensity: self.intensity,
            period_secs: self.period_secs,
            auto_shutdown: self.auto_shutdown,
            children: self.children.iter().filter_map(child).collect(),
        }
    }

    /// The stages that it names, those of the supervisors below it too.
    pub(super) fn stages(&self) -> Vec<&str> {
        fn of(child: &ChildScene) -> Vec<&str> {
            match child {
                ChildScene::Worker { stage, .. } => vec![stage],
                ChildScene::Supervisor { supervisor, .. } => supervisor.stages(),
            }
        }
        self.children.iter().flat_map(of).collect()
    }
}
