//! A child as its supervisor describes it, and what the supervisor knows of it.
//!
//! Invariant: an end that nobody ordered is mail, and is taken exactly once, in order of arrival.
//! The specification comes with the scene and stays; the state is written by the supervisor's
//! system, by ingest when a worker starts or ends, and by `wake_workers` when one is needed.

use bevy_ecs::component::Component;

use crate::{EngineTime, ExitReason, FaultId};

/// When a child that ended by itself is started again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Restart {
    /// Always.
    #[default]
    Permanent,
    /// After an abnormal end.
    Transient,
    /// Never, not even when its siblings are restarted and it is stopped with them.
    Temporary,
}

/// How a child is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// It is killed.
    BrutalKill,
    /// It is told to go, and killed when it has not gone after so many microseconds.
    After {
        /// The time.
        micros: u64,
    },
    /// It is told to go and waited for, however long it takes. A supervisor always is.
    Infinity,
}

/// How long a child that fails again and again waits before it is started again.
///
/// The first restart comes at once. The next ones wait `base * factor^n`, give or take `jitter`,
/// but never longer than `cap`; `n` is 0 for the second failure in a row. A life of `reset_after`
/// ends the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Microseconds before the second restart; 0: no restart ever waits.
    pub base_micros: u64,
    /// Growth from one restart to the next, percent, at least 100.
    pub factor_percent: u32,
    /// Longest wait, microseconds.
    pub cap_micros: u64,
    /// Random part of a wait, percent of it either way, `0..=100`.
    pub jitter_percent: u32,
    /// A child that was up for so long did not fail in a row, microseconds.
    pub reset_after_micros: u64,
}

impl Default for Backoff {
    /// 10 ms, doubled up to 100 ms, give or take a fifth, reset after 100 ms: a worker starts in
    /// some milliseconds, and a crash loop is to end the run in about a second.
    fn default() -> Self {
        Self {
            base_micros: 10_000,
            factor_percent: 200,
            cap_micros: 100_000,
            jitter_percent: 20,
            reset_after_micros: 100_000,
        }
    }
}

/// What a supervisor was told of a child: OTP's child specification.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChildSpec {
    /// When it is restarted.
    pub restart: Restart,
    /// How it is stopped.
    pub shutdown: Shutdown,
    /// Its end by itself counts for the supervisor's `auto_shutdown`; not for a permanent child.
    pub significant: bool,
    /// How long it waits.
    pub backoff: Backoff,
}

impl Default for ChildSpec {
    /// Permanent, stopped within 5 s as OTP's workers.
    fn default() -> Self {
        Self {
            restart: Restart::Permanent,
            shutdown: Shutdown::After { micros: 5_000_000 },
            significant: false,
            backoff: Backoff::default(),
        }
    }
}

/// How a child ended that nobody had told to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildEnd {
    /// It had nothing more to do: a worker that exits with code 0.
    Normal,
    /// It ended in order, as a supervisor that gives up does.
    Shutdown,
    /// Anything else: abnormal.
    Failed,
    /// Its start came to nothing.
    StartFailed,
    /// It ended of what will never change: a refusal to start, a violation of its sandbox.
    Hopeless,
    /// Its state went into a finish that came to nothing, for which it is not to blame.
    Spent,
}

/// An end that its supervisor has not dealt with, as a message in OTP's mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mail {
    /// How it ended.
    pub end: ChildEnd,
    /// When.
    pub at: EngineTime,
    /// Numbers the mail of one supervisor in the order of arrival.
    pub number: u32,
}

/// What the supervisor told a child that runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Told {
    /// Nothing: it is to run.
    #[default]
    Nothing,
    /// To go.
    Stop {
        /// When it is killed.
        kill_at: EngineTime,
    },
    /// It was killed, or dies anyway.
    Kill,
}

/// What is to become of a child.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fate {
    /// It runs, or the supervisor is about to see to it.
    #[default]
    Kept,
    /// It is down, and started when its time comes.
    Waiting {
        /// Not before.
        due: EngineTime,
    },
    /// It ended and is not restarted. A transient child comes back when its supervisor restarts all
    /// of its siblings, a temporary one never.
    Gone,
}

/// What a supervisor knows of a child beside its life.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChildState {
    /// An end that waits to be dealt with.
    pub mail: Option<Mail>,
    /// What it was told.
    pub told: Told,
    /// What is to become of it.
    pub fate: Fate,
    /// When it was ready; `None` while it starts.
    pub up_since: Option<EngineTime>,
    /// Failures in a row: since a life of `reset_after`.
    pub failures: u16,
    /// Restarts in all.
    pub restarts: u32,
    /// Why it ended last; `None` if it was told to go then.
    pub last_exit: Option<(ExitReason, FaultId)>,
}

impl ChildState {
    /// Of a child that is started when it is needed.
    #[must_use]
    pub fn dormant() -> Self {
        Self { fate: Fate::Gone, up_since: None, ..Self::default() }
    }
}

impl Default for ChildState {
    /// Up from the beginning.
    fn default() -> Self {
        Self {
            mail: None,
            told: Told::Nothing,
            fate: Fate::Kept,
            up_since: Some(EngineTime::from_micros(0)),
            failures: 0,
            restarts: 0,
            last_exit: None,
        }
    }
}

const _: () = assert!(size_of::<(ChildSpec, ChildState)>() <= 192);
