//! What the platform tells the engine.
//!
//! Invariant: a fact is past and true, small and `Copy`; its text or data stays with the platform.
//! The platform pushes facts to the [`Inbox`](crate::Inbox), and only `ingest` reads them.

use bevy_ecs::entity::Entity;

use crate::{BufferHandle, ExitReason};

/// Names the text of a fault, which the platform keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultId(pub u32);

/// A fact from outside, in the past tense. Small and `Copy`; data stays with the platform.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Input {
    /// A source's reader has a piece.
    BatchRead {
        /// The source.
        source: Entity,
        /// Its memory.
        buffer: BufferHandle,
        /// Records in it.
        rows: u64,
        /// Its memory, bytes.
        bytes: u64,
        /// It is a record batch already and needs no decoding.
        decoded: bool,
    },
    /// A source's reader has nothing more; every read asked for is answered by this.
    SourceEnded {
        /// The source.
        source: Entity,
    },
    /// Something left a stage on a port while `batch` was processed. Comes before its
    /// `BatchProcessed`; from a worker both come, or neither.
    BatchEmitted {
        /// The batch it was made of.
        batch: Entity,
        /// The port.
        port: u8,
        /// Its memory; `None` on a port that nobody reads.
        buffer: Option<BufferHandle>,
        /// Rows.
        rows: u64,
        /// Its memory, bytes.
        bytes: u64,
    },
    /// An instance is done with a batch.
    BatchProcessed {
        /// The batch.
        batch: Entity,
        /// Microseconds it took.
        elapsed_micros: u32,
    },
    /// A sink's instance has turned a batch into bytes.
    BatchEncoded {
        /// The batch.
        batch: Entity,
        /// Memory of the bytes, which takes the place of the batch's.
        buffer: BufferHandle,
        /// The bytes.
        bytes: u64,
        /// Microseconds it took.
        elapsed_micros: u32,
    },
    /// A sink has written a batch.
    BatchWritten {
        /// The batch.
        batch: Entity,
        /// Bytes written for it.
        bytes: u64,
    },
    /// An instance or a writer gave up on a batch.
    BatchFailed {
        /// The batch.
        batch: Entity,
        /// Why.
        fault: FaultId,
        /// The worker that it was in ends by itself, for nothing but this.
        ends: bool,
    },
    /// A finishing stage emitted something. Comes before its `StageFinished`; of an isolated stage
    /// both come, or neither. As for a batch, one comes for each port that is read, in their order,
    /// where nothing was emitted one of no rows: so the lineage exists on every edge.
    FinishEmitted {
        /// The stage.
        stage: Entity,
        /// The port.
        port: u8,
        /// Its memory; `None` on a port that nobody reads.
        buffer: Option<BufferHandle>,
        /// Rows.
        rows: u64,
        /// Its memory, bytes.
        bytes: u64,
    },
    /// A stage has flushed its state, or a sink has completed its output.
    StageFinished {
        /// The stage.
        stage: Entity,
    },
    /// A reader, a finish or a close failed, or the output of a sink could not be published.
    StageFailed {
        /// The stage.
        stage: Entity,
        /// Why.
        fault: FaultId,
    },
    /// A worker is ready; its state is that of the last snapshot taken of the instance, empty if
    /// there is none.
    WorkerStarted {
        /// The isolated instance.
        instance: Entity,
    },
    /// A worker is gone. All that it answered has come in before, and a finish of its stage that
    /// was under way is forgotten. Comes exactly once for each start.
    WorkerExited {
        /// The isolated instance.
        instance: Entity,
        /// Why, as far as the platform knows.
        reason: ExitReason,
        /// Names the text of the fault.
        fault: FaultId,
    },
    /// The platform keeps a snapshot of an instance's state: it covers every batch whose
    /// `BatchProcessed` from this instance came in before.
    SnapshotTaken {
        /// The isolated instance.
        instance: Entity,
        /// Time the instance took for it, microseconds.
        elapsed_micros: u32,
    },
    /// The poison rows of a batch that was failed over are set aside; the others are its memory
    /// from now on, and are processed as any batch.
    BatchExamined {
        /// The batch.
        batch: Entity,
        /// The rows that are left, maybe none.
        buffer: BufferHandle,
        /// Memory of these, bytes.
        bytes: u64,
    },
    /// All outputs have their names.
    OutputsPublished,
    /// The user wants the run to end at once: what is in flight is left where it is.
    AbortRequested {
        /// Says so.
        fault: FaultId,
    },
    /// The user wants the run to end: sources stop, what is in flight goes through.
    DrainRequested,
}
