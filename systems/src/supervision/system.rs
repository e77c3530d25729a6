//! The supervisors of the world: gathered, asked, obeyed.

use bevy_ecs::{prelude::*, system::SystemParam};
use bumpalo::collections::Vec as ArenaVec;
use tanda_components::{
    Act, ChildSpec, ChildState, Clock, Effect, Fate, GaveUp, Instance, LastBeat, Mail, Outbox,
    Restarts, Run, Snapshotting, StageState, SupervisedBy, Supervises, SupervisionLog, Supervisor,
    SupervisorActed, SupervisorEnd, SupervisorState, TickAgain, Told, WorkerState,
    limits::WORKER_EFFECTS_MAX,
};

use super::{
    ChildView, Life, Order, advance_clock, begin, build::SupervisorOrder, end_above, next_wake,
    step,
};
use crate::tick_arena::TickArena;

/// Has every supervisor do what it has to: start, stop, give up.
///
/// Reads `Supervisor`, `ChildSpec`, `StageState`; writes `SupervisorState`, `ChildState`,
/// `WorkerState`, `LastBeat`, `Restarts`, `Run`, the log and the outbox. At rest it looks at the
/// supervisors and at no child. Law: `invariants`, "supervision".
pub(crate) fn supervise_workers(
    mut arena: ResMut<TickArena>,
    order: Res<SupervisorOrder>,
    mut supervision: Supervision,
) {
    let now = supervision.clock.now;
    if matches!(*supervision.run, Run::Failing { .. }) {
        supervision.state(order.0[0]).order_stop();
    }
    let mut room = supervision.outbox.free_count().min(WORKER_EFFECTS_MAX);
    loop {
        let is_busy = |supervisor: &&Entity| {
            supervision.supervisors.get(**supervisor).is_ok_and(|(_, state, _)| {
                state.roused || state.wake.is_some_and(|wake| wake <= now)
            })
        };
        let Some(&supervisor) = order.0.iter().find(is_busy) else { return };
        supervision.attend(supervisor, arena.get(), &mut room);
        if room == 0 {
            supervision.again.0 = true;
            return;
        }
    }
}

/// All that supervisors touch.
#[derive(SystemParam)]
pub(crate) struct Supervision<'w, 's> {
    commands: Commands<'w, 's>,
    clock: Res<'w, Clock>,
    run: ResMut<'w, Run>,
    outbox: ResMut<'w, Outbox>,
    again: ResMut<'w, TickAgain>,
    log: ResMut<'w, SupervisionLog>,
    supervisors:
        Query<'w, 's, (&'static Supervisor, &'static mut SupervisorState, &'static Supervises)>,
    children: Query<'w, 's, (&'static ChildSpec, &'static mut ChildState, &'static SupervisedBy)>,
    workers: Query<
        'w,
        's,
        (
            Entity,
            &'static Instance,
            &'static mut WorkerState,
            &'static mut LastBeat,
            &'static mut Restarts,
        ),
    >,
    stages: Query<'w, 's, (Entity, &'static StageState)>,
    states: Query<'w, 's, (), With<Snapshotting>>,
}

impl Supervision<'_, '_> {
    fn state(&mut self, supervisor: Entity) -> Mut<'_, SupervisorState> {
        self.supervisors.get_mut(supervisor).expect("it is a supervisor").1
    }

    fn child(&mut self, child: Entity) -> Option<Mut<'_, ChildState>> {
        self.children.get_mut(child).ok().map(|(_, state, _)| state)
    }

    /// Lets a supervisor go on as far as there is room for orders.
    fn attend(&mut self, supervisor: Entity, arena: &bumpalo::Bump, room: &mut usize) {
        let now = self.clock.now;
        let (&spec, state, supervises) =
            self.supervisors.get(supervisor).expect("it is a supervisor");
        let mut state = *state;
        let entities = ArenaVec::from_iter_in(supervises.as_slice().iter().copied(), arena);
        let mut views = ArenaVec::with_capacity_in(entities.len(), arena);
        views.extend(entities.iter().map(|&child| self.view(child)));
        state.roused = false;
        advance_clock(now, &mut state);
        while *room > 0 {
            let Some(order) = step(now, &spec, &mut state, &mut views) else { break };
            *room -= 1;
            self.obey(supervisor, &state, &entities, &views, order);
        }
        state.roused = *room == 0;
        (state.wake, state.waits) = next_wake(now, &state, &views);
        *self.state(supervisor) = state;
        for (&entity, view) in entities.iter().zip(&views) {
            if let Some(mut child) = self.child(entity) {
                child.set_if_neq(view.state);
            }
        }
        self.fail_if_given_up(supervisor, &state, &entities);
    }

    fn view(&self, child: Entity) -> ChildView {
        let (&spec, &state, _) =
            self.children.get(child).expect("supervised entities are children");
        if let Ok((_, row, worker, ..)) = self.workers.get(child) {
            let ended = self.stages.get(row.stage).is_ok_and(|(_, s)| *s == StageState::Ended);
            let asleep =
                *worker == WorkerState::Dormant && !matches!(state.fate, Fate::Waiting { .. });
            let (life, needed) = (Life::from(*worker), !ended && !asleep);
            return ChildView { spec, state, life, needed, supervises: false };
        }
        let (_, below, _) = self.supervisors.get(child).expect("a child is a worker or supervises");
        ChildView { spec, state, life: Life::from(below), needed: true, supervises: true }
    }

    fn obey(
        &mut self,
        supervisor: Entity,
        state: &SupervisorState,
        entities: &[Entity],
        views: &[ChildView],
        order: Order,
    ) {
        let (place, act) = match order {
            Order::Start(place) => (place, self.start_of(entities[usize::from(place)])),
            Order::Stop(place) => (place, Act::Stopped),
            Order::Kill(place) => (place, Act::Killed),
            Order::Leave(place) => match state.end() {
                None => (place, Act::Left),
                Some(SupervisorEnd::AutoShutdown { .. }) => (place, Act::ShutDown),
                Some(_) => (place, Act::GaveUp),
            },
            Order::Started => return self.come_up(supervisor),
            Order::Exit(end) => return self.exit(supervisor, end, entities, views),
        };
        let child = entities[usize::from(place)];
        let reason = views[usize::from(place)].state.last_exit.map(|(reason, _)| reason);
        self.note(SupervisorActed { supervisor, child, act, reason, at: self.clock.now });
        match order {
            Order::Start(_) => self.start(child),
            Order::Stop(_) | Order::Kill(_) => self.stop(child, order),
            Order::Leave(_) if state.end().is_none() => {
                self.leave(supervisor, child, views[usize::from(place)].state);
            }
            Order::Leave(_) | Order::Started | Order::Exit(_) => {}
        }
    }

    fn start_of(&self, child: Entity) -> Act {
        let dormant =
            self.workers.get(child).is_ok_and(|(_, _, state, ..)| *state == WorkerState::Dormant);
        if dormant { Act::Started } else { Act::Restarted }
    }

    fn note(&mut self, act: SupervisorActed) {
        self.log.note(act);
        self.commands.trigger(act);
    }

    fn start(&mut self, child: Entity) {
        let now = self.clock.now;
        if let Ok((_, _, mut worker, mut beat, mut restarts)) = self.workers.get_mut(child) {
            let again = *worker != WorkerState::Dormant;
            *worker = WorkerState::Starting;
            beat.0 = now;
            restarts.total = restarts.total.saturating_add(u32::from(again));
            self.outbox.push(Effect::StartWorker { instance: child });
            return;
        }
        let (_, mut state, supervises) =
            self.supervisors.get_mut(child).expect("a child is a worker or supervises");
        *state = begin(now, &state);
        for &below in supervises.as_slice() {
            if let Ok((_, mut below, _)) = self.children.get_mut(below) {
                let (restarts, last_exit) = (below.restarts, below.last_exit);
                let anew = ChildState::default();
                *below = ChildState { restarts, last_exit, up_since: None, ..anew };
            }
        }
    }

    fn stop(&mut self, child: Entity, order: Order) {
        let Ok((_, _, mut worker, ..)) = self.workers.get_mut(child) else {
            return self.state(child).order_stop();
        };
        // Who is killed for a fault of its own goes on being killed for it.
        if !matches!(*worker, WorkerState::Stopping { .. }) {
            *worker = WorkerState::Stopping { reason: None };
        }
        self.outbox.push(match order {
            Order::Kill(_) => Effect::KillWorker { instance: child, reason: None },
            Order::Start(_)
            | Order::Stop(_)
            | Order::Leave(_)
            | Order::Started
            | Order::Exit(_) => Effect::StopWorker { instance: child },
        });
    }

    /// A supervisor has started, with all its children.
    fn come_up(&mut self, supervisor: Entity) {
        let now = self.clock.now;
        if let Ok((_, mut child, &above)) = self.children.get_mut(supervisor) {
            child.up_since = Some(now);
            self.state(above.0).roused = true;
        }
    }

    /// A supervisor is gone: the one above it is told, as of any child.
    fn exit(
        &mut self,
        supervisor: Entity,
        end: SupervisorEnd,
        entities: &[Entity],
        views: &[ChildView],
    ) {
        let last = end.child().map(usize::from);
        let reason = last.and_then(|place| views[place].state.last_exit).map(|(reason, _)| reason);
        if end != SupervisorEnd::Ordered {
            let child = last.map_or(supervisor, |place| entities[place]);
            let act = Act::Escalated;
            self.note(SupervisorActed { supervisor, child, act, reason, at: self.clock.now });
        }
        let now = self.clock.now;
        let Ok((_, _, &above)) = self.children.get(supervisor) else { return };
        let number = self.state(above.0).next_mail();
        let Some(mut state) = self.child(supervisor) else { return };
        let told = state.told != Told::Nothing;
        state.mail = (!told).then_some(Mail { end: end_above(end), at: now, number });
        if let Some(exit) = last.and_then(|place| views[place].state.last_exit) {
            state.last_exit = Some(exit);
        }
    }

    /// A child is not restarted: that may leave a stage without what it needs.
    fn leave(&mut self, supervisor: Entity, child: Entity, state: ChildState) {
        if let Some(mut kept) = self.child(child) {
            *kept = state;
        }
        let lost = self
            .stages
            .iter()
            .any(|(stage, state)| *state != StageState::Ended && self.is_lost(stage));
        if let Some((reason, fault)) = state.last_exit.filter(|_| lost) {
            let (end, restarts, reason) = (None, 0, Some(reason));
            self.give_up_stage(GaveUp { supervisor, child, end, restarts, reason, fault });
        }
    }

    /// No worker of the stage is left or coming; or, if it has a state, some worker is not, since
    /// what that one has taken in cannot be had without it.
    fn is_lost(&self, stage: Entity) -> bool {
        let of_stage = || {
            self.workers.iter().filter(|(_, row, ..)| row.stage == stage).map(|(worker, ..)| worker)
        };
        match of_stage().next() {
            None => false,
            Some(first) if self.states.contains(first) => of_stage().any(|one| self.is_gone(one)),
            Some(_) => of_stage().all(|one| self.is_gone(one)),
        }
    }

    /// It is not restarted, or some supervisor above it is not. One that never ran still can.
    fn is_gone(&self, mut child: Entity) -> bool {
        if let Ok((_, _, WorkerState::Dormant, ..)) = self.workers.get(child) {
            child = self.children.get(child).map_or(child, |(.., above)| above.0);
        }
        while let Ok((_, state, above)) = self.children.get(child) {
            if state.fate == Fate::Gone {
                return true;
            }
            child = above.0;
        }
        false
    }

    /// When the top supervisor gives up, the run has failed.
    fn fail_if_given_up(&mut self, supervisor: Entity, state: &SupervisorState, kids: &[Entity]) {
        let Some(end) = state.end().filter(|_| !self.children.contains(supervisor)) else { return };
        let Some(child) = end.child().map(|place| kids[usize::from(place)]) else { return };
        let last = self.children.get(child).ok().and_then(|(_, state, _)| state.last_exit);
        let Some((reason, fault)) = last else { return };
        let mut needed = self.workers.iter().map(|(_, row, ..)| row.stage);
        let is_running = |stage| self.stages.get(stage).is_ok_and(|(_, s)| *s != StageState::Ended);
        if needed.any(is_running) {
            let (end, restarts, reason) = (Some(end), state.log.total(), Some(reason));
            self.give_up_stage(GaveUp { supervisor, child, end, restarts, reason, fault });
        }
    }

    /// Stages cannot go on: the run fails. The place for a failure policy to take over.
    fn give_up_stage(&mut self, gave_up: GaveUp) {
        if matches!(*self.run, Run::Running | Run::Draining) {
            *self.run = Run::Failing { fault: gave_up.fault };
            self.again.0 = true;
            self.commands.insert_resource(gave_up);
        }
    }
}
