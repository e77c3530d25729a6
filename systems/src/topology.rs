//! What a scene is to the world: its stages, their edges and their supervisors, typed and checked.

use alloc::{
    string::{String, ToString},
    vec::Vec,
};

use tanda_components::{
    AutoShutdown, BreakerLimits, ChildSpec, FailurePolicy, StageKind, Strategy,
};

/// The stages of a scene in topological order, with what bounds them.
#[derive(Clone, Debug, Default)]
pub struct Topology {
    /// Stages; an edge only leads to a later one.
    pub stages: Vec<StageSpec>,
    /// Bytes of batches in flight (`engine.memory`).
    pub memory_bytes: u64,
    /// Threads that decode, process and encode.
    pub threads: u16,
    /// The top supervisor of the workers; it takes in those that nobody supervises. `None`: one for
    /// one over all of them.
    pub supervision: Option<SupervisorSpec>,
}

impl Topology {
    /// Some stage deals with batches that fail.
    #[must_use]
    pub fn fails_over(&self) -> bool {
        self.stages.iter().any(|stage| stage.on_failure.is_some())
    }

    /// Some stage has a breaker.
    #[must_use]
    pub fn breaks(&self) -> bool {
        self.stages.iter().any(|stage| stage.breaker.is_some())
    }

    /// Some stage has workers that are started when they are needed.
    #[must_use]
    pub fn grows(&self) -> bool {
        let grows = |stage: &StageSpec| {
            stage.isolation.is_some_and(|isolation| isolation.workers < stage.instances)
        };
        self.stages.iter().any(grows)
    }

    /// Some stage runs in workers.
    #[must_use]
    pub fn is_isolated(&self) -> bool {
        self.stages.iter().any(|stage| stage.isolation.is_some())
    }
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
    /// A sink or an `EXCLUSIVE` plugin takes its batches in source order, not as they come.
    pub ordered: bool,
    /// A source's largest piece, bytes.
    pub piece_bytes: u64,
    /// As many rows leave a batch's processing as went into it; of what else happens to batches,
    /// too.
    pub conserves: bool,
    /// Priority of a source's batches.
    pub priority: i16,
    /// Each instance of a plugin runs in a worker of its own; `None` for sources and sinks.
    pub isolation: Option<Isolation>,
    /// What is done about batches that fail; `None` for sources and sinks.
    pub on_failure: Option<FailurePolicy>,
    /// When its batches are kept from the plugin; only with a policy.
    pub breaker: Option<BreakerLimits>,
}

/// The workers of an isolated stage, and what bounds them, microseconds; 0 means nothing does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Isolation {
    /// Those that are up at the beginning, at least 1; the others are started when they are needed.
    pub workers: u16,
    /// How long a worker that owes an answer may go without progress.
    pub batch_timeout_micros: u64,
    /// How long a worker may take to start.
    pub start_timeout_micros: u64,
}

/// One end of an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EdgeSpec {
    /// Index of the stage that emits.
    pub stage: u16,
    /// Its port.
    pub port: u8,
}

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
    pub(crate) fn stages(&self) -> Vec<u16> {
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
