//! One plugin that is used by one thread, and opened again whenever it has died.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use arrow::record_batch::RecordBatch;
use bevy_ecs::entity::Entity;
use tanda_plugin_host::{CallError, Instance, Library};

use crate::isolation::{Given, Recipe, Shared, Told, WorkerProcess, WorkerThread};
use crate::platform::os::{BatchFault, JobDone, Left};

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

/// Opens an instance in this process as the stage's first one was.
#[derive(Clone)]
pub(crate) struct Reopen {
    pub(crate) library: Arc<Library>,
    pub(crate) config: String,
    pub(crate) cancel: Arc<AtomicBool>,
    pub(crate) stage: String,
    pub(crate) given: Arc<Given>,
}

impl Reopen {
    pub(crate) fn open(&self) -> Result<Instance, CallError> {
        let cancel = Arc::clone(&self.cancel);
        let mut instance = self.library.open_instance(&self.config, cancel, &self.stage)?;
        instance.bind(&self.given.pruned, Some(&self.given.wanted))?;
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

    /// Has a batch processed; what left by port, or why it failed, the end of its worker included.
    /// After a panic or the end of its worker the plugin is opened anew for the next batch.
    pub(crate) fn process(&mut self, batch: &RecordBatch) -> Result<Vec<Left>, String> {
        let mut open = match self.open.take() {
            Some(open) => open,
            None => self.open()?,
        };
        let left = match &mut open {
            Open::Here(instance) => match instance.process(batch) {
                Ok(outputs) => Ok(outputs.ports.into_iter().map(Left::from).collect()),
                Err(error) => {
                    Err(BatchFault { message: error.to_string(), ends: instance.is_poisoned() })
                }
            },
            Open::Worker { thread, told } => self.process_in(thread, told, batch),
        };
        if !left.as_ref().is_err_and(|failed| failed.ends) {
            self.open = Some(open);
        }
        left.map_err(|failed| failed.message)
    }

    fn open(&self) -> Result<Open, String> {
        match &self.of {
            SoleOf::Here(reopen) => {
                let instance = reopen.open().map_err(|error| error.to_string())?;
                Ok(Open::Here(Box::new(instance)))
            }
            SoleOf::Worker { recipe, shared, given, .. } => {
                let process = WorkerProcess::start_bound(recipe, given, shared, |_| ())
                    .map_err(|fault| fault.to_string())?;
                let (sender, told) = mpsc::channel();
                // Nobody listens any more once this plugin is given up.
                let tell = move |told| drop(sender.send(told));
                let (given, shared) = (Arc::clone(given), Arc::clone(shared));
                let thread = WorkerThread::new(Some(process), recipe, given, shared, None, tell)
                    .map_err(|error| format!("cannot start a thread for a worker: {error}"))?;
                Ok(Open::Worker { thread, told })
            }
        }
    }

    fn process_in(
        &self,
        thread: &mut WorkerThread,
        told: &mpsc::Receiver<Told>,
        batch: &RecordBatch,
    ) -> Result<Vec<Left>, BatchFault> {
        let ended = |message| BatchFault { message, ends: true };
        thread.process(Entity::PLACEHOLDER, batch.clone()).map_err(ended)?;
        let since = Instant::now();
        let mut overdue = None;
        loop {
            match told.recv_timeout(CANCEL_LATENCY) {
                Ok(Told::Job(report)) => match report.done {
                    JobDone::Emitted(left) => return Ok(left),
                    JobDone::Failed(fault) => return Err(fault),
                    JobDone::Encoded(_) => unreachable!("plugins emit"),
                },
                Ok(Told::Exited { message, .. }) => return Err(ended(overdue.unwrap_or(message))),
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    overdue = overdue.or_else(|| self.overdue(since.elapsed()));
                    if overdue.is_some() {
                        thread.kill();
                    }
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    return Err(ended("its thread is gone".into()));
                }
                // Nothing else was asked for.
                Ok(
                    Told::Counted(_)
                    | Told::State { .. }
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

    /// Why a worker that has not answered for so long is killed, if it is.
    fn overdue(&self, waited: Duration) -> Option<String> {
        let SoleOf::Worker { timeout, cancel, .. } = &self.of else { return None };
        if cancel.load(Ordering::Relaxed) {
            return Some("given up, since the run fails".to_owned());
        }
        let late = !timeout.is_zero() && waited >= *timeout;
        late.then(|| format!("it took longer than `timeout` ({timeout:?})"))
    }
}
