//! `supervision: Supervisor( … )`: who watches over the workers, and what it does when they end.

mod read;
mod show;

use std::time::Duration;

use serde::Deserialize;
use tanda_components::{
    AutoShutdown, Backoff, ChildSpec, Restart, Shutdown, Strategy, limits::PERIOD_SECS_MAX,
};
use tanda_systems::supervision::{SupervisedSpec, SupervisorSpec};

pub(super) use self::read::read;
use super::model::{Isolation, Scene, StageBody};

/// Longest time in a child's specification.
const TIME_MAX: Duration = Duration::from_secs(24 * 3_600);
/// Longest period.
const PERIOD_MAX: Duration = Duration::from_secs(PERIOD_SECS_MAX as u64);

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
    fn stages(&self) -> Vec<&str> {
        fn of(child: &ChildScene) -> Vec<&str> {
            match child {
                ChildScene::Worker { stage, .. } => vec![stage],
                ChildScene::Supervisor { supervisor, .. } => supervisor.stages(),
            }
        }
        self.children.iter().flat_map(of).collect()
    }
}

impl Scene {
    /// Names of the stages whose instances run in workers, in the order of the file.
    fn isolated(&self) -> impl Iterator<Item = &str> {
        let default = self.engine.isolation;
        self.stages.iter().filter_map(move |stage| match &stage.body {
            StageBody::Plugin(plugin) => {
                let isolated = plugin.isolation.unwrap_or(default) != Isolation::InProcess;
                isolated.then_some(stage.name.as_str())
            }
            StageBody::Source(_) | StageBody::Sink(_) => None,
        })
    }
}

/// As the scene writes a [`Strategy`].
#[derive(Clone, Copy, Deserialize)]
enum StrategyName {
    OneForOne,
    OneForAll,
    RestForOne,
}

impl From<StrategyName> for Strategy {
    fn from(name: StrategyName) -> Self {
        match name {
            StrategyName::OneForOne => Self::OneForOne,
            StrategyName::OneForAll => Self::OneForAll,
            StrategyName::RestForOne => Self::RestForOne,
        }
    }
}

/// As the scene writes a [`Restart`].
#[derive(Clone, Copy, Deserialize)]
enum RestartName {
    Permanent,
    Transient,
    Temporary,
}

impl From<RestartName> for Restart {
    fn from(name: RestartName) -> Self {
        match name {
            RestartName::Permanent => Self::Permanent,
            RestartName::Transient => Self::Transient,
            RestartName::Temporary => Self::Temporary,
        }
    }
}

/// As the scene writes an [`AutoShutdown`].
#[derive(Clone, Copy, Deserialize)]
enum AutoShutdownName {
    Never,
    AnySignificant,
    AllSignificant,
}

impl From<AutoShutdownName> for AutoShutdown {
    fn from(name: AutoShutdownName) -> Self {
        match name {
            AutoShutdownName::Never => Self::Never,
            AutoShutdownName::AnySignificant => Self::AnySignificant,
            AutoShutdownName::AllSignificant => Self::AllSignificant,
        }
    }
}

/// A [`Shutdown`] that is no length of time, as the scene writes it.
#[derive(Clone, Copy, Deserialize)]
enum ShutdownName {
    BrutalKill,
    Infinity,
}

impl From<ShutdownName> for Shutdown {
    fn from(name: ShutdownName) -> Self {
        match name {
            ShutdownName::BrutalKill => Self::BrutalKill,
            ShutdownName::Infinity => Self::Infinity,
        }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn backoff_cap(backoff: &Backoff) -> Duration {
    Duration::from_micros(backoff.cap_micros)
}
