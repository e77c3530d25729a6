//! How far a run is, for whoever shows it: counters that threads update without a lock.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

/// How far a run is.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// Sources in the order of the scene.
    pub sources: Vec<SourceProgress>,
    /// The run was told to stop: what was read is written.
    pub draining: Arc<AtomicBool>,
}

impl Progress {
    /// Was the run told to stop?
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}

/// How far one source is.
#[derive(Clone, Debug)]
pub struct SourceProgress {
    /// Name of its stage.
    pub name: String,
    /// Bytes of its files consumed.
    pub bytes: Arc<AtomicU64>,
    /// Bytes of its files in all; `None` when that is not known (stdin, a generator).
    pub bytes_total: Option<u64>,
    /// Records read.
    pub rows: Arc<AtomicU64>,
}

impl SourceProgress {
    /// Bytes consumed and records read so far.
    #[must_use]
    pub fn read(&self) -> (u64, u64) {
        (self.bytes.load(Ordering::Relaxed), self.rows.load(Ordering::Relaxed))
    }
}
