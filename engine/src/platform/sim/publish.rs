//! The end of a simulated run: its outputs take their names, or one of them cannot.

use tanda_components::{FaultId, Input};

use super::SimPlatform;

/// Publishing takes between 1 and so many microseconds.
const DELAY_MICROS_MAX: u64 = 1_000;

impl SimPlatform {
    /// Times that outputs were to take their names.
    #[must_use]
    pub fn published(&self) -> u64 {
        self.published
    }

    pub(super) fn publish(&mut self) {
        self.published += 1;
        let refused = self.known.iter().find(|(_, known)| self.stages[known.index].publish_fails);
        let answer = refused.map_or(Input::OutputsPublished, |(&stage, known)| {
            Input::StageFailed { stage, fault: FaultId(known.index as u32) }
        });
        let due = self.now + 1 + self.rng.below(DELAY_MICROS_MAX);
        self.answer_at(due, vec![answer]);
    }
}
