//! Simulated workers: they crash and hang, and what they had in memory is lost.

use bevy_ecs::entity::Entity;
use tanda_components::{ExitReason, FaultId, Input, limits::ATTEMPTS_MAX};

use super::{
    SimPlatform,
    agenda::{Act, Event},
    worker::{Absorbed, Life, Task, Worker},
};

/// How a fault strikes.
enum Blow {
    /// Before the answer.
    Crash,
    /// After the answer.
    LateCrash,
    Hang,
}

impl SimPlatform {
    /// Gives a worker something to do; one that is dead never answers.
    pub(super) fn give(&mut self, instance: Entity, task: Task) {
        let worker = self.worker(instance);
        match worker.life {
            Life::Up => worker.tasks.push_back(task),
            Life::Dead => {
                worker.snapshot_deaths += u8::from(matches!(task, Task::Snapshot));
                self.mourn(&task);
                return;
            }
            Life::Starting | Life::Down => panic!("{instance} is given something before it is up"),
        }
        if self.worker(instance).tasks.len() == 1 {
            self.plan(instance, Act::Task);
        }
    }

    pub(super) fn start_worker(&mut self, instance: Entity) {
        let worker = self.worker(instance);
        assert_eq!(worker.life, Life::Down, "{instance} is started while it lives");
        worker.life = Life::Starting;
        worker.state = worker.snapshot;
        let again = !std::mem::take(&mut worker.dormant);
        self.starts += u64::from(again);
        self.plan(instance, Act::Start);
    }

    pub(super) fn kill_worker(&mut self, instance: Entity) {
        if self.worker(instance).is_alive() {
            self.plan(instance, Act::Die);
        }
    }

    /// Tells a worker that is up to go; it may be deaf to that.
    pub(super) fn stop_worker(&mut self, instance: Entity) {
        let deaf = self.script(instance).faults.deaf_per_mille;
        if self.worker(instance).life != Life::Up || self.rng.strikes(deaf) {
            return;
        }
        self.worker(instance).leaves = true;
        if self.worker(instance).tasks.is_empty() {
            self.plan(instance, Act::Leave);
        }
    }

    /// A worker that lives ends at once.
    pub(super) fn strike(&mut self, instance: Entity, reason: ExitReason) -> Vec<Input> {
        if self.worker(instance).is_alive() {
            self.die(instance, reason);
        }
        Vec::new()
    }

    fn plan(&mut self, instance: Entity, act: Act) {
        let stage = self.worker(instance).stage;
        let life = self.worker(instance).number;
        let due = self.due(stage, false);
        self.agenda.push(due, Event::Act { instance, life, act });
    }

    /// What a worker does when its time comes; returns what it answers.
    pub(super) fn act(&mut self, instance: Entity, life: u64, act: &Act) -> Vec<Input> {
        if self.worker(instance).number != life {
            return Vec::new();
        }
        match act {
            Act::Die => self.die(instance, ExitReason::Signalled { signal: 9 }),
            Act::Leave => self.die(instance, ExitReason::Exited { code: 0 }),
            Act::Start => return self.come_up(instance),
            Act::Task => return self.do_task(instance),
        }
        Vec::new()
    }

    fn come_up(&mut self, instance: Entity) -> Vec<Input> {
        let faults = self.script(instance).faults;
        match self.draw(instance, faults.start_per_mille) {
            None => {
                self.worker(instance).life = Life::Up;
                vec![Input::WorkerStarted { instance }]
            }
            Some(Blow::Hang) => Vec::new(),
            Some(Blow::Crash | Blow::LateCrash) => {
                let failed = ExitReason::Exited { code: 1 };
                let reason = if faults.refuses { ExitReason::Refused } else { failed };
                self.die(instance, reason);
                Vec::new()
            }
        }
    }

    fn do_task(&mut self, instance: Entity) -> Vec<Input> {
        let faults = self.script(instance).faults;
        let blow = match self.worker(instance).tasks.front() {
            Some(&Task::Process { buffer, .. }) => {
                let content = self.pool.get(buffer);
                let poisoned = !content.searched && faults.poison == Some(content.seq);
                let blow = self.draw(instance, faults.batch_per_mille);
                if poisoned { Some(Blow::Crash) } else { blow }
            }
            Some(Task::Snapshot) => self.draw(instance, faults.snapshot_per_mille),
            None => unreachable!("a worker acts on a task"),
        };
        if let Some(Blow::Crash | Blow::Hang) = blow {
            if let Some(Blow::Crash) = blow {
                self.crash(instance);
            }
            return Vec::new();
        }
        let answer = self.complete_task(instance);
        if blow.is_some() {
            self.crash(instance);
        } else if !self.worker(instance).tasks.is_empty() {
            self.plan(instance, Act::Task);
        } else if self.worker(instance).leaves {
            self.plan(instance, Act::Leave);
        }
        answer
    }

    fn complete_task(&mut self, instance: Entity) -> Vec<Input> {
        let worker = self.worker(instance);
        worker.idle_deaths = 0;
        match worker.tasks.pop_front().expect("a worker acts on a task") {
            Task::Process { batch, buffer, input } => {
                self.deaths.remove(&batch);
                self.answer(instance, batch, buffer, input, 1)
            }
            Task::Snapshot => {
                worker.snapshot = worker.state;
                worker.snapshot_deaths = 0;
                self.snapshots += 1;
                vec![Input::SnapshotTaken { instance, elapsed_micros: 16 }]
            }
        }
    }

    /// The states of an isolated stage are merged into the first one's, one a step, then flushed.
    pub(super) fn go_on_finishing(
        &mut self,
        stage: Entity,
        attempt: u64,
        step: usize,
    ) -> Vec<Input> {
        if self.known(stage).attempt != attempt {
            return Vec::new();
        }
        let instances = self.used(stage);
        let (first, other) = (instances[0], instances.get(step + 1).copied());
        let rate = self.script(first).faults.finish_per_mille;
        let victim = if self.rng.strikes(500) { first } else { other.unwrap_or(first) };
        let blow = self.draw(victim, rate);
        if let Some(Blow::Crash | Blow::Hang) = blow {
            if let Some(Blow::Crash) = blow {
                self.crash(victim);
            }
            return Vec::new();
        }
        let answer = match other {
            Some(other) => {
                let state = std::mem::take(&mut self.worker(other).state);
                self.worker(first).state.merge(state);
                let due = self.due(stage, true);
                self.agenda.push(due, Event::Finish { stage, attempt, step: step + 1 });
                Vec::new()
            }
            None => self.flush(stage),
        };
        if blow.is_some() {
            self.crash(victim);
        }
        answer
    }

    /// The instances of a stage that ever had a worker.
    fn used(&mut self, stage: Entity) -> Vec<Entity> {
        let all = self.known(stage).instances.clone();
        all.into_iter().filter(|each| !self.workers[each].dormant).collect()
    }

    pub(super) fn begin_finish(&mut self, stage: Entity) {
        let known = self.known(stage);
        known.attempt += 1;
        let attempt = known.attempt;
        let all_alive = self.used(stage).iter().all(|each| self.workers[each].is_alive());
        if all_alive {
            let due = self.due(stage, true);
            self.agenda.push(due, Event::Finish { stage, attempt, step: 0 });
        } else {
            self.known(stage).finish_deaths += 1;
        }
        self.known(stage).finishing = true;
    }

    fn crash(&mut self, instance: Entity) {
        let reason = match self.rng.below(3) {
            0 => ExitReason::Exited { code: 101 },
            1 => ExitReason::Signalled { signal: 11 },
            _ => ExitReason::Lied,
        };
        self.die(instance, reason);
    }

    /// All that was in its memory is lost; some time later somebody notices.
    fn die(&mut self, instance: Entity, reason: ExitReason) {
        let worker = self.worker(instance);
        let leaves = std::mem::take(&mut worker.leaves);
        worker.life = Life::Dead;
        worker.number += 1;
        worker.state = Absorbed::default();
        worker.idle_deaths += u8::from(worker.tasks.is_empty() && !leaves);
        let tasks = std::mem::take(&mut worker.tasks);
        worker.snapshot_deaths += u8::from(tasks.iter().any(|t| matches!(t, Task::Snapshot)));
        let stage = worker.stage;
        self.crashes += u64::from(!leaves);
        tasks.iter().for_each(|task| self.mourn(task));
        let known = self.known(stage);
        known.finish_deaths += u8::from(std::mem::take(&mut known.finishing));
        known.attempt += 1;
        let due = self.due(stage, false);
        self.agenda.push(due, Event::Exit { instance, reason });
    }

    pub(super) fn notice_exit(&mut self, instance: Entity, reason: ExitReason) -> Vec<Input> {
        let worker = self.worker(instance);
        worker.life = Life::Down;
        let stage = worker.stage;
        let fault = FaultId(self.known(stage).index as u32);
        vec![Input::WorkerExited { instance, reason, fault }]
    }

    fn mourn(&mut self, task: &Task) {
        if let Task::Process { batch, .. } = task {
            let deaths = self.deaths.entry(*batch).or_default();
            *deaths += 1;
            self.poisoned |= *deaths >= ATTEMPTS_MAX;
        }
    }

    /// Draws a fault; there is none where one more would be too many, unless faults are relentless.
    fn draw(&mut self, instance: Entity, per_mille: u64) -> Option<Blow> {
        let faults = self.script(instance).faults;
        let struck = self.rng.strikes(per_mille);
        let hangs = self.rng.strikes(faults.hang_per_mille);
        let late = self.rng.strikes(300) && !faults.relentless;
        if !struck || (!faults.relentless && self.is_worn(&self.workers[&instance])) {
            return None;
        }
        Some(if hangs {
            Blow::Hang
        } else if late {
            Blow::LateCrash
        } else {
            Blow::Crash
        })
    }

    fn is_worn(&self, worker: &Worker) -> bool {
        let deaths = worker.tasks.iter().filter_map(|task| match task {
            Task::Process { batch, .. } => self.deaths.get(batch).copied(),
            Task::Snapshot => None,
        });
        let finish_deaths = self.known[&worker.stage].finish_deaths;
        let most = deaths.chain([worker.idle_deaths, worker.snapshot_deaths, finish_deaths]).max();
        most.is_some_and(|most| most >= ATTEMPTS_MAX - 1)
    }
}
