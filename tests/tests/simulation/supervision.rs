//! Supervisors in simulation: what they do to workers that work, in every order of events.

use tanda::{
    engine::Engine,
    platform::sim::{SimFaults, SimPlatform, SimStage},
    prelude::*,
    scene::model::Executor,
};
use tanda_systems::{
    Topology,
    supervision::{SupervisedSpec, SupervisorSpec},
};

const TWO: &str = "in source; a stateless! in; b stateless! a; out sink b";
const PIECES: u64 = 40;

fn one_for(strategy: Strategy, stages: &[u16], spec: ChildSpec) -> SupervisorSpec {
    let child = |&stage: &u16| SupervisedSpec::Workers { stage, spec };
    let children = stages.iter().map(child).collect();
    SupervisorSpec { strategy, intensity: Some(1_000), children, ..SupervisorSpec::default() }
}

/// A run of `text` under `top` in which nothing breaks by itself.
fn engine(text: &str, top: SupervisorSpec, faults: SimFaults, seed: u64) -> Engine<SimPlatform> {
    let topology = Topology { supervision: Some(top), ..super::topology(text, 2) };
    let script = SimStage { pieces: PIECES, faults, ..SimStage::default() };
    let platform = SimPlatform::new(vec![script; topology.stages.len()], seed);
    watched(&topology, platform)
}

/// An engine that notes the acts of its supervisors.
fn watched(topology: &Topology, platform: SimPlatform) -> Engine<SimPlatform> {
    Engine::new(topology, Executor::SingleThreaded, platform)
        .insert_resource(Acts::default())
        .observe(|acted: On<SupervisorActed>, mut acts: ResMut<Acts>| acts.0.push(*acted.event()))
}

#[derive(Resource, Default)]
struct Acts(Vec<SupervisorActed>);

/// The workers in the order in which their supervisors start them.
fn workers(engine: &mut Engine<SimPlatform>) -> Vec<Entity> {
    let mut workers = engine.world_mut().query::<(Entity, &Instance, &WorkerState)>();
    let mut all: Vec<_> =
        workers.iter(engine.world()).map(|(e, row, _)| (row.stage_index, row.index, e)).collect();
    all.sort_unstable();
    all.into_iter().map(|(.., entity)| entity).collect()
}

/// Those to whom `act` happened, by their place among the workers.
fn places(engine: &mut Engine<SimPlatform>, wanted: &[Act]) -> Vec<usize> {
    let workers = workers(engine);
    let acts = &engine.world().resource::<Acts>().0;
    let of = acts.iter().filter(|acted| wanted.contains(&acted.act));
    of.filter_map(|acted| workers.iter().position(|worker| *worker == acted.child)).collect()
}

fn outcome(engine: &Engine<SimPlatform>) -> Option<FaultId> {
    let Run::Ended { fault, .. } = *engine.world().resource::<Run>() else {
        panic!("the run has not ended");
    };
    fault
}

const SIGSEGV: ExitReason = ExitReason::Signalled { signal: 11 };
const STOPS: [Act; 2] = [Act::Stopped, Act::Killed];

#[test]
fn workers_are_stopped_in_reverse_start_order_at_the_end_of_every_run() {
    for seed in 0..30 {
        let top = one_for(Strategy::OneForOne, &[1, 2], ChildSpec::default());
        let mut engine = engine(TWO, top, SimFaults::default(), seed);
        match seed % 3 {
            0 => {}
            1 => engine.platform_mut().inject(9_000, Input::DrainRequested),
            _ => {
                let stage = engine.stages()[1];
                let fault = FaultId(9);
                engine.platform_mut().inject(9_000, Input::StageFailed { stage, fault });
            }
        }
        engine.run_to_end();
        assert_eq!(outcome(&engine).is_some(), seed % 3 == 2, "seed {seed}");
        assert_eq!(places(&mut engine, &STOPS), [3, 2, 1, 0], "seed {seed}");
        assert_eq!(engine.platform_mut().mishaps()[0], 0, "seed {seed}: all went by themselves");
    }
}

#[test]
fn worker_that_takes_no_notice_is_killed_after_its_shutdown() {
    let spec = ChildSpec { shutdown: Shutdown::After { micros: 30_000 }, ..ChildSpec::default() };
    let deaf = SimFaults { deaf_per_mille: 1_000, ..SimFaults::default() };
    for seed in 0..20 {
        let top = one_for(Strategy::OneForOne, &[1, 2], spec);
        let mut engine = engine(TWO, top, deaf, seed);
        engine.run_to_end();
        assert_eq!(outcome(&engine), None, "seed {seed}");
        let acts = &engine.world().resource::<Acts>().0;
        let at = |act, place: usize| {
            acts.iter().filter(|acted| acted.act == act).map(|acted| acted.at).nth(place).unwrap()
        };
        for place in 0..4 {
            assert_eq!(at(Act::Killed, place) - at(Act::Stopped, place), 30_000, "seed {seed}");
        }
        assert_eq!(places(&mut engine, &[Act::Killed]), [3, 2, 1, 0], "seed {seed}");
    }
}

#[test]
fn worker_that_hangs_is_killed_when_a_failing_run_stops_it() {
    let hangs = SimFaults {
        batch_per_mille: 400,
        hang_per_mille: 1_000,
        relentless: true,
        ..SimFaults::default()
    };
    for seed in 0..20 {
        let top = one_for(Strategy::OneForOne, &[1, 2], ChildSpec::default());
        let mut engine = engine(TWO, top, hangs, seed);
        let stage = engine.stages()[2];
        let fault = FaultId(7);
        engine.platform_mut().inject(20_000, Input::StageFailed { stage, fault });
        engine.run_to_end();
        assert_eq!(outcome(&engine), Some(FaultId(7)), "seed {seed}");
    }
}

/// A worker is struck while it works; who else is restarted is the strategy's choice.
#[test]
fn strategy_decides_who_is_restarted() {
    for (strategy, stopped, restarted) in [
        (Strategy::OneForOne, &[][..], &[1][..]),
        (Strategy::OneForAll, &[3, 2, 0], &[0, 1, 2, 3]),
        (Strategy::RestForOne, &[3, 2], &[1, 2, 3]),
    ] {
        for seed in 0..20 {
            let top = one_for(strategy, &[1, 2], ChildSpec::default());
            let mut engine = engine(TWO, top, SimFaults::default(), seed);
            let victim = workers(&mut engine)[1];
            engine.platform_mut().end_worker(5_000, victim, SIGSEGV);
            engine.run_to_end();
            assert_eq!(outcome(&engine), None, "{strategy:?}, seed {seed}");
            let in_the_end = [3, 2, 1, 0];
            let stops = places(&mut engine, &STOPS);
            assert_eq!(stops, [stopped, &in_the_end[..]].concat(), "{strategy:?}, seed {seed}");
            assert_eq!(places(&mut engine, &[Act::Restarted]), restarted, "{strategy:?}");
            assert_eq!(engine.platform_mut().written(3).len() as u64, PIECES, "seed {seed}");
        }
    }
}

/// Struck again and again, at any moment and with any reason, under every strategy.
#[test]
fn nothing_is_lost_whoever_is_restarted_with_whom() {
    let reasons = [
        SIGSEGV,
        ExitReason::Exited { code: 0 },
        ExitReason::Exited { code: 3 },
        ExitReason::Signalled { signal: 9 },
        ExitReason::Lied,
    ];
    let deaf = SimFaults { deaf_per_mille: 200, ..SimFaults::default() };
    for text in [TWO, "in source; a mergeable! in; b exclusive! a; out sink b"] {
        for strategy in [Strategy::OneForOne, Strategy::OneForAll, Strategy::RestForOne] {
            for seed in 0..25 {
                let top = one_for(strategy, &[1, 2], ChildSpec::default());
                let mut engine = engine(text, top, deaf, seed);
                let workers = workers(&mut engine);
                for n in 0..12_u64 {
                    let victim = workers[(seed * 7 + n * 5) as usize % workers.len()];
                    let reason = reasons[(seed + n) as usize % reasons.len()];
                    engine.platform_mut().end_worker(n * 2_300 + seed * 97, victim, reason);
                }
                engine.run_to_end();
                let what = format!("{strategy:?}, seed {seed}, {text}");
                assert_eq!(outcome(&engine), None, "{what}");
                let passed = engine.platform_mut().written(3).iter().filter(|c| c.origin == 0);
                assert_eq!(passed.count() as u64, PIECES, "{what}");
            }
        }
    }
}

/// The role of a run changes while workers are being restarted: it drains, and then fails.
#[test]
fn drain_that_turns_into_a_failure_stops_everybody_once() {
    for seed in 0..60 {
        let top = one_for(Strategy::OneForAll, &[1, 2], ChildSpec::default());
        let mut engine = engine(TWO, top, SimFaults::default(), seed);
        let victim = workers(&mut engine)[2];
        let stage = engine.stages()[1];
        engine.platform_mut().inject(6_000, Input::DrainRequested);
        engine.platform_mut().end_worker(6_000 + seed * 10, victim, SIGSEGV);
        let fault = FaultId(5);
        let failed = Input::StageFailed { stage, fault };
        engine.platform_mut().inject(6_200 + seed * 40, failed);
        engine.run_to_end();
        if let Some(fault) = outcome(&engine) {
            assert_eq!(fault, FaultId(5), "seed {seed}");
        }
        let workers = workers(&mut engine);
        for worker in workers {
            assert_eq!(engine.world().get(worker), Some(&WorkerState::Down), "seed {seed}");
        }
    }
}

/// A restart races with a stop: told to stop while it starts, a worker is killed, and whether it
/// becomes ready before that or not, no other life of it begins.
#[test]
fn restart_that_races_with_a_stop_loses() {
    let mut killed = 0;
    for seed in 0..80 {
        let top = one_for(Strategy::OneForOne, &[1, 2], ChildSpec::default());
        let mut engine = engine(TWO, top, SimFaults::default(), seed);
        let victim = workers(&mut engine)[3];
        let stage = engine.stages()[2];
        engine.platform_mut().end_worker(5_000, victim, SIGSEGV);
        let failed = Input::StageFailed { stage, fault: FaultId(3) };
        engine.platform_mut().inject(5_000 + seed * 25, failed);
        engine.run_to_end();
        assert_eq!(outcome(&engine), Some(FaultId(3)), "seed {seed}");
        assert!(engine.platform_mut().mishaps()[1] <= 1, "seed {seed}");
        killed += places(&mut engine, &[Act::Killed]).len();
    }
    assert!(killed > 5, "{killed} workers were killed while they started");
}

/// The kill of an old worker and its late exit are never taken for the new one's: there is exactly
/// one exit for each start, in its order.
#[test]
fn exit_of_an_old_worker_is_not_the_new_one_s() {
    for seed in 0..40 {
        let top = one_for(Strategy::OneForOne, &[1, 2], ChildSpec::default());
        let mut engine = engine(TWO, top, SimFaults::default(), seed);
        let victim = workers(&mut engine)[1];
        for n in 0..10 {
            // Twice for each life, the second time perhaps when the next one has begun.
            engine.platform_mut().end_worker(n * 3_000, victim, SIGSEGV);
            engine.platform_mut().end_worker(n * 3_000 + seed * 30, victim, SIGSEGV);
        }
        engine.run_to_end();
        assert_eq!(outcome(&engine), None, "seed {seed}");
        let [deaths, starts, _] = engine.platform_mut().mishaps();
        // The last death may come when the run is over, and nobody is started any more.
        assert!(starts > 1 && (starts..=starts + 1).contains(&deaths), "seed {seed}: {deaths}");
        assert_eq!(engine.platform_mut().written(3).len() as u64, PIECES, "seed {seed}");
    }
}

#[test]
fn worker_that_dies_while_it_starts_is_tried_again() {
    for seed in 0..30 {
        let top = one_for(Strategy::OneForAll, &[1, 2], ChildSpec::default());
        let faults = SimFaults { start_per_mille: 500, ..SimFaults::default() };
        let mut engine = engine(TWO, top, faults, seed);
        let victim = workers(&mut engine)[1];
        engine.platform_mut().end_worker(5_000, victim, SIGSEGV);
        engine.run_to_end();
        assert_eq!(outcome(&engine), None, "seed {seed}");
        assert_eq!(engine.platform_mut().written(3).len() as u64, PIECES, "seed {seed}");
    }
}

#[test]
fn worker_that_ends_in_order_leaves_its_stage_to_the_others() {
    for restart in [Restart::Transient, Restart::Temporary] {
        for seed in 0..20 {
            let spec = ChildSpec { restart, ..ChildSpec::default() };
            let top = one_for(Strategy::OneForOne, &[1, 2], spec);
            let mut engine = engine(TWO, top, SimFaults::default(), seed);
            let victim = workers(&mut engine)[1];
            let reason = ExitReason::Exited { code: 0 };
            engine.platform_mut().end_worker(5_000, victim, reason);
            engine.run_to_end();
            assert_eq!(outcome(&engine), None, "{restart:?}, seed {seed}");
            assert_eq!(places(&mut engine, &[Act::Left]), [1], "{restart:?}, seed {seed}");
            assert_eq!(engine.platform_mut().written(3).len() as u64, PIECES, "seed {seed}");
        }
    }
}

/// With the last worker of a stage, or any of one with a state, the run has failed.
#[test]
fn stage_without_the_workers_that_it_needs_fails_the_run() {
    let spec = ChildSpec { restart: Restart::Temporary, ..ChildSpec::default() };
    for (text, victims) in [(TWO, &[0, 1][..]), ("in source; a mergeable! in; out sink a", &[1])] {
        for seed in 0..20 {
            let top = one_for(Strategy::OneForOne, &[1], spec);
            let mut engine = engine(text, top, SimFaults::default(), seed);
            let workers = workers(&mut engine);
            for &victim in victims {
                engine.platform_mut().end_worker(4_000, workers[victim], SIGSEGV);
            }
            engine.run_to_end();
            assert_eq!(outcome(&engine), Some(FaultId(1)), "seed {seed}, {text}");
            let gave_up = engine.world().resource::<GaveUp>();
            assert_eq!((gave_up.end, gave_up.reason), (None, Some(SIGSEGV)), "seed {seed}");
        }
    }
}

/// `top` over `a` and a supervisor over `b`, whose crash loop is passed on.
fn nested(above: u32, below: u32) -> SupervisorSpec {
    let spec = ChildSpec::default();
    let lower = SupervisorSpec {
        name: "lower".to_owned(),
        intensity: Some(below),
        ..one_for(Strategy::OneForOne, &[2], spec)
    };
    let mut top = one_for(Strategy::OneForOne, &[1], spec);
    top.intensity = Some(above);
    top.children.push(SupervisedSpec::Supervisor { supervisor: lower, spec });
    top
}

#[test]
fn supervisor_that_gives_up_is_restarted_with_all_its_workers() {
    for seed in 0..30 {
        let mut engine = engine(TWO, nested(3, 1), SimFaults::default(), seed);
        let victim = workers(&mut engine)[3];
        for n in 0..3 {
            engine.platform_mut().end_worker(4_000 + n * 6_000, victim, SIGSEGV);
        }
        engine.run_to_end();
        assert_eq!(outcome(&engine), None, "seed {seed}");
        let acts = &engine.world().resource::<Acts>().0;
        let escalated = acts.iter().filter(|acted| acted.act == Act::Escalated).count();
        assert_eq!(escalated, 1, "seed {seed}");
        assert_eq!(engine.platform_mut().written(3).len() as u64, PIECES, "seed {seed}");
    }
}

/// A supervisor gives up while another child of it restarts.
#[test]
fn escalation_overtakes_the_restart_of_a_sibling() {
    for seed in 0..60 {
        let mut engine = engine(TWO, nested(3, 1), SimFaults::default(), seed);
        let workers = workers(&mut engine);
        engine.platform_mut().end_worker(5_000, workers[2], SIGSEGV);
        engine.platform_mut().end_worker(5_000 + seed * 20, workers[3], SIGSEGV);
        engine.run_to_end();
        assert_eq!(outcome(&engine), None, "seed {seed}");
        assert_eq!(engine.platform_mut().written(3).len() as u64, PIECES, "seed {seed}");
    }
}

#[test]
fn top_supervisor_that_gives_up_fails_the_run_and_tells_of_what() {
    for seed in 0..30 {
        let mut engine = engine(TWO, nested(0, 0), SimFaults::default(), seed);
        let victim = workers(&mut engine)[3];
        engine.platform_mut().end_worker(4_000, victim, SIGSEGV);
        engine.run_to_end();
        assert_eq!(outcome(&engine), Some(FaultId(2)), "seed {seed}");
        let gave_up = *engine.world().resource::<GaveUp>();
        assert!(matches!(gave_up.end, Some(SupervisorEnd::TooManyRestarts { .. })), "{gave_up:?}");
        assert_eq!((gave_up.restarts, gave_up.reason), (1, Some(SIGSEGV)), "seed {seed}");
    }
}

#[test]
fn violation_of_the_sandbox_is_never_tried_again() {
    for seed in 0..20 {
        let mut engine = engine(TWO, nested(9, 9), SimFaults::default(), seed);
        let victim = workers(&mut engine)[3];
        let sigsys = ExitReason::Signalled { signal: 31 };
        engine.platform_mut().end_worker(4_000, victim, sigsys);
        engine.run_to_end();
        assert_eq!(outcome(&engine), Some(FaultId(2)), "seed {seed}");
        assert_eq!(engine.platform_mut().mishaps()[1], 0, "seed {seed}: a start");
    }
}

/// A stage that is slower than its source gets the workers that it has not, one after the other;
/// one that is not gets none.
#[test]
fn workers_are_started_when_they_are_needed() {
    for seed in 0..30 {
        let slow = |index| SimStage {
            pieces: PIECES,
            delay_micros_max: if index == 1 { 20_000 } else { 100 },
            ..SimStage::default()
        };
        let topology = super::growing(super::topology(TWO, 3));
        let platform = SimPlatform::new((0..4).map(slow).collect(), seed);
        let mut engine = watched(&topology, platform);
        engine.run_to_end();
        assert_eq!(outcome(&engine), None, "seed {seed}");
        assert_eq!(engine.platform_mut().written(3).len() as u64, PIECES, "seed {seed}");
        assert_eq!(places(&mut engine, &[Act::Started]), [1, 2], "seed {seed}");
        assert_eq!(engine.platform_mut().mishaps()[1], 0, "seed {seed}: a start is no restart");
    }
}

/// A worker that never ran can take the place of one that is not restarted.
#[test]
fn worker_that_never_ran_takes_over_from_one_that_is_gone() {
    for seed in 0..30 {
        let spec = ChildSpec { restart: Restart::Temporary, ..ChildSpec::default() };
        let top = one_for(Strategy::OneForOne, &[1, 2], spec);
        let topology =
            super::growing(Topology { supervision: Some(top), ..super::topology(TWO, 2) });
        let script = SimStage { pieces: PIECES, ..SimStage::default() };
        let platform = SimPlatform::new(vec![script; 4], seed);
        let mut engine = watched(&topology, platform);
        let first = workers(&mut engine)[0];
        engine.platform_mut().end_worker(2_000, first, SIGSEGV);
        engine.run_to_end();
        assert_eq!(outcome(&engine), None, "seed {seed}");
        assert_eq!(engine.platform_mut().written(3).len() as u64, PIECES, "seed {seed}");
        assert!(places(&mut engine, &[Act::Started]).contains(&1), "seed {seed}");
    }
}
