//! What a tick costs, by the number of batches in the world.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use tanda::{engine::Engine, scene::model::Executor};
use tanda_benches::{Echo, Gauge, chain, work_done};
use tanda_components::{Budget, Buffers};

/// Batches in the world.
const SIZES: [u32; 4] = [0, 100, 1_000, 10_000];
/// More than is ever asked in one tick.
const ALL: usize = 1_000;

/// Where batches wait: the only plugin of the chain.
const PLUGIN: u16 = 1;

/// An engine whose `size` batches stand at a plugin with two instances, which have one each and
/// keep it.
fn engine_with(size: u32) -> Engine<Echo> {
    // Without a batch, the source is left without the answer to its one read.
    let answers_max = if size == 0 { 0 } else { ALL };
    let echo = Echo::new(answers_max).holding(PLUGIN);
    let mut engine = Engine::new(&chain(1, 2, 2), Executor::SingleThreaded, echo);
    engine.world_mut().resource_mut::<Budget>().pieces_max = size;
    // The last of them come in without another read, so a few ticks more let the world rest.
    let mut ticks = 0;
    while engine.world().resource::<Buffers>().live_count() < size || ticks < 10 {
        engine.tick();
        ticks += 1;
    }
    assert_eq!(engine.world().resource::<Buffers>().live_count(), size);
    engine
}

/// Nothing has happened and nothing can be done: what looking at the world costs.
fn at_rest(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tick/at_rest");
    for size in SIZES {
        let mut engine = engine_with(size);
        let mut gauge = Gauge::default();
        group.bench_function(BenchmarkId::from_parameter(size), |bencher| {
            bencher.iter_custom(|times| gauge.time(times, 1, || engine.tick()));
        });
        gauge.figure(&format!("a tick, {size} batches wait"));
        assert_eq!(engine.world().resource::<Buffers>().live_count(), size, "nothing moved");
    }
}

/// In each tick one batch leaves the plugin, the one before it is written, and a new one is read:
/// three facts, three effects, and the choice of the oldest of all that wait.
fn one_batch_done(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tick/one_batch_done");
    for size in SIZES.into_iter().filter(|size| *size > 0) {
        let mut engine = engine_with(size);
        let mut gauge = Gauge::default();
        group.bench_function(BenchmarkId::from_parameter(size), |bencher| {
            bencher.iter_custom(|times| {
                let before = work_done(engine.world_mut());
                let elapsed = gauge.time(times, 1, || {
                    assert!(engine.platform_mut().let_go(), "an instance holds a batch");
                    engine.tick();
                });
                let done = work_done(engine.world_mut()) - before;
                assert!((3 * times).abs_diff(done) < 10, "{done} steps in {times} ticks");
                elapsed
            });
        });
        gauge.figure(&format!("a tick that moves three batches on, {size} in the world"));
    }
}

criterion_group!(benches, at_rest, one_batch_done);
criterion_main!(benches);
