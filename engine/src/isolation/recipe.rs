//! All that it takes to start a worker of a stage, the first time and every other time.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tanda_worker::protocol::{FailPoint, Start};
use tanda_worker::sandbox::Level;

use crate::pinned::{Changed, PinnedFiles, PinnedLibrary};

/// What is said to a worker of one stage at its start.
#[derive(Clone, Debug)]
pub(crate) struct Recipe {
    /// Name of the stage.
    pub(crate) stage: String,
    /// The plugin's library, which every worker links.
    pub(crate) library: Arc<PinnedLibrary>,
    /// The plugin's configuration.
    pub(crate) config: String,
    /// How far it is confined.
    pub(crate) level: Level,
    /// Bytes of private memory.
    pub(crate) memory_limit: Option<u64>,
    /// Files that the plugin may read while it opens.
    pub(crate) read: Vec<PathBuf>,
    /// Files that every worker reads as the first one did.
    pub(crate) files: PinnedFiles,
    /// How long it may take from its start to an open plugin, and to each answer before the run.
    pub(crate) start_timeout: Duration,
    /// Where its workers die, for tests: `TANDA_FAIL_POINT=stage/step:visit`.
    pub(crate) fail_point: Option<FailPoint>,
}

/// The fail point that the environment names for this stage; builds without debug assertions have
/// none.
pub(crate) fn fail_point(stage: &str) -> Option<FailPoint> {
    let point = std::env::var("TANDA_FAIL_POINT").ok().filter(|_| cfg!(debug_assertions))?;
    let (of, point) = point.split_once('/')?;
    (of == stage).then(|| point.parse().ok())?
}

impl Recipe {
    /// For the workers after the first: a test makes that one end at a step, and not these.
    pub(crate) fn of_later_ones(&self) -> Self {
        Self { fail_point: None, ..self.clone() }
    }

    /// Library and files are those that the first worker was started with.
    pub(super) fn check(&self) -> Result<(), Changed> {
        self.library.check()?;
        self.files.check()
    }

    pub(super) fn start(&self, engine_segment: u32, own_segment: u32) -> Start {
        Start {
            stage: self.stage.clone(),
            library: self.library.path.clone(),
            config: self.config.clone(),
            level: self.level,
            memory_limit: self.memory_limit,
            read: self.read.clone(),
            log: std::env::var("TANDA_LOG").unwrap_or_else(|_| "warn".to_owned()),
            engine_pid: std::process::id(),
            engine_segment,
            own_segment,
            fail_point: self.fail_point.clone(),
        }
    }
}
