//! What a stage that writes has under way.
//!
//! Invariant: writes in flight are bounded by `WRITES_IN_FLIGHT_MAX` and answered in their order.
//! `write_batches` counts them up, ingest counts them down and adds the bytes.

use bevy_ecs::component::Component;

/// A sink's writer.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sink {
    /// Batches are turned into bytes by instances before they are written (CSV, NDJSON).
    pub encodes: bool,
    /// Batches handed to the writer and not yet reported, at most `WRITES_IN_FLIGHT_MAX`.
    pub writes: u8,
    /// Bytes written so far.
    pub bytes: u64,
}
