//! A batch: where it stands, where it comes from, how large it is, and what has befallen it.
//!
//! Invariant: a batch stands at one stage, and its lineage exists once on each edge. `spawn` makes
//! batches and `retire` takes away those that are done; between them every phase may move
//! `BatchState` on, and ingest, `dispatch` and `divert` write what has befallen a batch.

use bevy_ecs::{component::Component, entity::Entity};

use crate::{EngineTime, StageIndex};

/// Where a batch is on its way through one stage. Changed in place; see ARCHITECTURE.md for the
/// diagram.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchState {
    /// Waits at its stage for a free instance.
    Ready,
    /// An instance holds it.
    InFlight {
        /// The instance.
        instance: Entity,
    },
    /// Processed by an isolated instance of a stage with a state, and kept until a snapshot covers
    /// it: should the instance die before, it is processed again.
    Held {
        /// The instance whose state it is in.
        instance: Entity,
    },
    /// It failed and waits for its next try.
    Delayed {
        /// When that is.
        until: EngineTime,
    },
    /// It failed, and the stage's failure policy deals with it instead of an instance.
    FailingOver {
        /// The platform was told.
        given: bool,
    },
    /// At a sink: its bytes are ready and wait for their turn in the order.
    Encoded,
    /// At a sink: handed to the writer.
    Writing,
    /// Its stage is done with it; retired at the end of this tick.
    Done,
}

/// The stage a batch stands at, and the edge on which it came.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    /// The stage.
    pub stage: Entity,
    /// Its index, kept here because dispatch asks it of every waiting batch in every tick.
    pub index: StageIndex,
    /// Which of the stage's incoming edges, from 0.
    pub input: u8,
}

/// Where a batch comes from: the order in which sinks write and `EXCLUSIVE` stages process.
///
/// What a stage makes of a batch keeps the batch's origin and number; what it makes at the end of
/// its input has the stage itself as origin. Where branches of one origin meet at a stage, the
/// parts tell what came on which. So every lineage below an origin's total exists exactly once an
/// edge.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lineage {
    /// The stage that made it: a source, or a stage at the end of its input.
    pub origin: StageIndex,
    /// Number of the batch within its origin, from 0, without gaps.
    pub seq: u64,
    /// Which of the ways from the origin to here it took, from 0, without gaps; see
    /// [`OriginParts`](crate::OriginParts).
    pub part: u16,
}

/// Rows of a batch; of a raw piece of a source the lines, which are its records at most.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rows(pub u64);

/// Memory of a batch, bytes.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes(pub u64);

/// What has left the stage so far of what is made of this batch.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Emitted {
    /// Rows over all ports.
    pub rows: u64,
    /// Memory, bytes.
    pub bytes: u64,
}

/// Dispatch order: higher first, earliest turn first among equals. `-100..=100` in scenes; systems
/// of the phase `Balance` may move it freely.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Priority(pub i16);

/// What has befallen a batch at the stage where it stands.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    /// Times in a row that it failed: a worker died over it, or the plugin gave an error.
    pub failed: u8,
    /// Times that its poison rows were looked for.
    pub examined: u8,
    /// How far down the failure policy it is.
    pub over: FailedOver,
    /// When it first failed.
    pub since: EngineTime,
    /// The number under which its stage took it, if that takes batches as they come: what it is
    /// taken again by. From 1; 0 before.
    pub taken: u64,
    /// What it made has gone on and its rows are in the ledger: it is processed again only to
    /// rebuild a state that a dead worker took with it.
    pub settled: bool,
}

/// How far down the failure policy of its stage a batch is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FailedOver {
    /// It is for the stage's instances.
    #[default]
    No,
    /// The fallback was given it.
    Fallback,
    /// The last resort was given it.
    Last,
}

const _: () =
    assert!(size_of::<(BatchState, At, Lineage, Rows, Bytes, Priority, Attempts)>() <= 96);
