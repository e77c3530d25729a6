use bevy_ecs::{component::Component, entity::Entity};

use crate::StageIndex;

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
/// What a stage makes of a batch keeps the batch's lineage; what it makes at the end of its input
/// has the stage itself as origin. So every lineage below an origin's total exists exactly once an
/// edge.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lineage {
    /// The stage that made it: a source, or a stage at the end of its input.
    pub origin: StageIndex,
    /// Number of the batch within its origin, from 0, without gaps.
    pub seq: u64,
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

/// Dispatch order: higher first, oldest lineage first among equals. `-100..=100` in scenes; systems
/// of the phase `Balance` may move it freely.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Priority(pub i16);

const _: () = assert!(size_of::<(BatchState, At, Lineage, Rows, Bytes, Priority)>() <= 80);
