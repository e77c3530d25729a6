//! What it costs to take one batch through one stage, everything included but the plugin.

use std::time::{Duration, Instant};

use bevy_ecs::entity::Entity;
use bumpalo::Bump;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tanda::{engine::Engine, scene::model::Executor};
use tanda_benches::{Echo, Gauge, chain, work_done};
use tanda_components::{Lineage, Priority, StageIndex, Turn};
use tanda_systems::{Candidate, Idle, plan_dispatch};

/// Nanoseconds a batch a stage.
const BUDGET: f64 = 1_000.0;

/// Plugins behind one another, threads, and completions that come in with one tick at most. One by
/// one is how they come when batches are large; many at once when the engine is what limits.
const CHAINS: [(u16, u16, usize); 6] =
    [(1, 2, 1), (4, 2, 1), (16, 2, 1), (4, 2, 4), (16, 2, 4), (16, 16, 32)];

/// Until all that can be in flight is.
const WARM_UP_TICKS: u64 = 10_000;
/// Ticks of one sample at least, so that a batch at the border between two of them weighs little.
const TICKS_MIN: u64 = 100;

/// A saturated chain: source, plugins, sink. The loop is the engine's; only the outside is missing.
fn a_batch_through_a_stage(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("dispatch/a_batch_through_a_stage");
    group.throughput(Throughput::Elements(1));
    for (plugins, threads, answers_max) in CHAINS {
        let topology = chain(plugins, threads, threads);
        let mut engine = Engine::new(&topology, Executor::SingleThreaded, Echo::new(answers_max));
        (0..WARM_UP_TICKS).for_each(|_| engine.tick());
        let mut gauge = Gauge::default();
        let name = format!("{plugins}_plugins/{threads}_threads/{answers_max}_done_a_tick");
        group.bench_function(&name, |bencher| {
            bencher.iter_custom(|batches| {
                let ticks = batches.div_ceil(answers_max as u64).max(TICKS_MIN);
                let (elapsed, done) = run(&mut engine, ticks);
                gauge.note(elapsed, done).mul_f64(batches as f64 / done as f64)
            });
        });
        gauge.beside_budget("a batch a stage", BUDGET);
    }
}

/// How long so many ticks take, and the batches that went through a stage in them.
fn run(engine: &mut Engine<Echo>, ticks: u64) -> (Duration, u64) {
    let before = work_done(engine.world_mut());
    let started = Instant::now();
    (0..ticks).for_each(|_| engine.tick());
    let elapsed = started.elapsed();
    let done = work_done(engine.world_mut()) - before;
    assert!(done + 4 >= ticks, "{done} in {ticks} ticks: the chain is not saturated");
    (elapsed, done)
}

/// The decision alone, by how many batches could go and how many instances are idle.
fn plan(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("dispatch/plan");
    for (batches, instances) in [(4, 2), (100, 4), (1_000, 4), (1_000, 64)] {
        let ready: Vec<Candidate> = (0..batches).map(candidate).collect();
        let idle: Vec<Idle> = (0..instances).map(idle).collect();
        let mut arena = Bump::new();
        let id = BenchmarkId::from_parameter(format!("{batches}_batches/{instances}_idle"));
        group.bench_function(id, |bencher| {
            let set_up = || (ready.clone(), idle.clone());
            bencher.iter_batched_ref(
                set_up,
                |(ready, idle)| {
                    arena.reset();
                    let steps = plan_dispatch(&arena, ready, idle, usize::MAX, usize::MAX).len();
                    assert_eq!(steps, batches.min(instances) as usize);
                },
                BatchSize::SmallInput,
            );
        });
    }
}

/// Batches of one stage, in an order that is not theirs.
fn candidate(number: u32) -> Candidate {
    let seq = u64::from(number.wrapping_mul(2_654_435_761) >> 8);
    Candidate {
        batch: entity(number),
        stage: 3,
        priority: Priority(0),
        turn: Turn(seq),
        lineage: Lineage { origin: StageIndex(0), seq, part: 0 },
        input: 0,
    }
}

fn idle(number: u32) -> Idle {
    Idle {
        instance: entity(100_000 + number),
        stage: 3,
        index: number as u16,
        held: 0,
        isolated: false,
    }
}

fn entity(number: u32) -> Entity {
    Entity::from_raw_u32(number).expect("small numbers are entities")
}

criterion_group!(benches, a_batch_through_a_stage, plan);
criterion_main!(benches);
