//! Rings, wake-ups and descriptors between the engine and a worker.
//!
//! One worker process is joined to the engine by two rings in a small sealed segment (submissions
//! there, completions back), an eventfd each way, and a socket over which frames and file
//! descriptors go. This crate knows no batch: a [`Slot`] is 64 bytes, a [`Frame`] is bytes.
//!
//! This is one of the crates that may use `unsafe`. Its invariants:
//!
//! - **R1** A mapping is made only of a segment that has the expected size and is sealed against
//!   shrinking and growing, so every address inside it stays valid while it is mapped.
//! - **R2** Shared memory is read and written as atomic words only. There is no reference to plain
//!   shared bytes, so nothing that the other process does while we look is a data race.
//! - **R3** What the other side wrote is copied out first, and a copy is plain data: every bit
//!   pattern of it is valid. An index is checked against our private books before it is used, and
//!   no index of the other side ever becomes an address.
//! - **R4** No lock and no pointer is in shared memory: a peer that dies or lies can make us wait
//!   or answer [`Corrupt`], and nothing else.
//!
//! What the rings do not defend against: the two eventfds are *shared* file descriptions. A
//! hostile worker must be denied `fcntl(F_SETFL)` and `ioctl(FIONBIO)` by its sandbox, else it can
//! make the engine's end of an eventfd block.
#![allow(unsafe_code, reason = "the fence around shared memory and raw system calls")]
#![allow(unexpected_cfgs, reason = "cfg(loom) is set by hand, for the model checker only")]

mod ring;
mod sync;

// The model checker has no operating system.
#[cfg(not(loom))]
mod channel;
#[cfg(not(loom))]
mod last_words;
#[cfg(not(loom))]
mod link;
#[cfg(not(loom))]
mod process;

#[cfg(not(loom))]
pub use channel::{Channel, ChannelError, FDS_MAX, FRAME_BYTES_MAX, Frame};
#[cfg(not(loom))]
pub use last_words::{end_in_words_on_abort, ignore_file_size_signal};
#[cfg(not(loom))]
pub use link::{
    ConnectError, EngineEnd, Slot, Spin, WaitError, Woken, WorkerEnd, WorkerFds, connect,
};
#[cfg(not(loom))]
pub use process::{close_all_but, die_with_parent, pidfd_open};
pub use ring::{Corrupt, RING_SLOTS, RingFull};
