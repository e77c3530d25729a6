//! The way to end a source that may be asleep in the kernel.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::eventfd::{EfdFlags, EventFd};

/// Asks a reader to end, and wakes it when it sleeps on a pipe or paces a generator.
///
/// Clones share one state; once asked it stays asked.
#[derive(Clone, Debug)]
pub struct Stop(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    asked: AtomicBool,
    wake: EventFd,
}

/// Why a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Woken {
    /// There is something to read, or the other side hung up.
    Readable,
    /// A stop was asked.
    Stopped,
    /// The time is over.
    TimedOut,
}

impl Stop {
    /// A stop that nobody has asked for yet. Costs one eventfd.
    ///
    /// # Errors
    /// When the process has no file descriptor left.
    pub fn new() -> io::Result<Self> {
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        let wake = EventFd::from_value_and_flags(0, flags)?;
        Ok(Self(Arc::new(Shared { asked: AtomicBool::new(false), wake })))
    }

    /// Asks for the end. The reader hands out what it has read and then ends.
    pub fn ask(&self) {
        // SYNC POINT stop: release
        self.0.asked.store(true, Ordering::Release);
        // A full counter (nobody has read 2^64 wake-ups) is readable as well: nothing is lost.
        let _ = self.0.wake.write(1);
    }

    /// Whether the end was asked for.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        // SYNC POINT stop: acquire
        self.0.asked.load(Ordering::Acquire)
    }

    /// Sleeps until `until`, or shorter if a stop is asked; says whether it was.
    pub(crate) fn sleep_until(&self, until: Instant) -> io::Result<bool> {
        Ok(self.wait(None, Some(until))? == Woken::Stopped)
    }

    /// Sleeps until `fd` is readable, a stop is asked, or it is `until`.
    pub(crate) fn wait_readable(
        &self,
        fd: BorrowedFd<'_>,
        until: Option<Instant>,
    ) -> io::Result<Woken> {
        self.wait(Some(fd), until)
    }

    fn wait(&self, fd: Option<BorrowedFd<'_>>, until: Option<Instant>) -> io::Result<Woken> {
        let mut fds = vec![PollFd::new(self.0.wake.as_fd(), PollFlags::POLLIN)];
        fds.extend(fd.map(|fd| PollFd::new(fd, PollFlags::POLLIN)));
        loop {
            let woken = match poll(&mut fds, timeout(until)) {
                Ok(woken) => woken,
                Err(Errno::EINTR) => continue,
                Err(errno) => return Err(errno.into()),
            };
            if self.is_asked() {
                return Ok(Woken::Stopped);
            }
            if woken > 0 {
                return Ok(Woken::Readable);
            }
            if until.is_some_and(|until| Instant::now() >= until) {
                return Ok(Woken::TimedOut);
            }
        }
    }
}

/// Time left until `until`, rounded up to the milliseconds that `poll` counts in.
fn timeout(until: Option<Instant>) -> PollTimeout {
    let Some(until) = until else { return PollTimeout::NONE };
    let left = until.saturating_duration_since(Instant::now());
    let whole = left.saturating_add(Duration::from_nanos(999_999));
    PollTimeout::try_from(whole).unwrap_or(PollTimeout::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleeping_reader_is_woken_by_a_stop() {
        let stop = Stop::new().unwrap();
        let (pipe, _writer) = io::pipe().unwrap();
        let asker = stop.clone();
        let reader = std::thread::spawn(move || stop.wait_readable(pipe.as_fd(), None));
        asker.ask();
        assert_eq!(reader.join().unwrap().unwrap(), Woken::Stopped);
    }

    #[test]
    fn a_wait_ends_with_data_or_with_the_time() {
        let stop = Stop::new().unwrap();
        let (pipe, mut writer) = io::pipe().unwrap();
        let until = Some(Instant::now());
        assert_eq!(stop.wait_readable(pipe.as_fd(), until).unwrap(), Woken::TimedOut);
        io::Write::write_all(&mut writer, b"x").unwrap();
        assert_eq!(stop.wait_readable(pipe.as_fd(), None).unwrap(), Woken::Readable);
    }
}
