//! A platform without an outside: virtual time, made-up batches, one seed.
//!
//! It drives the very same systems as the operating system does. Answers come after random delays
//! and so in every order that the real one could give; a run is replayed by its seed.

mod agenda;
mod failover;
mod isolation;
mod pool;
mod publish;
mod rng;
mod stage;
mod worker;

use std::collections::{BTreeMap, HashMap};

use bevy_ecs::prelude::*;
use tanda_components::{
    BufferHandle, Edges, Effect, EngineTime, ExitReason, FaultId, Inbox, Input, Instance, Stage,
    StageKind, WorkerState, limits::PORTS_MAX,
};

use self::{
    agenda::{Agenda, Event},
    failover::dead_letters,
    pool::Pool,
    rng::Rng,
    stage::Known,
    worker::{Task, Worker},
};
pub use self::{
    stage::{Content, SimStage},
    worker::{Absorbed, SimFaults},
};
use super::{Platform, Sleep};

/// Inputs of one answer at most.
const ANSWER_MAX: usize = 64;

/// The simulated outside.
pub struct SimPlatform {
    stages: Vec<SimStage>,
    rng: Rng,
    now: u64,
    agenda: Agenda,
    pool: Pool,
    known: HashMap<Entity, Known>,
    workers: HashMap<Entity, Worker>,
    /// Deaths in a row of workers that held a batch.
    deaths: HashMap<Entity, u8>,
    /// Rows set aside of batches that are not processed yet.
    dead: HashMap<Entity, u64>,
    examined: u64,
    poisoned: bool,
    crashes: u64,
    starts: u64,
    snapshots: u64,
    asked: u64,
    written: BTreeMap<usize, Vec<Content>>,
    abandoned: Vec<usize>,
    published: u64,
}

impl SimPlatform {
    /// A platform whose stages, by index, do what `stages` says, with delays drawn from `seed`.
    #[must_use]
    pub fn new(stages: Vec<SimStage>, seed: u64) -> Self {
        Self {
            stages,
            rng: Rng(seed),
            now: 0,
            agenda: Agenda::default(),
            pool: Pool::default(),
            known: HashMap::new(),
            workers: HashMap::new(),
            deaths: HashMap::new(),
            dead: HashMap::new(),
            examined: 0,
            poisoned: false,
            crashes: 0,
            starts: 0,
            snapshots: 0,
            asked: 0,
            written: BTreeMap::new(),
            abandoned: Vec::new(),
            published: 0,
        }
    }

    /// What the sink with this index has written, in order.
    #[must_use]
    pub fn written(&self, sink: usize) -> &[Content] {
        self.written.get(&sink).map_or(&[], Vec::as_slice)
    }

    /// Sinks that were told to give up, by index.
    #[must_use]
    pub fn abandoned(&self) -> &[usize] {
        &self.abandoned
    }

    /// Buffers that nobody has released.
    #[must_use]
    pub fn live_buffers(&self) -> usize {
        self.pool.live_count()
    }

    /// Some batch was held by so many workers that died, one after the other, that the run may
    /// fail.
    #[must_use]
    pub fn poisoned(&self) -> bool {
        self.poisoned
    }

    /// Workers that died, workers that were started again, and snapshots taken.
    #[must_use]
    pub fn mishaps(&self) -> [u64; 3] {
        [self.crashes, self.starts, self.snapshots]
    }

    /// A fact that comes `delay_micros` from now whatever the engine does.
    pub fn inject(&mut self, delay_micros: u64, input: Input) {
        self.agenda.push(self.now + delay_micros, Event::Answer(vec![input]));
    }

    /// The worker of `instance`, if it has one then, ends of `reason` so long from now, whatever it
    /// is doing.
    pub fn end_worker(&mut self, delay_micros: u64, instance: Entity, reason: ExitReason) {
        self.agenda.push(self.now + delay_micros, Event::Strike { instance, reason });
    }

    fn known(&mut self, stage: Entity) -> &mut Known {
        self.known.get_mut(&stage).expect("effects name stages of the world")
    }

    fn worker(&mut self, instance: Entity) -> &mut Worker {
        self.workers.get_mut(&instance).expect("effects name instances of the world")
    }

    fn script(&self, instance: Entity) -> SimStage {
        self.stages[self.known[&self.workers[&instance].stage].index]
    }

    fn answer_at(&mut self, due: u64, answer: Vec<Input>) {
        self.agenda.push(due, Event::Answer(answer));
    }

    /// When an answer of `stage` comes; with `in_order`, not before the one before it.
    fn due(&mut self, stage: Entity, in_order: bool) -> u64 {
        let index = self.known(stage).index;
        let now = self.now;
        let delay = 1 + self.rng.below(self.stages[index].delay_micros_max);
        if !in_order {
            return now + delay;
        }
        let known = self.known(stage);
        known.clock = known.clock.max(now) + delay;
        known.clock
    }

    /// Counts a batch of `stage`; the fault, if it is the one at which the stage fails.
    fn fails(&mut self, stage: Entity) -> Option<FaultId> {
        let known = self.known(stage);
        let (index, number) = (known.index, known.batches);
        known.batches += 1;
        (self.stages[index].fails_at == Some(number)).then_some(FaultId(index as u32))
    }

    fn read(&mut self, source: Entity) {
        let due = self.due(source, true);
        let known = self.known(source);
        let (index, reads, over) = (known.index, known.reads, known.over);
        let script = self.stages[index];
        if over {
            return;
        }
        self.known(source).reads += 1;
        let answer = if reads >= script.pieces {
            self.known(source).over = true;
            Input::SourceEnded { source }
        } else if script.fails_at == Some(reads) {
            self.known(source).over = true;
            Input::StageFailed { stage: source, fault: FaultId(index as u32) }
        } else {
            let content = Content::new(index, reads, script.rows);
            let buffer = self.pool.insert(content);
            let (rows, bytes, decoded) = (script.rows, script.rows * 100, script.decoded);
            Input::BatchRead { source, buffer, rows, bytes, decoded }
        };
        self.answer_at(due, vec![answer]);
    }

    fn stop(&mut self, source: Entity) {
        let due = self.due(source, true);
        self.known(source).over = true;
        self.answer_at(due, vec![Input::SourceEnded { source }]);
    }

    fn process(&mut self, batch: Entity, buffer: BufferHandle, input: u8, instance: Entity) {
        let worker = self.worker(instance);
        let (stage, isolated) = (worker.stage, worker.isolated);
        if isolated {
            self.give(instance, Task::Process { batch, buffer, input });
            return;
        }
        let due = self.due(stage, false);
        let elapsed_micros = (due - self.now) as u32;
        let answer = self.answer(instance, batch, buffer, input, elapsed_micros);
        self.answer_at(due, answer);
    }

    /// What an instance makes of a batch.
    fn answer(
        &mut self,
        instance: Entity,
        batch: Entity,
        buffer: BufferHandle,
        input: u8,
        elapsed_micros: u32,
    ) -> Vec<Input> {
        let stage = self.worker(instance).stage;
        let fault = self.fails(stage).or_else(|| self.errs(stage, buffer));
        if let Some(fault) = fault {
            return vec![Input::BatchFailed { batch, fault, ends: false }];
        }
        let content = self.pool.get(buffer);
        let known = self.known(stage);
        let (kind, connected) = (known.kind, known.connected);
        if kind == StageKind::Sink {
            let buffer = self.pool.insert(content);
            let bytes = content.rows * 90;
            return vec![Input::BatchEncoded { batch, buffer, bytes, elapsed_micros }];
        }
        self.worker(instance).state.add(kind, content, input);
        // A tenth of the rows leaves on port 1; a stage with a state absorbs what is left.
        let second = content.rows / 10;
        let passed = content.rows - second;
        let first = if kind == StageKind::Mergeable { 0 } else { passed };
        let mut answer: Vec<Input> = [first, second]
            .into_iter()
            .enumerate()
            .map(|(port, rows)| {
                let made = Content { rows, ..content };
                let buffer = connected[port].then(|| self.pool.insert(made));
                Input::BatchEmitted { batch, port: port as u8, buffer, rows, bytes: rows * 120 }
            })
            .collect();
        answer.extend(self.dead.remove(&batch).map(|rows| dead_letters(batch, rows)));
        answer.push(Input::BatchProcessed { batch, elapsed_micros });
        answer
    }

    fn write(&mut self, batch: Entity, buffer: BufferHandle, sink: Entity) {
        let due = self.due(sink, true);
        let index = self.known(sink).index;
        let content = self.pool.get(buffer);
        self.written.entry(index).or_default().push(content);
        self.answer_at(due, vec![Input::BatchWritten { batch, bytes: content.rows }]);
    }

    fn finish(&mut self, stage: Entity) {
        let instances = self.known(stage).instances.clone();
        if self.workers[&instances[0]].isolated {
            self.begin_finish(stage);
            return;
        }
        for &other in &instances[1..] {
            let state = self.worker(other).state;
            self.worker(instances[0]).state.merge(state);
        }
        let due = self.due(stage, true);
        let answer = self.flush(stage);
        self.answer_at(due, answer);
    }

    /// What the first instance makes of the merged state.
    fn flush(&mut self, stage: Entity) -> Vec<Input> {
        let known = self.known(stage);
        known.finishing = false;
        let (index, connected, first) = (known.index, known.connected, known.instances[0]);
        let absorbed = self.worker(first).state;
        let mut answer = Vec::new();
        for seq in 0..self.stages[index].finish_batches {
            let content = Content { absorbed, ..Content::new(index, seq, 5) };
            let nothing = Content::new(index, seq, 0);
            for (port, &connected) in connected.iter().enumerate() {
                let content = if port == 0 { content } else { nothing };
                let buffer = connected.then(|| self.pool.insert(content));
                if port == 0 || connected {
                    let (port, rows, bytes) = (port as u8, content.rows, content.rows * 100);
                    answer.push(Input::FinishEmitted { stage, port, buffer, rows, bytes });
                }
            }
        }
        answer.push(Input::StageFinished { stage });
        answer
    }

    /// Lets an event happen; returns what the engine hears of it.
    fn happen(&mut self, event: Event) -> Vec<Input> {
        match event {
            Event::Answer(answer) => answer,
            Event::Act { instance, life, act } => self.act(instance, life, &act),
            Event::Exit { instance, reason } => self.notice_exit(instance, reason),
            Event::Strike { instance, reason } => self.strike(instance, reason),
            Event::Finish { stage, attempt, step } => self.go_on_finishing(stage, attempt, step),
        }
    }
}

impl Platform for SimPlatform {
    fn attach(&mut self, world: &mut World, stages: &[Entity]) {
        for (index, &stage) in stages.iter().enumerate() {
            let kind = world.get::<Stage>(stage).expect("stages are stages").kind;
            let mut connected = [false; PORTS_MAX];
            for edge in world.get::<Edges>(stage).expect("stages have edges").as_slice() {
                connected[usize::from(edge.port)] = true;
            }
            self.known.insert(stage, Known::new(index, kind, connected));
        }
        let mut instances = world.query::<(Entity, &Instance, Option<&WorkerState>)>();
        let mut all: Vec<_> = instances.iter(world).collect();
        all.sort_unstable_by_key(|(_, instance, _)| (instance.stage_index, instance.index));
        for (entity, instance, state) in all {
            self.known(instance.stage).instances.push(entity);
            self.workers.insert(entity, Worker::new(instance.stage, state.copied()));
        }
    }

    fn wait(&mut self, inbox: &mut Inbox, until: Sleep) -> EngineTime {
        self.asked += 1;
        assert!(self.asked < 10_000_000, "the simulation does not come to an end");
        let next = self.agenda.next_due();
        let wake = match until {
            Sleep::No => self.now,
            Sleep::Until(deadline) => {
                next.map_or(deadline.as_micros(), |due| due.min(deadline.as_micros()))
            }
            Sleep::Forever => next.expect("the engine waits for an answer"),
        };
        self.now = self.now.max(wake);
        while inbox.free_count() >= ANSWER_MAX
            && let Some(event) = self.agenda.pop_due(self.now)
        {
            for input in self.happen(event) {
                inbox.push(input).expect("there is room for the whole answer");
            }
        }
        EngineTime::from_micros(self.now)
    }

    fn execute(&mut self, effect: Effect) {
        match effect {
            Effect::ReadBatch { source } => self.read(source),
            Effect::StopSource { source } => self.stop(source),
            Effect::ProcessBatch { batch, buffer, input, instance } => {
                self.process(batch, buffer, input, instance);
            }
            Effect::WriteBatch { batch, buffer, sink, .. } => self.write(batch, buffer, sink),
            Effect::FinishStage { stage } => self.finish(stage),
            Effect::CloseSink { sink } => {
                let due = self.due(sink, true);
                self.answer_at(due, vec![Input::StageFinished { stage: sink }]);
            }
            Effect::AbandonSink { sink } => {
                let index = self.known(sink).index;
                self.abandoned.push(index);
            }
            Effect::PublishOutputs => self.publish(),
            Effect::ReleaseBuffer { buffer } => self.pool.release(buffer),
            Effect::CancelJobs => {}
            Effect::StartWorker { instance } => self.start_worker(instance),
            Effect::StopWorker { instance } => self.stop_worker(instance),
            Effect::KillWorker { instance, .. } => self.kill_worker(instance),
            Effect::TakeSnapshot { instance } => self.give(instance, Task::Snapshot),
            Effect::FailOver { batch, buffer, stage, over, .. } => {
                self.fail_over(batch, buffer, stage, over);
            }
        }
    }
}
