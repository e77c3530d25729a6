//! Facts about batches that are kept until a snapshot covers them.

use bevy_ecs::prelude::*;
use tanda_components::{BatchState, Snapshotting};

use super::facts::Facts;
use crate::retire::leave_credit;

impl Facts<'_, '_> {
    /// Keeps a batch that the state of `instance` has taken in. The first time it also leaves its
    /// credit, as a batch that retires does, and counts as held memory from then on.
    pub(super) fn hold_batch(&mut self, batch: Entity, instance: Entity, elapsed_micros: u32) {
        let (mut state, at, _, _, _, bytes, .., mut admitted_by, mut attempts, _) =
            self.batches.get_mut(batch).expect("a processed batch is live");
        *state = BatchState::Held { instance };
        attempts.failed = 0;
        let first = !core::mem::replace(&mut attempts.settled, true);
        let (stage, bytes, admission) = (at.stage, bytes.0, admitted_by.0.take());
        let (mut held, ..) = self.recoveries.get_mut(stage).expect("every stage counts its held");
        held.0 += 1;
        let (.., snapshotting) = self.workers.get_mut(instance).expect("only a worker holds");
        let mut snapshotting = snapshotting.expect("only a state holds batches");
        snapshotting.held_bytes += bytes;
        snapshotting.held_micros += u64::from(elapsed_micros);
        snapshotting.held_count += 1;
        if first {
            self.books.budget.held += bytes;
        }
        if let Some(admission) = admission {
            let (commands, admissions) = (&mut self.commands, &mut self.admissions);
            let (budget, turns_past) = (&mut self.books.budget, &mut self.books.turns_past);
            leave_credit(admission, commands, budget, turns_past, admissions, &mut self.sources);
        }
    }

    /// What the state of `instance` had taken in is safe.
    pub(super) fn enter_snapshot(&mut self, instance: Entity, elapsed_micros: u32) {
        let (row, _, mut beat, mut restarts, _, snapshotting) =
            self.workers.get_mut(instance).expect("only a worker takes a snapshot");
        let mut snapshotting = snapshotting.expect("only a state is saved");
        *snapshotting = Snapshotting { cost_micros: elapsed_micros, ..Snapshotting::default() };
        beat.0 = self.books.clock.now;
        restarts.failed_snapshots = 0;
        let stage = row.stage;
        self.end_held(stage, |holder| holder == instance);
    }

    /// The states of a stage have been flushed: nothing can be lost any more.
    pub(super) fn end_held_of_stage(&mut self, stage: Entity) {
        if self.recoveries.get(stage).is_ok_and(|(held, ..)| held.0 == 0) {
            return;
        }
        self.end_held(stage, |_| true);
        let of_stage = self.workers.iter_mut().filter(|(row, ..)| row.stage == stage);
        for mut snapshotting in of_stage.filter_map(|(.., snapshotting)| snapshotting) {
            let Snapshotting { asked, cost_micros, .. } = *snapshotting;
            *snapshotting = Snapshotting { asked, cost_micros, ..Snapshotting::default() };
        }
    }

    /// Retires the batches of `stage` that instances hold of which `by` is true.
    fn end_held(&mut self, stage: Entity, by: impl Fn(Entity) -> bool) {
        let (mut held, ..) = self.recoveries.get_mut(stage).expect("every stage counts its held");
        for (mut state, at, _, _, _, bytes, .., batch) in &mut self.batches {
            let BatchState::Held { instance } = *state else { continue };
            if at.stage != stage || !by(instance) {
                continue;
            }
            *state = BatchState::Done;
            held.0 -= 1;
            self.books.budget.held -= bytes.0;
            self.books.retiring.push(batch);
        }
    }
}
