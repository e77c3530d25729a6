//! Stages that take batches as they come: sources take turns, none overtakes itself, and what a
//! dead worker leaves comes again in the order of the first time.

use std::collections::BTreeMap;

use tanda::{
    engine::Engine,
    platform::sim::{Absorbed, Content, SimPlatform, SimStage},
    prelude::*,
    scene::model::Executor,
};
use tanda_systems::Topology;

use super::isolation::{FAULTS, fault, patient};

/// What the stage took, by the number under which it did.
#[derive(Resource, Default)]
struct Taken(BTreeMap<u64, (Content, u8)>);

/// Index of the stage that mixes.
const MIXING: StageIndex = StageIndex(2);

fn note_taken(mut taken: ResMut<Taken>, batches: Query<(&At, &Lineage, &Rows, &Attempts)>) {
    for (at, lineage, rows, attempts) in &batches {
        if at.index != MIXING || attempts.taken == 0 {
            continue;
        }
        let (origin, seq) = (usize::from(lineage.origin.0), lineage.seq);
        let (absorbed, searched) = (Absorbed::default(), false);
        let content = Content { origin, seq, rows: rows.0, absorbed, searched };
        let before = taken.0.insert(attempts.taken, (content, at.input));
        let is_same = before.is_none_or(|before| before == (content, at.input));
        assert!(is_same, "number {} was {before:?}, and is {content:?}", attempts.taken);
    }
}

fn run(topology: &Topology, scripts: Vec<SimStage>, seed: u64) -> Engine<SimPlatform> {
    let platform = SimPlatform::new(scripts, seed);
    let mut engine = Engine::new(topology, Executor::SingleThreaded, platform)
        .insert_resource(Taken::default())
        .add_systems(TickSystems::Dispatch, note_taken);
    engine.run_to_end();
    assert_eq!(engine.platform_mut().live_buffers(), 0, "seed {seed}: buffers are left");
    engine
}

/// The state of a plugin that took the batches in this order, each once.
fn state_of(taken: &Taken) -> Absorbed {
    let mut state = Absorbed::default();
    for (content, input) in taken.0.values() {
        state.add(StageKind::Exclusive, *content, *input);
    }
    state
}

/// Every batch of both origins, each origin's in its order.
#[track_caller]
fn assert_whole(order: impl Iterator<Item = (usize, u64)>, pieces: u64) {
    let mut next = [0, 0];
    for (origin, seq) in order.filter(|(origin, _)| *origin < 2) {
        assert_eq!(seq, next[origin], "origin {origin}");
        next[origin] += 1;
    }
    assert_eq!(next, [pieces; 2]);
}

#[test]
fn whatever_crashes_batches_are_taken_again_in_the_order_of_the_first_time() {
    const PIECES: u64 = 40;
    let (mut crashes, mut mixed, mut ended) = (0, 0, 0);
    // Behind the last one a sink waits for all of the first source, and the second is held back.
    for (kind, bad) in [("mixing", "arrival"), ("mixing!", "arrival"), ("mixing!", "sink")] {
        let text = format!("a source; b source; mix {kind} a b; out arrival mix; bad {bad} mix.1");
        let topology = super::topology(&text, 3);
        let topology = Topology { supervision: patient(), memory_bytes: 300_000, ..topology };
        for seed in 0..60 {
            let script = SimStage { pieces: PIECES, finish_batches: 2, ..SimStage::default() };
            let script = SimStage { faults: FAULTS, ..script };
            let mut engine = run(&topology, vec![script; topology.stages.len()], seed);
            crashes += engine.platform_mut().mishaps()[0];
            if fault(&engine).is_some() {
                assert!(engine.platform_mut().poisoned(), "seed {seed}: no reason to fail");
                continue;
            }
            ended += 1;
            let state = state_of(engine.world().resource::<Taken>());
            let order = engine.world().resource::<Taken>().0.values();
            let order: Vec<_> = order.map(|(content, _)| (content.origin, content.seq)).collect();
            assert_whole(order.iter().copied(), PIECES);
            mixed += order.windows(2).filter(|pair| pair[0].0 != pair[1].0).count();
            let written = engine.platform_mut().written(3).to_vec();
            let flushed = written.iter().filter(|content| content.origin == 2);
            let flushed: Vec<_> = flushed.map(|content| content.absorbed).collect();
            assert_eq!(flushed, [state; 2], "seed {seed}, {kind}");
            assert_whole(written.iter().map(|content| (content.origin, content.seq)), PIECES);
            let written = engine.platform_mut().written(4).iter();
            let places = written.map(|content| (content.origin, content.seq));
            assert!(bad == "arrival" || places.is_sorted(), "seed {seed}");
        }
    }
    assert!(crashes > 1_000 && mixed > 3_000 && ended > 170, "{crashes}, {mixed}, {ended}");
}

/// The third stage is far slower than both sources, which always have something ready.
#[test]
fn no_source_waits_while_another_is_busy() {
    const PIECES: u64 = 300;
    let mixing = ["mixing", "mixing!", "stateless", "stateless!", "mergeable"];
    let mixing = mixing.map(|kind| format!("mix {kind} a b; out arrival mix"));
    for stages in mixing.into_iter().chain(["out arrival a b".to_owned()]) {
        let text = format!("a source; b source; {stages}");
        let topology = Topology { threads: 1, ..super::topology(&text, 1) };
        for seed in 0..6 {
            let quick = SimStage { pieces: PIECES, ..SimStage::default() };
            let quick = SimStage { delay_micros_max: 10, ..quick };
            let slow = SimStage { delay_micros_max: 5_000, ..quick };
            let mut engine = run(&topology, vec![quick, quick, slow, quick], seed);
            let written = engine.platform_mut().written(topology.stages.len() - 1).to_vec();
            let origins: Vec<_> = written.iter().map(|content| content.origin).collect();
            // Before one of them has come to its end.
            let busy = &origins[..PIECES as usize];
            let waits = busy.chunk_by(|a, b| a == b).map(<[usize]>::len).max();
            assert!(waits <= Some(4), "{stages}, seed {seed}: {waits:?} batches of one in a row");
        }
    }
}

/// A source that has been quiet for long does not wait behind all that another has in flight.
#[test]
fn source_that_was_quiet_comes_next() {
    let topology = super::topology("a source; b source; mix mixing! a b; out arrival mix", 1);
    for seed in 0..6 {
        let busy = SimStage { pieces: 600, delay_micros_max: 10, ..SimStage::default() };
        let quiet = SimStage { pieces: 6, delay_micros_max: 100_000, ..busy };
        let slow = SimStage { delay_micros_max: 2_000, ..busy };
        let mut engine = run(&topology, vec![busy, quiet, slow, busy], seed);
        let written = engine.platform_mut().written(3).to_vec();
        // What the quiet one has not used it has not saved up.
        let past = *engine.world().resource::<TurnsPast>();
        let mut sources = engine.world_mut().query::<&Source>();
        let turns = sources.iter(engine.world()).map(|source| source.turn);
        assert_eq!(turns.max(), Some(Turn(past.0)), "seed {seed}");
        let last = written.iter().rposition(|content| content.origin == 1).unwrap();
        assert!(last < 500, "seed {seed}: the last of the quiet source came as number {last}");
        assert_whole(
            written
                .iter()
                .map(|content| (content.origin, content.seq))
                .filter(|(o, _)| *o == 1)
                .chain((0..6).map(|seq| (0, seq))),
            6,
        );
    }
}
