//! The thread of one isolated instance: it takes the answers of its worker, sees its end, and
//! starts the next one when it is told to.

use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use bevy_ecs::entity::Entity;
use tanda_components::ExitReason;
use tanda_plugin_host::{Bound, Wanted};

use super::feed::{Feed, What, lock};
use super::life::Killer;
use super::serving::Serving;
use super::{Recipe, Shared, Spares, StartFault, WorkerProcess};
use crate::panics::guarded;
use crate::platform::os::{Counters, JobReport, Left};

/// What the thread of a worker reports.
pub(crate) enum Told {
    /// A batch is done.
    Job(JobReport),
    /// What the command whose end is told next has added to the plugin's counters.
    Counted(Counters),
    /// The thread keeps the state, which took the worker so long to give.
    SnapshotTaken { elapsed_micros: u32 },
    /// The state, to be merged into another instance's.
    ToMerge { attempt: u64, state: Vec<u8> },
    /// The state was restored.
    Restored,
    /// Another state was merged into this one.
    Merged,
    /// The state was flushed.
    Finished { attempt: u64, left: Vec<(usize, Left)> },
    /// Flushing or merging failed.
    FinishFailed { attempt: u64, message: String },
    /// A new worker is ready.
    Started(Box<Feed>),
    /// The worker is gone.
    Exited { reason: ExitReason, message: String },
}

/// What the schema of a stage is, to bind a new worker as the first one was.
pub(crate) struct Given {
    /// The input as it was typed.
    pub(crate) full: SchemaRef,
    /// What the first one was bound to then.
    pub(crate) typed: Bound,
    /// The input with the columns that are needed.
    pub(crate) pruned: SchemaRef,
    /// What later stages want.
    pub(crate) wanted: Wanted,
}

/// Nothing ended by itself.
const NO_ROOM: ExitReason = ExitReason::Exited { code: -1 };

enum Order {
    Start,
    End,
}

/// The process that a kill is for.
#[derive(Default)]
struct Current {
    killer: Option<Killer>,
    /// A start was ordered and then a kill: whatever process it comes to dies.
    doomed: bool,
}

impl Current {
    /// A process has begun.
    fn begin(&mut self, killer: Killer) {
        if self.doomed {
            killer.kill();
        }
        self.killer = Some(killer);
    }

    fn kill(&mut self) {
        self.doomed = true;
        if let Some(killer) = &self.killer {
            killer.kill();
        }
    }
}

/// The tick's end of the thread of one isolated instance. Its worker ends with it.
pub(crate) struct WorkerThread {
    orders: mpsc::Sender<Order>,
    feed: Option<Feed>,
    current: Arc<Mutex<Current>>,
    thread: Option<JoinHandle<()>>,
    /// No worker was ever ordered.
    dormant: bool,
}

impl WorkerThread {
    /// Takes over a bound worker, or waits until one is ordered; `tell` is called from the thread.
    ///
    /// # Errors
    /// The thread cannot be started; the worker is killed.
    pub(crate) fn new(
        process: Option<WorkerProcess>,
        recipe: &Recipe,
        given: Arc<Given>,
        shared: Arc<Shared>,
        spares: Option<Arc<Spares>>,
        tell: impl Fn(Told) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (orders, received) = mpsc::channel();
        let dormant = process.is_none();
        let killer = process.as_ref().map(|process| process.life.killer());
        let current = Arc::new(Mutex::new(Current { killer, doomed: false }));
        let (feed, serving) = process.map(Serving::new).unzip();
        let recipe = recipe.of_later_ones();
        let known = Arc::clone(&current);
        let thread = thread::Builder::new().name("tanda-worker".into()).spawn(move || {
            let again = Again { recipe, given, shared, spares, known };
            let served = guarded(|| {
                serve_on_order(serving, &again, &received, &tell);
                Ok::<_, String>(())
            });
            if let Err(message) = served {
                tell(Told::Exited { reason: ExitReason::Refused, message });
            }
        })?;
        Ok(Self { orders, feed, current, thread: Some(thread), dormant })
    }

    /// Gives a batch. If the worker is gone, nothing happens: its end is reported, or about to be.
    ///
    /// # Errors
    /// The batch cannot be given; the worker knows nothing of it.
    pub(crate) fn process(&mut self, batch: Entity, input: RecordBatch) -> Result<(), String> {
        self.feed.as_mut().map_or(Ok(()), |feed| feed.process(batch, input))
    }

    /// Asks for the state to be kept.
    ///
    /// # Errors
    /// It cannot be asked.
    pub(crate) fn snapshot(&mut self) -> Result<(), String> {
        self.feed.as_mut().map_or(Ok(()), |feed| feed.snapshot(What::Keep))
    }

    /// Asks for the state to be merged elsewhere.
    ///
    /// # Errors
    /// It cannot be asked.
    pub(crate) fn give_to_merge(&mut self, attempt: u64) -> Result<(), String> {
        self.feed.as_mut().map_or(Ok(()), |feed| feed.snapshot(What::GiveToMerge { attempt }))
    }

    /// Gives the state of another instance.
    ///
    /// # Errors
    /// There is no room for it.
    pub(crate) fn merge(&mut self, attempt: u64, state: &[u8]) -> Result<(), String> {
        self.feed.as_mut().map_or(Ok(()), |feed| feed.state(What::Merge { attempt }, state))
    }

    /// Asks for the flush of the state.
    ///
    /// # Errors
    /// It cannot be asked.
    pub(crate) fn finish(&mut self, attempt: u64) -> Result<(), String> {
        self.feed.as_mut().map_or(Ok(()), |feed| feed.finish(attempt))
    }

    /// No worker was ever ordered: there is no state to be had from it.
    pub(crate) fn is_dormant(&self) -> bool {
        self.dormant
    }

    /// Orders the next worker, once the end of the last one was reported.
    pub(crate) fn start(&mut self) {
        self.dormant = false;
        lock(&self.current).doomed = false;
        // A thread that has ended has reported why.
        let _ = self.orders.send(Order::Start);
    }

    /// Tells the worker to go: the way to it is closed, which it sees when it is done with what it
    /// was given, and ends.
    pub(crate) fn stop(&mut self) {
        self.feed = None;
    }

    /// Kills the worker, wherever it is in its life, be it about to be started.
    pub(crate) fn kill(&self) {
        lock(&self.current).kill();
    }

    /// A new worker is ready.
    pub(crate) fn started(&mut self, feed: Feed) {
        self.feed = Some(feed);
    }

    /// The worker is gone; what it was given and did not answer is given up.
    pub(crate) fn exited(&mut self) {
        self.feed = None;
    }
}

impl Drop for WorkerThread {
    fn drop(&mut self) {
        let _ = self.orders.send(Order::End);
        self.feed = None;
        self.kill();
        if let Some(thread) = self.thread.take() {
            // A panic of it was printed where it happened.
            let _ = thread.join();
        }
    }
}

/// What is needed to start a worker again.
struct Again {
    recipe: Recipe,
    given: Arc<Given>,
    shared: Arc<Shared>,
    spares: Option<Arc<Spares>>,
    known: Arc<Mutex<Current>>,
}

fn serve_on_order(
    first: Option<Serving>,
    again: &Again,
    orders: &mpsc::Receiver<Order>,
    tell: &impl Fn(Told),
) {
    let mut state: Option<Vec<u8>> = None;
    let mut next = match first {
        Some(first) => Some((first, None)),
        None => again.start_on_order(orders, None, tell),
    };
    while let Some((serving, feed)) = next {
        let (reason, message) = serving.serve(feed, &mut state, tell);
        lock(&again.known).killer = None;
        tell(Told::Exited { reason, message });
        next = again.start_on_order(orders, state.as_deref(), tell);
    }
}

impl Again {
    /// The next worker that is ordered and can be started; none when the run ends.
    fn start_on_order(
        &self,
        orders: &mpsc::Receiver<Order>,
        state: Option<&[u8]>,
        tell: &impl Fn(Told),
    ) -> Option<(Serving, Option<Feed>)> {
        while let Ok(Order::Start) = orders.recv() {
            match self.start(state) {
                Ok(started) => return Some(started),
                Err(fault) => {
                    lock(&self.known).killer = None;
                    let reason = fault.reason();
                    tell(Told::Exited { reason, message: fault.to_string() });
                }
            }
        }
        None
    }

    /// A new worker, bound as the first one was; its feed is for the tick when the state has been
    /// restored.
    fn start(&self, state: Option<&[u8]>) -> Result<(Serving, Option<Feed>), StartFault> {
        let process = match self.spares.as_ref().and_then(|spares| spares.take()) {
            Some(spare) => {
                lock(&self.known).begin(spare.life.killer());
                spare
            }
            None => {
                let begun = |killer| lock(&self.known).begin(killer);
                WorkerProcess::start_bound(&self.recipe, &self.given, &self.shared, begun)?
            }
        };
        let (mut feed, serving) = Serving::new(process);
        if let Some(state) = state {
            // Without room the start fails, and may succeed when there is room again.
            feed.state(What::Restore, state).map_err(|how| StartFault::Died {
                what: "restore",
                reason: NO_ROOM,
                how,
            })?;
        }
        Ok((serving, Some(feed)))
    }
}
