//! The end of a run that went well: its outputs take their names.

use std::convert::Infallible;

use super::{Completion, OsPlatform};
use crate::connectors::write::publish;
use crate::panics::guarded;

impl OsPlatform {
    /// Gives all outputs that are complete their names, or none, on a thread of the pool: the disk
    /// may take its time.
    pub(super) fn publish(&mut self) {
        let (sinks, outputs): (Vec<_>, Vec<_>) = self.staged.drain(..).unzip();
        let completions = self.waiter.sender();
        self.threads.spawn(move || {
            let published = guarded(|| Ok::<_, Infallible>(publish(&outputs)));
            let (stage, message) = match published {
                Ok(Ok(())) => return completions.send(Completion::Published),
                Ok(Err((index, error))) => (sinks[index], error.to_string()),
                // Without outputs there is nothing that could panic.
                Err(message) => (sinks[0], message),
            };
            completions.send(Completion::StageFailed { stage, message });
        });
    }
}
