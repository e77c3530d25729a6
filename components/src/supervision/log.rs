//! What supervisors have done, for observers and for reports.
//!
//! Invariant: it decides nothing, keeps the latest acts and counts them all. Only the supervisors'
//! system writes it.

use alloc::collections::VecDeque;

use bevy_ecs::{entity::Entity, event::Event, resource::Resource};

use crate::{EngineTime, ExitReason, limits::SUPERVISION_LOG_MAX};

/// What a supervisor did about a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Started it for the first time: its stage needs one more worker.
    Started,
    /// Started it again.
    Restarted,
    /// Told it to go.
    Stopped,
    /// Had it killed.
    Killed,
    /// Left it down: it is not to be restarted.
    Left,
    /// Ended because of it, and with it all siblings: too many restarts, or no hope.
    GaveUp,
    /// Ended because it, a significant child, had ended.
    ShutDown,
    /// Left its end to the supervisor above, or at the top to the run.
    Escalated,
}

/// Observers hear this whenever a supervisor does something about a child.
#[derive(Event, Clone, Copy, Debug, PartialEq, Eq)]
pub struct SupervisorActed {
    /// The supervisor.
    pub supervisor: Entity,
    /// The child: the instance of a worker, or a supervisor.
    pub child: Entity,
    /// What it did.
    pub act: Act,
    /// Why the child had ended last, if it ever has.
    pub reason: Option<ExitReason>,
    /// When.
    pub at: EngineTime,
}

/// The latest acts of all supervisors, oldest first; at most [`SUPERVISION_LOG_MAX`].
#[derive(Resource, Debug)]
pub struct SupervisionLog {
    acts: VecDeque<SupervisorActed>,
    /// Acts in all, also those that are forgotten.
    pub total: u64,
}

impl Default for SupervisionLog {
    fn default() -> Self {
        Self { acts: VecDeque::with_capacity(SUPERVISION_LOG_MAX), total: 0 }
    }
}

impl SupervisionLog {
    /// Notes an act; the oldest is forgotten when there is no room.
    pub fn note(&mut self, act: SupervisorActed) {
        if self.acts.len() == SUPERVISION_LOG_MAX {
            self.acts.pop_front();
        }
        self.acts.push_back(act);
        self.total += 1;
    }

    /// What is remembered, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &SupervisorActed> {
        self.acts.iter()
    }
}
