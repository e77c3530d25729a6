//! The breaker of a stage, which keeps batches from a plugin that fails.
//!
//! Invariant: it opens only by what it has seen, and closes only by a batch that went well. Ingest
//! tells it how batches end, `divert` lets time pass and asks it who goes through.

use bevy_ecs::component::Component;

use crate::EngineTime;

/// Keeps batches from a plugin that fails at most of them (`breaker` in the scene): while it is
/// open they go the way of those that nothing has helped.
///
/// The circuit breaker of M. Nygard, *Release It!*: closed, open after too many failures among the
/// last batches or workers that died one after the other, half-open after a while, when one batch
/// is let through to see.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breaker {
    /// When it opens, and for how long.
    pub limits: BreakerLimits,
    /// Where it is.
    pub state: BreakerState,
    /// Times that it opened.
    pub opened: u64,
    /// The last batches, the newest lowest: a set bit is one that failed or was too slow.
    outcomes: u64,
    /// How many there are, at most the window.
    seen: u8,
    /// Workers that died over batches since one was processed.
    crashes: u8,
}

/// When a breaker opens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerLimits {
    /// How many batches it looks back on, `1..=64`; it stays closed until it has seen so many.
    pub window: u8,
    /// Failures among them, percent, at which it opens.
    pub failures_percent: u8,
    /// A batch that takes longer counts as a failure, microseconds; 0: none does.
    pub slow_micros: u64,
    /// Workers that die over batches one after the other, no batch being processed in between, at
    /// which it opens whatever the window.
    pub crashes: u8,
    /// How long it stays open, microseconds.
    pub open_micros: u64,
}

/// Where a breaker is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BreakerState {
    /// Batches go to the plugin.
    #[default]
    Closed,
    /// None does until then.
    Open {
        /// When one is let through.
        until: EngineTime,
    },
    /// One batch goes to the plugin: it decides.
    HalfOpen {
        /// When another one is let through, should nothing be heard of it.
        next: EngineTime,
    },
}

impl Breaker {
    /// A closed one.
    #[must_use]
    pub fn new(limits: BreakerLimits) -> Self {
        Self { limits, state: BreakerState::Closed, opened: 0, outcomes: 0, seen: 0, crashes: 0 }
    }

    /// A batch was processed.
    pub fn processed(&mut self, elapsed_micros: u64, now: EngineTime) {
        let slow = self.limits.slow_micros;
        self.crashes = 0;
        self.note(slow > 0 && elapsed_micros > slow, now);
    }

    /// A batch failed.
    pub fn failed(&mut self, now: EngineTime) {
        self.note(true, now);
    }

    /// A batch failed, and its worker died over it.
    pub fn crashed(&mut self, now: EngineTime) {
        self.crashes = self.crashes.saturating_add(1);
        self.note(true, now);
        if self.state == BreakerState::Closed && self.crashes >= self.limits.crashes {
            self.open(now);
        }
    }

    /// Time passes: an open one lets a batch through after its time.
    pub fn tick(&mut self, now: EngineTime) {
        if let BreakerState::Open { until } = self.state
            && until <= now
        {
            self.state = BreakerState::HalfOpen { next: now };
        }
    }

    /// Whether a batch may go to the plugin now.
    pub fn lets_through(&mut self, now: EngineTime) -> bool {
        match &mut self.state {
            BreakerState::Closed => true,
            BreakerState::Open { .. } => false,
            BreakerState::HalfOpen { next } => {
                let goes = *next <= now;
                *next = if goes { now + self.limits.open_micros } else { *next };
                goes
            }
        }
    }

    fn note(&mut self, bad: bool, now: EngineTime) {
        match self.state {
            // What was under way when it opened tells nothing new.
            BreakerState::Open { .. } => {}
            BreakerState::HalfOpen { .. } if bad => self.open(now),
            BreakerState::HalfOpen { .. } => self.state = BreakerState::Closed,
            BreakerState::Closed => {
                let window = self.limits.window.clamp(1, 64);
                self.outcomes = (self.outcomes << 1 | u64::from(bad)) & (u64::MAX >> (64 - window));
                self.seen = (self.seen + 1).min(window);
                let failures = self.outcomes.count_ones() * 100;
                let limit = u32::from(self.limits.failures_percent) * u32::from(window);
                if self.seen == window && failures >= limit.max(1) {
                    self.open(now);
                }
            }
        }
    }

    fn open(&mut self, now: EngineTime) {
        self.state = BreakerState::Open { until: now + self.limits.open_micros };
        self.opened += 1;
        (self.outcomes, self.seen, self.crashes) = (0, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: BreakerLimits = BreakerLimits {
        window: 4,
        failures_percent: 50,
        slow_micros: 100,
        crashes: 3,
        open_micros: 1_000,
    };

    fn at(micros: u64) -> EngineTime {
        EngineTime::from_micros(micros)
    }

    #[test]
    fn it_opens_when_half_of_its_window_failed_and_not_before() {
        let mut breaker = Breaker::new(LIMITS);
        breaker.failed(at(1));
        breaker.failed(at(2));
        breaker.processed(10, at(3));
        assert_eq!(breaker.state, BreakerState::Closed);
        breaker.processed(10, at(4));
        assert_eq!(breaker.state, BreakerState::Open { until: at(1_004) });
    }

    #[test]
    fn old_failures_are_forgotten() {
        let mut breaker = Breaker::new(LIMITS);
        for time in 0..40 {
            if time % 4 == 0 { breaker.failed(at(time)) } else { breaker.processed(1, at(time)) }
        }
        assert_eq!(breaker.state, BreakerState::Closed);
    }

    #[test]
    fn workers_that_die_one_after_the_other_open_it_at_once() {
        let wide = BreakerLimits { window: 64, ..LIMITS };
        let mut breaker = Breaker::new(wide);
        breaker.crashed(at(1));
        breaker.crashed(at(2));
        breaker.processed(1, at(3));
        breaker.crashed(at(4));
        breaker.failed(at(5));
        breaker.crashed(at(6));
        assert_eq!(breaker.state, BreakerState::Closed);
        breaker.crashed(at(7));
        assert_eq!((breaker.state, breaker.opened), (BreakerState::Open { until: at(1_007) }, 1));
    }

    #[test]
    fn slow_batches_are_failures() {
        let mut breaker = Breaker::new(LIMITS);
        (0..4).for_each(|time| breaker.processed(101, at(time)));
        assert_eq!(breaker.opened, 1);
    }

    #[test]
    fn one_batch_decides_after_a_while() {
        let mut breaker = Breaker::new(LIMITS);
        (0..4).for_each(|time| breaker.failed(at(time)));
        breaker.tick(at(1_002));
        assert!(matches!(breaker.state, BreakerState::Open { .. }));
        breaker.processed(1, at(1_002));
        assert!(matches!(breaker.state, BreakerState::Open { .. }), "a latecomer tells nothing");
        breaker.tick(at(1_003));
        assert!(breaker.lets_through(at(1_003)));
        assert!(!breaker.lets_through(at(1_004)), "one at a time");
        assert!(breaker.lets_through(at(2_003)), "nothing was heard of the first");
        breaker.failed(at(1_010));
        assert_eq!(breaker.state, BreakerState::Open { until: at(2_010) });
        breaker.tick(at(2_010));
        breaker.processed(1, at(2_011));
        assert_eq!((breaker.state, breaker.opened), (BreakerState::Closed, 2));
    }
}
