//! The engine's systems in virtual time: laws checked every tick, every order of answers a seed can
//! give.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

mod arrival;
mod failover;
mod isolation;
mod supervision;

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use tanda::{
    engine::Engine,
    platform::sim::{SimPlatform, SimStage},
    prelude::*,
    scene::model::Executor,
};
use tanda_systems::{EdgeSpec, Isolation, StageSpec, Topology};

/// `"flights source; validate stateless flights; out sink validate"`: name, kind, inputs
/// (`stage.port`). A kind with a `!` is isolated.
fn topology(text: &str, instances: u16) -> Topology {
    let mut names: Vec<&str> = Vec::new();
    let mut stages = Vec::new();
    for line in text.split(';') {
        let mut words = line.split_whitespace();
        let (name, kind) = (words.next().unwrap(), words.next().unwrap());
        let inputs = words.map(|input| edge(input, &names)).collect();
        let isolation = kind.ends_with('!').then_some(Isolation {
            workers: instances,
            batch_timeout_micros: 50_000,
            start_timeout_micros: 50_000,
        });
        let (kind, ordered) = match kind.trim_end_matches('!') {
            "source" => (StageKind::Source, false),
            "stateless" => (StageKind::Stateless, false),
            "mergeable" => (StageKind::Mergeable, false),
            "exclusive" => (StageKind::Exclusive, true),
            "mixing" => (StageKind::Exclusive, false),
            "sink" => (StageKind::Sink, true),
            "arrival" => (StageKind::Sink, false),
            other => panic!("unknown kind {other}"),
        };
        let instances = match kind {
            StageKind::Exclusive => 1,
            StageKind::Sink if !ordered => 0,
            StageKind::Source | StageKind::Stateless | StageKind::Mergeable | StageKind::Sink => {
                instances
            }
        };
        stages.push(StageSpec {
            name: name.to_owned(),
            kind,
            instances,
            inputs,
            ordered,
            piece_bytes: 10_000,
            conserves: false,
            priority: 0,
            isolation,
            on_failure: None,
            breaker: None,
        });
        names.push(name);
    }
    Topology { stages, memory_bytes: 1 << 20, threads: 4, supervision: None }
}

/// With every other seed only the first workers are up.
fn perhaps_growing(topology: &Topology, seed: u64) -> Topology {
    if seed.is_multiple_of(2) { growing(topology.clone()) } else { topology.clone() }
}

/// Only the first worker of each stage is up; the others are started when they are needed.
fn growing(mut topology: Topology) -> Topology {
    let isolated = topology.stages.iter_mut().filter_map(|stage| stage.isolation.as_mut());
    isolated.for_each(|isolation| isolation.workers = 1);
    topology
}

fn edge(input: &str, names: &[&str]) -> EdgeSpec {
    let (stage, port) = input.split_once('.').unwrap_or((input, "0"));
    let stage = names.iter().position(|name| *name == stage).unwrap() as u16;
    EdgeSpec { stage, port: port.parse().unwrap() }
}

fn simulate(text: &str, script: impl Fn(usize) -> SimStage, seed: u64) -> Engine<SimPlatform> {
    let topology = perhaps_growing(&topology(text, 3), seed);
    let stages = (0..topology.stages.len()).map(script).collect();
    let platform = SimPlatform::new(stages, seed);
    let mut engine = Engine::new(&topology, Executor::SingleThreaded, platform);
    engine.run_to_end();
    assert_eq!(engine.platform_mut().live_buffers(), 0, "seed {seed}: buffers are left");
    engine
}

/// What each sink wrote: `origin:seq` in order.
fn written(engine: &mut Engine<SimPlatform>) -> String {
    let mut text = String::new();
    for sink in 0..engine.stages().len() {
        let contents = engine.platform_mut().written(sink).to_vec();
        if contents.is_empty() {
            continue;
        }
        let _ = write!(text, "{sink}:");
        contents.iter().for_each(|c| {
            let _ = write!(text, " {}.{}", c.origin, c.seq);
        });
        text.push('\n');
    }
    text
}

fn check(text: &str, script: impl Fn(usize) -> SimStage, expected: Expect) {
    let mut first = simulate(text, &script, 1);
    let result = written(&mut first);
    expected.assert_eq(&result);
    for seed in 2..60 {
        let mut other = simulate(text, &script, seed);
        assert_eq!(written(&mut other), result, "seed {seed}");
    }
}

fn three_pieces(_: usize) -> SimStage {
    SimStage { pieces: 3, ..SimStage::default() }
}

#[test]
fn ordered_sink_writes_in_source_order_whatever_the_delays() {
    check(
        "in source; work stateless in; out sink work; bad sink work.1",
        three_pieces,
        expect![[r#"
            2: 0.0 0.1 0.2
            3: 0.0 0.1 0.2
        "#]],
    );
}

#[test]
fn fan_in_is_one_source_after_the_other() {
    check(
        "a source; b source; out sink b a",
        three_pieces,
        expect![[r#"
            2: 0.0 0.1 0.2 1.0 1.1 1.2
        "#]],
    );
}

#[test]
fn diamond_takes_both_sides_of_a_batch_in_turn() {
    check(
        "in source; left stateless in; right stateless in; out sink left right",
        |_| SimStage { pieces: 2, ..SimStage::default() },
        expect![[r#"
            3: 0.0 0.0 0.1 0.1
        "#]],
    );
}

/// Both branches come out of the stage at which they meet, under one number and as two parts.
#[test]
fn diamond_that_meets_at_a_stage_comes_out_of_it_in_turn() {
    for kind in ["stateless", "mergeable", "exclusive", "stateless!", "mergeable!", "exclusive!"] {
        let text = format!(
            "in source; left stateless in; right stateless in; both {kind} left right; \
             out sink both"
        );
        let script = |_| SimStage { pieces: 2, finish_batches: 0, ..SimStage::default() };
        check(
            &text,
            script,
            expect![[r#"
            4: 0.0 0.0 0.1 0.1
        "#]],
        );
    }
}

/// Three ways lead to the second meeting: two through the first, one around it.
#[test]
fn diamonds_behind_one_another_multiply() {
    check(
        "in source; a stateless in; b stateless in; ab stateless a b; c exclusive ab in; \
         d sink c.1; out sink c",
        |_| SimStage { pieces: 2, finish_batches: 1, ..SimStage::default() },
        expect![[r#"
            5: 0.0 0.0 0.0 0.1 0.1 0.1 4.0
            6: 0.0 0.0 0.0 0.1 0.1 0.1 4.0
        "#]],
    );
}

/// What is flushed on one port has its place on the others too, or an order behind them would wait
/// for it for ever.
#[test]
fn flush_on_one_port_holds_up_nobody_behind_another() {
    for kind in ["mergeable", "mergeable!"] {
        let text = format!(
            "a source; sum {kind} a; window exclusive sum.1; out sink sum; end sink window"
        );
        let script = |_| SimStage { pieces: 2, finish_batches: 2, ..SimStage::default() };
        check(
            &text,
            script,
            expect![[r#"
            3: 0.0 0.1 1.0 1.1
            4: 0.0 0.1 1.0 1.1 2.0 2.1
        "#]],
        );
    }
}

#[test]
fn what_a_stage_makes_at_the_end_follows_what_it_passed_on() {
    check(
        "in source; sum mergeable in; next stateless sum; out sink next",
        |_| SimStage { pieces: 2, finish_batches: 2, ..SimStage::default() },
        expect![[r#"
            3: 0.0 0.1 1.0 1.1
        "#]],
    );
}

#[test]
fn exclusive_stage_takes_batches_in_order() {
    check(
        "in source; work stateless in; window exclusive work; out arrival window",
        three_pieces,
        expect![[r#"
            3: 0.0 0.1 0.2 2.0
        "#]],
    );
}

#[test]
fn reader_that_decodes_needs_no_instance() {
    check(
        "in source; out sink in",
        |_| SimStage { pieces: 2, decoded: true, ..SimStage::default() },
        expect![[r#"
            1: 0.0 0.1
        "#]],
    );
}

#[test]
fn empty_source_ends_the_run() {
    check(
        "in source; sum mergeable in; out sink sum",
        |_| SimStage { pieces: 0, ..SimStage::default() },
        expect![[r#"
        2: 1.0
    "#]],
    );
}

#[test]
fn any_failing_stage_ends_the_run_with_everything_given_back() {
    let text =
        "a source; b source; work stateless a b; sum mergeable work; out sink sum; bad sink work.1";
    for failing in 0..6 {
        for at in 0..12 {
            let script = |index| SimStage {
                fails_at: (index == failing).then_some(at),
                ..SimStage::default()
            };
            let mut engine = simulate(text, script, at * 31 + failing as u64);
            let Run::Ended { fault, .. } = *engine.world().resource::<Run>() else { panic!() };
            let batches_seen = match failing {
                0 | 1 => 10,
                _ => 20,
            };
            assert_eq!(fault.is_some(), at < batches_seen, "stage {failing} at {at}");
            let abandoned = engine.platform_mut().abandoned().len();
            assert_eq!(abandoned > 0, fault.is_some());
        }
    }
}

#[test]
fn drain_writes_all_that_was_read() {
    for seed in 0..50 {
        let topology = topology("in source; work stateless in; out sink work; bad sink work.1", 3);
        let endless = SimStage { pieces: u64::MAX, ..SimStage::default() };
        let mut platform = SimPlatform::new(vec![endless; 4], seed);
        platform.inject(20_000 + seed * 37, Input::DrainRequested);
        let mut engine = Engine::new(&topology, Executor::SingleThreaded, platform);
        engine.run_to_end();
        assert_eq!(
            *engine.world().resource::<Run>(),
            Run::Ended { fault: None, interrupted: true }
        );
        let source = engine.stages()[0];
        let read = engine.world().get::<Ledger>(source).unwrap().batches_in;
        assert!(read > 10);
        for sink in [2, 3] {
            let seqs: Vec<u64> =
                engine.platform_mut().written(sink).iter().map(|c| c.seq).collect();
            assert_eq!(seqs, (0..read).collect::<Vec<_>>(), "seed {seed}");
        }
    }
}

/// All had been written when the output of one sink could not be published.
#[test]
fn output_that_cannot_be_published_fails_the_run() {
    let script = |index| SimStage { publish_fails: index == 2, ..SimStage::default() };
    let mut engine = simulate("in source; one sink in; two sink in", script, 5);
    let ended = Run::Ended { fault: Some(FaultId(2)), interrupted: false };
    assert_eq!(*engine.world().resource::<Run>(), ended);
    assert_eq!(engine.platform_mut().written(2).len(), 10);
    assert!(engine.platform_mut().abandoned().is_empty(), "both are complete");
}

/// The fact comes at any moment: from then on there is nothing left to do, whatever is in flight,
/// and no output takes its name unless all were about to.
#[test]
fn run_that_is_aborted_ends_at_once() {
    let (mut aborted, mut published) = (0, 0);
    for seed in 0..60 {
        let topology = topology("in source; work stateless in; out sink work; bad sink work.1", 3);
        let mut platform = SimPlatform::new(vec![SimStage::default(); 4], seed);
        let moment = 200 * seed;
        platform.inject(moment, Input::AbortRequested { fault: FaultId(77) });
        let mut engine = Engine::new(&topology, Executor::SingleThreaded, platform);
        engine.run_to_end();
        let run = *engine.world().resource::<Run>();
        if run == (Run::Aborted { fault: FaultId(77) }) {
            aborted += 1;
            assert_eq!(engine.platform_mut().published(), 0, "seed {seed}");
            let now = engine.world().resource::<Clock>().now.as_micros();
            assert_eq!(now, moment, "seed {seed}");
        } else {
            published += 1;
            assert_eq!(run, Run::Ended { fault: None, interrupted: false }, "seed {seed}");
        }
    }
    assert!(aborted > 10 && published > 10, "{aborted} aborted, {published} published");
}

#[test]
fn memory_budget_bounds_what_is_in_flight() {
    let mut topology = topology("in source; work stateless in; out sink work; bad sink work.1", 3);
    topology.memory_bytes = 120_000;
    topology.threads = 64;
    let script = SimStage { pieces: 500, ..SimStage::default() };
    let platform = SimPlatform::new(vec![script; 4], 7);
    let mut engine = Engine::new(&topology, Executor::SingleThreaded, platform);
    engine.run_to_end();
    let peak = engine.world().resource::<Buffers>().peak_bytes();
    assert!(peak <= 120_000, "peak {peak}");
    assert!(peak >= 25_000, "peak {peak}: the budget is not used");
}

#[test]
fn source_beyond_the_budget_still_gets_one_piece_at_a_time() {
    let mut topology = topology("a source; b source; out sink a b", 3);
    topology.memory_bytes = 1;
    let platform = SimPlatform::new(vec![SimStage::default(); 3], 3);
    let mut engine = Engine::new(&topology, Executor::SingleThreaded, platform);
    engine.run_to_end();
    assert_eq!(engine.platform_mut().written(2).len(), 20);
}

#[test]
fn same_seed_gives_the_same_run() {
    let text = "a source; b source; work stateless a b; sum mergeable work; out sink sum";
    let ticks = |seed| simulate(text, three_pieces, seed).world().resource::<Clock>().tick;
    assert_eq!(ticks(5), ticks(5));
}

#[test]
fn both_executors_give_the_same_result() {
    let topology = topology("in source; work stateless in; out sink work", 3);
    let mut results = Vec::new();
    for executor in [Executor::SingleThreaded, Executor::MultiThreaded] {
        let platform = SimPlatform::new(vec![SimStage::default(); 3], 11);
        let mut engine = Engine::new(&topology, executor, platform);
        engine.run_to_end();
        results.push(written(&mut engine));
    }
    assert_eq!(results[0], results[1]);
}
