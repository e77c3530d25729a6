//! Credit: the memory that a piece of a source, and all that is made of it, may take.
//!
//! Invariant: what the budget counts as reserved is what the admissions and the reads under way
//! hold, and an admission lives exactly as long as a batch lives on it. Reads are granted by
//! `allocate`, pieces enter by `ingest` and `spawn`, and `retire` gives credit back with the last
//! batch.

use bevy_ecs::{component::Component, entity::Entity, resource::Resource};

use crate::Turn;

/// Credit taken by one piece of a source, given back when everything made of it is retired.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admission {
    /// The source.
    pub source: Entity,
    /// Bytes reserved out of the budget.
    pub bytes: u64,
    /// Batches alive that descend from the piece.
    pub batches: u32,
    /// The turn of the piece.
    pub turn: Turn,
}

/// Whose credit a batch lives on; what a stage makes at the end of its input lives on nobody's.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdmittedBy(pub Option<Entity>);

/// The memory budget of the batches in flight. Only sources are held back by it.
#[derive(Resource, Clone, Copy, Debug)]
pub struct Budget {
    /// Bytes that admissions may reserve in all (`engine.memory`).
    pub limit: u64,
    /// Bytes reserved.
    pub reserved: u64,
    /// Bytes of settled batches that are kept to rebuild the state of a worker that dies.
    pub held: u64,
    /// Bytes of them above which one instance is asked for a snapshot.
    pub held_share: u64,
    /// Pieces in flight at most over all sources: beyond it more would only wait and cool the
    /// caches.
    pub pieces_max: u32,
}
