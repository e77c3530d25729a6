//! Why a segment could not be made, sealed or mapped.

use std::io;

use nix::errno::Errno;

/// A segment could not be made, taken, sealed or mapped. Nothing is mapped or sealed in part.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SegmentError {
    /// A size of zero, or one that the address space does not have.
    #[error("a segment cannot have {bytes} bytes")]
    Size {
        /// The size.
        bytes: u64,
    },
    /// The system gave no file in memory: out of descriptors or memory. A later try can help.
    #[error("cannot create a file in memory: {0}")]
    Create(Errno),
    /// The file could not be given its size.
    #[error("cannot give the segment its size: {0}")]
    Resize(io::Error),
    /// What was received cannot be looked at.
    #[error("cannot look at the segment: {0}")]
    Inspect(io::Error),
    /// What was received is not a file in memory that can be sealed.
    #[error("the descriptor is not a file in memory")]
    NotMemory,
    /// What was received can still change its size: whoever shrinks it kills its readers.
    #[error("the segment is not sealed against shrinking and growing")]
    NotSealed,
    /// The kernel refused a seal, for instance because sealing has ended.
    #[error("cannot seal the segment: {0}")]
    Seal(Errno),
    /// The kernel refused the mapping, for instance a writable one after sealing.
    #[error("cannot map the segment: {0}")]
    Map(io::Error),
    /// This file was mapped for writing before; a segment has one writer.
    #[error("the segment is already mapped for writing")]
    HasWriter,
}

impl SegmentError {
    /// What the system answered, if it was the system.
    #[must_use]
    pub fn errno(&self) -> Option<Errno> {
        match self {
            Self::Create(errno) | Self::Seal(errno) => Some(*errno),
            Self::Resize(error) | Self::Inspect(error) | Self::Map(error) => {
                error.raw_os_error().map(Errno::from_raw)
            }
            Self::Size { .. } | Self::NotMemory | Self::NotSealed | Self::HasWriter => None,
        }
    }
}
