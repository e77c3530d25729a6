//! Steps at which a worker can be made to die, so that a test reaches each of them for sure.

use crate::protocol::FailPoint;

/// The step at which this worker dies, if it was told one.
#[derive(Debug, Default)]
pub(crate) struct Fail {
    at: Option<FailPoint>,
    visits: u64,
}

impl Fail {
    pub(crate) fn new(at: Option<FailPoint>) -> Self {
        Self { at, visits: 0 }
    }

    /// The worker has come to `step`. As if it were killed from outside, it gets no further:
    /// nothing is unwound, flushed or told.
    pub(crate) fn at(&mut self, step: &str) {
        let Some(point) = self.at.as_ref().filter(|point| point.step == step) else { return };
        self.visits += 1;
        if cfg!(debug_assertions) && self.visits == point.visit {
            std::process::abort();
        }
    }
}
