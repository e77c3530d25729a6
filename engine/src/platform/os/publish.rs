//! The end of a run that went well: its outputs take their names.

use std::convert::Infallible;
use std::sync::mpsc;

use bevy_ecs::entity::Entity;

use super::{Completion, OsPlatform};
use crate::connectors::{Staged, publish};
use crate::panics::guarded;

/// The outputs of a run that are complete.
#[derive(Default)]
pub(super) struct Outputs {
    /// Each with its sink; they wait for their names.
    pub(super) staged: Vec<(Entity, Staged)>,
    /// Closed when the names are given.
    publishing: Option<mpsc::Receiver<Infallible>>,
}

impl OsPlatform {
    /// Gives all outputs that are complete their names, or none, on a thread of the pool: the disk
    /// may take its time.
    pub(super) fn publish(&mut self) {
        let (sinks, outputs): (Vec<_>, Vec<_>) = self.outputs.staged.drain(..).unzip();
        let completions = self.waiter.sender();
        let (until_done, publishing) = mpsc::channel();
        self.outputs.publishing = Some(publishing);
        self.threads.spawn(move || {
            let _until_done = until_done;
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

impl Outputs {
    /// Waits until no outputs take their names any more: the program must not end between two.
    pub(super) fn wait(&mut self) {
        if let Some(publishing) = self.publishing.take() {
            // It is never sent anything: the wait ends with the sender.
            let _ = publishing.recv();
        }
    }
}

/// Whatever ends the engine.
impl Drop for Outputs {
    fn drop(&mut self) {
        self.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn end_of_the_engine_waits_until_all_names_are_given() {
        let (until_done, publishing) = mpsc::channel::<Infallible>();
        let outputs = Outputs { staged: Vec::new(), publishing: Some(publishing) };
        let done = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&done);
        thread::spawn(move || {
            (0..1_000).for_each(|_| thread::yield_now());
            done.store(true, Ordering::Release);
            drop(until_done);
        });
        drop(outputs);
        assert!(seen.load(Ordering::Acquire));
    }
}
