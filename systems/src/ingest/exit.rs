//! What an exit means: whose fault it was, and whether to try again.

use tanda_components::{ExitReason, FailedFinishes, Restarts, WorkerState, limits::ATTEMPTS_MAX};

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
            | WorkerState::Dormant
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

    /// Counts an exit over a snapshot or over the end of the stage; true if there have been too
    /// many of them, and the stage fails: to try again is no use then. Those of a busy worker count
    /// against its batches, and every one in the intensity of its supervisor.
    pub(crate) fn count(self, restarts: &mut Restarts, finishes: &mut FailedFinishes) -> bool {
        let count = match self {
            _ if !self.is_its_own() => return false,
            Self { finishing: true, .. } => &mut finishes.0,
            Self { snapshotting: true, .. } => &mut restarts.failed_snapshots,
            Self { .. } => return false,
        };
        *count = count.saturating_add(1);
        *count >= ATTEMPTS_MAX
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
        let Restarts { failed_snapshots, .. } = restarts;
        let too_many = last.unwrap_or(false);
        format!("snapshots {failed_snapshots} finishes {} {too_many}", finishes.0)
    }

    #[test]
    fn worker_that_starts_or_is_busy_or_idle_counts_for_its_supervisor_alone() {
        for was in [WorkerState::Starting, UP] {
            for busy in [false, true] {
                let plain = Exit { busy, ..exit(was) };
                assert_eq!(count(plain, 9), "snapshots 0 finishes 0 false");
            }
        }
    }

    #[test]
    fn snapshot_counts_whether_batches_wait_or_not() {
        for busy in [false, true] {
            let snapshotting = Exit { snapshotting: true, busy, ..exit(UP) };
            assert_eq!(count(snapshotting, 4), "snapshots 4 finishes 0 false");
            assert_eq!(count(snapshotting, 5), "snapshots 5 finishes 0 true");
        }
    }

    #[test]
    fn finish_counts_for_the_stage_until_it_is_given_up() {
        let finishing = Exit { finishing: true, ..exit(WorkerState::Finishing) };
        assert_eq!(count(finishing, 5), "snapshots 0 finishes 5 true");
        let spent = exit(WorkerState::Finishing);
        assert_eq!(count(spent, 9), "snapshots 0 finishes 0 false");
    }

    #[test]
    fn reason_is_what_it_was_killed_for() {
        let stopping = |reason| exit(WorkerState::Stopping { reason });
        assert_eq!(stopping(Some(ExitReason::TimedOut)).reason(), ExitReason::TimedOut);
        assert_eq!(stopping(None).reason(), DIED);
        assert!(!stopping(None).is_its_own());
    }
}
