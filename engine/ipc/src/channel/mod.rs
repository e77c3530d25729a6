//! The control channel: frames and file descriptors over a unix stream socket.

mod end;
mod error;
mod frame;
mod stream;
#[cfg(test)]
mod tests;

pub use end::Channel;
pub use error::ChannelError;
pub use frame::{FDS_MAX, FRAME_BYTES_MAX, Frame};
