//! The worker process of an isolated instance: its life, its signs of life, and its state.
//!
//! Invariant: a worker that owes an answer for longer than its timeout is killed, and each start is
//! followed by exactly one exit. Ingest hears of starts, answers and exits; the supervisors order
//! starts and stops; `watch_workers`, `recycle_workers` and `ask_snapshots` do the rest.

use bevy_ecs::{component::Component, entity::Entity};

use crate::EngineTime;

/// Where the worker of an isolated instance is in its life. Its presence is what makes an instance
/// isolated. Workers that are started before the world begin `Up`, the others `Dormant`.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkerState {
    /// It was never started: its stage has not needed it.
    Dormant,
    /// Its start was ordered; it takes no batches yet.
    Starting,
    /// It takes batches.
    Up,
    /// Its stage is finishing: its state may have been merged or flushed, it takes no batches any
    /// more. If the finish comes to nothing, it has to go too.
    Finishing,
    /// It was told to go and has not gone yet.
    Stopping {
        /// What it is killed for; `None` when it has done no wrong.
        reason: Option<ExitReason>,
    },
    /// It is gone.
    Down,
}

/// Why a worker is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitReason {
    /// It ended by itself.
    Exited {
        /// The code it ended with.
        code: i32,
    },
    /// A signal ended it.
    Signalled {
        /// The signal's number.
        signal: i32,
    },
    /// It was killed: it owed an answer for too long.
    TimedOut,
    /// It was killed: it was not ready in time.
    StartTimedOut,
    /// It was killed: what it answered cannot be.
    Lied,
    /// It cannot start: its config is bad, or its sandbox is not to be had. To try again is
    /// pointless.
    Refused,
}

/// When an isolated instance last showed a sign of progress: its last answer, or when it was given
/// something while it owed nothing, or when its start was ordered.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LastBeat(pub EngineTime);

/// The batch that an isolated instance was given last. Of the two that it may hold, it works on the
/// other one first.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastGiven(pub Entity);

impl Default for LastGiven {
    /// None yet.
    fn default() -> Self {
        Self(Entity::PLACEHOLDER)
    }
}

/// How long an isolated instance may go without progress, microseconds; 0 means for ever.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// While it owes an answer: for a batch, a snapshot or the end of its stage.
    pub batch_micros: u64,
    /// While it starts.
    pub start_micros: u64,
}

/// Since when batches have waited at an isolated stage although a core was free and a worker of it
/// was never started.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pressure {
    /// `None`: they do not.
    pub since: Option<EngineTime>,
}

/// How often the worker of an instance was started again, and what bounds it.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Restarts {
    /// Starts ordered.
    pub total: u32,
    /// Exits in a row while it owed a snapshot; at most `ATTEMPTS_MAX`.
    pub failed_snapshots: u8,
}

/// What an isolated instance with a state would have to be given again, if it died now.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Snapshotting {
    /// It was asked for a snapshot and has not answered.
    pub asked: bool,
    /// Memory of the batches it has processed since its last snapshot, bytes.
    pub held_bytes: u64,
    /// Time that it took for them, microseconds: what a death would cost now.
    pub held_micros: u64,
    /// How many they are.
    pub held_count: u32,
    /// Time that its last snapshot took, microseconds.
    pub cost_micros: u32,
}

const _: () = assert!(size_of::<(WorkerState, LastBeat, Timeouts, Restarts, Snapshotting)>() <= 80);
