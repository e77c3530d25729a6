//! Why every batch of a running world is where it is, and what its workers and supervisors are at,
//! in words for the person who waits.

use std::{collections::BTreeMap, fmt::Write as _, time::Duration};

use bevy_ecs::{entity::Entity, world::World};
use humantime::format_duration;
use tanda_components::{
    At, Attempts, BatchState, Budget, ChildState, Clock, EngineTime, FailedOver, Fate, Frontier,
    InFlight, Instance, LastBeat, Lineage, Origins, Place, Run, Source, Stage, StageInputs,
    StageName, StageState, SupervisedBy, SupervisorName, TakeOrder, Timeouts, WorkerState,
};

use crate::supervision::{child_in_words, reason_in_words};

/// What each stage's batches wait for, one line a stage that has any, then every worker that is not
/// at work as it should be. Nothing is changed. Cost: batches times stages.
#[must_use]
pub(crate) fn explain(world: &mut World) -> String {
    let now = world.resource::<Clock>().now;
    let mut text = head(world, now);
    let mut stages: Vec<(Stage, Entity)> =
        world.query::<(Entity, &Stage)>().iter(world).map(|(e, stage)| (*stage, e)).collect();
    stages.sort_unstable_by_key(|(stage, _)| stage.index);
    for (_, entity) in stages {
        let mut what: Vec<String> = source(world, entity).map(str::to_owned).into_iter().collect();
        what.extend(batches(world, entity, now));
        if !what.is_empty() {
            let _ = writeln!(text, "  {}: {}", name(world, entity), what.join("; "));
        }
    }
    workers(world, now).into_iter().for_each(|line| text += &format!("  {line}\n"));
    text
}

fn head(world: &mut World, now: EngineTime) -> String {
    let count = world.query::<&BatchState>().iter(world).count();
    let Budget { reserved, held, limit, .. } = *world.resource::<Budget>();
    let doing = match world.resource::<Run>() {
        Run::Running => "running",
        Run::Draining => "draining",
        Run::Failing { .. } => "failing: what is under way is given up",
        Run::Publishing { .. } => "publishing: the outputs take their names",
        Run::Aborted { .. } => "ended at once",
        Run::Ended { .. } => "ended",
    };
    let mib = |bytes: u64| bytes >> 20;
    format!(
        "after {}: {doing}; {count} batches, {} of {} MiB reserved for them\n",
        time(now.as_micros()),
        mib(reserved + held),
        mib(limit)
    )
}

/// Why a stage, if it is a source, does not go on.
fn source(world: &World, stage: Entity) -> Option<&'static str> {
    let source = world.get::<Source>(stage).filter(|source| !source.ended)?;
    Some(match source.reads {
        0 => "reads nothing until batches leave: memory or the number of them is used up",
        _ => "waits for its input",
    })
}

/// What the batches at a stage wait for, the same reasons together.
fn batches(world: &mut World, stage: Entity, now: EngineTime) -> Vec<String> {
    let mut query = world.query::<(&BatchState, &At, &Lineage, &Attempts)>();
    let of_stage = query.iter(world).filter(|(_, at, ..)| at.stage == stage);
    let of_stage = of_stage.map(|(state, at, lineage, attempts)| {
        let place = Place::of(*lineage, at.input, attempts.taken);
        (*state, is_admitted(world, stage, place), *attempts)
    });
    let of_stage: Vec<_> = of_stage.collect();
    if of_stage.is_empty() {
        return Vec::new();
    }
    let next = next_in_order(world, stage);
    let (behind, free_slot) = (behind(world, next), free_slot(world, stage));
    let mut reasons = BTreeMap::<String, u32>::new();
    for (state, admitted, attempts) in of_stage {
        let reason = match state {
            BatchState::Ready | BatchState::Encoded if !admitted => behind.clone(),
            BatchState::Ready => free_slot.to_owned(),
            BatchState::InFlight { instance } => with_instance(world, instance, now),
            BatchState::Held { instance } => {
                let worker = child_in_words(world, instance);
                format!("done, kept until {worker} has saved its state")
            }
            BatchState::Delayed { until } => {
                let left = time(until - now);
                format!("tried again in {left} (failed so far: {})", attempts.failed)
            }
            BatchState::FailingOver { .. } => match attempts.over {
                FailedOver::Fallback => "with the fallback".to_owned(),
                FailedOver::No | FailedOver::Last => {
                    "failed, and dealt with as the last step of `on_failure` says".to_owned()
                }
            },
            BatchState::Encoded => "about to be written".to_owned(),
            BatchState::Writing => "being written".to_owned(),
            BatchState::Done => "done".to_owned(),
        };
        *reasons.entry(reason).or_default() += 1;
    }
    reasons.into_iter().map(|(reason, count)| format!("{count} {reason}")).collect()
}

/// The place that a stage waits for, if it takes its batches in source order.
fn next_in_order(world: &World, stage: Entity) -> Option<Frontier> {
    let inputs = world.get::<StageInputs>(stage)?;
    match world.get::<TakeOrder>(stage)? {
        TakeOrder::Source(next) => next.settle(inputs.carries(), world.resource::<Origins>()),
        TakeOrder::Arrival(_) => None,
    }
}

/// Whether nothing that has to come before it keeps the batch at `place` from its stage.
fn is_admitted(world: &World, stage: Entity, place: Place) -> bool {
    let (order, inputs) = (world.get::<TakeOrder>(stage), world.get::<StageInputs>(stage));
    let origins = world.resource::<Origins>();
    order.zip(inputs).is_none_or(|(order, inputs)| order.admits(place, inputs.carries(), origins))
}

/// It is not the turn of a batch: where the one is whose turn it is.
fn behind(world: &mut World, next: Option<Frontier>) -> String {
    let Some(next) = next else { return "waiting for their turn".to_owned() };
    let mut query = world.query::<(&At, &Lineage)>();
    let is_next = |lineage: &Lineage| (lineage.origin.0, lineage.seq) == (next.origin, next.seq);
    let stage = query.iter(world).filter(|(_, l)| is_next(l)).map(|(at, _)| at);
    let stage = stage.min_by_key(|at| at.index).map(|at| at.stage);
    let mut stages = world.query::<(Entity, &Stage)>();
    let origin = stages.iter(world).find(|(_, stage)| stage.index.0 == next.origin);
    let origin = origin.map_or_else(String::new, |(entity, _)| name(world, entity));
    let place = stage.map_or_else(
        || "is not read yet".to_owned(),
        |stage| format!("is at `{}`", name(world, stage)),
    );
    format!("waiting for their turn: batch {} of `{origin}`, which is next, {place}", next.seq)
}

/// What a batch that nothing else keeps waits for.
fn free_slot(world: &mut World, stage: Entity) -> &'static str {
    let mut query = world.query::<(&Instance, &InFlight, Option<&WorkerState>)>();
    let mut of_stage = query.iter(world).filter(|(row, ..)| row.stage == stage).peekable();
    if of_stage.peek().is_none() {
        return "about to be written";
    }
    if of_stage.clone().any(|(.., state)| state.is_none()) {
        return "waiting for one of the engine's threads";
    }
    let has_room = |(_, held, state): (&Instance, &InFlight, Option<&WorkerState>)| {
        state == Some(&WorkerState::Up) && held.count < held.slots
    };
    match of_stage.any(has_room) {
        true => "about to be given to a worker",
        false => "waiting for a free worker",
    }
}

fn with_instance(world: &World, instance: Entity, now: EngineTime) -> String {
    let Some(beat) = world.get::<LastBeat>(instance) else {
        return "being worked on".to_owned();
    };
    let worker = child_in_words(world, instance);
    let since = time(now - beat.0);
    let limit = world.get::<Timeouts>(instance).map_or(0, |timeouts| timeouts.batch_micros);
    let killed = match limit {
        0 => "no `timeout`".to_owned(),
        limit => format!("`timeout` {}", time(limit)),
    };
    format!("with {worker}, whose last sign of progress was {since} ago ({killed})")
}

/// Workers that are not up, and why.
fn workers(world: &mut World, now: EngineTime) -> Vec<String> {
    let mut query = world.query::<(Entity, &Instance, &WorkerState, &ChildState, &SupervisedBy)>();
    let mut rows: Vec<_> = query
        .iter(world)
        .map(|(worker, row, state, child, above)| {
            (row.stage, row.index, worker, *state, *child, above.0)
        })
        .collect();
    rows.sort_unstable_by_key(|(stage, index, ..)| (*stage, *index));
    let line = |(stage, _, worker, state, child, above): (_, _, _, _, ChildState, Entity)| {
        let ended = world.get::<StageState>(stage) == Some(&StageState::Ended);
        let works = matches!(state, WorkerState::Up | WorkerState::Finishing);
        if ended || works && child.last_exit.is_none() {
            return None;
        }
        let is = match (state, child.fate) {
            (WorkerState::Dormant, _) => return None,
            (WorkerState::Up, _) => "up again".to_owned(),
            (WorkerState::Finishing, _) => "merging its state".to_owned(),
            (WorkerState::Starting, _) => "starting".to_owned(),
            (WorkerState::Stopping { .. }, _) => "on its way out".to_owned(),
            (WorkerState::Down, Fate::Waiting { due }) if due > now => {
                format!("down, started again in {}", time(due - now))
            }
            (WorkerState::Down, Fate::Gone) => "down, and not restarted".to_owned(),
            (WorkerState::Down, Fate::Kept | Fate::Waiting { .. }) => "down".to_owned(),
        };
        let why = child.last_exit.map_or_else(String::new, |(reason, _)| {
            format!("; last {}; restarts so far: {}", reason_in_words(reason), child.restarts)
        });
        let above = world.get::<SupervisorName>(above).map_or("?", |name| name.0.as_str());
        Some(format!("{}, under `{above}`: {is}{why}", child_in_words(world, worker)))
    };
    rows.into_iter().filter_map(line).collect()
}

fn name(world: &World, stage: Entity) -> String {
    world.get::<StageName>(stage).map_or("?", StageName::as_str).to_owned()
}

/// Rounded to what a person wants to read.
fn time(micros: u64) -> String {
    let unit = if micros < 10_000 { 1 } else { 1_000 };
    let unit = if micros > 10_000_000 { 100_000 } else { unit };
    format_duration(Duration::from_micros(micros / unit * unit)).to_string()
}
