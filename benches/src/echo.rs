//! A platform that does nothing and says at once that it is done: what is left is the engine's own
//! cost.

use std::collections::VecDeque;

use bevy_ecs::prelude::*;
use tanda::platform::{Platform, Sleep};
use tanda_components::{
    BufferHandle, Edges, Effect, EngineTime, Inbox, Input, Instance, Stage, StageIndex, StageKind,
    limits::PORTS_MAX,
};

use crate::scenes::{BATCH_BYTES, BATCH_ROWS};

/// Batches that it may know of at once without allocating.
const BATCHES_MAX: usize = 1 << 16;

/// Answers every effect with the input that it asks for, in the order of asking. Sources never end,
/// and every connected port of a plugin gives a batch for a batch.
///
/// Allocates nothing after [`Platform::attach`], up to 65,536 batches in flight.
pub struct Echo {
    roles: Vec<Option<Role>>,
    waiting: VecDeque<Effect>,
    held: VecDeque<Effect>,
    held_stage: Option<StageIndex>,
    pool: Pool,
    micros: u64,
    /// Effects answered before each tick at most.
    pub answers_max: usize,
}

/// What an entity is that effects name: a stage, or an instance of it.
#[derive(Clone, Copy)]
struct Role {
    stage: Stage,
    decodes: bool,
    connected: [bool; PORTS_MAX],
}

impl Echo {
    /// One that answers up to `answers_max` effects before each tick; the rest waits.
    #[must_use]
    pub fn new(answers_max: usize) -> Self {
        Self {
            roles: Vec::new(),
            waiting: VecDeque::with_capacity(BATCHES_MAX),
            held: VecDeque::with_capacity(BATCHES_MAX),
            held_stage: None,
            pool: Pool::default(),
            micros: 0,
            answers_max,
        }
    }

    /// The instances of this stage keep what they are given until [`let_go`](Self::let_go).
    #[must_use]
    pub fn holding(mut self, stage: u16) -> Self {
        self.held_stage = Some(StageIndex(stage));
        self
    }

    /// One instance of the held stage is done with its batch; false if none has one.
    pub fn let_go(&mut self) -> bool {
        let oldest = self.held.pop_front();
        self.waiting.extend(oldest);
        oldest.is_some()
    }

    /// Effects that are not answered yet.
    #[must_use]
    pub fn waiting_count(&self) -> usize {
        self.waiting.len()
    }

    fn role(&self, entity: Entity) -> &Role {
        let role = self.roles.get(entity.index_u32() as usize).and_then(Option::as_ref);
        role.expect("effects name stages and instances of the world")
    }

    fn learn(&mut self, entity: Entity, role: Role) {
        let index = entity.index_u32() as usize;
        self.roles.resize(self.roles.len().max(index + 1), None);
        self.roles[index] = Some(role);
    }

    fn answer(&mut self, effect: Effect, inbox: &mut Inbox) {
        let mut say = |input| inbox.push(input).expect("the room was looked at");
        match effect {
            Effect::ReadBatch { source } => {
                let decoded = !self.role(source).decodes;
                let buffer = self.pool.take();
                let (rows, bytes) = (BATCH_ROWS, BATCH_BYTES);
                say(Input::BatchRead { source, buffer, rows, bytes, decoded });
            }
            Effect::ProcessBatch { batch, instance, .. } => {
                let role = *self.role(instance);
                if role.stage.kind == StageKind::Sink {
                    let (buffer, bytes) = (self.pool.take(), BATCH_BYTES);
                    say(Input::BatchEncoded { batch, buffer, bytes, elapsed_micros: 1 });
                    return;
                }
                for (port, _) in role.connected.iter().enumerate().filter(|(_, c)| **c) {
                    let (buffer, port) = (Some(self.pool.take()), port as u8);
                    let (rows, bytes) = (BATCH_ROWS, BATCH_BYTES);
                    say(Input::BatchEmitted { batch, port, buffer, rows, bytes });
                }
                say(Input::BatchProcessed { batch, elapsed_micros: 1 });
            }
            Effect::WriteBatch { batch, .. } => say(Input::BatchWritten { batch, bytes: 1 }),
            Effect::StopSource { source } => say(Input::SourceEnded { source }),
            Effect::FinishStage { stage } | Effect::CloseSink { sink: stage } => {
                say(Input::StageFinished { stage });
            }
            Effect::PublishOutputs => say(Input::OutputsPublished),
            Effect::ReleaseBuffer { .. }
            | Effect::AbandonSink { .. }
            | Effect::CancelJobs
            | Effect::StartWorker { .. }
            | Effect::StopWorker { .. }
            | Effect::KillWorker { .. }
            | Effect::TakeSnapshot { .. }
            | Effect::FailOver { .. } => {}
        }
    }
}

impl Platform for Echo {
    fn attach(&mut self, world: &mut World, stages: &[Entity]) {
        for &entity in stages {
            let stage = *world.get::<Stage>(entity).expect("stages are stages");
            let mut connected = [false; PORTS_MAX];
            for edge in world.get::<Edges>(entity).expect("stages have edges").as_slice() {
                connected[usize::from(edge.port)] = true;
            }
            self.learn(entity, Role { stage, decodes: false, connected });
        }
        let mut instances = world.query::<(Entity, &Instance)>();
        for (entity, instance) in instances.iter(world) {
            let role = Role { decodes: true, ..*self.role(instance.stage) };
            self.learn(instance.stage, role);
            self.learn(entity, role);
        }
    }

    fn wait(&mut self, inbox: &mut Inbox, _until: Sleep) -> EngineTime {
        for _ in 0..self.answers_max {
            if inbox.free_count() <= PORTS_MAX {
                break;
            }
            let Some(effect) = self.waiting.pop_front() else { break };
            self.answer(effect, inbox);
        }
        self.micros += 1;
        EngineTime::from_micros(self.micros)
    }

    fn execute(&mut self, effect: Effect) {
        match effect {
            Effect::ReleaseBuffer { buffer } => self.pool.release(buffer),
            Effect::ProcessBatch { instance, .. }
                if Some(self.role(instance).stage.index) == self.held_stage =>
            {
                self.held.push_back(effect);
            }
            Effect::ReadBatch { .. }
            | Effect::StopSource { .. }
            | Effect::ProcessBatch { .. }
            | Effect::WriteBatch { .. }
            | Effect::FinishStage { .. }
            | Effect::CloseSink { .. }
            | Effect::PublishOutputs
            | Effect::AbandonSink { .. }
            | Effect::CancelJobs
            | Effect::StartWorker { .. }
            | Effect::StopWorker { .. }
            | Effect::KillWorker { .. }
            | Effect::TakeSnapshot { .. }
            | Effect::FailOver { .. } => self.waiting.push_back(effect),
        }
    }
}

/// Names of memory that is not there: slots with generations, as the real pool has them.
struct Pool {
    generations: Vec<u32>,
    free: Vec<u32>,
}

impl Default for Pool {
    fn default() -> Self {
        let free = Vec::with_capacity(BATCHES_MAX);
        Self { generations: Vec::with_capacity(BATCHES_MAX), free }
    }
}

impl Pool {
    fn take(&mut self) -> BufferHandle {
        let index = self.free.pop().unwrap_or_else(|| {
            self.generations.push(0);
            self.generations.len() as u32 - 1
        });
        BufferHandle { index, generation: self.generations[index as usize] }
    }

    fn release(&mut self, buffer: BufferHandle) {
        let generation = &mut self.generations[buffer.index as usize];
        assert_eq!(*generation, buffer.generation, "a buffer is released once");
        *generation += 1;
        self.free.push(buffer.index);
    }
}
