//! What supervisors did, in words.

use std::time::Duration;

use bevy_ecs::{entity::Entity, world::World};
use humantime::format_duration;
use serde::Serialize;
use tanda_components::{
    Act, ChildState, ExitReason, GaveUp, Instance, StageName, Supervises, SupervisionLog,
    Supervisor, SupervisorEnd, SupervisorName, SupervisorState,
};

use crate::platform::os::RunFault;

/// What a supervisor did in a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SupervisorReport {
    /// Its name.
    pub name: String,
    /// Restarts that it granted.
    pub restarts: u32,
    /// Why one of its children ended last by itself, if ever.
    pub last_reason: Option<String>,
    /// The child that this was.
    pub last_child: Option<String>,
    /// Its latest acts, oldest first, but for the orderly stop at the end of the run.
    pub acts: Vec<ActReport>,
}

/// One act of a supervisor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ActReport {
    /// Since the start of the run, seconds with six decimals.
    pub at: String,
    /// What it did: `Started`, `Restarted`, `Stopped`, `Killed`, `Left`, `GaveUp`, `ShutDown`,
    /// `Escalated`.
    pub act: String,
    /// The child.
    pub child: String,
    /// Why it had ended last.
    pub reason: Option<String>,
}

/// What each supervisor of `world` did, each after the one above it.
pub(crate) fn reports(world: &mut World) -> Vec<SupervisorReport> {
    let mut supervisors = world.query::<(Entity, &SupervisorName, &SupervisorState, &Supervises)>();
    let mut all: Vec<(Entity, SupervisorReport)> = Vec::new();
    for (entity, name, state, supervises) in supervisors.iter(world) {
        let ended = supervises.as_slice().iter().filter_map(|&child| {
            let state = world.get::<ChildState>(child)?;
            let (reason, _) = state.last_exit.filter(|_| state.restarts > 0)?;
            Some((state.restarts, child, reason))
        });
        let last = last_failure(world, entity)
            .or_else(|| ended.max_by_key(|(n, ..)| *n).map(|(_, c, r)| (c, r)));
        let report = SupervisorReport {
            name: name.0.as_str().to_owned(),
            restarts: state.restarts,
            last_reason: last.map(|(_, reason)| reason_in_words(reason)),
            last_child: last.map(|(child, _)| child_in_words(world, child)),
            acts: acts_of(world, entity),
        };
        all.push((entity, report));
    }
    all.sort_unstable_by_key(|(entity, _)| entity.index_u32());
    all.into_iter().map(|(_, report)| report).collect()
}

/// The child that a supervisor last restarted, left or gave up, and of what it had ended.
fn last_failure(world: &World, supervisor: Entity) -> Option<(Entity, ExitReason)> {
    let log = world.get_resource::<SupervisionLog>()?;
    let mut of = log.iter().rev().filter(|acted| acted.supervisor == supervisor);
    of.find_map(|acted| match acted.act {
        Act::Restarted | Act::Left | Act::GaveUp | Act::ShutDown => {
            acted.reason.map(|reason| (acted.child, reason))
        }
        Act::Started | Act::Stopped | Act::Killed | Act::Escalated => None,
    })
}

fn acts_of(world: &World, supervisor: Entity) -> Vec<ActReport> {
    let Some(log) = world.get_resource::<SupervisionLog>() else { return Vec::new() };
    let of = log.iter().filter(|acted| acted.supervisor == supervisor);
    let acts: Vec<ActReport> = of
        .map(|acted| ActReport {
            at: format!("{:.6}", acted.at.as_micros() as f64 / 1e6),
            act: format!("{:?}", acted.act),
            child: child_in_words(world, acted.child),
            reason: acted.reason.map(reason_in_words),
        })
        .collect();
    // At the end of a run all are told to go.
    let last = acts.iter().rposition(|act| act.act != "Stopped").map_or(0, |at| at + 1);
    acts.into_iter().take(last).collect()
}

pub(crate) fn child_in_words(world: &World, child: Entity) -> String {
    if let Some(instance) = world.get::<Instance>(child) {
        let stage = world.get::<StageName>(instance.stage).map_or("?", StageName::as_str);
        return format!("worker {} of stage `{stage}`", instance.index);
    }
    let name = world.get::<SupervisorName>(child).map_or("?", |name| name.0.as_str());
    format!("supervisor `{name}`")
}

pub(crate) fn reason_in_words(reason: ExitReason) -> String {
    match reason {
        ExitReason::Exited { code } => format!("exited with code {code}"),
        ExitReason::Signalled { signal } => {
            let name =
                nix::sys::signal::Signal::try_from(signal).map_or("a signal", |s| s.as_str());
            format!("killed by {name}")
        }
        ExitReason::TimedOut => "killed: it made no progress within `timeout`".to_owned(),
        ExitReason::StartTimedOut => "killed: it was not ready within `start_timeout`".to_owned(),
        ExitReason::Lied => "killed: its answer cannot be".to_owned(),
        ExitReason::Refused => "refused to start".to_owned(),
    }
}

/// The fault of a run that a supervisor ended, told as a whole: who gave up what, after how many
/// restarts, why, and what can be done. `last` is how the child ended.
pub(crate) fn explain(world: &World, last: RunFault) -> RunFault {
    let Some(gave_up) = world.get_resource::<GaveUp>() else { return last };
    let name = world.get::<SupervisorName>(gave_up.supervisor).map_or("?", |n| n.0.as_str());
    let child = child_in_words(world, gave_up.child);
    let spec = world.get::<Supervisor>(gave_up.supervisor);
    let (intensity, period) = spec.map_or((0, 0), |spec| (spec.intensity, spec.period_secs));
    let period = format_duration(Duration::from_secs(period.into()));
    let what = match gave_up.end {
        Some(SupervisorEnd::TooManyRestarts { .. }) => format!(
            "supervisor `{name}` gave up {child}: {} restarts were needed within {period}, and \
             `intensity` allows {intensity}; mend what it dies of, or raise `intensity`",
            gave_up.restarts
        ),
        Some(SupervisorEnd::Hopeless { .. } | SupervisorEnd::StartFailed { .. }) => format!(
            "supervisor `{name}` gave up {child}: what it ended of will be the same the next \
             time, so it was not tried again"
        ),
        Some(SupervisorEnd::AutoShutdown { .. }) => format!(
            "supervisor `{name}` ended with its significant {child}, by its `auto_shutdown`, and \
             there was work left"
        ),
        Some(SupervisorEnd::Ordered) | None => format!(
            "supervisor `{name}` does not restart {child}, and the stage cannot go on without it; \
             `restart: Permanent` would"
        ),
    };
    RunFault { stage: last.stage, message: format!("{what}. Last, {}", last.message) }
}
