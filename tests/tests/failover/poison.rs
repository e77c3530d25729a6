//! Poison rows are set aside, each alone and with its reason; all others are delivered in order.

use std::collections::BTreeSet;
use std::fs;

use tanda::prelude::RunReport;
use tanda_tests::{Bench, full_year};

const ROWS: u64 = 6_000;
/// Rows that the plugin fails at: neighbours, the first and the last of all, two in one batch.
const POISON: [u64; 6] = [0, 1_234, 1_235, 2_900, 2_999, 5_999];

/// Runs `in -> faulty -> out` with batches of 500 rows; `faulty` fails at the poison rows.
fn run(bench: &Bench, isolation: &str, what: &str, more: &str, retry: &str) -> RunReport {
    let rows: Vec<String> = POISON.iter().map(ToString::to_string).collect();
    let scene = format!(
        "Scene( name: \"poison\", engine: ( threads: 2, batch_rows: 500 ),
           supervision: Supervisor( intensity: 10000 ), stages: {{
           \"in\": Source( read: Generator( rows: {ROWS}, seed: 7, columns: [
               (\"n\", Sequence), (\"text\", Choice([\"one\", \"two\", \"three\"])) ] ) ),
           \"faulty\": Plugin( library: \"faulty\", from: \"in\", instances: 2,
               isolation: {isolation}, {more}
               config: ( when: Row(\"n in ({})\"), what: {what} ),
               on_failure: [ {retry} DeadLetter( to: \"poison\" ) ] ),
           \"out\": Sink( write: Csv( path: \"{{dir}}/out.csv\" ), from: \"faulty\" ),
           \"poison\": Sink( write: Csv( path: \"{{dir}}/poison.csv\" ) ) }} )",
        rows.join(", ")
    );
    bench.run(&scene).unwrap_or_else(|error| panic!("{isolation}, {what}: {error}"))
}

fn column(text: &str, index: usize) -> Vec<String> {
    let field = |line: &str| line.split(',').nth(index).unwrap_or_default().to_owned();
    text.lines().skip(1).map(field).collect()
}

/// Exactly the poison rows are in the dead letters, each with `reason`; the others arrive in order.
fn check(isolation: &str, what: &str, more: &str, reason: &str) {
    let bench = Bench::new();
    let report = run(&bench, isolation, what, more, "Retry( times: 1 ),");
    assert_eq!(report.ledger, Ok(()), "{isolation}, {what}");
    let good = (0..ROWS).filter(|n| !POISON.contains(n)).map(|n| n.to_string());
    let good: Vec<String> = good.collect();
    assert!(column(&bench.read("out.csv"), 0) == good, "{isolation}, {what}: rows delivered");
    let letters = bench.read("poison.csv");
    let numbers: Vec<String> = POISON.iter().map(ToString::to_string).collect();
    assert_eq!(column(&letters, 0), numbers, "{isolation}, {what}");
    for line in letters.lines().skip(1) {
        assert!(line.contains(",faulty,faulty 0.1.0,2,"), "{isolation}, {what}: {line}");
        assert!(line.contains(reason), "{isolation}, {what}: no `{reason}` in {line}");
    }
}

#[test]
fn error_in_the_engine_s_process_costs_one_row_each() {
    check("InProcess", "Error", "", "on order");
}

#[test]
fn panic_in_the_engine_s_process_costs_one_row_each() {
    check("InProcess", "Panic", "", "panicked");
}

#[test]
fn whatever_befalls_a_worker_costs_one_row_each() {
    let ends = [
        ("Error", "on order"),
        ("Panic", "panicked"),
        ("Abort", "SIGABRT"),
        ("Segfault", "SIGSEGV"),
        ("Exit(0)", "exited with code 0"),
        ("Exit(3)", "exited with code 3"),
    ];
    for (what, reason) in ends {
        check("Process(sandbox: Strict)", what, "", reason);
    }
    check("Process(sandbox: Basic)", "Segfault", "", "SIGSEGV");
    check("Process(sandbox: Off)", "Abort", "", "SIGABRT");
}

#[test]
fn hang_costs_one_row_each() {
    check("Process(sandbox: Strict)", "Hang", "timeout: \"100ms\",", "timeout");
}

/// A thousand rows spread over the year kill the plugin: exactly they are set aside.
#[test]
fn thousand_poison_rows_of_the_year_are_set_aside_alone() {
    let Some(shared) = full_year("thousand poison rows of the year") else { return };
    let bench = Bench::new();
    // The flights are numbered, so that each row is one of its kind.
    let text = fs::read_to_string(shared.join("data/flights.csv")).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    let numbered: String =
        rows.lines().enumerate().map(|(n, row)| format!("{n},{row}\n")).collect();
    bench.write("in.csv", format!("n,{header}\n{numbered}"));
    let count = rows.lines().count();
    let poison: BTreeSet<usize> = (0..1_000).map(|n| n * (count / 1_000) + n % 97).collect();
    let list: Vec<String> = poison.iter().map(ToString::to_string).collect();
    let report = bench.run(&format!(
        "Scene( name: \"year\", engine: ( threads: 2, batch_rows: 2000 ),
           supervision: Supervisor( intensity: 10000 ), stages: {{
           \"in\": Source( read: Csv( path: \"{{dir}}/in.csv\" ) ),
           \"faulty\": Plugin( library: \"faulty\", from: \"in\", instances: 2,
               config: ( when: Row(\"n in ({})\"), what: Abort ),
               on_failure: [ Retry( times: 1 ), DeadLetter( to: \"poison\" ) ] ),
           \"out\": Sink( write: Csv( path: \"{{dir}}/out.csv\" ), from: \"faulty\" ),
           \"poison\": Sink( write: Csv( path: \"{{dir}}/poison.csv\" ) ) }} )",
        list.join(", ")
    ));
    let report = report.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(report.ledger, Ok(()));
    assert_eq!(column(&bench.read("poison.csv"), 0), list);
    let good = (0..count).filter(|n| !poison.contains(n)).map(|n| n.to_string());
    assert!(column(&bench.read("out.csv"), 0).into_iter().eq(good), "rows delivered");
}

/// A plugin that always fails: every row is a dead letter, once; nothing is left to give to it.
#[test]
fn batches_of_a_plugin_that_always_fails_are_set_aside_as_a_whole() {
    for (isolation, what, rows) in [
        ("InProcess", "Error", 1_000),
        ("Process(sandbox: Strict)", "Error", 1_000),
        ("Process(sandbox: Basic)", "Abort", 20),
    ] {
        let bench = Bench::new();
        let scene = format!(
            "Scene( name: \"whole\", engine: ( batch_rows: {batch}, threads: 2 ),
               supervision: Supervisor( intensity: 10000 ), stages: {{
               \"in\": Source( read: Generator( rows: {rows}, columns: [(\"n\", Sequence)] ) ),
               \"faulty\": Plugin( library: \"faulty\", from: \"in\", isolation: {isolation},
                   config: ( when: Always, what: {what} ),
                   on_failure: [ DeadLetter( to: \"poison\" ) ] ),
               \"out\": Sink( write: Csv( path: \"{{dir}}/out.csv\" ), from: \"faulty\" ),
               \"poison\": Sink( write: Csv( path: \"{{dir}}/poison.csv\" ) ) }} )",
            batch = rows / 2,
        );
        let report = bench.run(&scene).unwrap();
        assert_eq!(report.ledger, Ok(()), "{isolation}, {what}");
        assert_eq!(report.stage("faulty").unwrap().failures.unwrap().dead_rows, rows);
        assert_eq!(bench.read("out.csv").lines().count(), 1, "{isolation}, {what}");
        let numbers: Vec<String> = (0..rows).map(|n| n.to_string()).collect();
        assert_eq!(column(&bench.read("poison.csv"), 0), numbers, "{isolation}, {what}");
    }
}

/// Rows that were found before the breaker opened, and those of batches that come while it is open,
/// are dead letters; all others are delivered.
#[test]
fn breaker_that_opens_over_a_search_loses_no_row() {
    for isolation in ["InProcess", "Process(sandbox: Strict)"] {
        let bench = Bench::new();
        let scene = format!(
            "Scene( name: \"breaks\", engine: ( batch_rows: 100, threads: 2 ), stages: {{
               \"in\": Source( read: Generator( rows: 10000, columns: [(\"n\", Sequence)] ) ),
               \"faulty\": Plugin( library: \"faulty\", from: \"in\", isolation: {isolation},
                   config: ( when: Row(\"n % 5 = 0\"), what: Error ), breaker: (),
                   on_failure: [ DeadLetter( to: \"poison\" ) ] ),
               \"out\": Sink( write: Csv( path: \"{{dir}}/out.csv\" ), from: \"faulty\" ),
               \"poison\": Sink( write: Csv( path: \"{{dir}}/poison.csv\" ) ) }} )"
        );
        let report = bench.run(&scene).unwrap();
        assert_eq!(report.ledger, Ok(()), "{isolation}");
        let failures = report.stage("faulty").unwrap().failures.unwrap();
        assert!(failures.breaker_opened > 0, "{isolation}");
        let dead = column(&bench.read("poison.csv"), 0);
        assert_eq!(dead.len() as u64, failures.dead_rows, "{isolation}");
        let mut all = column(&bench.read("out.csv"), 0);
        all.extend(dead);
        let mut all: Vec<u64> = all.iter().map(|n| n.parse().unwrap()).collect();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..10_000), "{isolation}: rows");
    }
}
