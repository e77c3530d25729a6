//! `on_failure`: what a stage does about batches that fail.

use super::units::Duration;

/// The port on which a stage's dead letters leave.
pub const DEAD_LETTER_PORT: &str = "dead_letter";

/// `on_failure: [ Retry(…), Fallback(…), DeadLetter(…) ]`: tried in this order; each step may be
/// left out.
#[derive(Debug, Clone, Default)]
pub struct OnFailure {
    /// A batch is tried again first.
    pub retry: Option<Retry>,
    /// Then another plugin is tried.
    pub fallback: Option<Fallback>,
    /// What is done when nothing has helped.
    pub last: LastResort,
    /// Keeps batches from a plugin that fails at most of them; the stage's `breaker`.
    pub breaker: Option<BreakerSettings>,
}

/// `breaker: ( window: 20, failures: 50, slow: "1s", crashes: 5, open_for: "5s" )`.
#[derive(Debug, Clone)]
pub struct BreakerSettings {
    /// How many batches it looks back on, `1..=64`. Default 20.
    pub window: u8,
    /// Failures among them, percent, `1..=100`, at which it opens. Default 50.
    pub failures: u8,
    /// A batch that takes longer counts as a failure. Default: none does.
    pub slow: Option<Duration>,
    /// Workers that die over batches one after the other, no batch being processed in between, at
    /// which it opens whatever the window, `1..=64`. Default 5.
    pub crashes: u8,
    /// After so long one batch is let through to see. Default `5s`.
    pub open_for: Duration,
}

/// `Retry( times: 2 )`.
#[derive(Debug, Clone)]
pub struct Retry {
    /// Times that a batch is tried again, `1..=100`.
    pub times: u8,
    /// Wait before the first time; it doubles each time. Default `0s`.
    pub backoff: Duration,
    /// A batch is not tried again later than so long after it first failed. Default: however late.
    pub within: Option<Duration>,
}

/// `Fallback( library: …, config: … )`: a plugin with the same ports and columns.
#[derive(Debug, Clone)]
pub struct Fallback {
    /// Name or path, as of a stage.
    pub library: String,
    /// Its configuration: raw RON.
    pub config: String,
}

/// The last step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum LastResort {
    /// The batch goes on as it came in, on the port `main`.
    Bypass,
    /// The rows that the plugin fails at go to this sink, the others go on.
    DeadLetter {
        /// Name of the sink.
        to: String,
    },
    /// The run fails.
    #[default]
    Halt,
}
