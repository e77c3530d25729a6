//! Spare workers really take over. A program of its own, because its children are counted.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::collections::BTreeSet;
use std::sync::mpsc;

use tanda::prelude::{Engine, WorkerDied};
use tanda::prelude::{bevy_ecs, bevy_ecs::prelude::*};
use tanda_tests::{Bench, children_of, tanda};

/// Hears which children are alive whenever a worker has died.
#[derive(Resource)]
struct Wire(mpsc::Sender<BTreeSet<i32>>);

fn children() -> BTreeSet<i32> {
    children_of(std::process::id()).into_iter().map(|(pid, _)| pid).collect()
}

/// For each death but the first: whether the dead one had been there when the one before it died,
/// and so before it had anything to do.
fn were_spares(spares: u16) -> Vec<bool> {
    let bench = Bench::new();
    let _ = tanda();
    // Slow enough for a spare to be started between two deaths.
    let scene = format!(
        "Scene( name: \"spares\", engine: ( batch_rows: 500 ), stages: {{
           \"in\": Source( read: Generator( rows: 10000, rows_per_second: 10000, seed: 7,
               columns: [(\"n\", Sequence)] ) ),
           \"faulty\": Plugin( library: \"faulty\", from: \"in\", instances: 1, spares: {spares},
               config: ( when: Batch(3), what: Abort ) ),
           \"out\": Sink( write: Csv( path: \"{}\" ), from: \"faulty\" ) }} )",
        bench.file("out.csv")
    );
    let (sender, deaths) = mpsc::channel();
    let engine = Engine::from_scene(bench.write("scene.ron", scene)).unwrap();
    let engine = engine
        .insert_resource(Wire(sender))
        .observe(|_: On<WorkerDied>, wire: Res<Wire>| wire.0.send(children()).unwrap());
    let report = engine.run().unwrap();
    assert_eq!(report.ledger, Ok(()));
    let rows = bench.read("out.csv").lines().count() - 1;
    assert_eq!(rows, 10_000);
    let alive: Vec<BTreeSet<i32>> = deaths.iter().collect();
    assert!(alive.len() >= 4, "{} deaths", alive.len());
    alive.windows(2).map(|pair| pair[0].difference(&pair[1]).next().is_some()).collect()
}

#[test]
fn every_worker_that_follows_a_dead_one_was_there_before_it_died() {
    assert!(were_spares(0).iter().all(|was_spare| !was_spare), "there are no spares");
    assert!(were_spares(1).iter().all(|was_spare| *was_spare), "a spare takes over");
}
