use bevy_ecs::entity::Entity;
use tanda_components::{StageKind, limits::PORTS_MAX};

use super::{Absorbed, SimFaults};

/// What one simulated stage does.
#[derive(Clone, Copy, Debug)]
pub struct SimStage {
    /// Pieces of a source.
    pub pieces: u64,
    /// Records of a piece.
    pub rows: u64,
    /// The reader decodes by itself.
    pub decoded: bool,
    /// Batches that a stage with a state makes at the end of its input, fewer than 64.
    pub finish_batches: u64,
    /// The stage fails at its `n`th batch (a source: piece), from 0.
    pub fails_at: Option<u64>,
    /// Its output, if it is a sink, cannot be published.
    pub publish_fails: bool,
    /// An answer takes between 1 and so many microseconds.
    pub delay_micros_max: u64,
    /// What befalls its workers, if it is isolated.
    pub faults: SimFaults,
}

impl Default for SimStage {
    fn default() -> Self {
        Self {
            pieces: 10,
            rows: 100,
            decoded: false,
            finish_batches: 1,
            fails_at: None,
            publish_fails: false,
            delay_micros_max: 1_000,
            faults: SimFaults::default(),
        }
    }
}

/// What a simulated buffer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content {
    /// Index of the stage that made it.
    pub origin: usize,
    /// Its number there.
    pub seq: u64,
    /// Rows.
    pub rows: u64,
    /// What the state had taken in of which it was made; nothing if it was made of a batch.
    pub absorbed: Absorbed,
    /// Its poison rows have been searched for and set aside.
    pub searched: bool,
}

impl Content {
    pub(super) fn new(origin: usize, seq: u64, rows: u64) -> Self {
        Self { origin, seq, rows, absorbed: Absorbed::default(), searched: false }
    }
}

/// What the simulation remembers of a stage.
pub(super) struct Known {
    pub(super) index: usize,
    pub(super) kind: StageKind,
    pub(super) connected: [bool; PORTS_MAX],
    pub(super) batches: u64,
    pub(super) reads: u64,
    /// Answers of one reader or writer keep their order: none comes before this time.
    pub(super) clock: u64,
    pub(super) over: bool,
    /// Its instances by number.
    pub(super) instances: Vec<Entity>,
    /// Number of the finish that is under way.
    pub(super) attempt: u64,
    pub(super) finishing: bool,
    /// Finishes that came to nothing.
    pub(super) finish_deaths: u8,
}

impl Known {
    pub(super) fn new(index: usize, kind: StageKind, connected: [bool; PORTS_MAX]) -> Self {
        Self {
            index,
            kind,
            connected,
            batches: 0,
            reads: 0,
            clock: 0,
            over: false,
            instances: Vec::new(),
            attempt: 0,
            finishing: false,
            finish_deaths: 0,
        }
    }
}
