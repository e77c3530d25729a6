//! What a stage that reads has asked for and was given.
//!
//! Invariant: a source without a piece in flight is always granted one, so no bound can stop it for
//! good. `admit_batches` asks, ingest hears of pieces and of the end, `retire` counts pieces off,
//! `stop_sources` tells it to stop.

use bevy_ecs::component::Component;

use crate::Turn;

/// A source's reader: what it was asked for and what it has delivered.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// Pieces asked for and not yet read, at most `READS_IN_FLIGHT_MAX`.
    pub reads: u16,
    /// Bytes reserved out of the budget for those.
    pub reads_bytes: u64,
    /// Pieces admitted whose batches are not all retired.
    pub admitted: u32,
    /// Bytes of a piece: average with weight 1/8, the bound `batch_bytes` before the first.
    pub piece_bytes: u64,
    /// The reader has nothing more.
    pub ended: bool,
    /// The reader was told to stop.
    pub stopped: bool,
    /// Priority given to its batches.
    pub priority: i16,
    /// Turn of its last piece.
    pub turn: Turn,
}

impl Source {
    /// A reader that has delivered nothing.
    #[must_use]
    pub fn new(piece_bytes: u64, priority: i16) -> Self {
        Self {
            reads: 0,
            reads_bytes: 0,
            admitted: 0,
            piece_bytes,
            ended: false,
            stopped: false,
            priority,
            turn: Turn::default(),
        }
    }
}
