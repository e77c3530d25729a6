//! Facts about batches on their way through a stage.

use bevy_ecs::prelude::*;
use tanda_components::{BatchState, BufferHandle, StageKind};

use super::facts::Facts;
use crate::spawn::Emission;

impl Facts<'_, '_> {
    /// What a stage made of a batch goes on under the batch's lineage, priority and credit.
    pub(super) fn enter_emitted(
        &mut self,
        batch: Entity,
        port: u8,
        buffer: Option<BufferHandle>,
        rows: u64,
        bytes: u64,
    ) {
        let (_, at, &lineage, _, _, _, mut emitted, &priority, admitted_by, attempts, _) =
            self.batches.get_mut(batch).expect("an emission comes from a live batch");
        if attempts.settled {
            self.drop_emitted(buffer, bytes);
            return;
        }
        let admitted_by = *admitted_by;
        let lineage = match at.input {
            0 => lineage,
            input => {
                let inputs = self.inputs.get(at.stage).expect("a batch stands at a stage");
                inputs.passed_on(lineage, input)
            }
        };
        emitted.rows += rows;
        emitted.bytes += bytes;
        let (_, edges, _, _, mut ledger, _) =
            self.stages.get_mut(at.stage).expect("a batch stands at a stage");
        ledger.ports[usize::from(port)].rows += rows;
        let Some(buffer) = buffer else { return };
        ledger.ports[usize::from(port)].batches += 1;
        let turn = *self.turns.get(batch).expect("every batch has a turn");
        let emission = Emission { lineage, buffer, rows, bytes, priority, turn, admitted_by };
        let (occupancies, admissions) = (&mut self.occupancies, &mut self.admissions);
        let names =
            emission.spawn_on_edges(&mut self.commands, edges, port, occupancies, admissions);
        self.books.buffers.enter(buffer, names, bytes);
    }

    /// What is made of a batch that is processed again has gone on before.
    fn drop_emitted(&mut self, buffer: Option<BufferHandle>, bytes: u64) {
        let Some(buffer) = buffer else { return };
        self.books.buffers.enter(buffer, 1, bytes);
        self.books.retiring.leave(buffer);
    }

    pub(super) fn enter_processed(&mut self, batch: Entity, elapsed_micros: u32) {
        let (mut state, at, _, _, rows, bytes, emitted, _, _, attempts, _) =
            self.batches.get_mut(batch).expect("a processed batch is live");
        let held = core::mem::replace(&mut *state, BatchState::Done);
        let (stage, .., mut ledger, mut growth) =
            self.stages.get_mut(at.stage).expect("a batch stands at a stage");
        ledger.busy_micros += u64::from(elapsed_micros);
        if !attempts.settled {
            // How many records a piece has is only known when it is decoded: blank lines are none.
            let rows_in = if stage.kind == StageKind::Source { emitted.rows } else { rows.0 };
            ledger.rows_in += rows_in;
            ledger.batches_in += 1;
            ledger.settle(rows_in, emitted.rows);
            growth.learn(bytes.0, emitted.bytes);
        }
        if let Ok((_, mut budget, _, breaker)) = self.policies.get_mut(at.stage)
            && matches!(held, BatchState::InFlight { .. })
        {
            budget.earn();
            let now = self.books.clock.now;
            breaker.into_iter().for_each(|mut row| row.processed(elapsed_micros.into(), now));
        }
        match self.free_instance(held, elapsed_micros) {
            Some(instance) => self.hold_batch(batch, instance, elapsed_micros),
            None => self.books.retiring.push(batch),
        }
    }

    /// The batch goes on as its bytes; the record batch is not needed any more.
    pub(super) fn enter_encoded(
        &mut self,
        batch: Entity,
        encoded: BufferHandle,
        encoded_bytes: u64,
        elapsed_micros: u32,
    ) {
        let (mut state, at, _, mut buffer, _, mut bytes, ..) =
            self.batches.get_mut(batch).expect("an encoded batch is live");
        let held = core::mem::replace(&mut *state, BatchState::Encoded);
        let (.., mut ledger, mut growth) =
            self.stages.get_mut(at.stage).expect("a batch stands at a stage");
        ledger.busy_micros += u64::from(elapsed_micros);
        growth.learn(bytes.0, encoded_bytes);
        bytes.0 = encoded_bytes;
        let old = core::mem::replace(&mut *buffer, encoded);
        self.books.buffers.enter(encoded, 1, encoded_bytes);
        self.books.retiring.leave(old);
        self.free_instance(held, elapsed_micros);
    }

    pub(super) fn enter_written(&mut self, batch: Entity, written_bytes: u64) {
        let (mut state, at, _, _, rows, ..) =
            self.batches.get_mut(batch).expect("a written batch is live");
        *state = BatchState::Done;
        let mut sink = self.sinks.get_mut(at.stage).expect("only a sink writes");
        sink.writes -= 1;
        sink.bytes += written_bytes;
        let (.., mut ledger, _) = self.stages.get_mut(at.stage).expect("a sink is a stage");
        ledger.rows_in += rows.0;
        ledger.batches_in += 1;
        ledger.ports[0].rows += rows.0;
        ledger.ports[0].batches += 1;
        self.books.retiring.push(batch);
    }

    /// The instance that held a batch in this state gets its slot back; it is returned if it has a
    /// state that could die with its worker.
    pub(super) fn free_instance(
        &mut self,
        held: BatchState,
        elapsed_micros: u32,
    ) -> Option<Entity> {
        let BatchState::InFlight { instance } = held else { return None };
        let (mut in_flight, mut service) =
            self.instances.get_mut(instance).expect("a batch in flight is held by an instance");
        in_flight.count -= 1;
        service.learn(elapsed_micros);
        let Ok((_, _, mut beat, _, _, snapshotting)) = self.workers.get_mut(instance) else {
            self.books.capacity.jobs -= 1;
            return None;
        };
        beat.0 = self.books.clock.now;
        snapshotting.map(|_| instance)
    }
}
