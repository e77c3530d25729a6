//! Facts about the workers of isolated instances.

use bevy_ecs::prelude::*;
use tanda_components::{
    BatchState, ChildState, Emitted, ExitReason, FaultId, LastGiven, Mail, Place, Run,
    Snapshotting, StageKind, StageState, SupervisorState, Told, WorkerDied, WorkerRestarted,
    WorkerState,
};

use super::{exit::Exit, facts::Facts};
use crate::{failover::Mishap, supervision::end_of};

/// What a dead worker leaves behind.
#[derive(Default)]
struct Leavings {
    /// The batch that it died over.
    blamed: Option<Entity>,
    /// Where the earliest of its batches stands.
    earliest: Option<Place>,
    /// Batches that were done but for a snapshot.
    held: u32,
}

impl Facts<'_, '_> {
    /// A worker that was told to go in the meantime does not come up any more.
    pub(super) fn enter_start(&mut self, instance: Entity) {
        let (row, mut state, mut beat, restarts, ..) =
            self.workers.get_mut(instance).expect("only an isolated instance has a worker");
        beat.0 = self.books.clock.now;
        if *state == WorkerState::Starting {
            *state = WorkerState::Up;
            if restarts.total > 0 {
                self.commands.trigger(WorkerRestarted { instance, stage: row.stage });
            }
            let now = self.books.clock.now;
            let (mut child, mut supervisor) = self.supervision_of(instance);
            child.up_since = Some(now);
            supervisor.roused = true;
        }
    }

    fn supervision_of(
        &mut self,
        worker: Entity,
    ) -> (Mut<'_, ChildState>, Mut<'_, SupervisorState>) {
        let (&above, child) = self.children.get_mut(worker).expect("every worker is supervised");
        (child, self.supervisors.get_mut(above.0).expect("children are of supervisors"))
    }

    /// The supervisor of a worker that is gone is told, unless it had told the worker to go: then
    /// false.
    fn tell_supervisor(&mut self, instance: Entity, exit: Exit, fault: FaultId) -> bool {
        let at = self.books.clock.now;
        let (mut child, mut supervisor) = self.supervision_of(instance);
        let starting = child.up_since.is_none();
        let end = end_of(exit.reason(), starting, !exit.is_its_own());
        let number = supervisor.next_mail();
        child.mail = (child.told == Told::Nothing).then_some(Mail { end, at, number });
        let by_itself = child.told == Told::Nothing;
        let its_own = by_itself && exit.is_its_own();
        child.last_exit = its_own.then_some((exit.reason(), fault));
        by_itself
    }

    /// All that was in the worker goes back to its stage and is processed again.
    pub(super) fn enter_exit(&mut self, instance: Entity, seen: ExitReason, fault: FaultId) {
        let (row, mut state, _, mut restarts, &last, snapshotting) =
            self.workers.get_mut(instance).expect("only an isolated instance has a worker");
        let stage = row.stage;
        let (_, _, mut stage_state, ..) =
            self.stages.get_mut(stage).expect("an instance works for a stage");
        let (mut in_flight, _) = self.instances.get_mut(instance).expect("it is an instance");
        let exit = Exit {
            was: core::mem::replace(&mut *state, WorkerState::Down),
            seen,
            finishing: *stage_state == StageState::Finishing,
            snapshotting: snapshotting.as_ref().is_some_and(|row| row.asked),
            busy: core::mem::take(&mut in_flight.count) > 0,
        };
        assert!(exit.was != WorkerState::Down, "worker of {instance} exited twice");
        if let Some(mut snapshotting) = snapshotting {
            let cost_micros = snapshotting.cost_micros;
            *snapshotting = Snapshotting { cost_micros, ..Snapshotting::default() };
        }
        if exit.finishing {
            *stage_state = StageState::Running;
        }
        let over = *stage_state == StageState::Ended;
        let going = matches!(*self.books.run, Run::Running | Run::Draining) && !over;
        let (.., finishes) = self.recoveries.get_mut(stage).expect("every stage counts its held");
        let mut finishes = finishes.expect("an isolated stage counts its finishes");
        let hopeless = going && exit.count(&mut restarts, &mut finishes);
        if self.tell_supervisor(instance, exit, fault) {
            self.commands.trigger(WorkerDied { instance, stage, reason: exit.reason(), fault });
        }
        if exit.finishing {
            self.acquit(stage);
        }
        let leavings = self.take_back(instance, last, exit.is_its_own());
        self.rewind(stage, &leavings);
        if hopeless {
            self.fail_stage(stage, fault);
        } else if let Some(batch) = leavings.blamed.filter(|_| going) {
            self.remedy_batch(batch, Mishap::Death, fault);
        }
    }

    /// Once one worker has ended the finish of a stage, the others do not go for their own fault.
    fn acquit(&mut self, stage: Entity) {
        for (row, mut state, ..) in &mut self.workers {
            if row.stage == stage && matches!(*state, WorkerState::Stopping { .. }) {
                *state = WorkerState::Stopping { reason: None };
            }
        }
    }

    /// What `instance` held is ready again; with `blamed`, it counts for the batch that it worked
    /// on. The other one, which it was given after it, was only waiting.
    fn take_back(&mut self, instance: Entity, last: LastGiven, blamed: bool) -> Leavings {
        let mut leavings = Leavings::default();
        let mut worked_on = None;
        for (mut state, at, &lineage, _, _, _, emitted, _, _, attempts, batch) in &mut self.batches
        {
            if *state == (BatchState::Held { instance }) {
                leavings.held += 1;
            } else if *state == (BatchState::InFlight { instance }) {
                assert!(
                    attempts.settled || *emitted == Emitted::default(),
                    "what a worker makes of a batch comes with its end or not at all"
                );
                let only_last = worked_on.is_none_or(|other| other == last.0);
                worked_on = if only_last { Some(batch) } else { worked_on };
            } else {
                continue;
            }
            *state = BatchState::Ready;
            let place = Place::of(lineage, at.input, attempts.taken);
            leavings.earliest = Some(leavings.earliest.map_or(place, |other| other.min(place)));
        }
        leavings.blamed = worked_on.filter(|_| blamed);
        leavings
    }

    /// The stage counts its batches as waiting again, and takes them in order again if it has one.
    fn rewind(&mut self, stage: Entity, leavings: &Leavings) {
        let (row, ..) = self.stages.get(stage).expect("an instance works for a stage");
        let (mut held, order, _) =
            self.recoveries.get_mut(stage).expect("every stage counts its held");
        held.0 -= leavings.held;
        if row.kind != StageKind::Exclusive {
            return;
        }
        if let Some(earliest) = leavings.earliest {
            order.expect("an exclusive stage has an order").go_back_to(earliest);
        }
    }
}
