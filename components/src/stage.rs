//! A stage: what it is, where it is in its life, and how many batches stand at it.
//!
//! Invariant: occupancy counts the batches at the stage, and a stage that has ended makes nothing
//! more. Identity comes with the scene and stays; `spawn`, ingest and `retire` count, `end_stages`
//! and ingest move it through its life.

use bevy_ecs::component::Component;

use crate::limits::STAGE_NAME_BYTES_MAX;

/// Number of a stage in topological order, stable in the order of the scene; below `STAGES_MAX`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StageIndex(pub u16);

/// A stage of the scene.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Its number.
    pub index: StageIndex,
    /// What it does.
    pub kind: StageKind,
}

/// What a stage does with a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StageKind {
    /// Reads pieces in and decodes them.
    Source,
    /// Runs a plugin that keeps no state: any instance takes any batch.
    Stateless,
    /// Runs a plugin whose instances keep partial states that are merged at the end of the input.
    Mergeable,
    /// Runs a plugin with one instance, which takes the batches in order.
    Exclusive,
    /// Writes batches out.
    Sink,
}

/// Where a stage is in its life.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StageState {
    /// Takes batches.
    #[default]
    Running,
    /// Has taken its last batch: the plugin flushes its state, or the sink closes its file.
    Finishing,
    /// Makes nothing more.
    Ended,
}

/// Batches that stand at a stage, waiting or held; the stage is drained when all of them are
/// [`HeldBatches`] and all stages before it have ended.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Occupancy(pub u32);

/// Batches among them that are done but for a snapshot: the stage's [`BatchState::Held`] ones.
///
/// [`BatchState::Held`]: crate::BatchState::Held
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeldBatches(pub u32);

/// Times that the finish of an isolated stage came to nothing because a worker died; at most
/// `ATTEMPTS_MAX`. No more than one exit counts for each finish asked.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FailedFinishes(pub u8);

/// Bytes out for each byte in, in 1/1024, as an average over recent batches (weight 1/8).
///
/// Admission reserves it in advance, since an output is never refused.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Growth(pub u32);

impl Default for Growth {
    /// As much out as in, until it has been measured.
    fn default() -> Self {
        Self(1_024)
    }
}

impl Growth {
    /// Learns from one batch. A batch of no bytes teaches nothing; growth is capped at 1,024 times.
    pub fn learn(&mut self, bytes_in: u64, bytes_out: u64) {
        if bytes_in == 0 {
            return;
        }
        let ratio = (bytes_out.saturating_mul(1_024) / bytes_in).min(1 << 20) as u32;
        self.0 = self.0 - self.0 / 8 + ratio / 8;
    }
}

/// Name of a stage in the scene, at most [`STAGE_NAME_BYTES_MAX`] bytes.
#[derive(Component, Clone, Copy, PartialEq, Eq)]
pub struct StageName {
    bytes: [u8; STAGE_NAME_BYTES_MAX],
    count: u8,
}

impl StageName {
    /// The name, cut at a character border when it is too long.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let end = name.floor_char_boundary(STAGE_NAME_BYTES_MAX);
        let mut bytes = [0; STAGE_NAME_BYTES_MAX];
        bytes[..end].copy_from_slice(&name.as_bytes()[..end]);
        Self { bytes, count: end as u8 }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.bytes[..usize::from(self.count)]).unwrap_or("")
    }
}

impl core::fmt::Debug for StageName {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_name_is_cut_at_a_character() {
        let name = "é".repeat(40);
        assert_eq!(StageName::new(&name).as_str(), "é".repeat(31));
    }

    #[test]
    fn growth_nears_what_it_sees() {
        let mut growth = Growth::default();
        (0..64).for_each(|_| growth.learn(100, 300));
        assert!((2_900..=3_072).contains(&growth.0), "{growth:?}");
    }
}
