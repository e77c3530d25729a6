use bevy_ecs::entity::Entity;

use crate::BufferHandle;

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
    /// `BatchFailed`.
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
    /// `StageFailed`.
    FinishStage {
        /// The stage.
        stage: Entity,
    },
    /// Complete the output: `StageFinished` or `StageFailed`.
    CloseSink {
        /// The sink.
        sink: Entity,
    },
    /// Give up on the output and keep what there is under its `.part` name. Not answered.
    AbandonSink {
        /// The sink.
        sink: Entity,
    },
    /// Nobody names this memory any more. Not answered.
    ReleaseBuffer {
        /// The memory.
        buffer: BufferHandle,
    },
    /// Ask running plugin calls to return early. Not answered.
    CancelJobs,
}
