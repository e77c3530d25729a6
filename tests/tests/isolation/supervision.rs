//! Supervisors of real processes.

use std::time::{Duration, Instant};

use tanda::{EngineError, prelude::*};
use tanda_tests::{Bench, tanda};

/// `in -> one -> faulty -> two -> out`, under this supervision.
fn scene(bench: &Bench, config: &str, more: &str, supervision: &str) -> String {
    let _ = tanda();
    let plain = |name: &str, from: &str| {
        format!(
            "\"{name}\": Plugin( library: \"enrichment\", from: \"{from}\", instances: 1,
                config: ( compute: {{ \"{name}\": \"n + 1\" }} ) ),"
        )
    };
    let text = format!(
        "Scene( name: \"supervised\", engine: ( threads: 2, batch_rows: 1000 ), stages: {{
           \"in\": Source( read: Generator( rows: 12000, rows_per_second: 40000, seed: 7, columns: [(\"n\", Sequence)] ) ),
           {one}
           \"faulty\": Plugin( library: \"faulty\", from: \"one\", instances: 1, {more}
               isolation: Process(sandbox: Basic), config: ( {config} ) ),
           {two}
           \"out\": Sink( write: Csv( path: \"{dir}/out.csv\" ), from: \"two\" ) }},
           supervision: {supervision} )",
        one = plain("one", "in"),
        two = plain("two", "faulty"),
        dir = bench.path().display(),
    );
    bench.write("scene.ron", text)
}

fn run(config: &str, more: &str, supervision: &str) -> Result<RunReport, EngineError> {
    let bench = Bench::new();
    Engine::from_scene(scene(&bench, config, more, supervision))?.run()
}

/// Restarts of `one`, `faulty` and `two`.
fn restarts(report: &RunReport) -> [u32; 3] {
    ["one", "faulty", "two"].map(|stage| report.stage(stage).unwrap().restarts)
}

/// A supervisor with all three as children in the order of the pipeline.
fn over_all(flags: &str, faulty: &str) -> String {
    format!(
        "Supervisor( {flags}, children: [ Worker( stage: \"one\" ),
             Worker( stage: \"faulty\", {faulty} ), Worker( stage: \"two\" ) ] )"
    )
}

#[test]
fn strategy_decides_which_processes_are_restarted() {
    let dies = "when: Batch(6), what: Abort";
    for (strategy, expected) in
        [("OneForOne", [0, 1, 0]), ("OneForAll", [1, 1, 1]), ("RestForOne", [0, 1, 1])]
    {
        let supervision = over_all(&format!("strategy: {strategy}, intensity: 5"), "");
        let report = run(dies, "", &supervision).unwrap();
        assert_eq!(restarts(&report), expected, "{strategy}");
        assert_eq!(report.stage("out").unwrap().rows_in, 12_000, "{strategy}");
        let top = &report.supervisors[0];
        assert_eq!((top.name.as_str(), top.restarts), ("top", 1), "{strategy}");
        assert_eq!(top.last_reason.as_deref(), Some("killed by SIGABRT"), "{strategy}");
        assert_eq!(top.last_child.as_deref(), Some("worker 0 of stage `faulty`"), "{strategy}");
    }
}

#[test]
fn crash_loop_ends_the_run_and_says_who_gave_up_what() {
    let began = Instant::now();
    let error = run("when: Batch(0), what: Abort", "", &over_all("intensity: 2", "")).unwrap_err();
    let message = error.to_string();
    for text in [
        "stage `faulty`",
        "supervisor `top` gave up worker 0 of stage `faulty`",
        "3 restarts were needed within 5s",
        "`intensity` allows 2",
        "SIGABRT",
        "raise `intensity`",
    ] {
        assert!(message.contains(text), "no `{text}` in: {message}");
    }
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

#[test]
fn backoff_does_not_keep_the_intensity_from_being_reached() {
    let backoff = "backoff: ( base: \"600ms\", factor: 1.0, cap: \"600ms\", reset_after: \"1h\" )";
    // Two of these waits are longer than the period.
    let supervision = over_all("intensity: 3, period: \"1s\"", backoff);
    let error = run("when: Batch(0), what: Abort", "", &supervision).unwrap_err();
    assert!(error.to_string().contains("4 restarts were needed within 1s"), "{error}");
}

#[test]
fn worker_that_is_not_restarted_ends_the_run_with_its_stage() {
    for (restart, config) in [
        ("Temporary", "when: Batch(3), what: Abort"),
        ("Transient", "when: Batch(3), what: Exit(0)"),
    ] {
        let supervision = over_all("intensity: 5", &format!("restart: {restart}"));
        let message = run(config, "", &supervision).unwrap_err().to_string();
        let text = "supervisor `top` does not restart worker 0 of stage `faulty`";
        assert!(message.contains(text), "{restart}: {message}");
    }
}

#[test]
fn transient_worker_that_dies_is_restarted() {
    let supervision = over_all("intensity: 5", "restart: Transient");
    let report = run("when: Batch(6), what: Exit(3)", "", &supervision).unwrap();
    assert_eq!(restarts(&report), [0, 1, 0]);
}

/// Every act of the supervisor, and the worker's stage.
#[derive(Resource, Default)]
struct Acts(Vec<(Act, String, EngineTime)>);

fn observe(
    engine: Engine<tanda::platform::os::OsPlatform>,
) -> Engine<tanda::platform::os::OsPlatform> {
    let note = |acted: On<SupervisorActed>,
                mut acts: ResMut<Acts>,
                names: Query<&StageName>,
                instances: Query<&Instance>| {
        let stage = instances.get(acted.child).and_then(|row| names.get(row.stage));
        let name = stage.map_or("", StageName::as_str).to_owned();
        acts.0.push((acted.act, name, acted.at));
    };
    engine.insert_resource(Acts::default()).observe(note)
}

#[test]
fn processes_end_by_themselves_in_reverse_start_order() {
    let bench = Bench::new();
    let scene = scene(&bench, "when: Never, what: Pass", "", &over_all("intensity: 5", ""));
    let mut engine = observe(Engine::from_scene(scene).unwrap());
    engine.run_to_end();
    let acts = &engine.world().resource::<Acts>().0;
    let told: Vec<_> = acts.iter().map(|(act, name, _)| (*act, name.as_str())).collect();
    let stopped = |name| (Act::Stopped, name);
    assert_eq!(told, [stopped("two"), stopped("faulty"), stopped("one")]);
    // None of them had to be killed, and none ended by itself.
    let mut children = engine.world_mut().query::<&ChildState>();
    assert!(children.iter(engine.world()).all(|child| child.last_exit.is_none()));
}

/// A hanging worker in a run that fails for another reason: told, given its time, killed.
#[test]
fn worker_that_hangs_at_the_stop_is_killed_when_its_shutdown_is_over() {
    let _ = tanda();
    let bench = Bench::new();
    let faulty = |name: &str, config: &str| {
        format!(
            "\"{name}\": Plugin( library: \"faulty\", from: \"in\", instances: 1,
                isolation: Process(sandbox: Basic), config: ( {config} ) ),
             \"{name}_out\": Sink( write: Blackhole, from: \"{name}\" ),"
        )
    };
    let scene = format!(
        "Scene( name: \"hang\", engine: ( batch_rows: 1000 ), stages: {{
           \"in\": Source( read: Generator( rows_per_second: 40000, columns: [(\"n\", Sequence)] ) ),
           {} {} }},
           supervision: Supervisor( children: [
               Worker( stage: \"hangs\", shutdown: \"300ms\" ), Worker( stage: \"fails\" ) ] ) )",
        faulty("hangs", "when: Batch(1), what: Hang"),
        faulty("fails", "when: Batch(8), what: Error"),
    );
    let mut engine = observe(Engine::from_scene(bench.write("scene.ron", scene)).unwrap());
    engine.run_to_end();
    let acts = &engine.world().resource::<Acts>().0;
    let told: Vec<_> = acts.iter().map(|(act, name, _)| (*act, name.as_str())).collect();
    let expected = [(Act::Stopped, "fails"), (Act::Stopped, "hangs"), (Act::Killed, "hangs")];
    assert_eq!(told, expected);
    let waited = acts[2].2 - acts[1].2;
    assert!((300_000..350_000).contains(&waited), "killed after {waited} us");
}

#[test]
fn nested_supervisor_begins_anew_with_all_its_workers() {
    let supervision = "Supervisor( intensity: 3, children: [ Worker( stage: \"one\" ),
        Supervisor( name: \"lower\", intensity: 0,
            children: [ Worker( stage: \"faulty\" ), Worker( stage: \"two\" ) ] ) ] )";
    let report = run("when: Batch(6), what: Abort", "", supervision).unwrap();
    assert_eq!(restarts(&report), [0, 1, 1]);
    let names: Vec<_> = report.supervisors.iter().map(|s| (&*s.name, s.restarts)).collect();
    assert_eq!(names, [("top", 1), ("lower", 0)]);
    assert_eq!(report.stage("out").unwrap().rows_in, 12_000);
}

/// Of the workers that `Auto` may need, the second one is started when the first one is stuck.
#[test]
fn second_worker_is_started_when_batches_wait_for_the_first() {
    let _ = tanda();
    let bench = Bench::new();
    let scene = bench.write(
        "scene.ron",
        format!(
            "Scene( name: \"grows\", engine: ( threads: 2, batch_rows: 1 ), stages: {{
               \"in\": Source( read: Generator( rows: 60, columns: [(\"n\", Sequence)] ) ),
               \"p\": Plugin( library: \"faulty\", from: \"in\", timeout: \"500ms\",
                            config: ( when: Row(\"n = 5\"), what: Hang ),
                            on_failure: [ DeadLetter( to: \"dead\" ) ] ),
               \"out\": Sink( write: Csv( path: \"{dir}/out.csv\" ), from: \"p\" ),
               \"dead\": Sink( write: Csv( path: \"{dir}/dead.csv\" ) ) }} )",
            dir = bench.path().display(),
        ),
    );
    let report = Engine::from_scene(scene).unwrap().run().unwrap();
    let rows = |stage| report.stage(stage).unwrap().rows_in;
    let acts = report.supervisors[0].acts.iter();
    let acts: Vec<String> = acts.map(|act| format!("{} {}", act.act, act.child)).collect();
    assert_eq!((rows("out"), rows("dead")), (59, 1));
    let started = "Started worker 1 of stage `p`".to_owned();
    assert_eq!(acts.iter().filter(|act| **act == started).count(), 1, "{acts:?}");
}
