//! The next order of a supervisor.

use core::ops::ControlFlow::{Break, Continue};

use tanda_components::{
    AutoShutdown, ChildEnd, EngineTime, Fate, Mail, Phase, Restart, Strategy, Supervisor,
    SupervisorEnd, SupervisorState, Then, Told,
};

use super::{
    backoff::delay_micros,
    child::{ChildView, Life},
    order::{Flow, Order},
    procedure::{self, NEVER, ending},
};

/// The next thing that a supervisor wants done at `now`; `None` when it waits.
///
/// To be asked until it wants nothing. What an order does to the child's life is in `children`
/// already; the rest of the world follows. Cost: linear in the children.
pub fn step(
    now: EngineTime,
    supervisor: &Supervisor,
    state: &mut SupervisorState,
    children: &mut [ChildView],
) -> Option<Order> {
    loop {
        let flow = match state.phase {
            Phase::Up => attend(now, supervisor, state, children),
            Phase::Stopping { from, then } => procedure::stop(now, state, children, from, then),
            Phase::Starting { .. } => procedure::start(now, state, children),
            Phase::Ended(_) => Break(None),
        };
        if let Break(order) = flow {
            return order;
        }
    }
}

/// Takes the oldest mail; without any, starts a child whose time has come.
fn attend(
    now: EngineTime,
    supervisor: &Supervisor,
    state: &mut SupervisorState,
    children: &mut [ChildView],
) -> Flow {
    let mails = children.iter().enumerate();
    let mails = mails.filter_map(|(index, child)| Some((child.state.mail?.number, index)));
    if let Some((_, index)) = mails.min() {
        let mail = children[index].state.mail.take();
        let mail = mail.expect("it was seen just now");
        return enter(now, supervisor, state, children, index, mail);
    }
    let is_due = |child: &ChildView| match child.state.fate {
        Fate::Waiting { due } => due <= now && child.life == Life::Down,
        Fate::Kept | Fate::Gone => false,
    };
    match children.iter().position(is_due) {
        Some(index) if !children[index].needed => leave(children, index),
        Some(index) => {
            children[index].start();
            Break(Some(Order::Start(index as u16)))
        }
        None => Break(None),
    }
}

/// What the end of a child means.
fn enter(
    now: EngineTime,
    supervisor: &Supervisor,
    state: &mut SupervisorState,
    children: &mut [ChildView],
    index: usize,
    mail: Mail,
) -> Flow {
    let child = &mut children[index];
    let restart_type = child.spec.restart;
    let restarts = match (mail.end, restart_type) {
        _ if !child.needed => {
            state.phase = after_unneeded(supervisor.strategy, mail.end, index as u16, now);
            return leave(children, index);
        }
        (ChildEnd::Spent, _) => {
            child.state.fate = Fate::Waiting { due: now };
            return Continue(());
        }
        (ChildEnd::Hopeless, Restart::Permanent | Restart::Transient) => {
            state.phase = ending(SupervisorEnd::Hopeless { child: index as u16 });
            return leave(children, index);
        }
        // OTP tries a start again whatever the type.
        (ChildEnd::StartFailed, _) | (_, Restart::Permanent) => true,
        (ChildEnd::Failed, Restart::Transient) => true,
        (ChildEnd::Normal | ChildEnd::Shutdown, Restart::Transient) | (_, Restart::Temporary) => {
            false
        }
    };
    if restarts {
        return restart(now, supervisor, state, children, index, mail);
    }
    let ends = ends_with(supervisor.auto_shutdown, children, index);
    if ends {
        state.phase = ending(SupervisorEnd::AutoShutdown { child: index as u16 });
    }
    leave(children, index)
}

/// Nobody needs the child that ended. If it was a start of it that failed, its siblings may wait to
/// be started after it.
fn after_unneeded(strategy: Strategy, end: ChildEnd, at: u16, now: EngineTime) -> Phase {
    match (strategy, end) {
        (
            Strategy::OneForAll | Strategy::RestForOne,
            ChildEnd::StartFailed | ChildEnd::Hopeless,
        ) => Phase::Starting { at, due: now, first: false },
        (
            Strategy::OneForOne | Strategy::OneForAll | Strategy::RestForOne,
            ChildEnd::StartFailed
            | ChildEnd::Hopeless
            | ChildEnd::Normal
            | ChildEnd::Shutdown
            | ChildEnd::Failed
            | ChildEnd::Spent,
        ) => Phase::Up,
    }
}

fn leave(children: &mut [ChildView], index: usize) -> Flow {
    children[index].leave();
    Break(Some(Order::Leave(index as u16)))
}

/// Whether the supervisor ends with this child, which has ended and is not restarted.
fn ends_with(auto_shutdown: AutoShutdown, children: &[ChildView], index: usize) -> bool {
    let active = |(other, child): (usize, &ChildView)| {
        other != index && child.spec.significant && child.state.fate != Fate::Gone
    };
    children[index].spec.significant
        && match auto_shutdown {
            AutoShutdown::Never => false,
            AutoShutdown::AnySignificant => true,
            AutoShutdown::AllSignificant => !children.iter().enumerate().any(active),
        }
}

/// Counts a restart; if it is one too many the supervisor ends, else the strategy says what begins.
fn restart(
    now: EngineTime,
    supervisor: &Supervisor,
    state: &mut SupervisorState,
    children: &mut [ChildView],
    index: usize,
    mail: Mail,
) -> Flow {
    let place = index as u16;
    let now_secs = (state.clock_micros / 1_000_000) as u32;
    if state.log.add(now_secs, supervisor.period_secs) > supervisor.intensity {
        state.phase = ending(SupervisorEnd::TooManyRestarts { child: place });
        return leave(children, index);
    }
    state.restarts = state.restarts.saturating_add(1);
    let child = &mut children[index];
    let backoff = &child.spec.backoff;
    let lived = child.state.up_since.map(|since| mail.at - since);
    if lived.is_some_and(|lived| lived >= backoff.reset_after_micros) {
        child.state.failures = 0;
    }
    let due = now + delay_micros(backoff, child.state.failures, supervisor.seed, place);
    child.state.failures = child.state.failures.saturating_add(1);
    child.state.restarts = child.state.restarts.saturating_add(1);
    let then = Then::Start { due };
    match supervisor.strategy {
        Strategy::OneForOne => child.state.fate = Fate::Waiting { due },
        Strategy::OneForAll => state.phase = Phase::Stopping { from: 0, then },
        Strategy::RestForOne => state.phase = Phase::Stopping { from: place, then },
    }
    Continue(())
}

/// A supervisor that begins anew at `now`: it starts all its children, and remembers no restart.
#[must_use]
pub fn begin(now: EngineTime, before: &SupervisorState) -> SupervisorState {
    SupervisorState {
        phase: Phase::Starting { at: 0, due: now, first: true },
        seen: now,
        roused: true,
        mails: before.mails,
        restarts: before.restarts,
        ..SupervisorState::default()
    }
}

/// How the end of a supervisor looks to the one above it. What can never work is passed on, so that
/// nobody above tries it again; all else is an end in order, as in OTP.
#[must_use]
pub fn end_above(end: SupervisorEnd) -> ChildEnd {
    match end {
        SupervisorEnd::StartFailed { .. } => ChildEnd::StartFailed,
        SupervisorEnd::Hopeless { .. } => ChildEnd::Hopeless,
        SupervisorEnd::Ordered
        | SupervisorEnd::TooManyRestarts { .. }
        | SupervisorEnd::AutoShutdown { .. } => ChildEnd::Shutdown,
    }
}

/// Brings the supervisor's own clock up to `now`; it has stood still while a child waited.
pub fn advance_clock(now: EngineTime, state: &mut SupervisorState) {
    if !state.waits {
        state.clock_micros += now - state.seen;
    }
    state.seen = now;
}

/// When the supervisor has something to do even if nothing happens; to be noted, with whether its
/// clock stands still until then, when [`step`] wants nothing more.
#[must_use]
pub fn next_wake(
    now: EngineTime,
    state: &SupervisorState,
    children: &[ChildView],
) -> (Option<EngineTime>, bool) {
    let wake = match state.phase {
        Phase::Starting { due, .. } => Some(due).filter(|&due| due > now),
        Phase::Up => {
            let waiting = children.iter().filter_map(|child| match child.state.fate {
                Fate::Waiting { due } => Some(due),
                Fate::Kept | Fate::Gone => None,
            });
            waiting.min()
        }
        Phase::Stopping { from, .. } => {
            let told =
                children[usize::from(from)..].iter().filter_map(|child| match child.state.told {
                    Told::Stop { kill_at } if child.life != Life::Down => Some(kill_at),
                    Told::Stop { .. } | Told::Nothing | Told::Kill => None,
                });
            return (told.min().filter(|&kill_at| kill_at < NEVER), false);
        }
        Phase::Ended(_) => None,
    };
    (wake, wake.is_some())
}
