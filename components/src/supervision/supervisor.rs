//! A supervisor: what it is told, where it is in its work, and the tree that it is in.
//!
//! Invariant: a phase leads to the next by the decision of `step` alone, and a supervisor with
//! nothing to do looks at no child. Supervisors come with the scene; their state is written by
//! their system, and roused by ingest, `end_stages` and `wake_workers`.

use alloc::vec::Vec;

use bevy_ecs::{component::Component, entity::Entity, resource::Resource};

use crate::{EngineTime, ExitReason, FaultId, StageName, limits::RESTART_LOG_MAX};

/// The supervisor of a worker or of another supervisor.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
#[relationship(relationship_target = Supervises)]
pub struct SupervisedBy(pub Entity);

/// The children of a supervisor, in the order in which they are started.
#[derive(Component, Debug, Default)]
#[relationship_target(relationship = SupervisedBy)]
pub struct Supervises(Vec<Entity>);

impl Supervises {
    /// The children in start order.
    #[must_use]
    pub fn as_slice(&self) -> &[Entity] {
        &self.0
    }
}

/// Name of a supervisor in the scene.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct SupervisorName(pub StageName);

/// Who is restarted when a child ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// The child. Unlike OTP, whose supervisor is busy with one child at a time, several start side
    /// by side.
    #[default]
    OneForOne,
    /// All children: stopped in reverse, then started in order.
    OneForAll,
    /// The child and those started after it.
    RestForOne,
}

/// Whether a supervisor ends with its significant children.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AutoShutdown {
    /// It does not.
    #[default]
    Never,
    /// With the first of them.
    AnySignificant,
    /// With the last of them.
    AllSignificant,
}

/// A supervisor as the scene describes it.
///
/// Source: Erlang/OTP `supervisor`. More than `intensity` restarts in `period` are too many: all
/// children are stopped, and then the supervisor ends itself.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Supervisor {
    /// Who is restarted.
    pub strategy: Strategy,
    /// Restarts within a period at most, over all children; 0: none.
    pub intensity: u32,
    /// Whole seconds, at least 1. A restart that is exactly so old still counts.
    pub period_secs: u32,
    /// Whether it ends with its significant children.
    pub auto_shutdown: AutoShutdown,
    /// Seed of its children's jitter.
    pub seed: u64,
}

/// Why a supervisor ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SupervisorEnd {
    /// It was told to.
    Ordered,
    /// A child could not be started when the supervisor itself was.
    StartFailed {
        /// Place of the child.
        child: u16,
    },
    /// Too many restarts.
    TooManyRestarts {
        /// Place of the child that was the last.
        child: u16,
    },
    /// A child ended of what will never change.
    Hopeless {
        /// Its place.
        child: u16,
    },
    /// Its significant children have ended.
    AutoShutdown {
        /// Place of the last.
        child: u16,
    },
}

impl SupervisorEnd {
    /// The child it ends of, if it is one.
    #[must_use]
    pub fn child(self) -> Option<u16> {
        match self {
            Self::Ordered => None,
            Self::StartFailed { child }
            | Self::TooManyRestarts { child }
            | Self::Hopeless { child }
            | Self::AutoShutdown { child } => Some(child),
        }
    }
}

/// What follows when children have been stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// They are started again.
    Start {
        /// Not before.
        due: EngineTime,
    },
    /// The supervisor ends.
    Exit(SupervisorEnd),
}

/// What a supervisor is busy with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// It takes its mail.
    #[default]
    Up,
    /// It stops its children from the last down to `from`, one at a time.
    Stopping {
        /// Place of the last one to stop.
        from: u16,
        /// What follows.
        then: Then,
    },
    /// It starts children in order, one at a time.
    Starting {
        /// Place of the next one.
        at: u16,
        /// Not before.
        due: EngineTime,
        /// The supervisor itself starts: a child that fails is the end of it.
        first: bool,
    },
    /// It is gone, and so are its children.
    Ended(SupervisorEnd),
}

/// Restarts of a supervisor within its period, in whole seconds: how many in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestartLog {
    seconds: [(u32, u32); RESTART_LOG_MAX],
    count: u8,
}

impl Default for RestartLog {
    /// No restart yet.
    fn default() -> Self {
        Self { seconds: [(0, 0); RESTART_LOG_MAX], count: 0 }
    }
}

impl RestartLog {
    /// Adds a restart at `now`, forgets those older than `period_secs`, gives how many are left.
    ///
    /// As OTP's `add_restart`: time is in whole seconds, and what is exactly `period_secs` old
    /// still counts. Exact while no more than [`RESTART_LOG_MAX`] seconds of the period had a
    /// restart, which the bounds of the scene make sure.
    pub fn add(&mut self, now_secs: u32, period_secs: u32) -> u32 {
        let mut kept = Self::default();
        let young = |entry: &&(u32, u32)| entry.0 >= now_secs.saturating_sub(period_secs);
        for &entry in self.seconds[..usize::from(self.count)].iter().filter(young) {
            kept.push(entry);
        }
        match kept.last() {
            Some((second, restarts)) if *second == now_secs => *restarts += 1,
            Some(_) | None => kept.push((now_secs, 1)),
        }
        *self = kept;
        self.total()
    }

    /// Restarts that it holds.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.seconds[..usize::from(self.count)].iter().map(|(_, restarts)| restarts).sum()
    }

    fn last(&mut self) -> Option<&mut (u32, u32)> {
        self.seconds[..usize::from(self.count)].last_mut()
    }

    /// Adds a second; the oldest goes when there is no room.
    fn push(&mut self, entry: (u32, u32)) {
        if usize::from(self.count) == RESTART_LOG_MAX {
            self.seconds.rotate_left(1);
            self.count -= 1;
        }
        self.seconds[usize::from(self.count)] = entry;
        self.count += 1;
    }
}

/// Where a supervisor is in its life.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SupervisorState {
    /// What it is busy with.
    pub phase: Phase,
    /// Its restarts of late, on its own clock.
    pub log: RestartLog,
    /// Its own clock, microseconds: it stands still while a child waits before it is started again,
    /// so that no backoff, however long, lets restarts out of the period.
    pub clock_micros: u64,
    /// When that clock was looked at last.
    pub seen: EngineTime,
    /// It stands still since then.
    pub waits: bool,
    /// Something happened to a child, or it was told something.
    pub roused: bool,
    /// When it has something to do even if nothing happens.
    pub wake: Option<EngineTime>,
    /// Numbers of mail given out.
    pub mails: u32,
    /// Restarts in all.
    pub restarts: u32,
}

impl SupervisorState {
    /// It is gone, and so are its children.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        matches!(self.phase, Phase::Ended(_))
    }

    /// Why it ends or has ended; `None` while it means to go on.
    #[must_use]
    pub fn end(&self) -> Option<SupervisorEnd> {
        match self.phase {
            Phase::Stopping { then: Then::Exit(end), .. } | Phase::Ended(end) => Some(end),
            Phase::Up | Phase::Starting { .. } | Phase::Stopping { .. } => None,
        }
    }

    /// Tells it to stop its children and to end, whatever it is busy with.
    pub fn order_stop(&mut self) {
        if self.end().is_none() {
            let then = Then::Exit(SupervisorEnd::Ordered);
            self.phase = Phase::Stopping { from: 0, then };
            self.roused = true;
        }
    }

    /// Number for the next mail; wakes the supervisor.
    pub fn next_mail(&mut self) -> u32 {
        self.roused = true;
        self.mails += 1;
        self.mails
    }
}

/// Who gave up what, when that ended the run.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq)]
pub struct GaveUp {
    /// The supervisor.
    pub supervisor: Entity,
    /// The child.
    pub child: Entity,
    /// Why the supervisor ends; `None` if a stage is left without the instances that it needs.
    pub end: Option<SupervisorEnd>,
    /// Restarts within the period.
    pub restarts: u32,
    /// Why the child ended last.
    pub reason: Option<ExitReason>,
    /// Names the text of its end.
    pub fault: FaultId,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Restarts at these seconds, and how many count after each.
    fn counts(period: u32, seconds: &[u32]) -> Vec<u32> {
        let mut log = RestartLog::default();
        seconds.iter().map(|&second| log.add(second, period)).collect()
    }

    #[test]
    fn restart_exactly_a_period_old_still_counts() {
        assert_eq!(counts(5, &[10, 15]), [1, 2]);
        assert_eq!(counts(5, &[10, 16]), [1, 1]);
        assert_eq!(counts(1, &[0, 0, 1, 2, 2]), [1, 2, 3, 2, 3]);
    }

    #[test]
    fn every_second_of_the_longest_dense_period_is_kept() {
        let seconds: Vec<u32> = (0..200).collect();
        let period = RESTART_LOG_MAX as u32 - 1;
        assert_eq!(counts(period, &seconds)[199], RESTART_LOG_MAX as u32);
    }
}
