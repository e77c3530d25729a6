//! The operating system as the engine's platform: epoll and an eventfd, rayon, I/O threads.

mod attach;
mod counters;
mod enter;
mod fault;
mod job;
mod pool;
mod publish;
mod reader;
mod stop;
mod wake;
mod workers;
mod writer;

use std::{
    collections::VecDeque,
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use arrow::{datatypes::SchemaRef, record_batch::RecordBatch};
use bevy_ecs::{entity::EntityHashMap, prelude::*};
use rayon::ThreadPool;
use tanda_components::{
    BufferHandle, Effect, EngineTime, ExitReason, FaultId, Inbox, Input, limits::PORTS_MAX,
};
use tanda_plugin_host::Instance as PluginInstance;

pub(crate) use self::counters::Counters;
pub use self::fault::{Faults, RunFault};
pub(crate) use self::job::{Adapter, BatchFault, JobDone, JobReport, Left, Work};
use self::publish::Outputs;
use self::stop::StopSignals;
pub(crate) use self::wake::{block_explain_signal, block_stop_signals};
pub(crate) use self::workers::IsolatedParts;
use self::{
    counters::CounterBook, pool::BufferPool, reader::ReaderThread, wake::Waiter,
    workers::Finishing, writer::WriterThread,
};
use super::{Platform, Sleep};
use crate::{
    connectors::{Closed, Piece, Reader, Stop, Writer},
    failover::{FailoverParts, FailoverThread, FailureJob, Outcome},
    isolation::{Shared, Told, WorkerThread},
    panics::guarded,
    pipeline::StartError,
    refused,
};

/// What a stage needs of the operating system, ready to start.
pub(crate) struct StageParts {
    /// Name of the stage.
    pub(crate) name: String,
    /// The work of each instance; empty when reader or writer do it themselves.
    pub(crate) work: Vec<Work>,
    /// The workers of its instances, instead of `work`, when it is isolated.
    pub(crate) isolated: Option<IsolatedParts>,
    /// What deals with its batches that fail, if it has a policy.
    pub(crate) failover: Option<FailoverParts>,
    /// One adapter for each incoming edge.
    pub(crate) adapters: Vec<Adapter>,
    /// Schema of what leaves on each port.
    pub(crate) delivered: Vec<SchemaRef>,
    /// Reader or writer.
    pub(crate) end: StageEnd,
}

/// The end of the pipeline that a stage is, if it is one.
pub(crate) enum StageEnd {
    /// It reads.
    Source { reader: Box<dyn Reader>, stop: Stop, rows: Arc<AtomicU64> },
    /// It writes.
    Sink {
        writer: Box<dyn Writer>,
        /// How long what is written may stay in the buffers of the program; `None`: to the end.
        flush_every: Option<Duration>,
    },
    /// It does neither.
    Plugin,
}

/// What threads report to the tick.
enum Completion {
    Read { source: Entity, piece: Piece },
    SourceEnded { source: Entity },
    Job(JobReport, Entity),
    Written { batch: Entity, bytes: u64 },
    BatchFailed { batch: Entity, stage: Entity, message: String },
    Finished { stage: Entity, left: Vec<(usize, Left)> },
    Closed { sink: Entity, closed: Closed },
    Published,
    StageFailed { stage: Entity, message: String },
    Worker { instance: Entity, told: Told },
    FailedOver { batch: Entity, stage: Entity, outcome: Outcome },
}

/// Where an instance runs.
enum Runs {
    /// On a thread of the pool.
    Here(Work),
    /// In a worker.
    Worker(WorkerThread),
}

/// Drives the systems with real threads, files and signals.
pub struct OsPlatform {
    started: Instant,
    waiter: Waiter<Completion>,
    /// Inputs for which the inbox had no room.
    backlog: VecDeque<Input>,
    buffers: BufferPool,
    threads: ThreadPool,
    parts: Vec<StageParts>,
    stages: EntityHashMap<Running>,
    instances: EntityHashMap<(Entity, Runs)>,
    /// Finishes under way at isolated stages, and how many were ever begun.
    finishing: EntityHashMap<Finishing>,
    attempts: u64,
    /// Dead letters of batches that were examined and are not processed yet.
    dead_letters: EntityHashMap<RecordBatch>,
    cancel: Arc<AtomicBool>,
    faults: Faults,
    outputs: Outputs,
    stop_signals: StopSignals,
    drain_requested: Arc<AtomicBool>,
    explain_wanted: bool,
    /// Workers that were killed for what they did, until their end is known.
    killed: EntityHashMap<ExitReason>,
    counters: CounterBook,
    /// The first stage that the system refused a thread, if one was.
    refused: Option<StartError>,
}

/// A stage that has been started.
struct Running {
    name: String,
    adapters: Arc<[Adapter]>,
    connected: [bool; PORTS_MAX],
    /// A batch of no rows for each port.
    nothing: Vec<RecordBatch>,
    plugins: Vec<Arc<Mutex<PluginInstance>>>,
    /// Its instances in the order of their numbers, if it is isolated.
    isolated: Vec<Entity>,
    /// They have a state that may be lost with their workers.
    keeps_state: bool,
    failover: Option<FailoverThread>,
    /// The port on which dead letters leave, if there may be any.
    dead_port: Option<usize>,
    /// What it emits is moved into shared memory: a stage behind it is isolated.
    seals: Option<Arc<Shared>>,
    reader: Option<ReaderThread>,
    rows_read: Option<Arc<AtomicU64>>,
    writer: Option<WriterThread>,
    bytes_written: u64,
}

impl OsPlatform {
    /// A platform for stages that are ready to start; with `signals`, SIGINT, SIGTERM and SIGHUP
    /// drain the run.
    pub(crate) fn new(
        parts: Vec<StageParts>,
        threads: u16,
        cancel: Arc<AtomicBool>,
        signals: bool,
    ) -> io::Result<Self> {
        let threads = rayon::ThreadPoolBuilder::new()
            .num_threads(usize::from(threads.max(1)))
            .thread_name(|index| format!("tanda-{index}"))
            .build()
            .map_err(|error| no_threads(threads, &error))?;
        Ok(Self {
            started: Instant::now(),
            waiter: Waiter::new(signals)?,
            backlog: VecDeque::new(),
            buffers: BufferPool::default(),
            threads,
            parts,
            stages: EntityHashMap::default(),
            instances: EntityHashMap::default(),
            finishing: EntityHashMap::default(),
            attempts: 0,
            dead_letters: EntityHashMap::default(),
            cancel,
            faults: Faults::default(),
            outputs: Outputs::default(),
            stop_signals: StopSignals::default(),
            drain_requested: Arc::default(),
            explain_wanted: false,
            killed: EntityHashMap::default(),
            counters: CounterBook::default(),
            refused: None,
        })
    }

    /// The threads of all stages run.
    ///
    /// # Errors
    /// The first stage that has none: the platform is of no use, and is to be dropped.
    pub(crate) fn check_started(&mut self) -> Result<(), StartError> {
        self.refused.take().map_or(Ok(()), Err)
    }

    /// What went wrong, by number.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Is set when the run is told to stop.
    pub(crate) fn drain_requested(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.drain_requested)
    }

    /// Bytes that the output of `sink` has, once it is closed.
    #[must_use]
    pub fn bytes_written(&self, sink: Entity) -> u64 {
        self.stages.get(&sink).map_or(0, |stage| stage.bytes_written)
    }

    /// What the plugin of a stage has counted, in calls that succeeded.
    pub(crate) fn take_counters(&self, stage: Entity) -> Counters {
        let running = self.stage(stage);
        let mut counters = self.counters.of(stage, &running.isolated);
        for plugin in &running.plugins {
            let plugin = plugin.lock().unwrap_or_else(PoisonError::into_inner);
            counters::join(&mut counters, plugin.take_counters());
        }
        counters
    }

    fn stage(&self, stage: Entity) -> &Running {
        self.stages.get(&stage).expect("effects name stages of the world")
    }

    fn fault(&mut self, stage: Entity, message: String) -> FaultId {
        let name = self.stage(stage).name.clone();
        self.faults.add(Some(&name), message)
    }

    fn process(&mut self, batch: Entity, buffer: BufferHandle, input: u8, instance: Entity) {
        let content = self.buffers.get(buffer);
        let (stage, runs) = self.instances.get_mut(&instance).expect("effects name instances");
        let running = &self.stages[stage];
        let (stage, adapters) = (*stage, Arc::clone(&running.adapters));
        let completions = self.waiter.sender();
        match runs {
            Runs::Here(work) => {
                let (work, seals) = (work.clone(), running.seals.clone());
                self.threads.spawn(move || {
                    let adapter = adapters.get(usize::from(input));
                    let report = job::run_job(batch, &work, &content, adapter, seals.as_deref());
                    drop(content);
                    completions.send(Completion::Job(report, stage));
                });
            }
            Runs::Worker(worker) => {
                let adapted = adapters[usize::from(input)].adapt(content.batch());
                if let Err(message) = worker.process(batch, adapted) {
                    let done = JobDone::failed(message);
                    let report = JobReport { batch, done, elapsed_micros: 0 };
                    completions.send(Completion::Job(report, stage));
                }
            }
        }
    }

    fn finish(&mut self, stage: Entity) {
        if !self.stage(stage).isolated.is_empty() {
            return self.finish_isolated(stage);
        }
        let plugins = self.stage(stage).plugins.clone();
        let completions = self.waiter.sender();
        self.threads.spawn(move || {
            completions.send(match guarded(|| job::finish(&plugins)) {
                Ok(left) => Completion::Finished { stage, left },
                Err(message) => Completion::StageFailed { stage, message },
            });
        });
    }

    /// Whether the user has asked what the run waits for, since this was called last.
    pub(crate) fn take_explain_wanted(&mut self) -> bool {
        std::mem::take(&mut self.explain_wanted)
    }
}

impl Drop for OsPlatform {
    /// Whatever ended the engine: threads that are waited for give up what they are at.
    fn drop(&mut self) {
        self.cancel.store(true, Ordering::Relaxed);
    }
}

/// The pool does not start; its error hides the system's.
fn no_threads(count: u16, error: &rayon::ThreadPoolBuildError) -> io::Error {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref());
    let cause = cause.map_or_else(|| error.to_string(), refused::in_words);
    io::Error::other(format!("its {count} threads for the work: {cause}"))
}

impl Platform for OsPlatform {
    fn attach(&mut self, world: &mut World, stages: &[Entity]) {
        self.refused = self.start_stages(world, stages).err();
        self.started = Instant::now();
    }

    fn wait(&mut self, inbox: &mut Inbox, until: Sleep) -> EngineTime {
        while self.backlog.len() < inbox.free_count() {
            match self.waiter.try_next() {
                Some(completion) => self.enter(completion),
                None => break,
            }
        }
        let now = EngineTime::from_micros(self.started.elapsed().as_micros() as u64);
        let timeout = match until {
            Sleep::No => Some(Duration::ZERO),
            Sleep::Until(deadline) => Some(Duration::from_micros(deadline - now)),
            Sleep::Forever => None,
        };
        if timeout != Some(Duration::ZERO)
            && self.backlog.is_empty()
            && let Some(completion) = self.waiter.sleep(timeout)
        {
            self.enter(completion);
        }
        self.enter_signals();
        while let Some(&input) = self.backlog.front()
            && inbox.push(input).is_ok()
        {
            self.backlog.pop_front();
        }
        EngineTime::from_micros(self.started.elapsed().as_micros() as u64)
    }

    fn execute(&mut self, effect: Effect) {
        match effect {
            Effect::ReadBatch { source } => self.reader(source).read(),
            Effect::StopSource { source } => self.reader(source).stop(),
            Effect::ProcessBatch { batch, buffer, input, instance } => {
                self.process(batch, buffer, input, instance);
            }
            Effect::WriteBatch { batch, buffer, input, sink } => {
                let content = self.buffers.get(buffer);
                self.writer(sink).write(batch, content, input);
            }
            Effect::FinishStage { stage } => self.finish(stage),
            Effect::CloseSink { sink } => self.writer(sink).close(),
            Effect::AbandonSink { sink } => self.writer(sink).abandon(),
            Effect::PublishOutputs => self.publish(),
            Effect::ReleaseBuffer { buffer } => self.buffers.release(buffer),
            Effect::CancelJobs => self.cancel.store(true, Ordering::Relaxed),
            Effect::StartWorker { instance } => self.worker(instance).start(),
            Effect::StopWorker { instance } => self.worker(instance).stop(),
            Effect::KillWorker { instance, reason } => {
                self.killed.extend(reason.map(|reason| (instance, reason)));
                self.worker(instance).kill();
            }
            Effect::FailOver { batch, buffer, input, stage, over, failed } => {
                let content = self.buffers.get(buffer).batch().clone();
                let running = self.stage(stage);
                let adapter = running.adapters[usize::from(input)].clone();
                if let Some(failover) = &running.failover {
                    failover.deal_with(FailureJob { batch, content, adapter, over, failed });
                }
            }
            Effect::TakeSnapshot { instance } => {
                let worker = self.worker(instance);
                if worker.snapshot().is_err() {
                    // No room even to ask: a new worker starts from the last state.
                    worker.kill();
                }
            }
        }
    }
}

impl OsPlatform {
    fn reader(&self, source: Entity) -> &ReaderThread {
        self.stage(source).reader.as_ref().expect("only sources are asked to read")
    }

    fn writer(&mut self, sink: Entity) -> &mut WriterThread {
        let stage = self.stages.get_mut(&sink).expect("effects name stages of the world");
        stage.writer.as_mut().expect("only sinks are asked to write")
    }
}
