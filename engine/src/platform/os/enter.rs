//! What threads report becomes facts, in the order in which it came.

use std::sync::atomic::Ordering;

use arrow::{compute::concat_batches, record_batch::RecordBatch};
use bevy_ecs::entity::Entity;
use tanda_components::{BufferHandle, Input, limits::PORTS_MAX};

use super::{
    Completion, OsPlatform,
    job::{BatchFault, JobDone, JobReport, Left},
    pool::Content,
    reader,
};
use crate::{
    connectors::{Closed, Piece},
    failover::Outcome,
};

impl OsPlatform {
    /// Puts the facts of a completion behind those that wait.
    pub(super) fn enter(&mut self, completion: Completion) {
        let input = match completion {
            Completion::Read { source, piece } => self.enter_piece(source, piece),
            Completion::SourceEnded { source } => Input::SourceEnded { source },
            Completion::Job(report, stage) => return self.enter_job(report, stage),
            Completion::Written { batch, bytes } => Input::BatchWritten { batch, bytes },
            Completion::BatchFailed { batch, stage, message } => {
                Input::BatchFailed { batch, fault: self.fault(stage, message), ends: false }
            }
            Completion::Finished { stage, left } => return self.enter_finish(stage, left),
            Completion::Closed { sink, closed: Closed { bytes, staged } } => {
                let stage = self.stages.get_mut(&sink).expect("completions come from stages");
                stage.bytes_written = bytes;
                self.outputs.staged.extend(staged.map(|staged| (sink, staged)));
                Input::StageFinished { stage: sink }
            }
            Completion::Published => Input::OutputsPublished,
            Completion::Worker { instance, told } => return self.enter_told(instance, told),
            Completion::FailedOver { batch, stage, outcome } => {
                return self.enter_outcome(batch, stage, outcome);
            }
            Completion::StageFailed { stage, message } => {
                Input::StageFailed { stage, fault: self.fault(stage, message) }
            }
        };
        self.backlog.push_back(input);
    }

    fn enter_piece(&mut self, source: Entity, piece: Piece) -> Input {
        let (rows, decoded) = reader::measure(&piece);
        if let Some(rows_read) = &self.stage(source).rows_read {
            rows_read.fetch_add(rows, Ordering::Relaxed);
        }
        let content = match piece {
            Piece::Raw(raw) => Content::Piece(raw),
            Piece::Decoded(batch) => Content::Batch(batch),
        };
        let bytes = content.bytes();
        let buffer = self.buffers.insert(content);
        Input::BatchRead { source, buffer, rows, bytes, decoded }
    }

    pub(super) fn enter_job(&mut self, report: JobReport, stage: Entity) {
        let JobReport { batch, done, elapsed_micros } = report;
        let last = match done {
            JobDone::Emitted(left) => {
                let letters = self.dead_letters_of(batch, stage).map(Left::Batch);
                for (port, left) in left.into_iter().chain(letters).enumerate() {
                    let (buffer, rows, bytes) = self.enter_left(stage, port, left);
                    let port = port as u8;
                    self.backlog.push_back(Input::BatchEmitted {
                        batch,
                        port,
                        buffer,
                        rows,
                        bytes,
                    });
                }
                Input::BatchProcessed { batch, elapsed_micros }
            }
            JobDone::Encoded(encoded) => {
                let content = Content::Bytes(encoded);
                let bytes = content.bytes();
                let buffer = self.buffers.insert(content);
                Input::BatchEncoded { batch, buffer, bytes, elapsed_micros }
            }
            JobDone::Failed(BatchFault { message, ends }) => {
                Input::BatchFailed { batch, fault: self.fault(stage, message), ends }
            }
        };
        self.backlog.push_back(last);
    }

    /// What became of a batch that was failed over.
    fn enter_outcome(&mut self, batch: Entity, stage: Entity, outcome: Outcome) {
        let done = match outcome {
            Outcome::Emitted(left) => JobDone::Emitted(left),
            Outcome::Failed(message) => JobDone::failed(message),
            Outcome::Rejected { left, dead } => {
                dead.into_iter().for_each(|dead| self.set_aside(batch, dead));
                JobDone::Emitted(left)
            }
            Outcome::Examined { left, dead } => {
                dead.into_iter().for_each(|dead| self.set_aside(batch, dead));
                let content = Content::Batch(left);
                let bytes = content.bytes();
                let buffer = self.buffers.insert(content);
                self.backlog.push_back(Input::BatchExamined { batch, buffer, bytes });
                return;
            }
        };
        self.enter_job(JobReport { batch, done, elapsed_micros: 0 }, stage);
    }

    /// Keeps dead letters of a batch, behind those of it that were found before, until it leaves.
    fn set_aside(&mut self, batch: Entity, dead: RecordBatch) {
        let all = match self.dead_letters.remove(&batch) {
            None => dead,
            Some(before) => concat_batches(dead.schema_ref(), [&before, &dead])
                .expect("dead letters of one stage have one schema"),
        };
        self.dead_letters.insert(batch, all);
    }

    /// What leaves on the port of the dead letters with what is made of a batch; none if the stage
    /// has no such port.
    fn dead_letters_of(&mut self, batch: Entity, stage: Entity) -> Option<RecordBatch> {
        let port = self.stage(stage).dead_port?;
        let letters = self.dead_letters.remove(&batch);
        Some(letters.unwrap_or_else(|| self.stage(stage).nothing[port].clone()))
    }

    pub(super) fn enter_finish(&mut self, stage: Entity, left: Vec<(usize, Left)>) {
        for (port, left) in left {
            let connected = self.stage(stage).connected;
            if !connected[port] || matches!(left, Left::Rows(_)) {
                self.enter_finished(stage, port, left);
                continue;
            }
            // One batch for each port that is read, as of every batch that is processed.
            let mut left = Some(left);
            for other in (0..PORTS_MAX).filter(|&other| connected[other]) {
                let emitted = left.take_if(|_| other == port);
                let nothing = || Left::Batch(self.stage(stage).nothing[other].clone());
                let emitted = emitted.unwrap_or_else(nothing);
                self.enter_finished(stage, other, emitted);
            }
        }
        self.backlog.push_back(Input::StageFinished { stage });
    }

    fn enter_finished(&mut self, stage: Entity, port: usize, left: Left) {
        let (buffer, rows, bytes) = self.enter_left(stage, port, left);
        let port = port as u8;
        self.backlog.push_back(Input::FinishEmitted { stage, port, buffer, rows, bytes });
    }

    fn enter_left(
        &mut self,
        stage: Entity,
        port: usize,
        left: Left,
    ) -> (Option<BufferHandle>, u64, u64) {
        match left {
            Left::Rows(rows) => (None, rows, 0),
            Left::Batch(batch) => {
                let rows = batch.num_rows() as u64;
                if !self.stage(stage).connected[port] {
                    return (None, rows, 0);
                }
                let content = Content::Batch(batch);
                let bytes = content.bytes();
                (Some(self.buffers.insert(content)), rows, bytes)
            }
        }
    }
}
