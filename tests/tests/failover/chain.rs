//! The steps of a failure policy, one after the other.

use std::fs;

use tanda::EngineError;
use tanda::prelude::RunReport;
use tanda_tests::{Bench, full_year, repo_file, run_config};

const ROWS: u64 = 6_000;
const LEVELS: [&str; 2] = ["InProcess", "Process(sandbox: Strict)"];

fn run(
    bench: &Bench,
    isolation: &str,
    config: &str,
    on_failure: &str,
) -> Result<RunReport, EngineError> {
    bench.run(&format!(
        "Scene( name: \"chain\", engine: ( threads: 2, batch_rows: 500 ), stages: {{
           \"in\": Source( read: Generator( rows: {ROWS}, seed: 7, columns: [(\"n\", Sequence)] ) ),
           \"faulty\": Plugin( library: \"faulty\", from: \"in\", isolation: {isolation},
               config: ( {config} ), on_failure: [ {on_failure} ] ),
           \"out\": Sink( write: Csv( path: \"{{dir}}/out.csv\" ), from: \"faulty\" ) }} )"
    ))
}

/// All rows arrive, in order.
fn check_all(bench: &Bench) {
    let out = bench.read("out.csv");
    let mut rows = out.lines().skip(1);
    assert!((0..ROWS).all(|n| rows.next() == Some(&*n.to_string())), "rows");
    assert_eq!(rows.next(), None);
}

#[test]
fn error_now_and_then_is_retried() {
    for isolation in LEVELS {
        let bench = Bench::new();
        let retry = "Retry( times: 20, backoff: \"1ms\" )";
        run(&bench, isolation, "when: Sometimes(0.2), what: Error", retry).unwrap();
        check_all(&bench);
    }
}

#[test]
fn fallback_takes_what_the_plugin_cannot() {
    for isolation in LEVELS {
        let bench = Bench::new();
        let fallback = "Retry( times: 1 ), \
                        Fallback( library: \"faulty\", config: ( when: Never, what: Pass ) )";
        run(&bench, isolation, "when: Row(\"n % 1000 = 7\"), what: Error", fallback).unwrap();
        check_all(&bench);
    }
}

#[test]
fn bypass_lets_the_batch_go_on_as_it_is() {
    for isolation in LEVELS {
        let bench = Bench::new();
        run(&bench, isolation, "when: Always, what: Error", "Bypass").unwrap();
        check_all(&bench);
    }
}

/// A worker that panics tells so and ends: that is one failure of its batch, and no death.
#[test]
fn panic_counts_once() {
    for isolation in LEVELS {
        let bench = Bench::new();
        let policy = "Retry( times: 4 ), Bypass";
        let report = run(&bench, isolation, "when: Row(\"n = 750\"), what: Panic", policy).unwrap();
        check_all(&bench);
        let failures = report.stage("faulty").unwrap().failures.unwrap();
        assert_eq!((failures.retried, failures.bypassed), (4, 1), "{isolation}");
        assert!(report.supervisors.iter().all(|top| top.restarts == 0), "{isolation}");
    }
}

/// The second retry would come 150 ms after the first failure.
#[test]
fn no_retry_comes_later_than_it_may() {
    let bench = Bench::new();
    let policy = "Retry( times: 9, backoff: \"50ms\", within: \"120ms\" ), Bypass";
    let config = "when: Row(\"n = 750\"), what: Error";
    let report = run(&bench, "InProcess", config, policy).unwrap();
    check_all(&bench);
    assert_eq!(report.stage("faulty").unwrap().failures.unwrap().retried, 1);
}

#[test]
fn open_breaker_spares_the_plugin() {
    for isolation in LEVELS {
        let bench = Bench::new();
        let scene = "Scene( name: \"breaker\", engine: ( threads: 2, batch_rows: 100 ), stages: {
           \"in\": Source( read: Generator( rows: 6000, seed: 7, columns: [(\"n\", Sequence)] ) ),
           \"faulty\": Plugin( library: \"faulty\", from: \"in\", isolation: ISOLATION,
               config: ( when: Always, what: Error ), on_failure: [ Retry( times: 1 ), Bypass ],
               breaker: ( window: 4, open_for: \"1h\" ) ),
           \"out\": Sink( write: Csv( path: \"{dir}/out.csv\" ), from: \"faulty\" ) } )";
        let report = bench.run(&scene.replace("ISOLATION", isolation)).unwrap();
        check_all(&bench);
        let done = report.stage("faulty").unwrap().failures.unwrap();
        assert_eq!((done.breaker_opened, done.bypassed), (1, 60), "{isolation}");
        assert!(done.retried < 10, "{isolation}: {done:?}");
    }
}

#[test]
fn halt_ends_the_run_with_the_plugin_s_words() {
    for isolation in LEVELS {
        let bench = Bench::new();
        let retry = "Retry( times: 3 ), Halt";
        let error = run(&bench, isolation, "when: Row(\"n = 4321\"), what: Error", retry);
        let error = error.expect_err("nothing helps").to_string();
        assert!(error.contains("on order"), "{error}");
        assert!(!bench.has("out.csv"));
    }
}

/// W1 with `faulty` in its middle equals the golden file, whatever befalls 1 % of the calls: an
/// error in the engine's process, death in a process of its own.
fn check_w1(input: &str, golden: &str, befallen_min: u64) {
    let cases = [
        ("InProcess", "Error", "on_failure: [ Retry( times: 10 ) ],"),
        ("Process( sandbox: Strict )", "Abort", ""),
        ("Process( sandbox: Strict )", "Segfault", "on_failure: [ Retry( times: 10 ) ],"),
    ];
    let golden = fs::read_to_string(golden).expect("it is there");
    for (isolation, what, policy) in cases {
        let bench = Bench::new();
        let out = bench.path().display().to_string();
        let edit = |scene: String| {
            let from = "when: Batch(3), what: Abort";
            assert!(scene.contains(from));
            let scene = scene.replace(from, &format!("when: Sometimes(0.01), what: {what}"));
            // Nobody supervises what runs in the engine's process.
            let at = scene.find("    // Who dies").expect("there is a supervisor");
            let (scene, supervision) = scene.split_at(at);
            let end = if isolation == "InProcess" { ")" } else { supervision };
            let scene = format!("{scene}{end}");
            let strict = "isolation: Process( sandbox: Strict ),
            timeout: \"10s\",
            memory_limit: \"1GiB\",";
            assert!(scene.contains(strict));
            scene
                .replace(strict, &format!("isolation: {isolation}, {policy}"))
                .replace("batch_rows: 1000", "batch_rows: 200")
        };
        let report = run_config("testing_pipeline.ron", &[("input", input), ("out", &*out)], edit);
        let report = report.unwrap_or_else(|error| panic!("{isolation}, {what}: {error}"));
        assert_eq!(report.ledger, Ok(()));
        assert!(bench.read("by_carrier_month.csv") == golden, "{isolation}, {what}");
        let faulty = report.stage("faulty").expect("it is in the scene");
        let befallen = faulty.failures.map_or(faulty.restarts.into(), |done| done.retried);
        assert!(befallen >= befallen_min, "{isolation}, {what}: nothing befell them");
    }
}

#[test]
fn flights_come_through_a_plugin_that_fails_now_and_then() {
    let golden = repo_file("tests/golden/flights-2013-01/by_carrier_month.csv");
    // Of 135 batches it may be none.
    check_w1(&repo_file("config/data/flights-2013-01.csv"), &golden, 0);
}

#[test]
fn year_comes_through_a_plugin_that_fails_now_and_then() {
    let test = "year_comes_through_a_plugin_that_fails_now_and_then";
    let Some(data) = full_year(test) else { return };
    let file = |name: &str| data.join(name).display().to_string();
    check_w1(&file("data/flights.csv"), &file("golden/flights/by_carrier_month.csv"), 1);
}
