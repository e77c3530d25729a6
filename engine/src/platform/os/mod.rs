//! The operating system as the engine's platform: epoll and an eventfd, rayon, I/O threads.

mod enter;
mod fault;
mod guard;
mod job;
mod pool;
mod reader;
mod wake;
mod writer;

use std::{
    collections::VecDeque,
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Instant,
};

use bevy_ecs::{entity::EntityHashMap, prelude::*};
use rayon::ThreadPool;
use tanda_components::{
    BufferHandle, Edges, Effect, EngineTime, FaultId, Inbox, Input, Instance, limits::PORTS_MAX,
};
use tanda_plugin_host::Instance as PluginInstance;

pub use self::fault::{Faults, RunFault};
pub(crate) use self::job::{Adapter, Work};
pub(crate) use self::wake::block_stop_signals;
use self::{
    guard::guarded,
    job::{JobReport, Left},
    pool::BufferPool,
    reader::ReaderThread,
    wake::Waiter,
    writer::WriterThread,
};
use super::Platform;
use crate::connectors::{
    read::{Piece, Reader, Stop},
    write::Writer,
};

/// What a stage needs of the operating system, ready to start.
pub(crate) struct StageParts {
    /// Name of the stage.
    pub(crate) name: String,
    /// The work of each instance; empty when reader or writer do it themselves.
    pub(crate) work: Vec<Work>,
    /// One adapter for each incoming edge.
    pub(crate) adapters: Vec<Adapter>,
    /// Reader or writer.
    pub(crate) end: StageEnd,
}

/// The end of the pipeline that a stage is, if it is one.
pub(crate) enum StageEnd {
    /// It reads.
    Source { reader: Box<dyn Reader>, stop: Stop, rows: Arc<AtomicU64> },
    /// It writes.
    Sink { writer: Box<dyn Writer> },
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
    Closed { sink: Entity, bytes: u64 },
    StageFailed { stage: Entity, message: String },
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
    instances: EntityHashMap<(Entity, Work)>,
    cancel: Arc<AtomicBool>,
    faults: Faults,
    drain_requested: bool,
}

/// A stage that has been started.
struct Running {
    name: String,
    adapters: Arc<[Adapter]>,
    connected: [bool; PORTS_MAX],
    plugins: Vec<Arc<Mutex<PluginInstance>>>,
    reader: Option<ReaderThread>,
    rows_read: Option<Arc<AtomicU64>>,
    writer: Option<WriterThread>,
    bytes_written: u64,
}

impl OsPlatform {
    /// A platform for stages that are ready to start; with `signals`, SIGINT and SIGTERM drain the
    /// run.
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
            .map_err(io::Error::other)?;
        Ok(Self {
            started: Instant::now(),
            waiter: Waiter::new(signals)?,
            backlog: VecDeque::new(),
            buffers: BufferPool::default(),
            threads,
            parts,
            stages: EntityHashMap::default(),
            instances: EntityHashMap::default(),
            cancel,
            faults: Faults::default(),
            drain_requested: false,
        })
    }

    /// What went wrong, by number.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Bytes that the output of `sink` has, once it is closed.
    #[must_use]
    pub fn bytes_written(&self, sink: Entity) -> u64 {
        self.stages.get(&sink).map_or(0, |stage| stage.bytes_written)
    }

    fn stage(&self, stage: Entity) -> &Running {
        self.stages.get(&stage).expect("effects name stages of the world")
    }

    fn fault(&mut self, stage: Entity, message: String) -> FaultId {
        let name = self.stage(stage).name.clone();
        self.faults.add(&name, message)
    }

    fn start_stage(
        &mut self,
        entity: Entity,
        parts: StageParts,
        connected: [bool; PORTS_MAX],
    ) -> Running {
        let plugins = parts.work.iter().filter_map(|work| match work {
            Work::Process(instance) => Some(Arc::clone(instance)),
            Work::Decode(_) | Work::Encode(_) => None,
        });
        let mut running = Running {
            name: parts.name,
            plugins: plugins.collect(),
            adapters: parts.adapters.into(),
            connected,
            reader: None,
            rows_read: None,
            writer: None,
            bytes_written: 0,
        };
        let completions = self.waiter.sender();
        let started = match parts.end {
            StageEnd::Plugin => Ok(()),
            StageEnd::Source { reader, stop, rows } => {
                running.rows_read = Some(rows);
                ReaderThread::spawn(entity, reader, stop, completions)
                    .map(|thread| running.reader = Some(thread))
            }
            StageEnd::Sink { writer } => {
                let adapters = running.adapters.to_vec();
                WriterThread::spawn(entity, writer, adapters, completions)
                    .map(|thread| running.writer = Some(thread))
            }
        };
        if let Err(error) = started {
            let message = format!("cannot start its thread: {error}");
            self.waiter.sender().send(Completion::StageFailed { stage: entity, message });
        }
        running
    }

    fn process(&self, batch: Entity, buffer: BufferHandle, input: u8, instance: Entity) {
        let (stage, work) = &self.instances[&instance];
        let (stage, work) = (*stage, work.clone());
        let content = self.buffers.get(buffer);
        let adapters = Arc::clone(&self.stage(stage).adapters);
        let completions = self.waiter.sender();
        self.threads.spawn(move || {
            let report = job::run_job(batch, &work, &content, adapters.get(usize::from(input)));
            drop(content);
            completions.send(Completion::Job(report, stage));
        });
    }

    fn finish(&self, stage: Entity) {
        let plugins = self.stage(stage).plugins.clone();
        let completions = self.waiter.sender();
        self.threads.spawn(move || {
            completions.send(match guarded(|| job::finish(&plugins)) {
                Ok(left) => Completion::Finished { stage, left },
                Err(message) => Completion::StageFailed { stage, message },
            });
        });
    }

    /// The first signal drains; the second ends the process, as an impatient user expects.
    fn request_drain(&mut self) {
        if self.drain_requested {
            tracing::warn!("interrupted again: ending without draining");
            std::process::exit(130);
        }
        self.drain_requested = true;
        self.backlog.push_back(Input::DrainRequested);
    }
}

impl Platform for OsPlatform {
    fn attach(&mut self, world: &mut World, stages: &[Entity]) {
        let mut work_of: EntityHashMap<Vec<Work>> = EntityHashMap::default();
        let parts = std::mem::take(&mut self.parts);
        for (&entity, parts) in stages.iter().zip(parts) {
            work_of.insert(entity, parts.work.clone());
            let edges = world.get::<Edges>(entity).expect("every stage has edges");
            let connected = std::array::from_fn(|port| edges.of_port(port as u8).count() > 0);
            let running = self.start_stage(entity, parts, connected);
            self.stages.insert(entity, running);
        }
        let mut instances = world.query::<(Entity, &Instance)>();
        for (entity, instance) in instances.iter(world) {
            let work = work_of[&instance.stage][usize::from(instance.index)].clone();
            self.instances.insert(entity, (instance.stage, work));
        }
        self.started = Instant::now();
    }

    fn wait(&mut self, inbox: &mut Inbox, sleep: bool) -> EngineTime {
        while self.backlog.len() < inbox.free_count() {
            match self.waiter.try_next() {
                Some(completion) => self.enter(completion),
                None => break,
            }
        }
        if sleep
            && self.backlog.is_empty()
            && let Some(completion) = self.waiter.sleep()
        {
            self.enter(completion);
        }
        if self.waiter.take_signals() {
            self.request_drain();
        }
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
            Effect::ReleaseBuffer { buffer } => self.buffers.release(buffer),
            Effect::CancelJobs => self.cancel.store(true, Ordering::Relaxed),
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
