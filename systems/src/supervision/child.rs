//! A child as its supervisor sees it.

use tanda_components::{
    ChildEnd, ChildSpec, ChildState, ExitReason, Fate, Phase, SupervisorState, Then, Told,
    WorkerState,
};

/// `SIGSYS`: the sandbox stopped a system call. The same on every Linux that has seccomp.
const SIGSYS: i32 = 31;

/// Where a child is in its life, be it a worker or a supervisor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// Its start was ordered.
    Starting,
    /// It is ready.
    Up,
    /// It is on its way out.
    Stopping,
    /// It is gone.
    Down,
}

impl From<WorkerState> for Life {
    fn from(state: WorkerState) -> Self {
        match state {
            WorkerState::Starting => Self::Starting,
            WorkerState::Up | WorkerState::Finishing => Self::Up,
            WorkerState::Stopping { .. } => Self::Stopping,
            WorkerState::Dormant | WorkerState::Down => Self::Down,
        }
    }
}

impl From<&SupervisorState> for Life {
    fn from(state: &SupervisorState) -> Self {
        match state.phase {
            Phase::Starting { first: true, .. } => Self::Starting,
            Phase::Up | Phase::Starting { .. } => Self::Up,
            Phase::Stopping { then: Then::Start { .. }, .. } => Self::Up,
            Phase::Stopping { then: Then::Exit(_), .. } => Self::Stopping,
            Phase::Ended(_) => Self::Down,
        }
    }
}

/// All that a supervisor's decision takes from a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChildView {
    /// What it was told of the child.
    pub spec: ChildSpec,
    /// What it knows of it.
    pub state: ChildState,
    /// Where the child is in its life.
    pub life: Life,
    /// There is something left for it to do: the stage of a worker has not ended.
    pub needed: bool,
    /// It is a supervisor: told to go, never killed.
    pub supervises: bool,
}

impl ChildView {
    /// Has it down, with nothing to be done about it.
    pub(super) fn leave(&mut self) {
        self.state.fate = Fate::Gone;
        self.state.mail = None;
    }

    /// It is told to start.
    pub(super) fn start(&mut self) {
        self.life = Life::Starting;
        self.state.fate = Fate::Kept;
        self.state.mail = None;
        self.state.told = Told::Nothing;
        self.state.up_since = None;
    }
}

/// What the end of a worker that its supervisor had not told to go means.
///
/// `starting`: it was not ready; `blameless`: it had to go for what another one did.
#[must_use]
pub fn end_of(reason: ExitReason, starting: bool, blameless: bool) -> ChildEnd {
    match reason {
        ExitReason::Refused | ExitReason::Signalled { signal: SIGSYS } => ChildEnd::Hopeless,
        ExitReason::StartTimedOut => ChildEnd::StartFailed,
        _ if starting => ChildEnd::StartFailed,
        _ if blameless => ChildEnd::Spent,
        ExitReason::Exited { code: 0 } => ChildEnd::Normal,
        ExitReason::Exited { .. }
        | ExitReason::Signalled { .. }
        | ExitReason::TimedOut
        | ExitReason::Lied => ChildEnd::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sandbox_and_refusal_are_hopeless_whenever_they_come() {
        for starting in [false, true] {
            let sigsys = ExitReason::Signalled { signal: 31 };
            assert_eq!(end_of(sigsys, starting, false), ChildEnd::Hopeless);
            assert_eq!(end_of(ExitReason::Refused, starting, false), ChildEnd::Hopeless);
        }
    }

    #[test]
    fn exit_with_code_0_is_normal_unless_it_was_not_ready() {
        let exit = |code| ExitReason::Exited { code };
        assert_eq!(end_of(exit(0), false, false), ChildEnd::Normal);
        assert_eq!(end_of(exit(0), true, false), ChildEnd::StartFailed);
        assert_eq!(end_of(exit(1), false, false), ChildEnd::Failed);
        assert_eq!(end_of(exit(1), false, true), ChildEnd::Spent);
    }
}
