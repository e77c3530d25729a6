//! Where the instances of a plugin run.

use serde::Deserialize;

/// How far a worker's process is confined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Sandbox {
    /// Not at all.
    Off,
    /// Limits on resources, and no way to more privileges.
    Basic,
    /// Nothing but computing on what it is given. Needs Linux 5.13 with Landlock.
    Strict,
}

/// Where the instances of a plugin run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Isolation {
    /// In the engine's process: for code that is trusted as the engine is.
    InProcess,
    /// Each in a worker process of its own: `Process(sandbox: Strict)`.
    Process {
        /// How far the process is confined. Default `Strict`.
        #[serde(default = "strict")]
        sandbox: Sandbox,
    },
}

impl Default for Isolation {
    fn default() -> Self {
        Self::Process { sandbox: strict() }
    }
}

fn strict() -> Sandbox {
    Sandbox::Strict
}
