//! One end of a channel: whole frames go, whole frames come.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

use super::error::ChannelError;
use super::frame::{FDS_MAX, Frame, PREFIX_BYTES, checked_length};
use super::stream::{Deadline, Filled, receive_body, receive_prefix, send_all, wait_readable};

/// One end of a control channel. On the wire a frame is its length in bytes (`u32`, little endian)
/// and the bytes; descriptors travel with the first of them.
///
/// It is also the lifeline: when one process ends, the other's end is readable and closed. One
/// thread may send while another receives; two may not do the same.
#[derive(Debug)]
pub struct Channel {
    socket: OwnedFd,
    send_timeout: Option<Duration>,
}

impl Channel {
    /// A new channel: our end, and the descriptor that becomes a child's standard input.
    ///
    /// # Errors
    /// No descriptor is free.
    pub fn pair() -> io::Result<(Self, OwnedFd)> {
        let (ours, theirs) =
            socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
        Ok((Self::from_fd(ours), theirs))
    }

    /// The end that a stream socket of family unix is.
    pub fn from_fd(socket: OwnedFd) -> Self {
        Self { socket, send_timeout: None }
    }

    /// The socket, to wait for: readable when a frame comes or the other side has closed.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Bounds the time of a [`send`](Self::send), for a peer that may not read. Without (`None`, as
    /// at first) a send waits as long as the peer lives.
    pub fn set_send_timeout(&mut self, timeout: Option<Duration>) {
        self.send_timeout = timeout;
    }

    /// Sends a frame with descriptors. The caller keeps its own copies of them.
    ///
    /// # Errors
    /// The frame is too long or has too many descriptors; the other side has closed, or does not
    /// read in time; the system refuses. [`ChannelError`] says what is left.
    pub fn send(&self, frame: &[u8], fds: &[BorrowedFd<'_>]) -> Result<(), ChannelError> {
        let bytes = checked_length(frame.len() as u64)?;
        if fds.len() > FDS_MAX {
            return Err(ChannelError::TooManyFds { count: fds.len(), max: FDS_MAX });
        }
        let deadline = self.send_timeout.map_or(Deadline::NEVER, Deadline::after);
        send_all(self.fd(), [&bytes.to_le_bytes(), frame], fds, deadline)
    }

    /// Receives a frame; waits for it without a bound. `None`: the other side has closed, between
    /// two frames. For a peer that may stall use [`receive_deadline`](Self::receive_deadline).
    ///
    /// # Errors
    /// As [`ChannelError`] says; what had arrived of the frame is dropped, descriptors closed.
    pub fn receive(&self) -> Result<Option<Frame>, ChannelError> {
        self.receive_until(Deadline::NEVER)
    }

    /// Receives a frame that is complete within `timeout`, counted from now to its last byte: a
    /// peer that sends it byte by byte gains no time. With zero, what is not there whole is late.
    ///
    /// # Errors
    /// As [`receive`](Self::receive), and `TimedOut` (nothing has come, a retry is fine) or
    /// `Stalled` (part of a frame has come).
    pub fn receive_deadline(&self, timeout: Duration) -> Result<Option<Frame>, ChannelError> {
        self.receive_until(Deadline::after(timeout))
    }

    fn receive_until(&self, deadline: Deadline) -> Result<Option<Frame>, ChannelError> {
        wait_readable(self.fd(), deadline)?;
        let (mut prefix, mut fds) = ([0; PREFIX_BYTES], Vec::new());
        match receive_prefix(self.fd(), &mut prefix, &mut fds, deadline)? {
            Filled::Closed => return Ok(None),
            Filled::All => {}
        }
        let length = checked_length(u32::from_le_bytes(prefix).into())?;
        let mut bytes = vec![0; length as usize];
        match receive_body(self.fd(), &mut bytes, deadline)? {
            Filled::Closed => Err(ChannelError::Closed),
            Filled::All => Ok(Some(Frame { bytes, fds })),
        }
    }
}
