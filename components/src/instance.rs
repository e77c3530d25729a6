//! A running copy of what a stage runs, and how busy it is.
//!
//! Invariant: an instance holds no more batches than it has slots. Instances come with the world;
//! `dispatch` fills slots, ingest empties them and learns how long a batch takes.

use bevy_ecs::{component::Component, entity::Entity};

use crate::StageIndex;

/// A running copy of a stage's plugin, decoder or encoder.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instance {
    /// The stage it works for.
    pub stage: Entity,
    /// Index of that stage.
    pub stage_index: StageIndex,
    /// Number among the stage's instances, from 0.
    pub index: u16,
}

/// Batches that an instance holds, and how many it may hold.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct InFlight {
    /// Held now.
    pub count: u8,
    /// Bound of `count`, at least 1.
    pub slots: u8,
}

/// How long an instance takes for a batch: average with weight 1/8, microseconds; 0 before the
/// first.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServiceTime {
    /// The average.
    pub micros: u32,
}

impl ServiceTime {
    /// Learns from one batch.
    pub fn learn(&mut self, elapsed_micros: u32) {
        self.micros = match self.micros {
            0 => elapsed_micros,
            old => old - old / 8 + elapsed_micros / 8,
        };
    }
}
