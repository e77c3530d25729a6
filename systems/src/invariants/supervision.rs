//! The laws of supervision.

use alloc::{format, string::String};

use bevy_ecs::prelude::*;
use tanda_components::{
    ChildState, Fate, Phase, Run, Supervises, Supervisor, SupervisorName, SupervisorState, Told,
    WorkerState,
};

use crate::supervision::Life;

/// Whoever was told to go is the last of its siblings that lives; what waits is down; a supervisor
/// that is gone has left nobody, one that is up has forgotten nobody; no intensity is passed. The
/// run ends after all of them.
pub(super) fn supervisors_keep_their_order(world: &mut World) -> Result<(), String> {
    let mut supervisors =
        world.query::<(&SupervisorName, &Supervisor, &SupervisorState, &Supervises)>();
    let mut children =
        world.query::<(&ChildState, Option<&WorkerState>, Option<&SupervisorState>)>();
    let over = matches!(world.resource::<Run>(), Run::Ended { .. });
    for (name, spec, state, supervises) in supervisors.iter(world) {
        let restarts = state.log.total();
        let most = spec.intensity + u32::from(state.end().is_some());
        let mut told_lives = false;
        let broken = supervises.as_slice().iter().find_map(|&entity| {
            let Ok((child, worker, below)) = children.get(world, entity) else {
                return Some("a child that is none");
            };
            let life = worker.map_or_else(|| below.map_or(Life::Down, Life::from), |w| (*w).into());
            let follows_told = told_lives && life != Life::Down;
            told_lives |= life != Life::Down && child.told != Told::Nothing;
            what_is_wrong(state, child, life).or(follows_told.then_some("a stop out of order"))
        });
        let broken = broken.or((restarts > most).then_some("more restarts than granted"));
        if let Some(what) = broken.or((over && !state.is_ended()).then_some("outlived the run")) {
            return Err(format!("supervisor {:?}: {what}: {state:?}", name.0));
        }
    }
    Ok(())
}

fn what_is_wrong(state: &SupervisorState, child: &ChildState, life: Life) -> Option<&'static str> {
    let down = life == Life::Down;
    let waits = matches!(child.fate, Fate::Waiting { .. });
    match state.phase {
        _ if (waits || child.mail.is_some()) && !down => Some("one that lives has mail or waits"),
        Phase::Ended(_) if !down => Some("it is gone before its child"),
        Phase::Up if child.told != Told::Nothing && !down => Some("one was told to go for nothing"),
        Phase::Up if down && child.fate == Fate::Kept && child.mail.is_none() => {
            Some("a child is forgotten")
        }
        Phase::Up if child.mail.is_some() && !state.roused => Some("mail is not looked at"),
        Phase::Up | Phase::Starting { .. } | Phase::Stopping { .. } | Phase::Ended(_) => None,
    }
}
