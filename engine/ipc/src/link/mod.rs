//! The link to one worker: two rings in a sealed segment, and a bell each way.

mod bell;
mod engine_end;
mod error;
mod fds;
mod segment;
mod slot;
#[cfg(test)]
mod tests;
mod worker_end;

pub use engine_end::{EngineEnd, connect};
pub use error::{ConnectError, WaitError};
pub use fds::WorkerFds;
pub use slot::Slot;
pub use worker_end::{Spin, Woken, WorkerEnd};
