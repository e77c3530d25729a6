//! Facts about what went wrong: a batch is dealt with as the failure policy of its stage says; a
//! stage that fails ends the run.

use bevy_ecs::prelude::*;
use tanda_components::{
    BatchFailed, BatchState, BufferHandle, FailedOver, Failover, FaultId, Place, RetryBudget, Run,
    StageFailed, StageKind, StageState, WorkerState,
};

use super::facts::Facts;
use crate::failover::{Mishap, Remedy, remedy};

impl Facts<'_, '_> {
    pub(super) fn fail_batch(&mut self, batch: Entity, fault: FaultId, ends: bool) {
        let (mut state, at, ..) = self.batches.get_mut(batch).expect("a failed batch is live");
        let held = core::mem::replace(&mut *state, BatchState::Ready);
        if held == BatchState::Writing
            && let Ok(mut sink) = self.sinks.get_mut(at.stage)
        {
            sink.writes -= 1;
        }
        self.free_instance(held, 0);
        let goes_on =
            self.remedy_batch(batch, if ends { Mishap::Panic } else { Mishap::Error }, fault);
        if let BatchState::InFlight { instance } = held
            && goes_on
        {
            self.replace_worker(instance, ends);
        }
    }

    /// A worker that failed at a batch goes, without being to blame for anything else: if it has a
    /// state, which may have taken in a part of the batch and which a snapshot brings back, or if
    /// it ends anyway.
    fn replace_worker(&mut self, instance: Entity, ends: bool) {
        let Ok((_, mut state, .., snapshotting)) = self.workers.get_mut(instance) else { return };
        let goes = ends || snapshotting.is_some();
        if goes && matches!(*state, WorkerState::Up | WorkerState::Finishing) {
            *state = WorkerState::Stopping { reason: None };
            self.books.mishaps.spoil(instance);
        }
    }

    /// Does what is to be done about a batch that has failed and is `Ready`; false if the run
    /// fails, and the batch waits to be abandoned.
    pub(super) fn remedy_batch(&mut self, batch: Entity, mishap: Mishap, fault: FaultId) -> bool {
        let now = self.books.clock.now;
        let (mut state, at, &lineage, .., mut attempts, _) =
            self.batches.get_mut(batch).expect("a failed batch is live");
        let (stage, place) = (at.stage, Place::of(lineage, at.input, attempts.taken));
        attempts.failed = attempts.failed.saturating_add(1);
        if attempts.failed == 1 {
            attempts.since = now;
        }
        let mut policy = self.policies.get_mut(stage).ok();
        let remedy = match &mut policy {
            Some((policy, budget, ..)) => remedy(Some(policy), budget, &attempts, mishap, now),
            None => remedy(None, &mut RetryBudget::default(), &attempts, mishap, now),
        };
        if let Some((.., Some(breaker))) = &mut policy
            && !matches!(attempts.over, FailedOver::Fallback | FailedOver::Last)
        {
            match mishap {
                Mishap::Error => breaker.failed(now),
                Mishap::Panic | Mishap::Death => breaker.crashed(now),
            }
        }
        let mut failures = policy.map(|(_, _, failures, _)| failures);
        match remedy {
            Remedy::Again { after_micros } => {
                if after_micros > 0 {
                    let until = now + after_micros;
                    *state = BatchState::Delayed { until };
                    self.books.mishaps.delay(until, batch);
                }
                failures.iter_mut().for_each(|failures| failures.retried += 1);
            }
            Remedy::FailOver(over) => {
                *state = BatchState::FailingOver { given: false };
                attempts.over = match over {
                    Failover::Fallback => FailedOver::Fallback,
                    Failover::Bypass | Failover::Examine | Failover::Discard | Failover::Reject => {
                        FailedOver::Last
                    }
                };
                self.books.mishaps.fail_over(batch, over);
                if let Some(failures) = &mut failures {
                    failures.fell_back += u64::from(over == Failover::Fallback);
                    failures.bypassed += u64::from(over == Failover::Bypass);
                }
            }
            Remedy::Halt => {
                self.commands.trigger(BatchFailed { batch, stage, fault });
                self.fail_run(fault);
                return false;
            }
        }
        self.wait_for(stage, place);
        true
    }

    /// A stage with an order takes nothing before this batch.
    fn wait_for(&mut self, stage: Entity, place: Place) {
        let (row, ..) = self.stages.get(stage).expect("a batch stands at a stage");
        if row.kind != StageKind::Exclusive {
            return;
        }
        let (_, order, _) = self.recoveries.get_mut(stage).expect("every stage counts its held");
        order.expect("an exclusive stage has an order").go_back_to(place);
    }

    /// The poison rows of a batch are set aside; what is left of it is processed.
    pub(super) fn enter_examined(&mut self, batch: Entity, buffer: BufferHandle, bytes: u64) {
        let (mut state, _, _, mut old, _, mut size, .., mut attempts, _) =
            self.batches.get_mut(batch).expect("an examined batch is live");
        *state = BatchState::Ready;
        attempts.failed = 0;
        attempts.examined = attempts.examined.saturating_add(1);
        attempts.over = FailedOver::No;
        size.0 = bytes;
        let old = core::mem::replace(&mut *old, buffer);
        self.books.buffers.enter(buffer, 1, bytes);
        self.books.retiring.leave(old);
    }

    pub(super) fn fail_stage(&mut self, stage: Entity, fault: FaultId) {
        if self.sources.contains(stage) {
            self.end_source(stage);
        }
        let (_, _, mut state, ..) = self.stages.get_mut(stage).expect("only a stage fails");
        if *state == StageState::Finishing {
            *state = StageState::Running;
        }
        self.commands.trigger(StageFailed { stage, fault });
        self.fail_run(fault);
    }

    pub(super) fn fail_run(&mut self, fault: FaultId) {
        if matches!(*self.books.run, Run::Running | Run::Draining | Run::Publishing { .. }) {
            *self.books.run = Run::Failing { fault };
        }
    }
}
