//! Stages end when nothing can reach them any more, and the run when all stages have ended.

use bevy_ecs::prelude::*;
use bumpalo::collections::Vec as ArenaVec;
use tanda_components::{
    Capacity, Clock, Effect, EngineTime, HeldBatches, Instance, LastBeat, Occupancy, OriginSeq,
    Origins, Outbox, Run, RunEnded, Sink, Snapshotting, Source, Stage, StageEnded, StageInputs,
    StageKind, StageState, SupervisedBy, SupervisorState, TickAgain, WorkerState,
};

use crate::tick_arena::TickArena;

type StageEnds = (
    Entity,
    &'static Stage,
    &'static StageInputs,
    &'static Occupancy,
    &'static HeldBatches,
    &'static OriginSeq,
    Option<&'static Source>,
);

type Finishers = (
    &'static Instance,
    &'static mut WorkerState,
    &'static mut LastBeat,
    Option<&'static Snapshotting>,
);

/// Ends stages that are drained: those with a state flush it first, sinks complete their output.
///
/// A stage is drained when all stages before it have ended and no batch stands at it, but for those
/// that are held in case its workers die; all that ever ran have to be up then. Stages
/// without a state end at once, and with them, in the same tick, those behind them.
pub(crate) fn end_stages(
    mut commands: Commands,
    run: Res<Run>,
    clock: Res<Clock>,
    mut arena: ResMut<TickArena>,
    mut again: ResMut<TickAgain>,
    mut origins: ResMut<Origins>,
    mut outbox: ResMut<Outbox>,
    sources: Query<&Source>,
    stages: Query<StageEnds>,
    mut states: Query<&mut StageState>,
    mut workers: Query<Finishers>,
) {
    // While every source reads, no stage can be drained.
    let none_ended = sources.iter().all(|source| !source.ended);
    if none_ended || !matches!(*run, Run::Running | Run::Draining) {
        return;
    }
    let mut empty = ArenaVec::new_in(arena.get());
    empty.extend(stages.iter().filter(|(_, _, _, occupancy, held, ..)| occupancy.0 == held.0));
    empty.sort_unstable_by_key(|(_, stage, ..)| stage.index);
    for (entity, stage, inputs, _, _, seq, source) in empty {
        if states.get(entity) != Ok(&StageState::Running) {
            continue;
        }
        let before_ended = inputs.from().iter().all(|&from| is_ended(states.get(from)));
        if !before_ended || source.is_some_and(|source| !source.ended) {
            continue;
        }
        let mut state = states.get_mut(entity).expect("every stage has a state");
        match stage.kind {
            StageKind::Source | StageKind::Stateless => {
                *state = StageState::Ended;
                origins.close(stage.index, seq.0);
                again.0 = true;
                commands.trigger(StageEnded { stage: entity });
            }
            StageKind::Mergeable | StageKind::Exclusive => {
                if !hand_over(&mut workers, entity, clock.now) {
                    continue;
                }
                *state = StageState::Finishing;
                outbox.push(Effect::FinishStage { stage: entity });
            }
            StageKind::Sink => {
                *state = StageState::Finishing;
                outbox.push(Effect::CloseSink { sink: entity });
            }
        }
    }
}

/// Has the workers of a stage, if it has any, give up their states to be merged; false while one of
/// them is not up or owes a snapshot: its answer wakes a later tick.
fn hand_over(workers: &mut Query<Finishers>, stage: Entity, now: EngineTime) -> bool {
    let used =
        |row: &Instance, state: WorkerState| row.stage == stage && state != WorkerState::Dormant;
    let ready = workers.iter().filter(|(row, state, ..)| used(row, **state)).all(
        |(_, state, _, snapshotting)| {
            *state == WorkerState::Up && snapshotting.is_none_or(|row| !row.asked)
        },
    );
    if ready {
        let used = workers.iter_mut().filter(|(row, state, ..)| used(row, **state));
        for (_, mut state, mut beat, _) in used {
            *state = WorkerState::Finishing;
            beat.0 = now;
        }
    }
    ready
}

fn is_ended<E>(state: Result<&StageState, E>) -> bool {
    state.is_ok_and(|state| *state == StageState::Ended)
}

/// Ends the run: when all stages have ended it has the outputs published, which ends it; a failed
/// run ends when it has got everything back. Neither before the top supervisor, if there is one,
/// has stopped all workers.
pub(crate) fn end_run(
    mut commands: Commands,
    mut run: ResMut<Run>,
    capacity: Res<Capacity>,
    mut again: ResMut<TickAgain>,
    mut outbox: ResMut<Outbox>,
    mut tops: Query<&mut SupervisorState, Without<SupervisedBy>>,
    sources: Query<&Source>,
    stages: Query<(Entity, &StageState, &Occupancy, Option<&Source>, Option<&Sink>)>,
) {
    if sources.iter().any(|source| !source.ended) {
        return;
    }
    let fault = match *run {
        Run::Publishing { .. } | Run::Aborted { .. } | Run::Ended { .. } => return,
        Run::Failing { fault } => Some(fault),
        Run::Running | Run::Draining => None,
    };
    let over = stages.iter().all(|(_, state, occupancy, source, _)| match fault {
        None => *state == StageState::Ended,
        Some(_) => {
            *state != StageState::Finishing
                && occupancy.0 == 0
                && source.is_none_or(|source| source.ended)
        }
    });
    if !over || capacity.jobs > 0 {
        return;
    }
    if let Some(mut top) = tops.iter_mut().find(|top| !top.is_ended()) {
        again.0 |= top.end().is_none();
        top.order_stop();
        return;
    }
    if fault.is_none() {
        *run = Run::Publishing { interrupted: *run == Run::Draining };
        outbox.push(Effect::PublishOutputs);
        return;
    }
    for (sink, state, ..) in stages.iter().filter(|(.., sink)| sink.is_some()) {
        if *state != StageState::Ended {
            outbox.push(Effect::AbandonSink { sink });
        }
    }
    *run = Run::Ended { fault, interrupted: false };
    commands.trigger(RunEnded { failed: true });
}
