//! What the host offers to a plugin.

use std::fmt;

use bumpalo::Bump;

/// Severity of a line in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something failed.
    Error,
    /// Something is not as it should be.
    Warn,
    /// What an operator wants to see.
    Info,
    /// What helps to find a fault.
    Debug,
    /// Everything.
    Trace,
}

impl Level {
    /// The level as it crosses the C ABI: 1 for `Error` to 5 for `Trace`.
    pub const fn number(self) -> u32 {
        self as u32 + 1
    }

    /// The level of a number; what is out of range is the nearest.
    pub const fn from_number(number: u32) -> Self {
        match number {
            0 | 1 => Self::Error,
            2 => Self::Warn,
            3 => Self::Info,
            4 => Self::Debug,
            _ => Self::Trace,
        }
    }
}

/// Services of the host, valid for the length of a call.
pub struct Host {
    services: Box<dyn Services>,
    scratch: Bump,
}

/// What stands behind a [`Host`]: the C table, or the test harness.
pub(crate) trait Services: Send {
    fn log(&self, level: Level, text: &str);
    fn cancelled(&self) -> bool;
    fn counter_add(&self, name: &str, n: u64);
}

impl Host {
    pub(crate) fn new(services: Box<dyn Services>) -> Self {
        Self { services, scratch: Bump::new() }
    }

    /// Writes a line into the engine's log, beside the name of the stage.
    pub fn log(&self, level: Level, text: &str) {
        self.services.log(level, text);
    }

    /// Is the run being stopped? A call that lasts long asks now and then, and returns an error.
    pub fn cancelled(&self) -> bool {
        self.services.cancelled()
    }

    /// Adds to a counter of this plugin, shown in the summary of the run. Once a batch, not a row.
    ///
    /// What `process` and `finish` add counts when they succeed, once for each batch, however often
    /// it had to be processed because workers died; what `open` and `bind` add does not count.
    pub fn counter_add(&self, name: &str, n: u64) {
        self.services.counter_add(name, n);
    }

    /// Memory for the length of this call; reset before the next one.
    pub fn scratch(&self) -> &Bump {
        &self.scratch
    }

    pub(crate) fn reset_scratch(&mut self) {
        self.scratch.reset();
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").finish_non_exhaustive()
    }
}
