//! Which signal is a wish of the user, and which only repeats one.
//!
//! Programs that stop others signal a process and then its group (GNU `timeout`), or send SIGTERM
//! until it has ended (service managers): only who presses Ctrl-C again, having seen that the run
//! drains, wants it to end at once.

use std::sync::atomic::Ordering;

use nix::sys::signal::{SigSet, Signal, raise};
use tanda_components::{EngineTime, Input};

use super::OsPlatform;

/// A signal so soon after the first is the same wish, microseconds.
const SAME_WISH_MICROS: u64 = 1_000_000;

/// A signal that asks the run to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StopSignal {
    /// SIGINT.
    Interrupt,
    /// SIGTERM or SIGHUP.
    Terminate,
}

/// What it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StopWish {
    /// What was read is written, then the run ends.
    Drain,
    /// The run ends at once.
    Abort,
}

/// The signals that have come so far.
#[derive(Debug, Default)]
pub(super) struct StopSignals {
    first: Option<EngineTime>,
    terminated: bool,
}

impl StopSignals {
    /// What a signal that came `now` asks for; none if it repeats one: within a second of the first
    /// one, or as a SIGTERM after a SIGTERM.
    fn hear(&mut self, signal: StopSignal, now: EngineTime) -> Option<StopWish> {
        let terminates = signal == StopSignal::Terminate;
        let repeats = terminates && self.terminated;
        self.terminated |= terminates;
        let Some(first) = self.first else {
            self.first = Some(now);
            return Some(StopWish::Drain);
        };
        (!repeats && now >= first + SAME_WISH_MICROS).then_some(StopWish::Abort)
    }
}

impl OsPlatform {
    /// Hears the signals that have come.
    pub(super) fn enter_signals(&mut self) {
        let wishes = self.waiter.take_signals();
        self.explain_wanted |= wishes.explain;
        if let Some(signal) = wishes.deadly {
            self.die_of(signal);
        }
        if wishes.interrupt {
            self.enter_stop(StopSignal::Interrupt);
        }
        if wishes.terminate {
            self.enter_stop(StopSignal::Terminate);
        }
    }

    /// Has `signal` do what it does to a process that knows nothing of it, but not while outputs
    /// take their names: all have them then, or none.
    fn die_of(&mut self, signal: Signal) {
        self.outputs.wait();
        // Neither can fail for a signal that exists. One that is ignored lets the run go on.
        let _ = SigSet::from_iter([signal]).thread_unblock();
        let _ = raise(signal);
        let _ = SigSet::from_iter([signal]).thread_block();
    }

    /// The first signal drains; the next one ends the run, as an impatient user expects. That is a
    /// failure: 130 promises complete outputs.
    fn enter_stop(&mut self, signal: StopSignal) {
        let now = EngineTime::from_micros(self.started.elapsed().as_micros() as u64);
        match self.stop_signals.hear(signal, now) {
            None => {}
            Some(StopWish::Drain) => {
                self.drain_requested.store(true, Ordering::Relaxed);
                self.backlog.push_back(Input::DrainRequested);
            }
            Some(StopWish::Abort) => {
                let message = "interrupted again, and ended without draining; what was written \
                               of its outputs is in their .part files";
                let fault = self.faults.add(None, message.to_owned());
                // At once: no fact that waits matters any more.
                self.backlog.push_front(Input::AbortRequested { fault });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::StopSignal::{Interrupt, Terminate};
    use super::StopWish::{Abort, Drain};
    use super::*;

    /// Hears signals at milliseconds; gives what each asks for.
    fn heard(signals: &[(StopSignal, u64)]) -> Vec<Option<StopWish>> {
        let mut stop = StopSignals::default();
        let at = |millis: u64| EngineTime::from_micros(millis * 1_000);
        signals.iter().map(|&(signal, millis)| stop.hear(signal, at(millis))).collect()
    }

    #[test]
    fn second_ctrl_c_counts_only_after_a_second() {
        let signals = [(Interrupt, 5), (Interrupt, 6), (Interrupt, 1_004), (Interrupt, 1_005)];
        assert_eq!(heard(&signals), [Some(Drain), None, None, Some(Abort)]);
    }

    #[test]
    fn sigterm_after_a_sigterm_never_counts() {
        let signals = [(Terminate, 0), (Terminate, 1), (Terminate, 5_000), (Interrupt, 6_000)];
        assert_eq!(heard(&signals), [Some(Drain), None, None, Some(Abort)]);
    }

    #[test]
    fn sigterm_after_ctrl_c_counts_once_after_a_second() {
        assert_eq!(heard(&[(Interrupt, 0), (Terminate, 5_000)]), [Some(Drain), Some(Abort)]);
        let signals = [(Interrupt, 0), (Terminate, 1), (Terminate, 5_000)];
        assert_eq!(heard(&signals), [Some(Drain), None, None]);
    }
}
