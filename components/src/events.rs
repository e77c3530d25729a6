//! What observers can hear.
//!
//! Invariant: an event tells of what has happened and decides nothing: without observers a run is
//! the same. Triggered by the systems that enter the fact or end the run.

use bevy_ecs::{entity::Entity, event::Event};

use crate::{ExitReason, FaultId};

/// Observers hear this when a stage makes nothing more.
#[derive(Event, Clone, Copy, Debug)]
pub struct StageEnded {
    /// The stage.
    pub stage: Entity,
}

/// Observers hear this when a reader, a finish or a close failed, or an output could not be
/// published.
#[derive(Event, Clone, Copy, Debug)]
pub struct StageFailed {
    /// The stage.
    pub stage: Entity,
    /// Names the text of the fault.
    pub fault: FaultId,
}

/// Observers hear this when an instance or a writer gave up on a batch.
#[derive(Event, Clone, Copy, Debug)]
pub struct BatchFailed {
    /// The batch.
    pub batch: Entity,
    /// The stage at which it stands.
    pub stage: Entity,
    /// Names the text of the fault.
    pub fault: FaultId,
}

/// Observers hear this when the worker of an isolated instance is gone, and its supervisor had not
/// told it to go.
#[derive(Event, Clone, Copy, Debug)]
pub struct WorkerDied {
    /// The instance.
    pub instance: Entity,
    /// The stage it works for.
    pub stage: Entity,
    /// Why.
    pub reason: ExitReason,
    /// Names the text of the fault.
    pub fault: FaultId,
}

/// Observers hear this when the worker of an isolated instance is there again.
#[derive(Event, Clone, Copy, Debug)]
pub struct WorkerRestarted {
    /// The instance.
    pub instance: Entity,
    /// The stage it works for.
    pub stage: Entity,
}

/// Observers hear this once, when nothing is left to do.
#[derive(Event, Clone, Copy, Debug)]
pub struct RunEnded {
    /// The run failed.
    pub failed: bool,
}
