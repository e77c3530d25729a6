//! The run as a whole: where it is in its life, what its threads have to do, when it looks again.
//!
//! Invariant: a run that is over stays so, and the first fault is the one that it keeps. Ingest and
//! the supervisors let it fail or drain, `end_run` ends it; the rest is told by who leaves work
//! behind.

use bevy_ecs::resource::Resource;

use crate::{EngineTime, FaultId};

/// Where the run is in its life.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Run {
    /// Sources read.
    #[default]
    Running,
    /// Sources were told to stop; what is in flight goes through to the sinks.
    Draining,
    /// A stage failed: nothing new starts, what is in flight comes back, sinks keep their `.part`.
    Failing {
        /// The first fault.
        fault: FaultId,
    },
    /// All is written: the outputs take their names, all of them or none.
    Publishing {
        /// It was told to stop before its sources had ended.
        interrupted: bool,
    },
    /// It was ended at once, and what was in flight is left where it was: nothing more is done.
    Aborted {
        /// The first fault: that it was, or what it was failing of.
        fault: FaultId,
    },
    /// Nothing is left to do.
    Ended {
        /// The first fault, if the run failed.
        fault: Option<FaultId>,
        /// It was told to stop before its sources had ended.
        interrupted: bool,
    },
}

impl Run {
    /// Is there nothing left to do, or nothing more to be done?
    #[must_use]
    pub fn is_over(self) -> bool {
        match self {
            Self::Ended { .. } | Self::Aborted { .. } => true,
            Self::Running | Self::Draining | Self::Failing { .. } | Self::Publishing { .. } => {
                false
            }
        }
    }
}

/// How many batches the engine's threads work on at once, over all stages; those that workers hold
/// are not among them.
///
/// Twice the threads: one being worked on and one waiting for each, and no more, so that priorities
/// are decided as late as possible.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Bound of `jobs`.
    pub jobs_max: u32,
    /// Batches held by instances in the process.
    pub jobs: u32,
}

/// A system left something that the next tick can do at once: the engine does not sleep before it.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TickAgain(pub bool);

/// When the next worker is overdue: the engine does not sleep beyond it.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NextDeadline(pub Option<EngineTime>);
