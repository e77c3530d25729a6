//! The worker's end of the two rings.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use super::bell::Bell;
use super::error::{ConnectError, WaitError};
use super::fds::WorkerFds;
use super::segment::{RingInSegment, START, Segment};
use super::slot::Slot;
use crate::ring::{Consumer, Producer};
use crate::{Corrupt, RingFull};

/// How long a worker looks for work before it sleeps.
///
/// To be woken costs tens of microseconds, to be found looking a tenth of one; but on a machine
/// with few cores a worker that looks takes the core from the one that has the work. So the
/// default looks some microseconds, then offers its core a few times, then sleeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spin {
    /// Looks with a pause between, each some ten nanoseconds.
    pub iterations: u32,
    /// Looks with a `sched_yield` between, each a system call.
    pub yields: u32,
}

impl Spin {
    /// Sleep at once.
    pub const NONE: Self = Self { iterations: 0, yields: 0 };
}

impl Default for Spin {
    fn default() -> Self {
        Self { iterations: 128, yields: 8 }
    }
}

/// Why [`WorkerEnd::wait`] came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woken {
    /// There is a slot to take.
    Ring,
    /// There is none, and the other descriptor is readable or hung up.
    Other,
}

/// The worker's end: takes submissions, answers them.
pub struct WorkerEnd {
    submissions: Consumer<RingInSegment>,
    completions: Producer<RingInSegment>,
    wake_engine: Bell,
    wake_worker: Bell,
}

impl WorkerEnd {
    /// Checks the control segment's size and seals, and maps it. Its descriptor is closed.
    ///
    /// # Errors
    /// The segment is not what [`connect`](crate::connect) makes, or cannot be mapped.
    pub fn from_fds(fds: WorkerFds) -> Result<Self, ConnectError> {
        Self::starting_at(fds, START)
    }

    pub(crate) fn starting_at(fds: WorkerFds, start: u64) -> Result<Self, ConnectError> {
        let segment = Segment::map(fds.control.as_fd())?;
        Ok(Self {
            submissions: Consumer::new(segment.submissions(), start),
            completions: Producer::new(segment.completions(), start),
            wake_engine: Bell::from_fd(fds.wake_engine),
            wake_worker: Bell::from_fd(fds.wake_worker),
        })
    }

    /// Takes the oldest submission.
    ///
    /// # Errors
    /// The engine's indices are impossible, now or once before.
    #[allow(clippy::should_implement_trait, reason = "an iterator has no way to say corrupt")]
    pub fn next(&mut self) -> Result<Option<Slot>, Corrupt> {
        self.completions.check()?;
        Ok(self.submissions.pop()?.map(Slot::from_words))
    }

    /// Publishes an answer, and wakes the engine if it sleeps.
    ///
    /// The engine submits no more than it has room to take back, so a full ring means that more
    /// was answered than asked.
    ///
    /// # Errors
    /// No slot is free; nothing was written.
    pub fn answer(&mut self, slot: &Slot) -> Result<(), RingFull> {
        self.answer_in_part(slot)?;
        self.wake();
        Ok(())
    }

    /// As [`answer`](Self::answer), but lets the engine sleep: more follows at once, or
    /// [`wake`](Self::wake).
    ///
    /// # Errors
    /// As there.
    pub fn answer_in_part(&mut self, slot: &Slot) -> Result<(), RingFull> {
        self.completions.push(&slot.to_words())
    }

    /// Wakes the engine if it sleeps or is about to.
    pub fn wake(&self) {
        if self.completions.peer_sleeps() {
            self.wake_engine.ring();
        }
    }

    /// Waits for a submission, or until `also` is readable or hung up. First looks as long as
    /// `spin` says, then sleeps without a bound.
    ///
    /// A ring that has something wins: `also` is looked at only when the ring is empty.
    ///
    /// # Errors
    /// The engine's indices are impossible, or the system refuses to wait.
    pub fn wait(&mut self, spin: Spin, also: BorrowedFd<'_>) -> Result<Woken, WaitError> {
        if self.spin(spin)? {
            return Ok(Woken::Ring);
        }
        loop {
            self.submissions.park_begin();
            let slept = self.sleep(also);
            self.submissions.park_end();
            let is_other = slept?;
            if self.submissions.look()? {
                return Ok(Woken::Ring);
            }
            if is_other {
                return Ok(Woken::Other);
            }
        }
    }

    fn spin(&mut self, spin: Spin) -> Result<bool, Corrupt> {
        for _ in 0..spin.iterations {
            if self.submissions.look()? {
                return Ok(true);
            }
            std::hint::spin_loop();
        }
        for _ in 0..spin.yields {
            if self.submissions.look()? {
                return Ok(true);
            }
            std::thread::yield_now();
        }
        Ok(false)
    }

    /// Sleeps if the ring is still empty. Gives whether `also` has something.
    fn sleep(&mut self, also: BorrowedFd<'_>) -> Result<bool, WaitError> {
        if self.submissions.look()? {
            return Ok(false);
        }
        let bell = self.wake_worker.as_fd();
        let mut fds = [bell, also].map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN));
        match poll(&mut fds, None) {
            Ok(_) => {}
            // A signal: the caller looks again.
            Err(Errno::INTR) => return Ok(false),
            Err(errno) => return Err(WaitError::Poll(errno.into())),
        }
        let [is_rung, is_other] = fds.map(|fd| !fd.revents().is_empty());
        if is_rung {
            self.wake_worker.clear();
        }
        Ok(is_other)
    }

    /// The eventfds that a sandbox must leave open: the one written, the one read.
    pub fn wake_fds(&self) -> [RawFd; 2] {
        self.bells().map(|fd| fd.as_raw_fd())
    }

    pub(super) fn bells(&self) -> [BorrowedFd<'_>; 2] {
        [self.wake_engine.as_fd(), self.wake_worker.as_fd()]
    }
}
