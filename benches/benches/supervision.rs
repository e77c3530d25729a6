//! What supervision costs a tick, by the child.

use criterion::{Criterion, criterion_group, criterion_main};
use tanda::{engine::Engine, prelude::*, scene::model::Executor};
use tanda_benches::{Echo, Gauge, chain};
use tanda_systems::{
    Isolation, Topology,
    supervision::{SupervisedSpec, SupervisorSpec},
};

const CHILDREN: u16 = 10_000;
/// As many as the inbox takes in one tick.
const CRASHES: usize = 1_000;

/// An engine at rest whose only plugin has so many workers under one supervisor.
fn engine() -> Engine<Echo> {
    let mut topology = chain(1, CHILDREN, 2);
    topology.stages[1].isolation =
        Some(Isolation { workers: CHILDREN, batch_timeout_micros: 0, start_timeout_micros: 0 });
    let backoff = Backoff { base_micros: 0, cap_micros: 0, ..Backoff::default() };
    let spec = ChildSpec { backoff, ..ChildSpec::default() };
    let children = vec![SupervisedSpec::Workers { stage: 1, spec }];
    let top = SupervisorSpec { intensity: Some(10_000), children, ..SupervisorSpec::default() };
    let topology = Topology { supervision: Some(top), ..topology };
    let mut engine = Engine::new(&topology, Executor::SingleThreaded, Echo::new(0));
    (0..10).for_each(|_| engine.tick());
    engine
}

fn workers(engine: &mut Engine<Echo>) -> Vec<Entity> {
    let mut workers = engine.world_mut().query_filtered::<Entity, With<WorkerState>>();
    workers.iter(engine.world()).collect()
}

fn tell(engine: &mut Engine<Echo>, input: Input) {
    engine.world_mut().resource_mut::<Inbox>().push(input).expect("the inbox was drained");
}

fn crash(engine: &mut Engine<Echo>, instance: Entity) {
    let reason = ExitReason::Signalled { signal: 11 };
    tell(engine, Input::WorkerExited { instance, reason, fault: FaultId(0) });
}

/// What was granted is forgotten: the bench's clock runs slower than its crashes.
fn forget(engine: &mut Engine<Echo>) {
    let mut states = engine.world_mut().query::<&mut SupervisorState>();
    for mut state in states.iter_mut(engine.world_mut()) {
        state.log = RestartLog::default();
    }
}

fn count(engine: &mut Engine<Echo>, wanted: WorkerState) -> usize {
    let mut states = engine.world_mut().query::<&WorkerState>();
    states.iter(engine.world()).filter(|state| **state == wanted).count()
}

fn at_rest(criterion: &mut Criterion) {
    let (mut engine, mut gauge) = (engine(), Gauge::default());
    criterion.bench_function("supervision/at_rest", |bencher| {
        bencher.iter_custom(|times| gauge.time(times, CHILDREN.into(), || engine.tick()));
    });
    assert_eq!(count(&mut engine, WorkerState::Up), usize::from(CHILDREN));
    gauge.figure("a child and tick, 10,000 at rest");
}

/// In each tick one worker dies and is started again, and the one before it is up.
fn one_crash_a_tick(criterion: &mut Criterion) {
    let (mut engine, mut gauge) = (engine(), Gauge::default());
    let workers = workers(&mut engine);
    let (mut next, mut starts) = (0, 0_u64);
    criterion.bench_function("supervision/one_crash_a_tick", |bencher| {
        bencher.iter_custom(|times| {
            gauge.time(times, CHILDREN.into(), || {
                forget(&mut engine);
                let victim = workers[next % workers.len()];
                crash(&mut engine, victim);
                engine.tick();
                tell(&mut engine, Input::WorkerStarted { instance: victim });
                next += 1;
                starts += 1;
            })
        });
    });
    engine.tick();
    assert_eq!(count(&mut engine, WorkerState::Up), usize::from(CHILDREN));
    let mut states = engine.world_mut().query::<&SupervisorState>();
    let granted: u64 = states.iter(engine.world()).map(|state| u64::from(state.restarts)).sum();
    assert_eq!(granted, starts, "every worker that died was started again");
    gauge.figure("a child and tick, 10,000 of which one dies each tick");
}

/// A thousand workers die in one tick, and are started again in the next ones.
fn a_thousand_crash_together(criterion: &mut Criterion) {
    let (mut engine, mut gauge) = (engine(), Gauge::default());
    let workers = workers(&mut engine);
    let mut ticks = 0;
    criterion.bench_function("supervision/a_thousand_crash_together", |bencher| {
        bencher.iter_custom(|times| {
            gauge.time(times, CRASHES as u64, || {
                forget(&mut engine);
                workers[..CRASHES].iter().for_each(|&worker| crash(&mut engine, worker));
                ticks = 0;
                while ticks == 0 || engine.world().resource::<TickAgain>().0 {
                    engine.tick();
                    ticks += 1;
                }
                for &instance in &workers[..CRASHES] {
                    tell(&mut engine, Input::WorkerStarted { instance });
                }
                engine.tick();
            })
        });
    });
    assert_eq!(count(&mut engine, WorkerState::Up), usize::from(CHILDREN));
    gauge.figure(&format!("a death to its start and back, 1,000 of 10,000 at once, {ticks} ticks"));
}

criterion_group!(benches, at_rest, one_crash_a_tick, a_thousand_crash_together);
criterion_main!(benches);
