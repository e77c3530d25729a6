//! Workers crash, hang and fail to start at any moment: nothing is lost, and nothing is done twice.

use tanda::{
    engine::Engine,
    platform::sim::{Content, SimFaults, SimPlatform, SimStage},
    prelude::{limits::ATTEMPTS_MAX, *},
    scene::model::Executor,
};
use tanda_systems::{Topology, supervision::SupervisorSpec};

/// Every kind of isolated stage, alone or behind one another, with what they emit on the way and at
/// the end.
const SCENES: [&str; 5] = [
    "in source; work stateless! in; out sink work; bad sink work.1",
    "in source; sum mergeable! in; out sink sum; bad sink sum.1",
    "in source; window exclusive! in; out sink window; bad sink window.1",
    "a source; b source; work stateless! a; sum mergeable! work b; window exclusive! sum; \
     out sink sum.1; end sink window",
    "in source; sum mergeable! in; total mergeable! sum; window exclusive! total; out sink window",
];

/// Every fault is as likely as makes a run of these sizes meet dozens.
pub(super) const FAULTS: SimFaults = SimFaults {
    batch_per_mille: 60,
    snapshot_per_mille: 250,
    finish_per_mille: 250,
    start_per_mille: 200,
    hang_per_mille: 300,
    deaf_per_mille: 0,
    poison: None,
    error_per_mille: 0,
    bad: None,
    refuses: false,
    relentless: false,
};

const PIECES: u64 = 40;

fn script(faults: SimFaults) -> SimStage {
    SimStage { pieces: PIECES, finish_batches: 3, faults, ..SimStage::default() }
}

/// A supervisor that bears what these tests do to workers.
pub(super) fn patient() -> Option<SupervisorSpec> {
    Some(SupervisorSpec { intensity: Some(10_000), ..SupervisorSpec::default() })
}

/// The scene with so little memory that snapshots are needed again and again, and with patience.
fn scene(text: &str) -> Topology {
    Topology { supervision: patient(), memory_bytes: 300_000, ..super::topology(text, 3) }
}

fn engine(topology: &Topology, script: SimStage, seed: u64) -> Engine<SimPlatform> {
    let platform = SimPlatform::new(vec![script; topology.stages.len()], seed);
    Engine::new(topology, Executor::SingleThreaded, platform)
}

fn run(topology: &Topology, script: SimStage, seed: u64) -> Engine<SimPlatform> {
    let mut engine = engine(&super::perhaps_growing(topology, seed), script, seed);
    engine.run_to_end();
    assert_eq!(engine.platform_mut().live_buffers(), 0, "seed {seed}: buffers are left");
    engine
}

/// All that the sinks wrote, each in its order.
fn written(engine: &mut Engine<SimPlatform>) -> Vec<Vec<Content>> {
    let stages = engine.stages().len();
    (0..stages).map(|sink| engine.platform_mut().written(sink).to_vec()).collect()
}

pub(super) fn fault(engine: &Engine<SimPlatform>) -> Option<FaultId> {
    let Run::Ended { fault, .. } = *engine.world().resource::<Run>() else {
        panic!("the run has not ended");
    };
    fault
}

/// The same scene in the process, where nothing can be lost.
fn unharmed(text: &str, pieces: u64) -> Vec<Vec<Content>> {
    let topology = super::topology(&text.replace('!', ""), 3);
    let mut engine = run(&topology, SimStage { pieces, ..script(SimFaults::default()) }, 1);
    written(&mut engine)
}

#[test]
fn isolated_stages_write_what_those_in_the_process_do() {
    for text in SCENES {
        let expected = unharmed(text, PIECES);
        for seed in 0..8 {
            let mut engine = run(&scene(text), script(SimFaults::default()), seed);
            assert_eq!(written(&mut engine), expected, "seed {seed}, {text}");
            let [crashes, starts, snapshots] = engine.platform_mut().mishaps();
            assert_eq!((crashes, starts), (0, 0));
            let has_state = !text.starts_with("in source; work");
            assert_eq!(snapshots > 0, has_state, "seed {seed}, {text}: {snapshots} snapshots");
        }
    }
}

#[test]
fn whatever_crashes_every_row_is_taken_in_exactly_once() {
    for text in SCENES {
        let (topology, expected) = (scene(text), unharmed(text, PIECES));
        let (mut crashes, mut poisoned) = (0, 0);
        let seeds = if text.contains("; window exclusive! sum") || text.contains("total") {
            20
        } else {
            60
        };
        for seed in 0..seeds {
            let mut engine = run(&topology, script(FAULTS), seed);
            crashes += engine.platform_mut().mishaps()[0];
            if fault(&engine).is_some() {
                assert!(engine.platform_mut().poisoned(), "seed {seed}, {text}: no reason to fail");
                poisoned += 1;
                continue;
            }
            assert_eq!(written(&mut engine), expected, "seed {seed}, {text}");
        }
        assert!(crashes > 2 * seeds, "{crashes} crashes, {text}");
        assert!(poisoned * 3 < seeds, "{poisoned} runs failed, {text}");
    }
}

#[test]
fn state_counts_every_batch_once() {
    let text = SCENES[1];
    let mut engine = run(&scene(text), script(FAULTS), 7);
    let made: Vec<u64> =
        engine.platform_mut().written(2).iter().map(|c| c.absorbed.count).collect();
    assert_eq!(made[PIECES as usize..], [PIECES; 3]);
}

#[test]
fn hanging_worker_is_killed_when_it_is_overdue() {
    let hangs = SimFaults { hang_per_mille: 1_000, ..FAULTS };
    for text in SCENES {
        let (topology, expected) = (scene(text), unharmed(text, PIECES));
        let mut overdue_count = 0;
        for seed in 0..8 {
            let mut engine =
                engine(&topology, script(hangs), seed).insert_resource(Deaths::default());
            engine = engine.observe(note_death);
            engine.run_to_end();
            if fault(&engine).is_none() {
                assert_eq!(written(&mut engine), expected, "seed {seed}, {text}");
            }
            let deaths = &engine.world().resource::<Deaths>().0;
            let overdue = |reason: &ExitReason| match reason {
                ExitReason::TimedOut | ExitReason::StartTimedOut => true,
                // What else dies was spent in a finish that came to nothing.
                ExitReason::Signalled { signal } => *signal == 9,
                ExitReason::Exited { .. } | ExitReason::Lied | ExitReason::Refused => false,
            };
            assert!(deaths.iter().all(overdue), "seed {seed}: {deaths:?}");
            overdue_count += deaths.iter().filter(|died| **died == ExitReason::TimedOut).count();
        }
        assert!(overdue_count > 8, "{overdue_count} hangs, {text}");
    }
}

#[derive(Resource, Default)]
struct Deaths(Vec<ExitReason>);

fn note_death(died: On<WorkerDied>, mut deaths: ResMut<Deaths>) {
    deaths.0.push(died.reason);
}

/// Deadlines so short that workers are killed which are only slow: their answers may still come.
#[test]
fn slow_worker_that_is_killed_counts_once() {
    let mut succeeded = 0;
    for text in SCENES {
        let (mut topology, expected) = (scene(text), unharmed(text, PIECES));
        for isolation in topology.stages.iter_mut().filter_map(|stage| stage.isolation.as_mut()) {
            isolation.batch_timeout_micros = 970;
            isolation.start_timeout_micros = 970;
        }
        for seed in 0..16 {
            let mut engine = run(&topology, script(SimFaults::default()), seed);
            if fault(&engine).is_none() {
                succeeded += u64::from(engine.platform_mut().mishaps()[0] > 0);
                assert_eq!(written(&mut engine), expected, "seed {seed}, {text}");
            }
        }
    }
    assert!(succeeded > 20, "{succeeded} runs succeeded though a worker was killed");
}

#[test]
fn drain_loses_nothing_while_workers_crash() {
    for text in SCENES {
        for seed in 0..15 {
            let endless = SimStage { pieces: u64::MAX, ..script(FAULTS) };
            let mut engine = engine(&scene(text), endless, seed);
            engine.platform_mut().inject(15_000 + seed * 911, Input::DrainRequested);
            engine.run_to_end();
            if fault(&engine).is_some() && engine.platform_mut().poisoned() {
                continue;
            }
            let ended = Run::Ended { fault: None, interrupted: true };
            assert_eq!(*engine.world().resource::<Run>(), ended, "seed {seed}, {text}");
            let read = |index: usize| {
                engine.world().get::<Ledger>(engine.stages()[index]).map_or(0, |l| l.batches_in)
            };
            // Two sources read different amounts, which the unharmed scene cannot be told.
            if text.starts_with("in ") {
                let expected = unharmed(text, read(0));
                assert_eq!(written(&mut engine), expected, "seed {seed}, {text}");
            } else {
                assert!(read(0) + read(1) > 0);
            }
        }
    }
}

#[test]
fn failing_stage_gives_everything_back_while_workers_crash() {
    for text in SCENES {
        let topology = scene(text);
        for seed in 0..30 {
            let failing = (seed % topology.stages.len() as u64) as usize;
            let relentless = SimFaults { relentless: seed % 2 == 0, ..FAULTS };
            let mut scripts = vec![script(relentless); topology.stages.len()];
            scripts[failing].fails_at = Some(seed % 23);
            let platform = SimPlatform::new(scripts, seed);
            let mut engine = Engine::new(&topology, Executor::SingleThreaded, platform);
            engine.run_to_end();
            assert_eq!(engine.platform_mut().live_buffers(), 0, "seed {seed}, {text}");
            assert!(fault(&engine).is_some(), "seed {seed}, {text}: stage {failing}");
        }
    }
}

/// The run ends with a fault of the stage.
#[track_caller]
fn assert_fails(text: &str, faults: SimFaults, seed: u64) -> Engine<SimPlatform> {
    let engine = run(&scene(text), script(faults), seed);
    assert_eq!(fault(&engine), Some(FaultId(1)), "seed {seed}, {text}");
    engine
}

#[test]
fn batch_that_kills_its_worker_too_often_fails_the_run() {
    let poison = SimFaults { poison: Some(11), relentless: true, ..SimFaults::default() };
    for text in &SCENES[..3] {
        for seed in 0..20 {
            // What is killed when the run fails dies, too.
            let most = u64::from(ATTEMPTS_MAX);
            let deaths = assert_fails(text, poison, seed).platform_mut().mishaps()[0];
            assert!((most..=most + 3).contains(&deaths), "{deaths} deaths, seed {seed}, {text}");
        }
    }
}

/// One worker that dies at its first batch and cannot be started again; how often it was tried.
#[track_caller]
fn starts_until_the_stage_fails(text: &str, refuses: bool, seed: u64) -> u64 {
    let batch_per_mille = 1_000;
    let start_per_mille = 1_000;
    let relentless = true;
    let never = SimFaults::default();
    let faults = SimFaults { batch_per_mille, start_per_mille, refuses, relentless, ..never };
    let mut engine = run(&super::topology(text, 1), script(faults), seed);
    assert_eq!(fault(&engine), Some(FaultId(1)), "seed {seed}, {text}");
    engine.platform_mut().mishaps()[1]
}

#[test]
fn worker_that_cannot_start_is_tried_as_often_as_the_intensity_allows() {
    for text in &SCENES[..3] {
        for seed in 0..20 {
            // One worker, and ten more.
            let starts = starts_until_the_stage_fails(text, false, seed);
            assert_eq!(starts, 11, "seed {seed}, {text}");
        }
    }
}

#[test]
fn worker_that_refuses_to_start_is_not_tried_again() {
    for text in &SCENES[..3] {
        for seed in 0..20 {
            assert_eq!(starts_until_the_stage_fails(text, true, seed), 1, "seed {seed}, {text}");
        }
    }
}

#[test]
fn stage_that_dies_at_every_finish_fails() {
    let deadly = SimFaults { finish_per_mille: 1_000, relentless: true, ..SimFaults::default() };
    for seed in 0..40 {
        for (text, hang_per_mille) in [(SCENES[1], 0), (SCENES[1], 500), (SCENES[2], 0)] {
            let engine = assert_fails(text, SimFaults { hang_per_mille, ..deadly }, seed);
            let failed = engine.world().get::<FailedFinishes>(engine.stages()[1]);
            assert_eq!(failed, Some(&FailedFinishes(ATTEMPTS_MAX)), "seed {seed}, {text}");
        }
    }
}

#[test]
fn stage_that_dies_at_every_snapshot_fails() {
    let deadly = SimFaults { snapshot_per_mille: 1_000, relentless: true, ..SimFaults::default() };
    for seed in 0..40 {
        for (text, hang_per_mille) in [(SCENES[1], 0), (SCENES[1], 500), (SCENES[2], 0)] {
            assert_fails(text, SimFaults { hang_per_mille, ..deadly }, seed);
        }
    }
}

/// Of the workers that wait for a finish which hangs, one is to blame, and the others are not.
#[test]
fn finish_that_hangs_is_blamed_on_one_worker() {
    let relentless = true;
    let finish_per_mille = 1_000;
    let hang_per_mille = 1_000;
    let never = SimFaults::default();
    let faults = SimFaults { finish_per_mille, hang_per_mille, relentless, ..never };
    for seed in 0..10 {
        let mut engine = engine(&super::topology(SCENES[1], 3), script(faults), seed)
            .insert_resource(Deaths::default())
            .observe(note_death);
        engine.run_to_end();
        let deaths = &engine.world().resource::<Deaths>().0;
        let blamed = deaths.iter().filter(|died| **died == ExitReason::TimedOut).count();
        assert_eq!(blamed, usize::from(ATTEMPTS_MAX), "seed {seed}: {deaths:?}");
        assert!(deaths.len() > blamed, "seed {seed}: {deaths:?}");
    }
}

/// The most batches that a worker of the stage held at once.
#[derive(Resource, Default)]
struct Fed(u8);

fn note_fed(mut fed: ResMut<Fed>, workers: Query<&InFlight, With<WorkerState>>) {
    fed.0 = workers.iter().map(|held| held.count).chain([fed.0]).max().unwrap_or(0);
}

/// Ticks after which a worker had a free slot, the next batch waited for it, and nothing woke the
/// next tick.
#[derive(Resource, Default)]
struct Starved(u32);

fn note_starved(
    again: Res<TickAgain>,
    origins: Res<Origins>,
    mut starved: ResMut<Starved>,
    workers: Query<(&Instance, &InFlight), With<WorkerState>>,
    stages: Query<(&TakeOrder, &StageInputs)>,
    batches: Query<(&BatchState, &At, &Lineage, &Attempts)>,
) {
    for (instance, in_flight) in &workers {
        let (order, inputs) = stages.get(instance.stage).unwrap();
        let waits = batches.iter().any(|(state, at, &lineage, attempts)| {
            let place = Place::of(lineage, at.input, attempts.taken);
            let is_ready = at.stage == instance.stage && *state == BatchState::Ready;
            is_ready && order.admits(place, inputs.carries(), &origins)
        });
        starved.0 += u32::from(waits && in_flight.count < in_flight.slots && !again.0);
    }
}

#[test]
fn worker_of_an_order_does_not_wait_for_a_batch_that_is_there() {
    let mut engine = engine(&super::topology(SCENES[2], 3), script(SimFaults::default()), 3)
        .insert_resource(Starved::default())
        .add_systems(TickSystems::Retire, note_starved);
    engine.run_to_end();
    assert_eq!(engine.world().resource::<Starved>().0, 0);
}

#[test]
fn every_kind_of_worker_is_given_a_batch_before_it_is_done_with_the_one_before() {
    for text in &SCENES[..3] {
        let topology = super::topology(text, 1);
        let mut engine = engine(&topology, script(SimFaults::default()), 3)
            .insert_resource(Fed::default())
            .add_systems(TickSystems::Retire, note_fed);
        engine.run_to_end();
        assert_eq!(engine.world().resource::<Fed>().0, 2, "{text}");
    }
}

#[test]
fn held_batches_are_within_the_memory_budget() {
    for text in [SCENES[1], SCENES[2]] {
        let topology = Topology { memory_bytes: 200_000, ..super::topology(text, 3) };
        let many = SimStage { pieces: 300, ..script(SimFaults::default()) };
        let engine = run(&topology, many, 5);
        let peak = engine.world().resource::<Buffers>().peak_bytes();
        assert!(peak <= 200_000, "peak {peak}, {text}");
    }
}

#[test]
fn same_seed_gives_the_same_crashes() {
    let ticks = |seed| {
        let mut engine = run(&scene(SCENES[3]), script(FAULTS), seed);
        (engine.world().resource::<Clock>().tick, engine.platform_mut().mishaps())
    };
    assert_eq!(ticks(5), ticks(5));
    assert_ne!(ticks(5), ticks(6));
}

#[test]
fn worker_that_is_ready_too_late_does_not_come_up() {
    let mut engine = engine(&scene(SCENES[0]), script(SimFaults::default()), 1);
    let late = WorkerState::Stopping { reason: Some(ExitReason::StartTimedOut) };
    let mut workers = engine.world_mut().query::<(Entity, &mut WorkerState)>();
    let (instance, mut state) = workers.iter_mut(engine.world_mut()).next().unwrap();
    *state = late;
    engine.platform_mut().inject(0, Input::WorkerStarted { instance });
    engine.tick();
    assert_eq!(engine.world().get(instance), Some(&late));
}
