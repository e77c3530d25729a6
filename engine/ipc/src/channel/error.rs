//! What can go wrong on the control channel.

use std::io;
use std::time::Duration;

/// A frame was not sent or not received.
///
/// After any variant but `FrameTooLong`, `TooManyFds` (of a send) and `TimedOut`, the place of the
/// next frame in the stream is lost: drop the channel. Descriptors that had arrived are closed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChannelError {
    /// The frame is longer than a frame may be. On a send: nothing was sent.
    #[error("a frame of {bytes} bytes, at most {max}")]
    FrameTooLong {
        /// Its length.
        bytes: u64,
        /// The limit.
        max: u64,
    },
    /// More descriptors than a frame may carry. On a send: nothing was sent.
    #[error("a frame with {count} file descriptors or more, at most {max}")]
    TooManyFds {
        /// How many there were at least.
        count: usize,
        /// The limit.
        max: usize,
    },
    /// Descriptors came where none may be: behind the first bytes of a frame.
    #[error("file descriptors in the middle of a frame")]
    StrayFds,
    /// The time is over and no byte of a frame has gone or come. Nothing is lost; a retry may help.
    #[error("no frame within {after:?}")]
    TimedOut {
        /// The time that was given.
        after: Duration,
    },
    /// The time is over in the middle of a frame.
    #[error("{done} of {bytes} bytes of a frame within {after:?}")]
    Stalled {
        /// Bytes that have gone or come.
        done: usize,
        /// Bytes of the frame with its length prefix, or of the prefix while that is not read.
        bytes: usize,
        /// The time that was given.
        after: Duration,
    },
    /// The other side closed its end in the middle of a frame, or while we sent one.
    #[error("the other side closed the channel in the middle of a frame")]
    Closed,
    /// The system refused.
    #[error("the channel fails: {0}")]
    Io(#[source] io::Error),
}
