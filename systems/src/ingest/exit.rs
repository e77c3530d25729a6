//! What an exit means: whose fault it was, and whether to try again.

use tanda_components::{
    ExitReason, FailedFinishes, Restarts, WorkerState,
    limits::{ATTEMPTS_MAX, FAILED_STARTS_MAX},
};

/// A worker that is gone, and what it was doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exit {
    /// Its state before.
    pub(crate) was: WorkerState,
    /// Why, as the platform sees it.
    pub(crate) seen: ExitReason,
    /// Its stage was finishing.
    pub(crate) finishing: bool,
    /// It owed a snapshot.
    pub(crate) snapshotting: bool,
    /// It held batches.
    pub(crate) busy: bool,
}

impl Exit {
    /// The reason that counts: the world's own, if it had the worker killed for one.
    pub(crate) fn reason(self) -> ExitReason {
        match self.was {
            WorkerState::Stopping { reason: Some(reason) } => reason,
            WorkerState::Stopping { reason: None }
            | WorkerState::Starting
            | WorkerState::Up
            | WorkerState::Finishing
            | WorkerState::Down => self.seen,
        }
    }

    /// False of a worker that had to go for what another one did: the finish that it had given its
    /// state to came to nothing before.
    pub(crate) fn is_its_own(self) -> bool {
        let told = self.was == WorkerState::Stopping { reason: None };
        let spent = self.was == WorkerState::Finishing && !self.finishing;
        !told && !spent
    }

    /// Counts the exit; true if there have been too many of its kind, and the stage fails. Those of
    /// a busy worker count against its batches instead.
    pub(crate) fn count(self, restarts: &mut Restarts, finishes: &mut FailedFinishes) -> bool {
        if self.reason() == ExitReason::Refused {
            return true;
        }
        let starting =
            self.was == WorkerState::Starting || self.reason() == ExitReason::StartTimedOut;
        let (count, max) = match self {
            _ if !self.is_its_own() => return false,
            _ if starting => (&mut restarts.failed_starts, FAILED_STARTS_MAX),
            Self { finishing: true, .. } => (&mut finishes.0, ATTEMPTS_MAX),
            Self { snapshotting: true, .. } => (&mut restarts.failed_snapshots, ATTEMPTS_MAX),
            Self { busy: false, .. } => (&mut restarts.failed_starts, FAILED_STARTS_MAX),
            Self { busy: true, .. } => return false,
        };
        *count = count.saturating_add(1);
        *count >= max
    }
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::String};

    use super::*;

    const UP: WorkerState = WorkerState::Up;
    const DIED: ExitReason = ExitReason::Signalled { signal: 11 };

    fn exit(was: WorkerState) -> Exit {
        Exit { was, seen: DIED, finishing: false, snapshotting: false, busy: false }
    }

    /// What counts how often after so many exits, and whether the last of them was too many.
    fn count(exit: Exit, times: u8) -> String {
        let (mut restarts, mut finishes) = (Restarts::default(), FailedFinishes::default());
        let last = (0..times).map(|_| exit.count(&mut restarts, &mut finishes)).last();
        let Restarts { failed_starts, failed_snapshots, .. } = restarts;
        let too_many = last.unwrap_or(false);
        format!(
            "starts {failed_starts} snapshots {failed_snapshots} finishes {} {too_many}",
            finishes.0
        )
    }

    #[test]
    fn last_failed_start_in_a_row_is_too_many() {
        let starting = exit(WorkerState::Starting);
        assert_eq!(count(starting, 4), "starts 4 snapshots 0 finishes 0 false");
        assert_eq!(count(starting, 5), "starts 5 snapshots 0 finishes 0 true");
    }

    #[test]
    fn idle_worker_that_exits_counts_as_a_failed_start() {
        assert_eq!(count(exit(UP), 5), "starts 5 snapshots 0 finishes 0 true");
    }

    #[test]
    fn busy_worker_counts_against_its_batches_alone() {
        let busy = Exit { busy: true, ..exit(UP) };
        assert_eq!(count(busy, 9), "starts 0 snapshots 0 finishes 0 false");
    }

    #[test]
    fn snapshot_counts_whether_batches_wait_or_not() {
        for busy in [false, true] {
            let snapshotting = Exit { snapshotting: true, busy, ..exit(UP) };
            assert_eq!(count(snapshotting, 5), "starts 0 snapshots 5 finishes 0 true");
        }
    }

    #[test]
    fn finish_counts_for_the_stage_until_it_is_given_up() {
        let finishing = Exit { finishing: true, ..exit(WorkerState::Finishing) };
        assert_eq!(count(finishing, 5), "starts 0 snapshots 0 finishes 5 true");
        let spent = exit(WorkerState::Finishing);
        assert_eq!(count(spent, 9), "starts 0 snapshots 0 finishes 0 false");
    }

    #[test]
    fn refusal_is_final() {
        let refused = Exit { seen: ExitReason::Refused, ..exit(WorkerState::Starting) };
        assert_eq!(count(refused, 1), "starts 0 snapshots 0 finishes 0 true");
    }

    #[test]
    fn reason_is_what_it_was_killed_for() {
        let stopping = |reason| exit(WorkerState::Stopping { reason });
        assert_eq!(stopping(Some(ExitReason::TimedOut)).reason(), ExitReason::TimedOut);
        assert_eq!(stopping(None).reason(), DIED);
        assert_eq!(count(stopping(None), 9), "starts 0 snapshots 0 finishes 0 false");
        let late = stopping(Some(ExitReason::StartTimedOut));
        assert_eq!(count(late, 5), "starts 5 snapshots 0 finishes 0 true");
    }
}
