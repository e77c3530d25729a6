use std::collections::VecDeque;

use bevy_ecs::entity::Entity;
use tanda_components::{BufferHandle, StageKind, WorkerState};

use super::{Content, rng::mix};

/// What befalls the workers of an isolated stage, times in 1,000 each.
#[derive(Clone, Copy, Debug, Default)]
pub struct SimFaults {
    /// A worker crashes or hangs over a batch: before it answers, or right after.
    pub batch_per_mille: u64,
    /// A worker crashes or hangs over a snapshot.
    pub snapshot_per_mille: u64,
    /// One of two workers whose states are merged crashes or hangs.
    pub finish_per_mille: u64,
    /// A start fails or hangs.
    pub start_per_mille: u64,
    /// A worker that is told to go takes no notice.
    pub deaf_per_mille: u64,
    /// How many of all these are hangs.
    pub hang_per_mille: u64,
    /// Every batch with this number kills its worker, until its poison rows are set aside.
    pub poison: Option<u64>,
    /// An instance gives an error for a batch, isolated or not.
    pub error_per_mille: u64,
    /// Every batch with this number gives an error, until its poison rows are set aside.
    pub bad: Option<u64>,
    /// A start that fails is a refusal.
    pub refuses: bool,
    /// Faults strike the same batch, start, snapshot or finish as often as they are drawn, and
    /// always before it is answered. Otherwise they stop in time for the run to succeed.
    pub relentless: bool,
}

/// What a state has taken in: it tells whether each batch was, exactly once, and for an `EXCLUSIVE`
/// stage in which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Absorbed {
    /// Batches.
    pub count: u64,
    /// Digest of them.
    pub digest: u64,
}

impl Absorbed {
    /// Takes in a batch that came on this edge.
    pub fn add(&mut self, kind: StageKind, content: Content, input: u8) {
        let place = mix(mix(content.origin as u64) ^ content.seq) ^ u64::from(input);
        let key = mix(place ^ mix(content.rows ^ content.absorbed.digest));
        self.count += 1;
        self.digest = match kind {
            StageKind::Exclusive => mix(self.digest ^ key),
            StageKind::Mergeable | StageKind::Stateless | StageKind::Source | StageKind::Sink => {
                self.digest.wrapping_add(key)
            }
        };
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.digest = self.digest.wrapping_add(other.digest);
    }
}

/// Where a simulated worker is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    Starting,
    Up,
    /// It is dead, and nobody has noticed.
    Dead,
    Down,
}

pub(super) enum Task {
    Process { batch: Entity, buffer: BufferHandle, input: u8 },
    Snapshot,
}

/// A simulated instance; of one that is not isolated only the state is used.
pub(super) struct Worker {
    pub(super) stage: Entity,
    pub(super) isolated: bool,
    pub(super) life: Life,
    /// Number of its life: what it meant to do in an earlier one does not happen.
    pub(super) number: u64,
    pub(super) tasks: VecDeque<Task>,
    pub(super) state: Absorbed,
    /// The platform's, not the worker's: it survives.
    pub(super) snapshot: Absorbed,
    /// It was never started.
    pub(super) dormant: bool,
    /// It was told to go, and goes when it is done with its tasks.
    pub(super) leaves: bool,
    /// Deaths in a row in which it had nothing to do or was starting.
    pub(super) idle_deaths: u8,
    /// Deaths in a row in which it owed a snapshot.
    pub(super) snapshot_deaths: u8,
}

impl Worker {
    pub(super) fn new(stage: Entity, state: Option<WorkerState>) -> Self {
        let dormant = state == Some(WorkerState::Dormant);
        Self {
            stage,
            isolated: state.is_some(),
            life: if dormant { Life::Down } else { Life::Up },
            dormant,
            number: 0,
            tasks: VecDeque::new(),
            state: Absorbed::default(),
            snapshot: Absorbed::default(),
            leaves: false,
            idle_deaths: 0,
            snapshot_deaths: 0,
        }
    }

    pub(super) fn is_alive(&self) -> bool {
        matches!(self.life, Life::Up | Life::Starting)
    }
}
