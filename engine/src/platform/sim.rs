//! A platform without an outside: virtual time, made-up batches, one seed.
//!
//! It drives the very same systems as the operating system does. Answers come after random delays
//! and so in every order that the real one could give; a run is replayed by its seed.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, HashMap},
};

use bevy_ecs::prelude::*;
use tanda_components::{
    BufferHandle, Edges, Effect, EngineTime, FaultId, Inbox, Input, Instance, Stage, StageKind,
    limits::PORTS_MAX,
};

use super::Platform;

/// What one simulated stage does.
#[derive(Clone, Copy, Debug)]
pub struct SimStage {
    /// Pieces of a source.
    pub pieces: u64,
    /// Records of a piece.
    pub rows: u64,
    /// The reader decodes by itself.
    pub decoded: bool,
    /// Batches that a stage with a state makes at the end of its input.
    pub finish_batches: u64,
    /// The stage fails at its `n`th batch (a source: piece), from 0.
    pub fails_at: Option<u64>,
    /// An answer takes between 1 and so many microseconds.
    pub delay_micros_max: u64,
}

impl Default for SimStage {
    fn default() -> Self {
        Self {
            pieces: 10,
            rows: 100,
            decoded: false,
            finish_batches: 1,
            fails_at: None,
            delay_micros_max: 1_000,
        }
    }
}

/// The simulated outside.
pub struct SimPlatform {
    stages: Vec<SimStage>,
    rng: Rng,
    now: u64,
    answers: Answers,
    pool: Pool,
    known: HashMap<Entity, Known>,
    instances: HashMap<Entity, Entity>,
    asked: u64,
    written: BTreeMap<usize, Vec<Content>>,
    abandoned: Vec<usize>,
}

/// What the simulation remembers of a stage.
#[derive(Clone, Copy)]
struct Known {
    index: usize,
    kind: StageKind,
    connected: [bool; PORTS_MAX],
    batches: u64,
    reads: u64,
    /// Answers of one reader or writer keep their order: none comes before this time.
    clock: u64,
    over: bool,
}

/// What a simulated buffer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content {
    /// Index of the stage that made it.
    pub origin: usize,
    /// Its number there.
    pub seq: u64,
    /// Rows.
    pub rows: u64,
}

impl SimPlatform {
    /// A platform whose stages, by index, do what `stages` says, with delays drawn from `seed`.
    #[must_use]
    pub fn new(stages: Vec<SimStage>, seed: u64) -> Self {
        Self {
            stages,
            rng: Rng(seed),
            now: 0,
            answers: Answers::default(),
            pool: Pool::default(),
            known: HashMap::new(),
            instances: HashMap::new(),
            asked: 0,
            written: BTreeMap::new(),
            abandoned: Vec::new(),
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
        self.pool.slots.len() - self.pool.free.len()
    }

    /// A fact that comes `delay_micros` from now whatever the engine does.
    pub fn inject(&mut self, delay_micros: u64, input: Input) {
        self.answers.push(self.now + delay_micros, vec![input]);
    }

    fn known(&mut self, stage: Entity) -> &mut Known {
        self.known.get_mut(&stage).expect("effects name stages of the world")
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
        let known = *self.known(source);
        let script = self.stages[known.index];
        if known.over {
            return;
        }
        self.known(source).reads += 1;
        let answer = if known.reads >= script.pieces {
            self.known(source).over = true;
            Input::SourceEnded { source }
        } else if script.fails_at == Some(known.reads) {
            self.known(source).over = true;
            Input::StageFailed { stage: source, fault: FaultId(known.index as u32) }
        } else {
            let content = Content { origin: known.index, seq: known.reads, rows: script.rows };
            let buffer = self.pool.insert(content);
            let (rows, bytes, decoded) = (script.rows, script.rows * 100, script.decoded);
            Input::BatchRead { source, buffer, rows, bytes, decoded }
        };
        self.answers.push(due, vec![answer]);
    }

    fn stop(&mut self, source: Entity) {
        let due = self.due(source, true);
        self.known(source).over = true;
        self.answers.push(due, vec![Input::SourceEnded { source }]);
    }

    fn process(&mut self, batch: Entity, buffer: BufferHandle, instance: Entity) {
        let stage = self.instances[&instance];
        let due = self.due(stage, false);
        if let Some(fault) = self.fails(stage) {
            self.answers.push(due, vec![Input::BatchFailed { batch, fault }]);
            return;
        }
        let content = self.pool.get(buffer);
        let known = *self.known(stage);
        let elapsed_micros = (due - self.now) as u32;
        if known.kind == StageKind::Sink {
            let buffer = self.pool.insert(content);
            let bytes = content.rows * 90;
            let answer = Input::BatchEncoded { batch, buffer, bytes, elapsed_micros };
            self.answers.push(due, vec![answer]);
            return;
        }
        // A tenth of the rows leaves on port 1; a stage with a state absorbs what is left.
        let second = content.rows / 10;
        let passed = content.rows - second;
        let first = if known.kind == StageKind::Mergeable { 0 } else { passed };
        let mut answer: Vec<Input> = [first, second]
            .into_iter()
            .enumerate()
            .map(|(port, rows)| {
                let made = Content { rows, ..content };
                let buffer = known.connected[port].then(|| self.pool.insert(made));
                Input::BatchEmitted { batch, port: port as u8, buffer, rows, bytes: rows * 120 }
            })
            .collect();
        answer.push(Input::BatchProcessed { batch, elapsed_micros });
        self.answers.push(due, answer);
    }

    fn write(&mut self, batch: Entity, buffer: BufferHandle, sink: Entity) {
        let due = self.due(sink, true);
        let index = self.known(sink).index;
        let content = self.pool.get(buffer);
        self.written.entry(index).or_default().push(content);
        self.answers.push(due, vec![Input::BatchWritten { batch, bytes: content.rows }]);
    }

    fn finish(&mut self, stage: Entity) {
        let due = self.due(stage, true);
        let known = *self.known(stage);
        let mut answer = Vec::new();
        for seq in 0..self.stages[known.index].finish_batches {
            let content = Content { origin: known.index, seq, rows: 5 };
            let buffer = known.connected[0].then(|| self.pool.insert(content));
            answer.push(Input::FinishEmitted { stage, port: 0, buffer, rows: 5, bytes: 500 });
        }
        answer.push(Input::StageFinished { stage });
        self.answers.push(due, answer);
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
            let known =
                Known { index, kind, connected, batches: 0, reads: 0, clock: 0, over: false };
            self.known.insert(stage, known);
        }
        let mut instances = world.query::<(Entity, &Instance)>();
        self.instances
            .extend(instances.iter(world).map(|(entity, instance)| (entity, instance.stage)));
    }

    fn wait(&mut self, inbox: &mut Inbox, sleep: bool) -> EngineTime {
        self.asked += 1;
        assert!(self.asked < 10_000_000, "the simulation does not come to an end");
        if sleep {
            self.now =
                self.answers.next_due().expect("the engine waits for an answer").max(self.now);
        }
        while let Some(answer) = self.answers.pop_due(self.now, inbox.free_count()) {
            for input in answer {
                inbox.push(input).expect("there is room for the whole answer");
            }
        }
        EngineTime::from_micros(self.now)
    }

    fn execute(&mut self, effect: Effect) {
        match effect {
            Effect::ReadBatch { source } => self.read(source),
            Effect::StopSource { source } => self.stop(source),
            Effect::ProcessBatch { batch, buffer, instance, .. } => {
                self.process(batch, buffer, instance);
            }
            Effect::WriteBatch { batch, buffer, sink, .. } => self.write(batch, buffer, sink),
            Effect::FinishStage { stage } => self.finish(stage),
            Effect::CloseSink { sink } => {
                let due = self.due(sink, true);
                self.answers.push(due, vec![Input::StageFinished { stage: sink }]);
            }
            Effect::AbandonSink { sink } => {
                let index = self.known(sink).index;
                self.abandoned.push(index);
            }
            Effect::ReleaseBuffer { buffer } => self.pool.release(buffer),
            Effect::CancelJobs => {}
        }
    }
}

/// Answers to come, by the time at which they are due.
#[derive(Default)]
struct Answers {
    due: BinaryHeap<Reverse<(u64, u64)>>,
    waiting: BTreeMap<u64, Vec<Input>>,
    count: u64,
}

impl Answers {
    fn push(&mut self, due: u64, answer: Vec<Input>) {
        self.count += 1;
        self.due.push(Reverse((due, self.count)));
        self.waiting.insert(self.count, answer);
    }

    fn next_due(&self) -> Option<u64> {
        self.due.peek().map(|Reverse((due, _))| *due)
    }

    /// The next answer that is due by `now` and has at most `room` inputs.
    fn pop_due(&mut self, now: u64, room: usize) -> Option<Vec<Input>> {
        let &Reverse((due, id)) = self.due.peek()?;
        if due > now || self.waiting[&id].len() > room {
            return None;
        }
        self.due.pop();
        self.waiting.remove(&id)
    }
}

/// Slots with generations, as the real pool has them: a stale or doubled release panics.
#[derive(Default)]
struct Pool {
    slots: Vec<(u32, Option<Content>)>,
    free: Vec<u32>,
}

impl Pool {
    fn insert(&mut self, content: Content) -> BufferHandle {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push((0, None));
            self.slots.len() as u32 - 1
        });
        let slot = &mut self.slots[index as usize];
        slot.1 = Some(content);
        BufferHandle { index, generation: slot.0 }
    }

    fn get(&self, handle: BufferHandle) -> Content {
        let slot = self.slots[handle.index as usize];
        assert_eq!(slot.0, handle.generation, "stale handle {handle:?}");
        slot.1.expect("a live handle names a full slot")
    }

    fn release(&mut self, handle: BufferHandle) {
        self.get(handle);
        self.slots[handle.index as usize] = (handle.generation + 1, None);
        self.free.push(handle.index);
    }
}

/// `SplitMix64` (Steele, Lea, Flood 2014): enough for delays, and the same on every machine.
struct Rng(u64);

impl Rng {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound.max(1)
    }
}
