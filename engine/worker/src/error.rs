//! Why a worker ends before the engine lets it go.

use std::path::PathBuf;

use tanda_ipc::ChannelError;
use tanda_plugin_host::{CallError, LoadError};

/// Why a worker cannot start or go on. The engine hears it, where it still listens.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum WorkerError {
    /// The standard input is not the engine's socket.
    #[error("a worker is started by the engine, not by hand")]
    NotAsked,
    /// The control channel broke.
    #[error("the control channel failed: {0}")]
    Channel(#[from] ChannelError),
    /// The engine said something else than expected: another build.
    #[error("the engine said what this worker does not understand: {0}")]
    NotUnderstood(String),
    /// Something before the sandbox failed.
    #[error("cannot prepare: {0}")]
    Prepare(String),
    /// Another library took the place of the one to link, while it was linked; a worker that is
    /// started now links the right one.
    #[error("{} was replaced while it was linked", .0.display())]
    Replaced(PathBuf),
    /// The library is no plugin.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The plugin cannot be opened.
    #[error("{0}")]
    Open(Box<CallError>),
    /// The rings broke.
    #[error("the rings failed: {0}")]
    Rings(String),
    /// The plugin panicked; the engine knows.
    #[error("the plugin panicked")]
    Panicked,
}
