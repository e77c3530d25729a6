//! The atomics of the rings: the standard ones, or those of loom, so that the model checker runs
//! the very code that ships.

#[cfg(loom)]
pub(crate) use loom::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};
#[cfg(not(loom))]
pub(crate) use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

/// Under the model checker: fails the run when a slot is read while it is written. The words of a
/// slot are atomics, whose races loom allows; that the rings make none is what this checks.
#[derive(Default)]
pub(crate) struct Witness {
    #[cfg(loom)]
    place: loom::cell::UnsafeCell<()>,
}

// SAFETY: the cell holds nothing.
#[cfg(loom)]
unsafe impl Sync for Witness {}

impl Witness {
    pub(crate) fn writes(&self) {
        #[cfg(loom)]
        self.place.with_mut(|_| ());
    }

    pub(crate) fn reads(&self) {
        #[cfg(loom)]
        self.place.with(|_| ());
    }
}
