//! Simulated failures of batches, and what is done about them.

use bevy_ecs::entity::Entity;
use tanda_components::{BufferHandle, Failover, FaultId, Input};

use super::{Content, SimPlatform};

/// The port on which dead letters leave; nobody reads it here.
const DEAD_PORT: u8 = 2;

pub(super) fn dead_letters(batch: Entity, rows: u64) -> Input {
    Input::BatchEmitted { batch, port: DEAD_PORT, buffer: None, rows, bytes: 0 }
}

impl SimPlatform {
    /// Batches whose rows were searched.
    #[must_use]
    pub fn examined(&self) -> u64 {
        self.examined
    }

    /// A batch that an instance of `stage` gives an error for.
    pub(super) fn errs(&mut self, stage: Entity, buffer: BufferHandle) -> Option<FaultId> {
        let index = self.known(stage).index;
        let script = self.stages[index];
        let content = self.pool.get(buffer);
        let is_bad = script.faults.bad == Some(content.seq) && !content.searched;
        let errs = is_bad || self.rng.below(1_000) < script.faults.error_per_mille;
        errs.then_some(FaultId(index as u32))
    }

    pub(super) fn fail_over(
        &mut self,
        batch: Entity,
        buffer: BufferHandle,
        stage: Entity,
        over: Failover,
    ) {
        let due = self.due(stage, true);
        let content = self.pool.get(buffer);
        let index = self.known(stage).index;
        let script = self.stages[index];
        let answer = match over {
            Failover::Fallback | Failover::Bypass => self.pass_by(batch, stage, content, 0),
            Failover::Discard | Failover::Reject => {
                let nothing = Content { rows: 0, ..content };
                self.pass_by(batch, stage, nothing, content.rows)
            }
            Failover::Examine => {
                self.examined += 1;
                let poison = [script.faults.poison, script.faults.bad];
                let found = !content.searched && poison.contains(&Some(content.seq));
                let dead_rows = u64::from(found);
                let left = Content { rows: content.rows - dead_rows, searched: true, ..content };
                *self.dead.entry(batch).or_default() += dead_rows;
                let buffer = self.pool.insert(left);
                let bytes = left.rows * 100;
                vec![Input::BatchExamined { batch, buffer, bytes }]
            }
        };
        self.answer_at(due, answer);
    }

    /// A batch leaves its stage without an instance: `content` on the first port, nothing on the
    /// second, and dead letters.
    fn pass_by(
        &mut self,
        batch: Entity,
        stage: Entity,
        content: Content,
        dead_rows: u64,
    ) -> Vec<Input> {
        let connected = self.known(stage).connected;
        let mut answer = Vec::new();
        for port in 0..2_u8 {
            let rows = if port == 0 { content.rows } else { 0 };
            let made = Content { rows, ..content };
            let buffer = connected[usize::from(port)].then(|| self.pool.insert(made));
            answer.push(Input::BatchEmitted { batch, port, buffer, rows, bytes: rows * 120 });
        }
        let before = self.dead.remove(&batch).unwrap_or_default();
        answer.push(dead_letters(batch, before + dead_rows));
        answer.push(Input::BatchProcessed { batch, elapsed_micros: 1 });
        answer
    }
}
