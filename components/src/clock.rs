//! The engine's own time, which no system reads from the system's clock.
//!
//! Invariant: it stands still during a tick and never goes back. The engine sets it before the
//! schedule runs; in simulation it is virtual.

use core::ops::{Add, Sub};

use bevy_ecs::resource::Resource;

/// A moment on the engine's own clock: microseconds since the run started, virtual in simulation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct EngineTime(u64);

impl EngineTime {
    /// The moment `micros` after the start.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Microseconds since the start.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }
}

impl Add<u64> for EngineTime {
    type Output = Self;

    /// Moves on by `micros`; saturates.
    fn add(self, micros: u64) -> Self {
        Self(self.0.saturating_add(micros))
    }
}

impl Sub for EngineTime {
    type Output = u64;

    /// Microseconds from `earlier` to here, 0 if `earlier` is later.
    fn sub(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Number of a tick, from 1. (bevy owns the word `Tick`.)
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct EngineTick(pub u64);

/// The time of this tick: the same for all systems, set by the engine before the schedule runs.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub struct Clock {
    /// When this tick began.
    pub now: EngineTime,
    /// Which tick this is.
    pub tick: EngineTick,
}
