//! The summary adds up: what came in, was made, taken in, and left; and what plugins have counted.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::process::Command;

use serde_json::Value;
use tanda::prelude::RunReport;
use tanda_tests::{Bench, tanda};

fn adds_up(report: &RunReport) {
    for stage in &report.stages {
        let left: u64 = stage.ports.iter().map(|port| port.rows).sum();
        let credit = left + stage.absorbed + stage.filtered + stage.abandoned;
        assert_eq!(stage.rows_in + stage.made, credit, "{stage:?}");
    }
}

#[test]
fn rows_that_a_window_takes_in_and_those_it_makes_are_told_apart() {
    let bench = Bench::new();
    bench.write("in.csv", "t\n0\n5\n15\n");
    let report = bench.run(
        r#"Scene( name: "window", stages: {
            "in": Source( read: Csv( path: "{dir}/in.csv" ), batch_rows: 1 ),
            "w": Plugin( library: "aggregation", from: "in", isolation: InProcess, config: (
                window: Tumbling( by: "t", every: 10 ), aggregates: [ Count() ] ) ),
            "out": Sink( write: Csv( path: "{dir}/out.csv" ), from: "w" ) } )"#,
    );
    let report = report.unwrap();
    adds_up(&report);
    let window = report.stage("w").unwrap();
    assert_eq!((window.rows_in, window.absorbed, window.made), (3, 3, 2));
}

const LATE: &str = r#"Scene( name: "late", engine: ( isolation: ISOLATION, batch_rows: 500 ),
    stages: {
        "in": Source( read: Generator( rows: 20000, columns: [ ("t", Int(0, 100000)) ] ) ),
        "check": Plugin( library: "validation", from: "in",
                         config: ( rules: [ Range( column: "t", min: 1000 ) ] ) ),
        "w": Plugin( library: "aggregation", from: "check", config: (
            aggregates: [ Count() ], window: Tumbling( by: "t", every: 1000, lateness: 90000 ) ) ),
        "out": Sink( write: Blackhole, from: "w" ),
        "late": Sink( write: Blackhole, from: "w.late" ) } )"#;

/// The report of a run whose first worker dies at a step, and what was printed of it.
fn run(isolation: &str, fail_point: &str) -> (Value, String) {
    let bench = Bench::new();
    let scene = bench.write("scene.ron", LATE.replace("ISOLATION", isolation));
    let run = |arguments: &[&str]| {
        let mut command = Command::new(tanda());
        command.args(["run", &scene]).args(arguments).env("TANDA_FAIL_POINT", fail_point);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output
    };
    let report = serde_json::from_slice(&run(&["--json"]).stdout).unwrap();
    let shown = run(&[]);
    let shown = [shown.stdout, shown.stderr].concat();
    (report, String::from_utf8(shown).unwrap())
}

fn stage<'a>(report: &'a Value, name: &str) -> &'a Value {
    let stages = report["stages"].as_array().unwrap();
    stages.iter().find(|stage| stage["name"] == name).unwrap()
}

fn port(report: &Value, name: &str, port: usize) -> u64 {
    stage(report, name)["ports"][port]["rows"].as_u64().unwrap()
}

#[test]
fn every_batch_counts_once_whatever_step_its_worker_dies_at() {
    let strict = "Process(sandbox: Strict)";
    for (isolation, fail_point) in [
        ("InProcess", ""),
        (strict, ""),
        (strict, "check/processed:6"),
        (strict, "check/emitted:6"),
        (strict, "check/done:6"),
        (strict, "w/taken:6"),
        (strict, "w/emitted:6"),
        (strict, "w/done:6"),
        (strict, "w/saved:1"),
        (strict, "w/flushed:1"),
    ] {
        let (report, shown) = run(isolation, fail_point);
        let restarts = |name| stage(&report, name)["restarts"].as_u64().unwrap();
        let died = restarts("check") + restarts("w") > 0;
        // Whether a state is saved at all before the end is a matter of time.
        assert!(died != fail_point.is_empty() || fail_point == "w/saved:1", "{fail_point}");
        let (rejected, late) = (port(&report, "check", 1), port(&report, "w", 1));
        assert!(rejected > 100 && late > 100, "{rejected} rejected, {late} late");
        let counted = &stage(&report, "check")["counters"]["rows_rejected"];
        assert_eq!(counted, rejected, "{isolation} {fail_point}");
        let counters = &stage(&report, "w")["counters"];
        assert_eq!(counters["late_rows"], late, "{isolation} {fail_point}");
        assert!(counters["groups_at_end"].as_u64().unwrap() > 0, "{isolation} {fail_point}");
        assert!(shown.contains("check: rows_rejected "), "{shown}");
        assert!(shown.contains("late_rows "), "{shown}");
    }
}
