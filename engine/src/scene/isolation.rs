//! Where the instances of a plugin run.

use serde::Deserialize;
pub use tanda_worker::sandbox::Level;

/// Where the instances of a plugin run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Isolation {
    /// In the engine's process: for code that is trusted as the engine is.
    InProcess,
    /// Each in a worker process of its own: `Process(sandbox: Strict)`.
    Process {
        /// How far the process is confined. Default `Strict`.
        #[serde(default = "strict")]
        sandbox: Level,
    },
}

impl Default for Isolation {
    fn default() -> Self {
        Self::Process { sandbox: strict() }
    }
}

fn strict() -> Level {
    Level::Strict
}
