//! Bytes and descriptors over a stream socket, with a deadline for the whole.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

use super::error::ChannelError;
use super::frame::{FDS_MAX, PREFIX_BYTES};

/// When an operation must have ended.
#[derive(Clone, Copy)]
pub(crate) struct Deadline {
    at: Option<(Instant, Duration)>,
}

impl Deadline {
    pub(crate) const NEVER: Self = Self { at: None };

    pub(crate) fn after(timeout: Duration) -> Self {
        // A time that the clock cannot hold is never reached.
        Self { at: Instant::now().checked_add(timeout).map(|at| (at, timeout)) }
    }

    fn check(self) -> Result<(), WaitFault> {
        match self.at {
            Some((at, after)) if at <= Instant::now() => Err(WaitFault::Over { after }),
            Some(_) | None => Ok(()),
        }
    }

    /// Waits until `fd` is ready for `events`, has failed or is hung up. Ready wins over late.
    fn wait(self, fd: BorrowedFd<'_>, events: PollFlags) -> Result<(), WaitFault> {
        loop {
            let left = self.at.map(|(at, _)| at.saturating_duration_since(Instant::now()));
            let left = left.and_then(|left| Timespec::try_from(left).ok());
            match poll(&mut [PollFd::from_borrowed_fd(fd, events)], left.as_ref()) {
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) => return Ok(()),
                Err(errno) => return Err(WaitFault::Failed(errno)),
            }
            self.check()?;
        }
    }
}

enum WaitFault {
    Over { after: Duration },
    Failed(Errno),
}

impl WaitFault {
    /// What it means when `done` of a frame's `bytes` have gone or come.
    fn at(self, done: usize, bytes: usize) -> ChannelError {
        match self {
            Self::Over { after } if done == 0 => ChannelError::TimedOut { after },
            Self::Over { after } => ChannelError::Stalled { done, bytes, after },
            Self::Failed(errno) => failed(errno),
        }
    }
}

fn failed(errno: Errno) -> ChannelError {
    ChannelError::Io(errno.into())
}

/// Waits until something can be read, or the other side has closed.
pub(crate) fn wait_readable(fd: BorrowedFd<'_>, deadline: Deadline) -> Result<(), ChannelError> {
    deadline.wait(fd, PollFlags::IN).map_err(|fault| fault.at(0, PREFIX_BYTES))
}

/// Sends all of `parts`, one behind the other; the descriptors go with the first byte.
pub(crate) fn send_all(
    socket: BorrowedFd<'_>,
    parts: [&[u8]; 2],
    fds: &[BorrowedFd<'_>],
    deadline: Deadline,
) -> Result<(), ChannelError> {
    let bytes = parts[0].len() + parts[1].len();
    let mut done = 0;
    while done < bytes {
        let first = &parts[0][done.min(parts[0].len())..];
        let second = &parts[1][done.saturating_sub(parts[0].len())..];
        let fds = if done == 0 { fds } else { &[] };
        match send_some(socket, &[IoSlice::new(first), IoSlice::new(second)], fds) {
            Ok(count) => done += count,
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                let waited = deadline.wait(socket, PollFlags::OUT);
                waited.map_err(|fault| fault.at(done, bytes))?;
            }
            Err(Errno::PIPE | Errno::CONNRESET) => return Err(ChannelError::Closed),
            Err(errno) => return Err(failed(errno)),
        }
        if done < bytes {
            // A peer that takes byte by byte gains no time.
            deadline.check().map_err(|fault| fault.at(done, bytes))?;
        }
    }
    Ok(())
}

fn send_some(
    socket: BorrowedFd<'_>,
    parts: &[IoSlice<'_>],
    fds: &[BorrowedFd<'_>],
) -> Result<usize, Errno> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FDS_MAX))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() && !control.push(SendAncillaryMessage::ScmRights(fds)) {
        return Err(Errno::NOBUFS);
    }
    // The flags are for this call only: whatever the descriptor says, it neither blocks nor kills.
    sendmsg(socket, parts, &mut control, SendFlags::DONTWAIT | SendFlags::NOSIGNAL)
}

/// What a read came to.
pub(crate) enum Filled {
    All,
    /// The other side closed before the first byte.
    Closed,
}

/// Reads the length of the next frame; descriptors may come with its first byte.
pub(crate) fn receive_prefix(
    socket: BorrowedFd<'_>,
    prefix: &mut [u8; PREFIX_BYTES],
    fds: &mut Vec<OwnedFd>,
    deadline: Deadline,
) -> Result<Filled, ChannelError> {
    receive_all(socket, prefix, Some(fds), 0, deadline)
}

/// Reads what follows the length; no descriptor may come with it.
pub(crate) fn receive_body(
    socket: BorrowedFd<'_>,
    body: &mut [u8],
    deadline: Deadline,
) -> Result<Filled, ChannelError> {
    receive_all(socket, body, None, PREFIX_BYTES, deadline)
}

/// Fills `bytes`, before which `before` bytes of the same frame have come.
fn receive_all(
    socket: BorrowedFd<'_>,
    bytes: &mut [u8],
    mut fds: Option<&mut Vec<OwnedFd>>,
    before: usize,
    deadline: Deadline,
) -> Result<Filled, ChannelError> {
    let length = before + bytes.len();
    let late = |fault: WaitFault, done| fault.at(before + done, length);
    let mut done = 0;
    while done < bytes.len() {
        let fds = if done == 0 { fds.as_deref_mut() } else { None };
        match receive_some(socket, &mut bytes[done..], fds)? {
            Received::Bytes(0) if done == 0 => return Ok(Filled::Closed),
            Received::Bytes(0) => return Err(ChannelError::Closed),
            Received::Bytes(count) => done += count,
            Received::NotYet => {
                deadline.wait(socket, PollFlags::IN).map_err(|fault| late(fault, done))?;
            }
        }
        if done < bytes.len() {
            // A peer that sends byte by byte gains no time.
            deadline.check().map_err(|fault| late(fault, done))?;
        }
    }
    Ok(Filled::All)
}

enum Received {
    Bytes(usize),
    NotYet,
}

/// Reads once. Descriptors that are not wanted, or too many, are closed and an error.
fn receive_some(
    socket: BorrowedFd<'_>,
    bytes: &mut [u8],
    fds: Option<&mut Vec<OwnedFd>>,
) -> Result<Received, ChannelError> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FDS_MAX))];
    let mut control = match fds {
        Some(_) => RecvAncillaryBuffer::new(&mut space),
        // Without space the kernel closes what comes, and says so.
        None => RecvAncillaryBuffer::new(&mut []),
    };
    let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
    let received = match recvmsg(socket, &mut [IoSliceMut::new(bytes)], &mut control, flags) {
        Ok(received) => received,
        Err(Errno::AGAIN | Errno::INTR) => return Ok(Received::NotYet),
        Err(Errno::CONNRESET) => return Err(ChannelError::Closed),
        Err(errno) => return Err(failed(errno)),
    };
    let is_cut = received.flags.contains(ReturnFlags::CTRUNC);
    match fds {
        None if is_cut => return Err(ChannelError::StrayFds),
        Some(_) if is_cut => {
            return Err(ChannelError::TooManyFds { count: FDS_MAX + 1, max: FDS_MAX });
        }
        None => {}
        Some(fds) => {
            fds.extend(control.drain().filter_map(rights).flatten());
            // The space is rounded up, so one more may have found room in it.
            if fds.len() > FDS_MAX {
                return Err(ChannelError::TooManyFds { count: fds.len(), max: FDS_MAX });
            }
        }
    }
    Ok(Received::Bytes(received.bytes))
}

fn rights(message: RecvAncillaryMessage<'_>) -> Option<impl Iterator<Item = OwnedFd>> {
    if let RecvAncillaryMessage::ScmRights(fds) = message { Some(fds) } else { None }
}
