//! The engine's end of the two rings.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use super::bell::Bell;
use super::fds::WorkerFds;
use super::segment::{self, RingInSegment, START, Segment};
use super::slot::Slot;
use crate::ring::{Consumer, Producer};
use crate::{Corrupt, RingFull};

/// Makes the sealed control segment, two eventfds, the engine's end, and the descriptors of which
/// the worker makes its own end ([`WorkerEnd::from_fds`](crate::WorkerEnd::from_fds)).
///
/// Costs three pages and, while both sides live, two descriptors on the engine's side.
///
/// # Errors
/// The system gives no memory or no descriptor; nothing is left behind.
pub fn connect() -> io::Result<(EngineEnd, WorkerFds)> {
    let control = segment::create()?;
    let segment = Segment::map(control.as_fd()).map_err(io::Error::other)?;
    let (wake_engine, wake_worker) = (Bell::new()?, Bell::new()?);
    let fds = WorkerFds {
        control,
        wake_engine: wake_engine.try_clone()?,
        wake_worker: wake_worker.try_clone()?,
    };
    Ok((EngineEnd::new(&segment, wake_engine, wake_worker, START), fds))
}

/// The engine's end: submits to the worker, takes its completions.
///
/// To sleep without losing a wake-up: [`bell_clear`](Self::bell_clear), take completions until
/// there is none, [`park_begin`](Self::park_begin), look once more, then wait for
/// [`bell`](Self::bell); when awake [`park_end`](Self::park_end). Do not clear the bell between
/// `park_begin` and the wait.
pub struct EngineEnd {
    submissions: Producer<RingInSegment>,
    completions: Consumer<RingInSegment>,
    wake_engine: Bell,
    wake_worker: Bell,
}

impl EngineEnd {
    pub(crate) fn new(segment: &Segment, wake_engine: Bell, wake_worker: Bell, start: u64) -> Self {
        let submissions = Producer::new(segment.submissions(), start);
        let completions = Consumer::new(segment.completions(), start);
        Self { submissions, completions, wake_engine, wake_worker }
    }

    /// Publishes a slot to the worker. Does not wake it: submit what there is, then
    /// [`wake`](Self::wake) once.
    ///
    /// # Errors
    /// No slot is free; nothing was written. Also if the worker's index is corrupt, which the next
    /// [`complete`](Self::complete) says.
    pub fn submit(&mut self, slot: &Slot) -> Result<(), RingFull> {
        self.submissions.push(&slot.to_words())
    }

    /// Slots that can be submitted now, at most [`RING_SLOTS`](crate::RING_SLOTS).
    pub fn submit_room(&mut self) -> usize {
        self.submissions.room()
    }

    /// Wakes the worker if it sleeps or is about to. Costs a fence, and a system call only if the
    /// worker sleeps.
    pub fn wake(&self) {
        if self.submissions.peer_sleeps() {
            self.wake_worker.ring();
        }
    }

    /// Takes the oldest completion.
    ///
    /// # Errors
    /// The worker wrote an impossible index, now or once before: give it up.
    pub fn complete(&mut self) -> Result<Option<Slot>, Corrupt> {
        self.submissions.check()?;
        Ok(self.completions.pop()?.map(Slot::from_words))
    }

    /// Whether [`complete`](Self::complete) would give something, be it that the ring is corrupt.
    pub fn has_completion(&mut self) -> bool {
        self.completions.look().unwrap_or(true)
    }

    /// Says "I am about to sleep": from now on the worker rings the bell with its next answer.
    /// Look at [`complete`](Self::complete) once more before sleeping.
    pub fn park_begin(&mut self) {
        self.completions.park_begin();
    }

    /// Says "I am awake": the worker rings no more.
    pub fn park_end(&mut self) {
        self.completions.park_end();
    }

    /// Becomes readable when the worker rings. Level-triggered, never blocks, for `epoll`.
    pub fn bell(&self) -> BorrowedFd<'_> {
        self.wake_engine.as_fd()
    }

    /// Makes the bell unreadable again.
    pub fn bell_clear(&self) {
        self.wake_engine.clear();
    }
}
