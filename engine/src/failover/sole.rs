//! One plugin that is used by one thread, and opened again whenever it has died.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use arrow::record_batch::RecordBatch;
use bevy_ecs::entity::Entity;
use nix::sys::signal::Signal;
use tanda_components::{ExitReason, limits::ATTEMPTS_MAX};
use tanda_plugin_host::{CallError, Instance, Library, Outputs};

use crate::isolation::{Given, Recipe, Shared, Told, WorkerProcess, WorkerThread};
use crate::pinned::PinnedFiles;
use crate::platform::os::{BatchFault, JobDone, Left};
use crate::refused::in_words;

/// How often a wait for a worker looks whether the run fails.
const CANCEL_LATENCY: Duration = Duration::from_millis(100);

/// What the plugin is opened from.
pub(crate) enum SoleOf {
    /// A library in this process.
    Here(Reopen),
    /// A worker; killed when it takes longer than `timeout` for a batch (0: never).
    Worker {
        recipe: Arc<Recipe>,
        shared: Arc<Shared>,
        given: Arc<Given>,
        timeout: Duration,
        cancel: Arc<AtomicBool>,
    },
}

/// Why a batch was not processed.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The plugin says so, or panicked: it would again.
    Batch(String),
    /// Its worker ended meanwhile, or was killed since it took too long. That may be no fault of
    /// the batch: somebody may have killed it.
    Died(String),
    /// It is no matter of the batch: the plugin cannot be opened, its sandbox denied a call, or the
    /// run fails.
    Hopeless(String),
}

/// Opens an instance in this process as the stage's first one was.
#[derive(Clone)]
pub(crate) struct Reopen {
    pub(crate) library: Arc<Library>,
    pub(crate) config: String,
    pub(crate) cancel: Arc<AtomicBool>,
    pub(crate) stage: String,
    pub(crate) files: PinnedFiles,
    pub(crate) given: Arc<Given>,
}

impl Reopen {
    pub(crate) fn open(&self) -> Result<Instance, String> {
        self.files.check().map_err(|changed| changed.to_string())?;
        let instance = self.open_now().map_err(|error| error.to_string())?;
        self.files.check().map_err(|changed| changed.to_string())?;
        Ok(instance)
    }

    fn open_now(&self) -> Result<Instance, CallError> {
        let cancel = Arc::clone(&self.cancel);
        let mut instance = self.library.open_instance(&self.config, cancel, &self.stage)?;
        let Given { full, typed, pruned, wanted } = &*self.given;
        if let Some(difference) = typed.difference(instance.bind(full, None)?) {
            let plugin = self.library.name().to_owned();
            return Err(CallError::BindsOtherwise { plugin, difference });
        }
        instance.bind(pruned, Some(wanted))?;
        Ok(instance)
    }
}

/// The plugin, when it is open.
pub(crate) struct Sole {
    of: SoleOf,
    open: Option<Open>,
}

enum Open {
    Here(Box<Instance>),
    Worker { thread: WorkerThread, told: mpsc::Receiver<Told> },
}

impl Sole {
    /// Nothing is opened yet.
    pub(crate) fn new(of: SoleOf) -> Self {
        Self { of, open: None }
    }

    /// Has a batch processed; gives what left by port. After a panic or the end of its worker the
    /// plugin is opened anew for the next batch.
    ///
    /// # Errors
    /// Whose fault it was, with the words of the plugin or how its worker ended.
    pub(crate) fn process(&mut self, batch: &RecordBatch) -> Result<Vec<Left>, Fault> {
        let mut open = match self.open.take() {
            Some(open) => open,
            None => self.open().map_err(Fault::Hopeless)?,
        };
        let (left, ends) = match &mut open {
            Open::Here(instance) => {
                let outputs = instance.process(batch).map_err(|e| Fault::Batch(e.to_string()));
                let left = |outputs: Outputs| outputs.ports.into_iter().map(Left::from).collect();
                (outputs.map(left), instance.is_poisoned())
            }
            Open::Worker { thread, told } => match self.process_in(thread, told, batch) {
                Ok(Ok(left)) => (Ok(left), false),
                Ok(Err(BatchFault { message, ends })) => (Err(Fault::Batch(message)), ends),
                Err(fault) => (Err(fault), true),
            },
        };
        if !ends {
            self.open = Some(open);
        }
        left
    }

    /// As [`process`](Self::process), as often as a batch of the stage is given to its workers when
    /// they die over it.
    ///
    /// # Errors
    /// As there, in words.
    pub(crate) fn process_patiently(&mut self, batch: &RecordBatch) -> Result<Vec<Left>, String> {
        let mut tries = 1..=ATTEMPTS_MAX;
        loop {
            let attempt = tries.next();
            match self.process(batch) {
                Ok(left) => return Ok(left),
                Err(Fault::Died(_)) if attempt.is_some_and(|attempt| attempt < ATTEMPTS_MAX) => {}
                Err(Fault::Died(message)) => {
                    return Err(format!("{message}, as {ATTEMPTS_MAX} workers in a row did"));
                }
                Err(Fault::Batch(message) | Fault::Hopeless(message)) => return Err(message),
            }
        }
    }

    fn open(&self) -> Result<Open, String> {
        match &self.of {
            SoleOf::Here(reopen) => Ok(Open::Here(Box::new(reopen.open()?))),
            SoleOf::Worker { recipe, shared, given, .. } => {
                let process = WorkerProcess::start_another(recipe, given, shared)
                    .map_err(|fault| fault.to_string())?;
                let (sender, told) = mpsc::channel();
                // Nobody listens any more once this plugin is given up.
                let tell = move |told| drop(sender.send(told));
                let (given, shared) = (Arc::clone(given), Arc::clone(shared));
                let thread = WorkerThread::new(Some(process), recipe, given, shared, None, tell)
                    .map_err(|e| format!("cannot start a thread for a worker: {}", in_words(&e)))?;
                Ok(Open::Worker { thread, told })
            }
        }
    }

    fn process_in(
        &self,
        thread: &mut WorkerThread,
        told: &mpsc::Receiver<Told>,
        batch: &RecordBatch,
    ) -> Result<Result<Vec<Left>, BatchFault>, Fault> {
        if let Err(message) = thread.process(Entity::PLACEHOLDER, batch.clone()) {
            return Ok(Err(BatchFault { message, ends: true }));
        }
        let since = Instant::now();
        let mut overdue = None;
        loop {
            match told.recv_timeout(CANCEL_LATENCY) {
                Ok(Told::Job(report)) => match report.done {
                    JobDone::Emitted(left) => return Ok(Ok(left)),
                    JobDone::Failed(fault) => return Ok(Err(fault)),
                    JobDone::Encoded(_) => unreachable!("plugins emit"),
                },
                Ok(Told::Exited { reason, message }) => {
                    return Err(self.of_exit(reason, overdue.unwrap_or(message)));
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    overdue = overdue.or_else(|| self.overdue(since.elapsed()));
                    if overdue.is_some() {
                        thread.kill();
                    }
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    return Err(Fault::Hopeless("its thread is gone".into()));
                }
                // Nothing else was asked for.
                Ok(
                    Told::Counted(_)
                    | Told::SnapshotTaken { .. }
                    | Told::ToMerge { .. }
                    | Told::Restored
                    | Told::Merged
                    | Told::Finished { .. }
                    | Told::FinishFailed { .. }
                    | Told::Started(_),
                ) => {}
            }
        }
    }

    /// Whose fault the end of a worker is.
    fn of_exit(&self, reason: ExitReason, message: String) -> Fault {
        let denied = reason == ExitReason::Signalled { signal: Signal::SIGSYS as i32 };
        if denied || self.is_cancelled() {
            return Fault::Hopeless(message);
        }
        Fault::Died(message)
    }

    fn is_cancelled(&self) -> bool {
        let SoleOf::Worker { cancel, .. } = &self.of else { return false };
        cancel.load(Ordering::Relaxed)
    }

    /// Why a worker that has not answered for so long is killed, if it is.
    fn overdue(&self, waited: Duration) -> Option<String> {
        let SoleOf::Worker { timeout, .. } = &self.of else { return None };
        if self.is_cancelled() {
            return Some("given up, since the run fails".to_owned());
        }
        let late = !timeout.is_zero() && waited >= *timeout;
        late.then(|| format!("it took longer than `timeout` ({timeout:?})"))
    }
}
