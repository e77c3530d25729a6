//! Children stopped in reverse and started in order, one at a time.

use core::ops::ControlFlow::{Break, Continue};

use tanda_components::{
    ChildEnd, EngineTime, Fate, Phase, Restart, Shutdown, SupervisorEnd, SupervisorState, Then,
    Told,
};

use super::{
    child::{ChildView, Life},
    order::{Flow, Order},
};

/// For ever.
pub(super) const NEVER: EngineTime = EngineTime::from_micros(u64::MAX);

/// Goes on stopping the children down to `from`, the last one first; when all are down, what was
/// known of their ends is forgotten, and what follows begins.
pub(super) fn stop(
    now: EngineTime,
    state: &mut SupervisorState,
    children: &mut [ChildView],
    from: u16,
    then: Then,
) -> Flow {
    let stopped = &mut children[usize::from(from)..];
    let alive = stopped.iter().rposition(|child| child.life != Life::Down);
    if let Some(at) = alive {
        let index = from + at as u16;
        return Break(stop_child(now, &mut stopped[at], index));
    }
    for child in stopped {
        child.state.mail = None;
        child.state.told = Told::Nothing;
        let comes_back = child.spec.restart != Restart::Temporary;
        child.state.fate = if comes_back { Fate::Kept } else { Fate::Gone };
    }
    match then {
        Then::Start { due } => {
            state.phase = Phase::Starting { at: from, due, first: false };
            Continue(())
        }
        Then::Exit(end) => {
            state.phase = Phase::Ended(end);
            Break(Some(Order::Exit(end)))
        }
    }
}

/// Tells a child that lives to go; kills it when its time is over, or at once if it is to be
/// killed, or has not begun anything that it could end in order.
fn stop_child(now: EngineTime, child: &mut ChildView, index: u16) -> Option<Order> {
    let kill_at = match (child.life, child.spec.shutdown) {
        _ if child.supervises => NEVER,
        (Life::Starting, _) | (_, Shutdown::BrutalKill) => now,
        (_, Shutdown::After { micros }) => now + micros,
        (_, Shutdown::Infinity) => NEVER,
    };
    let kills = match child.state.told {
        // It was not told to, but is on its way.
        Told::Nothing if child.life == Life::Stopping => {
            child.state.told = Told::Kill;
            return None;
        }
        Told::Nothing => kill_at == now,
        Told::Stop { kill_at } if kill_at <= now => true,
        Told::Stop { .. } | Told::Kill => return None,
    };
    child.life = Life::Stopping;
    child.state.told = if kills { Told::Kill } else { Told::Stop { kill_at } };
    Some(if kills { Order::Kill(index) } else { Order::Stop(index) })
}

/// Goes on starting children, each when the one before is up. One that cannot be started ends this:
/// its supervisor too if that is itself starting, else the end waits in its mail and is tried again
/// in its turn.
pub(super) fn start(
    now: EngineTime,
    state: &mut SupervisorState,
    children: &mut [ChildView],
) -> Flow {
    let Phase::Starting { at, due, first } = state.phase else { return Break(None) };
    for index in at..children.len() as u16 {
        let child = &mut children[usize::from(index)];
        state.phase = Phase::Starting { at: index, due, first };
        let end = child.state.mail.map(|mail| mail.end);
        match (child.life, end) {
            (Life::Up, _) => {}
            // It was up, and is on its way out.
            (Life::Stopping, _) if child.state.up_since.is_some() => {}
            (Life::Starting | Life::Stopping, _) => return Break(None),
            (Life::Down, Some(ChildEnd::StartFailed)) => {
                let end = SupervisorEnd::StartFailed { child: index };
                state.phase = if first { ending(end) } else { Phase::Up };
                return Continue(());
            }
            (Life::Down, Some(ChildEnd::Hopeless)) => {
                let end = SupervisorEnd::Hopeless { child: index };
                state.phase = if first { ending(end) } else { Phase::Up };
                return Continue(());
            }
            // It was up, and has ended since.
            (Life::Down, Some(_)) => {}
            (Life::Down, None) if due > now => return Break(None),
            (Life::Down, None) if child.state.fate == Fate::Gone || !child.needed => child.leave(),
            (Life::Down, None) => {
                child.start();
                return Break(Some(Order::Start(index)));
            }
        }
    }
    state.phase = Phase::Up;
    if first { Break(Some(Order::Started)) } else { Continue(()) }
}

/// Stops all children, then ends.
pub(super) fn ending(end: SupervisorEnd) -> Phase {
    Phase::Stopping { from: 0, then: Then::Exit(end) }
}
