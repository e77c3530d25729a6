//! Facts about sources and about stages at the end of their input.

use bevy_ecs::prelude::*;
use tanda_components::{
    Admission, AdmittedBy, At, BufferHandle, FaultId, Lineage, Priority, Run, RunEnded, StageEnded,
    StageState, Turn,
};

use super::facts::Facts;
use crate::{allocate::footprint_of_piece, spawn::Emission};

impl Facts<'_, '_> {
    /// A piece comes in on the credit that was taken for it, corrected to its true size.
    pub(super) fn enter_piece(
        &mut self,
        stage: Entity,
        buffer: BufferHandle,
        rows: u64,
        bytes: u64,
        decoded: bool,
    ) {
        let mut source = self.sources.get_mut(stage).expect("a piece comes from a source");
        let estimate = source.reads_bytes / u64::from(source.reads.max(1));
        let reserved = footprint_of_piece(estimate, source.piece_bytes, bytes);
        source.reads_bytes -= estimate;
        // A source that is told to stop hands out what it had begun to read, on no credit.
        source.reads = source.reads.saturating_sub(1);
        source.piece_bytes = source.piece_bytes - source.piece_bytes / 8 + bytes / 8;
        source.admitted += 1;
        let priority = Priority(source.priority);
        let turn = self.books.turns_past.after(source.turn);
        source.turn = turn;
        self.books.budget.reserved -= estimate;
        self.books.budget.reserved += reserved;

        let (stage_row, edges, _, mut seq, mut ledger, _) =
            self.stages.get_mut(stage).expect("a source is a stage");
        let lineage = Lineage { origin: stage_row.index, seq: seq.0, part: 0 };
        seq.0 += 1;
        let admission = self.commands.spawn_empty().id();
        let admitted_by = AdmittedBy(Some(admission));
        let emission = Emission { lineage, buffer, rows, bytes, priority, turn, admitted_by };
        let batches = if decoded {
            ledger.rows_in += rows;
            ledger.batches_in += 1;
            ledger.ports[0].rows += rows;
            ledger.ports[0].batches += 1;
            let (occupancies, admissions) = (&mut self.occupancies, &mut self.admissions);
            emission.spawn_on_edges(&mut self.commands, edges, 0, occupancies, admissions)
        } else {
            emission.spawn(&mut self.commands, At { stage, index: stage_row.index, input: 0 });
            self.occupancies.get_mut(stage).expect("every stage has an occupancy").0 += 1;
            1
        };
        self.books.buffers.enter(buffer, batches, bytes);
        let admission_row = Admission { source: stage, bytes: reserved, batches, turn };
        self.commands.entity(admission).insert(admission_row);
    }

    pub(super) fn end_source(&mut self, stage: Entity) {
        let mut source = self.sources.get_mut(stage).expect("only a source ends as one");
        if source.ended {
            return;
        }
        source.ended = true;
        source.reads = 0;
        self.books.budget.reserved -= core::mem::take(&mut source.reads_bytes);
        let (stage_row, _, _, seq, ..) = self.stages.get(stage).expect("a source is a stage");
        self.books.origins.close(stage_row.index, seq.0);
    }

    pub(super) fn enter_finish(
        &mut self,
        stage: Entity,
        port: u8,
        buffer: Option<BufferHandle>,
        rows: u64,
        bytes: u64,
    ) {
        let (stage_row, edges, _, mut seq, mut ledger, _) =
            self.stages.get_mut(stage).expect("a finish comes from a stage");
        ledger.made += rows;
        ledger.ports[usize::from(port)].rows += rows;
        let Some(buffer) = buffer else { return };
        ledger.ports[usize::from(port)].batches += 1;
        let emission = Emission {
            lineage: Lineage { origin: stage_row.index, seq: seq.0, part: 0 },
            buffer,
            rows,
            bytes,
            priority: Priority::default(),
            // The last that the stage makes: nothing of its own waits for it any more.
            turn: Turn(self.books.turns_past.0),
            admitted_by: AdmittedBy(None),
        };
        let last_port = edges.as_slice().iter().map(|edge| edge.port).max();
        seq.0 += u64::from(last_port == Some(port));
        let (occupancies, admissions) = (&mut self.occupancies, &mut self.admissions);
        let names =
            emission.spawn_on_edges(&mut self.commands, edges, port, occupancies, admissions);
        self.books.buffers.enter(buffer, names, bytes);
    }

    pub(super) fn end_stage(&mut self, stage: Entity) {
        let (stage_row, _, mut state, seq, ..) =
            self.stages.get_mut(stage).expect("only a stage finishes");
        *state = StageState::Ended;
        self.books.origins.close(stage_row.index, seq.0);
        self.end_held_of_stage(stage);
        self.commands.trigger(StageEnded { stage });
    }

    /// Starts a drain, unless every source has ended by itself: then nothing is cut short.
    pub(super) fn drain(&mut self) {
        self.books.mishaps.hurry();
        let reading = self.sources.iter().any(|source| !source.ended);
        if *self.books.run == Run::Running && reading {
            *self.books.run = Run::Draining;
        }
    }

    /// All outputs have their names: the run has ended well.
    pub(super) fn end_published(&mut self) {
        let Run::Publishing { interrupted } = *self.books.run else {
            unreachable!("outputs are published once, at the end of a run")
        };
        *self.books.run = Run::Ended { fault: None, interrupted };
        self.commands.trigger(RunEnded { failed: false });
    }

    /// Ends the run where it stands, unless its outputs take their names just now: they have them
    /// all in a moment, or none.
    pub(super) fn abort(&mut self, fault: FaultId) {
        let fault = match *self.books.run {
            Run::Publishing { .. } | Run::Aborted { .. } | Run::Ended { .. } => return,
            Run::Failing { fault: first } => first,
            Run::Running | Run::Draining => fault,
        };
        *self.books.run = Run::Aborted { fault };
        self.commands.trigger(RunEnded { failed: true });
    }
}
