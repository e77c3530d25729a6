//! Isolated instances: their threads, and the finish of a stage that is spread over workers.

use std::sync::Arc;

use bevy_ecs::entity::Entity;
use tanda_components::Input;

use super::{Completion, OsPlatform, Runs};
use crate::isolation::{Given, Recipe, Shared, Spares, Told, WorkerProcess, WorkerThread};
use crate::supervision::reason_in_words;

/// What an isolated stage needs, ready to start.
pub(crate) struct IsolatedParts {
    /// Bound workers for the first instances; those of the others are started when needed.
    pub(crate) workers: Vec<WorkerProcess>,
    /// How to start the next one.
    pub(crate) recipe: Arc<Recipe>,
    /// How to bind it.
    pub(crate) given: Arc<Given>,
    /// The memory that they share with the engine.
    pub(crate) shared: Arc<Shared>,
    /// Workers kept ready.
    pub(crate) spares: u16,
}

/// A finish that is under way at an isolated stage.
pub(super) struct Finishing {
    attempt: u64,
    /// States that still have to come and be merged into the first instance's.
    states_left: usize,
}

impl OsPlatform {
    pub(super) fn start_workers(
        &self,
        parts: IsolatedParts,
        instances: &[Entity],
    ) -> std::io::Result<Vec<WorkerThread>> {
        let spares = match parts.spares {
            0 => None,
            count => {
                let recipe = Arc::new(parts.recipe.of_later_ones());
                let (given, shared) = (Arc::clone(&parts.given), Arc::clone(&parts.shared));
                Some(Arc::new(Spares::start(count, recipe, given, shared)?))
            }
        };
        let start = |(process, &instance): (Option<WorkerProcess>, &Entity)| {
            let completions = self.waiter.sender();
            let tell = move |told| completions.send(Completion::Worker { instance, told });
            WorkerThread::new(
                process,
                &parts.recipe,
                Arc::clone(&parts.given),
                Arc::clone(&parts.shared),
                spares.clone(),
                tell,
            )
        };
        let workers = parts.workers.into_iter().map(Some).chain(std::iter::repeat_with(|| None));
        workers.zip(instances).map(start).collect()
    }

    pub(super) fn worker(&mut self, instance: Entity) -> &mut WorkerThread {
        match self.instances.get_mut(&instance) {
            Some((_, Runs::Worker(worker))) => worker,
            Some((_, Runs::Here(_))) | None => unreachable!("effects name isolated instances"),
        }
    }

    /// A stage's instances that ever had a worker, in the order of their numbers.
    fn workers_of(&mut self, stage: Entity) -> Vec<Entity> {
        let all = self.stages.get(&stage).map_or_else(Vec::new, |stage| stage.isolated.clone());
        all.into_iter().filter(|&instance| !self.worker(instance).is_dormant()).collect()
    }

    /// Begins the finish of an isolated stage: every other instance gives its state to the first.
    pub(super) fn finish_isolated(&mut self, stage: Entity) {
        self.attempts += 1;
        let attempt = self.attempts;
        let instances = self.workers_of(stage);
        let (&first, others) = instances.split_first().expect("a stage has an instance");
        let states_left = others.len();
        self.finishing.insert(stage, Finishing { attempt, states_left });
        let mut asked = Ok(());
        for &other in others {
            asked = asked.and_then(|()| self.worker(other).give_to_merge(attempt));
        }
        if states_left == 0 {
            asked = asked.and_then(|()| self.worker(first).finish(attempt));
        }
        if let Err(message) = asked {
            self.fail_finish(stage, attempt, message);
        }
    }

    /// The state of one instance has come: it is merged into the first; after the last one that one
    /// flushes.
    fn merge(&mut self, stage: Entity, attempt: u64, state: &[u8]) {
        let Some(finishing) = self.finishing.get_mut(&stage) else { return };
        if finishing.attempt != attempt {
            return;
        }
        finishing.states_left -= 1;
        let is_last = finishing.states_left == 0;
        let first = self.workers_of(stage)[0];
        let worker = self.worker(first);
        let merged = worker.merge(attempt, state);
        let merged = if is_last { merged.and_then(|()| worker.finish(attempt)) } else { merged };
        if let Err(message) = merged {
            self.fail_finish(stage, attempt, message);
        }
    }

    fn fail_finish(&mut self, stage: Entity, attempt: u64, message: String) {
        if self.finishing.get(&stage).is_some_and(|finishing| finishing.attempt == attempt) {
            self.finishing.remove(&stage);
            let fault = self.fault(stage, message);
            self.backlog.push_back(Input::StageFailed { stage, fault });
        }
    }

    /// What the thread of a worker reports becomes facts.
    pub(super) fn enter_told(&mut self, instance: Entity, told: Told) {
        let stage = self.instances[&instance].0;
        match told {
            Told::Job(report) => self.enter_job(report, stage),
            Told::Counted(counters) => {
                let state = self.stage(stage).keeps_state;
                self.counters.add(stage, instance, counters, state);
            }
            Told::SnapshotTaken { elapsed_micros } => {
                self.counters.keep(stage, instance);
                self.backlog.push_back(Input::SnapshotTaken { instance, elapsed_micros });
            }
            Told::ToMerge { attempt, state } => self.merge(stage, attempt, &state),
            Told::Finished { attempt, left } => {
                let current = self.finishing.get(&stage).map(|finishing| finishing.attempt);
                if current == Some(attempt) {
                    self.finishing.remove(&stage);
                    for worker in self.stage(stage).isolated.clone() {
                        self.counters.keep(stage, worker);
                    }
                    self.enter_finish(stage, left);
                }
            }
            Told::FinishFailed { attempt, message } => self.fail_finish(stage, attempt, message),
            Told::Started(feed) => {
                self.worker(instance).started(*feed);
                self.backlog.push_back(Input::WorkerStarted { instance });
            }
            Told::Exited { reason, message } => {
                self.worker(instance).exited();
                self.counters.forget(instance);
                self.finishing.remove(&stage);
                let message = match self.killed.remove(&instance) {
                    Some(reason) => {
                        format!("its worker was {} ({message})", reason_in_words(reason))
                    }
                    None => format!("its worker is gone: {message}"),
                };
                let fault = self.fault(stage, message);
                self.backlog.push_back(Input::WorkerExited { instance, reason, fault });
            }
            // The thread keeps the state, and a merge is followed by what it was for.
            Told::Restored | Told::Merged => {}
        }
    }
}
