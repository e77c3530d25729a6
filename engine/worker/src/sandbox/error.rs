//! Why a sandbox could not be entered.

use std::io;
use std::path::PathBuf;

use caps::errors::CapsError;
use landlock::RulesetError;
use nix::errno::Errno;

/// Why a sandbox could not be entered. The process is confined in part and must not run a plugin;
/// another attempt in a new process meets the same error until the machine or the policy changes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// A thread could escape what only the calling thread gets.
    #[error("the sandbox must be entered with one thread, but the process has {found}")]
    Threads {
        /// Threads of the process.
        found: usize,
    },
    /// The threads cannot be counted; `/proc` may not be mounted.
    #[error("/proc/self/task cannot be read to count the threads: {0}")]
    UncountedThreads(#[source] io::Error),
    /// A limit was not accepted.
    #[error("the limit on {resource} cannot be set: {source}")]
    Limit {
        /// What is limited.
        resource: &'static str,
        /// The kernel's reason.
        source: Errno,
    },
    /// New privileges cannot be given up.
    #[error("no_new_privs cannot be set: {0}")]
    NoNewPrivs(#[source] Errno),
    /// Capabilities cannot be given up.
    #[error("capabilities cannot be dropped: {0}")]
    Capabilities(#[source] CapsError),
    /// Capabilities were given up, and are still there.
    #[error("the process still has {count} capabilities in its {set} set")]
    CapabilitiesLeft {
        /// Name of the set.
        set: &'static str,
        /// How many.
        count: usize,
    },
    /// The report of denied calls cannot be installed.
    #[error("the handler of SIGSYS cannot be installed: {0}")]
    Handler(#[source] Errno),
    /// A file of the policy cannot be opened.
    #[error("{} cannot be made readable for the plugin: {source}", path.display())]
    File {
        /// The library, or an entry of `read`.
        path: PathBuf,
        /// The kernel's reason.
        source: io::Error,
    },
    /// Landlock is missing, disabled, or refuses the rules.
    #[error("Landlock (Linux 5.13, enabled at boot) is needed for this level: {0}")]
    Landlock(#[source] RulesetError),
    /// Landlock took the rules and enforces none.
    #[error("Landlock is not enforced by this kernel; Linux 5.13 with Landlock enabled is needed")]
    LandlockIdle,
    /// The filter of system calls cannot be built or installed.
    #[error("system calls cannot be filtered: {0}")]
    Filter(#[source] seccompiler::Error),
}

impl From<RulesetError> for SandboxError {
    fn from(error: RulesetError) -> Self {
        Self::Landlock(error)
    }
}

impl From<seccompiler::Error> for SandboxError {
    fn from(error: seccompiler::Error) -> Self {
        Self::Filter(error)
    }
}

impl From<seccompiler::BackendError> for SandboxError {
    fn from(error: seccompiler::BackendError) -> Self {
        Self::Filter(error.into())
    }
}

impl From<CapsError> for SandboxError {
    fn from(error: CapsError) -> Self {
        Self::Capabilities(error)
    }
}
