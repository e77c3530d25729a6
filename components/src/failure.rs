//! What is done about batches that fail, and how often it was.
//!
//! Invariant: of the batches of a stage a fifth is tried again at most, beside the first few, so
//! retries cannot become a storm. Policies come with the scene and stay; ingest takes from the
//! budget and gives to it, and counts; `divert` counts what it sends another way.

use bevy_ecs::component::Component;

use crate::limits::{RETRY_TOKENS_MAX, RETRY_TOKENS_START};

/// What a stage does about a batch that fails (`on_failure` in the scene): it is tried again, then
/// given to the fallback, then what is `last`. A stage without one tries a batch again that was
/// held by a worker which died, and fails the run at any other fault.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailurePolicy {
    /// Times that a batch is tried again; 0: never.
    pub retries: u8,
    /// Wait before the first of them, microseconds; it doubles each time.
    pub backoff_micros: u64,
    /// A batch is not tried again later than so long after it first failed, microseconds; 0: it
    /// always is.
    pub within_micros: u64,
    /// There is a fallback.
    pub fallback: bool,
    /// What is done when nothing else has helped.
    pub last: Resort,
}

/// What is done with a batch that nothing has helped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Resort {
    /// It goes on as it came in.
    Bypass,
    /// Its poison rows go to the dead letters, the others go on.
    DeadLetter,
    /// The run fails.
    #[default]
    Halt,
}

/// How a batch is failed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failover {
    /// The fallback processes it.
    Fallback,
    /// It goes on as it came in.
    Bypass,
    /// Its poison rows are found, row by row where that is needed, and set aside.
    Examine,
    /// All its rows are set aside: it failed even without the rows that were found.
    Discard,
    /// All its rows are set aside, and it is not processed: the stage's breaker is open.
    Reject,
}

/// Retries that a stage may still have, so that they cannot become a storm: each takes ten tokens,
/// each batch that is processed gives two, so that a fifth of the batches may be tried again.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryBudget {
    tokens: u32,
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self { tokens: RETRY_TOKENS_START }
    }
}

impl RetryBudget {
    const RETRY: u32 = 10;
    const PROCESSED: u32 = 2;

    /// Takes one retry; false if there is none left.
    pub fn take(&mut self) -> bool {
        let left = self.tokens.checked_sub(Self::RETRY);
        self.tokens = left.unwrap_or(self.tokens);
        left.is_some()
    }

    /// A batch was processed.
    pub fn earn(&mut self) {
        self.tokens = (self.tokens + Self::PROCESSED).min(RETRY_TOKENS_MAX);
    }
}

/// What a stage's failure policy has done so far.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failures {
    /// Batches tried again.
    pub retried: u64,
    /// Batches that the fallback was given.
    pub fell_back: u64,
    /// Batches that went on as they came in.
    pub bypassed: u64,
}
