//! The thread of one isolated instance: it takes the answers of its worker, sees its end, and
//! starts the next one when it is told to.

use std::collections::{BTreeSet, VecDeque};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use bevy_ecs::entity::Entity;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tanda_components::ExitReason;
use tanda_ipc::{EngineEnd, Slot};
use tanda_plugin_host::{Bound, Wanted};

use super::answers::{Answers, Lie};
use super::feed::{Ask1, Asked, Feed, What, lock};
use super::process::{Killer, Life};
use super::{Recipe, Shared, StartFault, WorkerProcess};
use crate::platform::os::{JobReport, Left};

/// What the thread of a worker reports.
pub(crate) enum Told {
    /// A batch is done.
    Job(JobReport),
    /// The state, for the thread to keep.
    State(Vec<u8>),
    /// The thread keeps the state, which has so many bytes.
    SnapshotTaken { bytes: u64 },
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
    /// The input with the columns that are needed.
    pub(crate) pruned: SchemaRef,
    /// What later stages want.
    pub(crate) wanted: Wanted,
}

enum Order {
    Start,
    End,
}

/// The tick's end of the thread of one isolated instance. Its worker ends with it.
pub(crate) struct WorkerThread {
    orders: mpsc::Sender<Order>,
    feed: Option<Feed>,
    current: Arc<Mutex<Option<Killer>>>,
    thread: Option<JoinHandle<()>>,
}

impl WorkerThread {
    /// Takes over a bound worker; `tell` is called from the thread.
    ///
    /// # Errors
    /// The thread cannot be started; the worker is killed.
    pub(crate) fn new(
        process: WorkerProcess,
        recipe: &Recipe,
        given: Arc<Given>,
        tell: impl Fn(Told) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (orders, received) = mpsc::channel();
        let current = Arc::new(Mutex::new(Some(process.life.killer())));
        let shared = Arc::clone(&process.shared);
        let (feed, serving) = Serving::new(process);
        // A test makes the first life of a worker end at a step; the next ones come past it.
        let recipe = Recipe { fail_point: None, ..recipe.clone() };
        let known = Arc::clone(&current);
        let thread = thread::Builder::new().name("tanda-worker".into()).spawn(move || {
            let again = Again { recipe, given, shared, known };
            serve_on_order(serving, &again, &received, &tell);
        })?;
        Ok(Self { orders, feed: Some(feed), current, thread: Some(thread) })
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

    /// Orders the next worker, once the end of the last one was reported.
    pub(crate) fn start(&self) {
        // A thread that has ended has reported why.
        let _ = self.orders.send(Order::Start);
    }

    /// Kills the worker, wherever it is in its life.
    pub(crate) fn kill(&self) {
        if let Some(killer) = &*lock(&self.current) {
            killer.kill();
        }
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
    known: Arc<Mutex<Option<Killer>>>,
}

fn serve_on_order(
    first: Serving,
    again: &Again,
    orders: &mpsc::Receiver<Order>,
    tell: &impl Fn(Told),
) {
    let mut state: Option<Vec<u8>> = None;
    let mut next = Some((first, None));
    while let Some((serving, feed)) = next {
        let (reason, message) = serving.serve(feed, &mut state, tell);
        *lock(&again.known) = None;
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
                    *lock(&self.known) = None;
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
        let mut process = WorkerProcess::start(&self.recipe, &self.shared)?;
        *lock(&self.known) = Some(process.life.killer());
        process.bind(&self.given.full, None)?;
        process.bind(&self.given.pruned, Some(&self.given.wanted))?;
        let (mut feed, serving) = Serving::new(process);
        if let Some(state) = state {
            // Without room the start fails, and may succeed when there is room again.
            feed.state(What::Restore, state)
                .map_err(|how| StartFault::Died { what: "restore", how })?;
        }
        Ok((serving, Some(feed)))
    }
}

/// The thread's side of one living worker.
struct Serving {
    end: Arc<Mutex<EngineEnd>>,
    bell: std::os::fd::OwnedFd,
    asked: Asked,
    /// The command that is being answered.
    current: Option<Ask1>,
    answers: Answers,
    life: Life,
}

impl Serving {
    fn new(process: WorkerProcess) -> (Feed, Self) {
        let bound: Bound = process.bound().expect("workers are bound before they serve").clone();
        let WorkerProcess { channel, end, bell, life, segment, shared, level, .. } = process;
        let end = Arc::new(Mutex::new(end));
        let asked = Asked::new(Mutex::new(VecDeque::new()));
        let releases = super::feed::Releases::default();
        let answers =
            Answers::new(Arc::clone(&shared), segment, level, &bound, Arc::clone(&releases));
        let feed = Feed {
            end: Arc::clone(&end),
            asked: Arc::clone(&asked),
            releases,
            channel: Arc::new(channel),
            shared,
            killer: life.killer(),
            next_token: 1,
            told: BTreeSet::new(),
            told_count: 0,
            scratch: Vec::new(),
        };
        (feed, Self { end, bell, asked, current: None, answers, life })
    }

    /// Serves until the worker is gone; says why it went. `feed` is handed on when the state that
    /// was given first has been restored, or at once if none was.
    fn serve(
        mut self,
        mut feed: Option<Feed>,
        state: &mut Option<Vec<u8>>,
        tell: &impl Fn(Told),
    ) -> (ExitReason, String) {
        if state.is_none()
            && let Some(feed) = feed.take()
        {
            tell(Told::Started(Box::new(feed)));
        }
        let lie = loop {
            let over = match self.wait() {
                Ok(over) => over,
                Err(errno) => break Some(Lie(format!("it cannot be waited for: {errno}"))),
            };
            if let Err(lie) = self.drain(&mut feed, state, tell) {
                break Some(lie);
            }
            if over {
                break None;
            }
        };
        let (reason, how) = self.life.end();
        // What it had asked for is given up before its end is known, so that nothing comes after.
        lock(&self.asked).clear();
        match lie {
            Some(lie) => (ExitReason::Lied, lie.to_string()),
            None => (reason, how),
        }
    }

    /// Takes what is there; then sleeps until there is more, or the worker has ended: then true,
    /// and what it answered last is still to be taken.
    fn wait(&mut self) -> Result<bool, Errno> {
        {
            let mut end = lock(&self.end);
            end.bell_clear();
            end.park_begin();
        }
        let mut fds = [
            PollFd::new(self.bell.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.life.pidfd.as_fd(), PollFlags::POLLIN),
        ];
        // An answer that came before `park_begin` rang no bell: look before sleeping.
        let timeout = if self.has_answer() { PollTimeout::ZERO } else { PollTimeout::NONE };
        match poll(&mut fds, timeout) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
        let over = fds[1].any().unwrap_or(true);
        lock(&self.end).park_end();
        Ok(over)
    }

    fn has_answer(&self) -> bool {
        lock(&self.end).has_completion()
    }

    fn drain(
        &mut self,
        feed: &mut Option<Feed>,
        state: &mut Option<Vec<u8>>,
        tell: &impl Fn(Told),
    ) -> Result<(), Lie> {
        while let Some(slot) = self.next_slot()? {
            if self.current.is_none() {
                self.current = lock(&self.asked).pop_front();
            }
            let Some(told) = self.answers.take(&slot, self.current.as_ref())? else { continue };
            self.current = None;
            match told {
                Told::Restored => {
                    if let Some(feed) = feed.take() {
                        tell(Told::Started(Box::new(feed)));
                    }
                }
                Told::State(kept) => {
                    let bytes = kept.len() as u64;
                    *state = Some(kept);
                    tell(Told::SnapshotTaken { bytes });
                }
                told @ (Told::Job(_)
                | Told::SnapshotTaken { .. }
                | Told::ToMerge { .. }
                | Told::Merged
                | Told::Finished { .. }
                | Told::FinishFailed { .. }
                | Told::Started(_)
                | Told::Exited { .. }) => tell(told),
            }
        }
        Ok(())
    }

    fn next_slot(&self) -> Result<Option<Slot>, Lie> {
        lock(&self.end).complete().map_err(|corrupt| Lie(corrupt.to_string()))
    }
}
