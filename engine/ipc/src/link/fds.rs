//! What the engine hands to a worker, so that it can make its end.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Descriptors of which a [`WorkerEnd`](crate::WorkerEnd) is made. They are sent in this order.
#[derive(Debug)]
pub struct WorkerFds {
    /// The control segment.
    pub control: OwnedFd,
    /// Eventfd that the worker writes.
    pub wake_engine: OwnedFd,
    /// Eventfd that the worker reads.
    pub wake_worker: OwnedFd,
}

impl WorkerFds {
    /// The descriptors in their order, to be sent.
    pub fn as_fds(&self) -> [BorrowedFd<'_>; 3] {
        [self.control.as_fd(), self.wake_engine.as_fd(), self.wake_worker.as_fd()]
    }
}

impl From<[OwnedFd; 3]> for WorkerFds {
    fn from([control, wake_engine, wake_worker]: [OwnedFd; 3]) -> Self {
        Self { control, wake_engine, wake_worker }
    }
}
