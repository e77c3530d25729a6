//! The configuration as the user writes it; `reference.txt` is its manual.

use serde::Deserialize;
use tanda_plugin::PluginError;

/// `config: ( … )` of a stage that fails on order.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// When it happens.
    pub when: When,
    /// What happens.
    pub what: What,
}

/// When it happens.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub enum When {
    /// At the batch of this number, from 0, that the instance sees.
    Batch(u64),
    /// At each batch with a row for which the expression is true.
    Row(String),
    /// At about this part of the batches, `0.0..=1.0`. The seed and the batch decide: the same
    /// batch always fails, or never.
    Probability(f64, u64),
    /// At about this part of the calls, whatever the batch: the same batch may pass the next time.
    Sometimes(f64),
    /// At each batch.
    Always,
    /// Not at all.
    Never,
    /// While the plugin opens.
    Open,
}

/// What happens.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub enum What {
    /// Nothing.
    Pass,
    /// The call returns an error.
    Error,
    /// The call panics.
    Panic,
    /// The process aborts.
    Abort,
    /// The process reads an address that is not there.
    Segfault,
    /// The process exits with this code.
    Exit(i32),
    /// The call never returns.
    Hang,
    /// `open` never returns, whenever it was to happen.
    HangAtOpen,
    /// The process takes memory until it gets no more.
    AllocateWithoutEnd,
    /// The first text column that leaves has offsets far outside of its text.
    WildOffsets,
    /// The first text column is written to after it has been emitted, and at each later call.
    ChangeAfterPublish,
    /// A socket is opened; an error if it cannot be.
    OpenSocket,
    /// This file is opened and read; an error that names it if it cannot be.
    OpenFile(String),
    /// Another process is started; an error if it cannot be.
    Fork,
    /// So many lines are logged.
    FloodLog(u64),
}

impl Config {
    /// Refuses what can never happen.
    pub(crate) fn check(&self) -> Result<(), PluginError> {
        let of_a_batch = matches!(self.what, What::WildOffsets | What::ChangeAfterPublish);
        if self.when == When::Open && of_a_batch {
            let message = "there is no batch while the plugin opens; use another `when`";
            return Err(PluginError::new(message).about("Open"));
        }
        Ok(())
    }

    pub(crate) fn happens_at_open(&self) -> bool {
        self.when == When::Open || self.what == What::HangAtOpen
    }
}
