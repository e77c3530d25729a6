//! What the engine asks of the platform.
//!
//! Invariant: each effect that says by what it is answered is answered exactly once, in finite
//! time. Systems push effects to the [`Outbox`](crate::Outbox); the engine hands them over after
//! the tick.

use bevy_ecs::entity::Entity;

use crate::{BufferHandle, ExitReason, Failover};

/// An intent for the platform, in the imperative. It answers each with the [`Input`](crate::Input)
/// named.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Effect {
    /// Read one piece: `BatchRead`, `SourceEnded` or `StageFailed`.
    ReadBatch {
        /// The source.
        source: Entity,
    },
    /// Stop reading; what was read is still delivered, then `SourceEnded`.
    StopSource {
        /// The source.
        source: Entity,
    },
    /// Decode, process or encode: `BatchEmitted` and `BatchProcessed`, `BatchEncoded`, or
    /// `BatchFailed`. An isolated instance takes its batches in the order given; if its worker is
    /// gone, or goes before it answers, the batch is answered by `WorkerExited`.
    ProcessBatch {
        /// The batch.
        batch: Entity,
        /// Its memory.
        buffer: BufferHandle,
        /// On which of the stage's incoming edges it came.
        input: u8,
        /// Who does it.
        instance: Entity,
    },
    /// Write, after all earlier writes of the sink: `BatchWritten` or `BatchFailed`.
    WriteBatch {
        /// The batch.
        batch: Entity,
        /// Its memory.
        buffer: BufferHandle,
        /// On which of the sink's incoming edges it came.
        input: u8,
        /// The sink.
        sink: Entity,
    },
    /// Merge the instances' states and flush: `FinishEmitted`, then `StageFinished` or
    /// `StageFailed`; or, if a worker of the stage exits before, its `WorkerExited` alone.
    FinishStage {
        /// The stage.
        stage: Entity,
    },
    /// Complete the output, which gets its name only when it is published: `StageFinished` or
    /// `StageFailed`.
    CloseSink {
        /// The sink.
        sink: Entity,
    },
    /// Give all outputs that are complete their names: `OutputsPublished`, or `StageFailed` of a
    /// sink; then all is as it was before.
    PublishOutputs,
    /// Give up on the output and keep what there is under its `.part` name. Not answered.
    AbandonSink {
        /// The sink.
        sink: Entity,
    },
    /// Deal with a batch that failed, as the stage's failure policy says. Answered as
    /// `ProcessBatch`; `Examine` by `BatchExamined`, if rows are left: those that were set aside
    /// leave the stage with what is made of the others. By `BatchFailed` if it cannot be done.
    FailOver {
        /// The batch.
        batch: Entity,
        /// Its memory.
        buffer: BufferHandle,
        /// On which of the stage's incoming edges it came.
        input: u8,
        /// The stage.
        stage: Entity,
        /// What is done.
        over: Failover,
        /// Times in a row that it has failed.
        failed: u8,
    },
    /// Nobody names this memory any more. Not answered.
    ReleaseBuffer {
        /// The memory.
        buffer: BufferHandle,
    },
    /// Ask running plugin calls in the engine's process to return early. Not answered.
    CancelJobs,
    /// Start a worker, with the state of the last snapshot taken of the instance: `WorkerStarted`
    /// or `WorkerExited`.
    StartWorker {
        /// The isolated instance.
        instance: Entity,
    },
    /// Tell a worker that is up to go: it ends by itself when it is done with what it was given
    /// before. `WorkerExited`, unless that is under way already; never, if it does not obey.
    StopWorker {
        /// The isolated instance.
        instance: Entity,
    },
    /// Kill a worker: `WorkerExited`, unless that is under way already.
    KillWorker {
        /// The isolated instance.
        instance: Entity,
        /// What it is killed for, if it has done wrong.
        reason: Option<ExitReason>,
    },
    /// Save the state of an isolated instance once it is done with the batches it was given
    /// before: `SnapshotTaken` or `WorkerExited`.
    TakeSnapshot {
        /// The isolated instance.
        instance: Entity,
    },
}
