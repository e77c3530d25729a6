//! What crosses a channel at once: its bounds, and how it begins on the wire.

use std::os::fd::OwnedFd;

use super::error::ChannelError;

/// Longest frame, in bytes.
pub const FRAME_BYTES_MAX: usize = 16 << 20;

/// Most descriptors that one frame carries.
pub const FDS_MAX: usize = 8;

/// A frame begins with its length, a `u32` of so many bytes.
pub(super) const PREFIX_BYTES: usize = 4;

/// What arrived.
#[derive(Debug)]
pub struct Frame {
    /// The bytes, at most [`FRAME_BYTES_MAX`]. The other side wrote them: check them.
    pub bytes: Vec<u8>,
    /// Descriptors that came with it, at most [`FDS_MAX`], in their order, close-on-exec.
    pub fds: Vec<OwnedFd>,
}

/// The length of a frame, if it may have it.
pub(super) fn checked_length(bytes: u64) -> Result<u32, ChannelError> {
    let max = FRAME_BYTES_MAX as u64;
    match u32::try_from(bytes) {
        Ok(length) if bytes <= max => Ok(length),
        Ok(_) | Err(_) => Err(ChannelError::FrameTooLong { bytes, max }),
    }
}
