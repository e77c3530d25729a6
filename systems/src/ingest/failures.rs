//! Facts about what went wrong: the first fault ends the run.

use bevy_ecs::prelude::*;
use tanda_components::{BatchFailed, BatchState, FaultId, Run, StageFailed, StageState};

use super::Facts;

impl Facts<'_, '_> {
    pub(super) fn fail_batch(&mut self, batch: Entity, fault: FaultId) {
        let (mut state, at, ..) = self.batches.get_mut(batch).expect("a failed batch is live");
        // Back among the waiting: the run is failing, so Supervise abandons it and enters its rows.
        let held = core::mem::replace(&mut *state, BatchState::Ready);
        if held == BatchState::Writing
            && let Ok(mut sink) = self.sinks.get_mut(at.stage)
        {
            sink.writes -= 1;
        }
        let stage = at.stage;
        self.free_instance(held, 0);
        self.commands.trigger(BatchFailed { batch, stage, fault });
        self.fail_run(fault);
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
        if matches!(*self.books.run, Run::Running | Run::Draining) {
            *self.books.run = Run::Failing { fault };
        }
    }
}
