//! The side that publishes.

use std::ops::Deref;

use super::error::{Corrupt, RingFull};
use super::layout::{AWAKE, CAPACITY, PARKED, Ring, Words};
use crate::sync::{Ordering, fence};

/// The producer's end of a ring. `R` is how the ring is held.
pub(crate) struct Producer<R> {
    ring: R,
    /// Slots published, our own count.
    tail: u64,
    /// Slots published and, as far as we have seen, not yet taken; at most [`CAPACITY`].
    used: u64,
    corrupt: Option<Corrupt>,
}

impl<R: Deref<Target = Ring>> Producer<R> {
    /// The end of an empty ring whose first index is `start`.
    pub(crate) fn new(ring: R, start: u64) -> Self {
        Self { ring, tail: start, used: 0, corrupt: None }
    }

    /// Publishes a slot. Does not wake the consumer. Looks at shared memory only when the ring
    /// seems full.
    ///
    /// # Errors
    /// No slot is free, or the consumer is corrupt; nothing was written.
    pub(crate) fn push(&mut self, words: &Words) -> Result<(), RingFull> {
        if self.corrupt.is_some() || (self.used == CAPACITY && self.room() == 0) {
            return Err(RingFull);
        }
        self.ring.write_slot(self.tail, words);
        self.tail = self.tail.wrapping_add(1);
        self.used += 1;
        // SYNC POINT slot published: release
        self.ring.tail.0.store(self.tail, Ordering::Release);
        Ok(())
    }

    /// Slots that are free now; 0 if the consumer is corrupt.
    pub(crate) fn room(&mut self) -> usize {
        // SYNC POINT slot taken: acquire
        let head = self.ring.head.0.load(Ordering::Acquire);
        let used = self.tail.wrapping_sub(head);
        // What was taken stays taken: fewer slots are in use than before, or as many.
        if used > self.used {
            let from = self.tail.wrapping_sub(self.used);
            self.corrupt.get_or_insert(Corrupt::Consumed { found: head, from, to: self.tail });
        }
        if self.corrupt.is_some() {
            return 0;
        }
        self.used = used;
        (CAPACITY - used) as usize
    }

    /// Was the consumer's index found to be impossible?
    ///
    /// # Errors
    /// It was, once; the first finding is kept.
    pub(crate) fn check(&self) -> Result<(), Corrupt> {
        self.corrupt.map_or(Ok(()), Err)
    }

    /// Does the consumer sleep (or is it about to), so that it must be woken? True once for each
    /// time that it parks. To be called after `push`.
    pub(crate) fn peer_sleeps(&self) -> bool {
        // Orders our `tail` before our look at `parked`; the consumer orders its `parked` before
        // its look at `tail`. So one of the two sees the other, and no wake-up is lost.
        // SYNC POINT park: sequentially consistent, producer's half
        fence(Ordering::SeqCst);
        let parked = &self.ring.parked.0;
        // The plain look first: an exchange would take the line from the consumer each time.
        parked.load(Ordering::Relaxed) == PARKED
            && parked.compare_exchange(PARKED, AWAKE, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}
