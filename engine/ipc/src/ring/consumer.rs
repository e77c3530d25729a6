//! The side that takes.

use std::ops::Deref;

use super::error::Corrupt;
use super::layout::{AWAKE, CAPACITY, PARKED, Ring, Words};
use crate::sync::{Ordering, fence};

/// The consumer's end of a ring. `R` is how the ring is held.
pub(crate) struct Consumer<R> {
    ring: R,
    /// Slots taken, our own count.
    head: u64,
    /// Slots published, as far as we have seen, and not yet taken; at most [`CAPACITY`].
    filled: u64,
    corrupt: Option<Corrupt>,
}

impl<R: Deref<Target = Ring>> Consumer<R> {
    /// The end of an empty ring whose first index is `start`.
    pub(crate) fn new(ring: R, start: u64) -> Self {
        Self { ring, head: start, filled: 0, corrupt: None }
    }

    /// Takes the oldest slot: copies it out, then gives its place back. Looks at the producer's
    /// index only when what was seen of it is used up.
    ///
    /// # Errors
    /// The producer is corrupt, now or once before.
    pub(crate) fn pop(&mut self) -> Result<Option<Words>, Corrupt> {
        if let Some(corrupt) = self.corrupt {
            return Err(corrupt);
        }
        if self.filled == 0 && !self.look()? {
            return Ok(None);
        }
        let words = self.ring.read_slot(self.head);
        self.head = self.head.wrapping_add(1);
        self.filled -= 1;
        // SYNC POINT slot taken: release
        self.ring.head.0.store(self.head, Ordering::Release);
        Ok(Some(words))
    }

    /// Is there a slot to take? Looks at shared memory.
    ///
    /// # Errors
    /// The producer is corrupt, now or once before.
    pub(crate) fn look(&mut self) -> Result<bool, Corrupt> {
        // SYNC POINT slot published: acquire
        let tail = self.ring.tail.0.load(Ordering::Acquire);
        let filled = tail.wrapping_sub(self.head);
        // What was published stays published, and never more than the ring holds.
        if filled < self.filled || filled > CAPACITY {
            let from = self.head.wrapping_add(self.filled);
            let to = self.head.wrapping_add(CAPACITY);
            self.corrupt.get_or_insert(Corrupt::Published { found: tail, from, to });
        }
        if let Some(corrupt) = self.corrupt {
            return Err(corrupt);
        }
        self.filled = filled;
        Ok(filled != 0)
    }

    /// Says "I am about to sleep". Afterwards look once more, and sleep only if nothing is there.
    pub(crate) fn park_begin(&mut self) {
        self.ring.parked.0.store(PARKED, Ordering::Relaxed);
        // SYNC POINT park: sequentially consistent, consumer's half
        fence(Ordering::SeqCst);
    }

    /// Says "I am awake".
    pub(crate) fn park_end(&mut self) {
        self.ring.parked.0.store(AWAKE, Ordering::Relaxed);
    }
}
