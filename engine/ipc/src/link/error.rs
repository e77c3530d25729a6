//! What can go wrong between the two ends.

use std::io;

use crate::Corrupt;

/// The control segment that arrived cannot be used. Nothing stays mapped, the descriptors are
/// closed; a retry with the same ones gives the same error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// Its size or seals cannot be asked for: it is no memfd.
    #[error("the control segment cannot be inspected: {0}")]
    Inspect(#[source] io::Error),
    /// It has another size: the other side is another version.
    #[error("the control segment has {found} bytes, expected {expected}")]
    Size {
        /// Bytes it has.
        found: u64,
        /// Bytes of this version.
        expected: u64,
    },
    /// A seal is missing: whoever holds it could shrink it under us (SIGBUS).
    #[error("the control segment has seals {found:#x}, expected at least {expected:#x}")]
    Unsealed {
        /// Its seals, as `F_GET_SEALS` gives them.
        found: u32,
        /// The seals that it must have.
        expected: u32,
    },
    /// The system does not map it.
    #[error("the control segment cannot be mapped: {0}")]
    Map(#[source] io::Error),
}

/// A worker cannot wait for its ring. It has lost nothing, but a retry will not help.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// The ring of submissions is corrupt.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// `poll` failed.
    #[error("cannot wait for the engine: {0}")]
    Poll(#[source] io::Error),
}
