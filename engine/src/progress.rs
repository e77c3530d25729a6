//! How far a run is, for whoever shows it: counters that threads update without a lock.

use std::io::Write as _;
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

/// How far a run is.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// Sources in the order of the scene.
    pub sources: Vec<SourceProgress>,
    /// The run was told to stop: what was read is written.
    pub draining: Arc<AtomicBool>,
    /// What the run was asked to say and nobody has taken yet, if somebody takes it.
    told: Arc<Mutex<Option<Vec<String>>>>,
}

impl Progress {
    /// Was the run told to stop?
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Takes what the run was asked to say since the last call: what it waits for, each time some
    /// lines. Until the first call it goes to standard error.
    #[must_use]
    pub fn told(&self) -> Vec<String> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.replace(Vec::new()).unwrap_or_default()
    }

    pub(crate) fn tell(&self, text: String) {
        match &mut *self.told.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(told) => told.push(text),
            // Nobody can be told where standard error cannot be written.
            None => drop(std::io::stderr().write_all(text.as_bytes())),
        }
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
