//! The ring: one producer, one consumer, 64 slots, no lock.
//!
//! Both sides hold their own index in private memory and only *publish* it in the ring. The other
//! side's index is read once, checked against the private books, and remembered; an index that is
//! impossible makes the end corrupt for ever (R3). Indices count slots since the start and wrap at
//! 2^64.
//!
//! Layout of a ring, in lines of 128 bytes (two cache lines, for the prefetcher takes pairs):
//!
//! | line | holds | written by |
//! |---|---|---|
//! | 0 | `tail`: slots published | producer |
//! | 1 | `head`: slots taken | consumer |
//! | 2 | `parked`: the consumer sleeps, or is about to | consumer sets, both clear |
//! | 3… | slots of eight words | producer |

mod consumer;
mod error;
mod layout;
#[cfg(all(test, loom))]
mod loom_tests;
mod producer;
#[cfg(all(test, not(loom)))]
mod tests;

pub(crate) use consumer::Consumer;
pub use error::{Corrupt, RingFull};
pub use layout::RING_SLOTS;
pub(crate) use layout::{Ring, Words};
pub(crate) use producer::Producer;
