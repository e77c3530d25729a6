//! The isolation of a stage does not show in its results.

use std::fs;

use tanda::prelude::RunReport;
use tanda_tests::{Bench, full_year, isolated, repo_file, run_config};

const LEVELS: [&str; 4] =
    ["InProcess", "Process(sandbox: Off)", "Process(sandbox: Basic)", "Process(sandbox: Strict)"];

fn run(scene: &str, input: &str, out: &Bench, isolation: &str) -> RunReport {
    let params = [("input", input), ("out", &out.file(""))];
    let report = run_config(scene, &params, |text| isolated(&text, isolation, 8_192));
    let report = report.unwrap_or_else(|error| panic!("{isolation}: {error}"));
    assert_eq!(report.ledger, Ok(()), "{isolation}");
    let sandboxed = report.stage("validate").unwrap().sandbox.as_deref();
    let level = isolation.trim_start_matches("Process(sandbox: ").trim_end_matches(')');
    match sandboxed {
        None => assert_eq!(level, "InProcess"),
        Some(sandbox) => assert!(sandbox.starts_with(level), "{sandbox} instead of {level}"),
    }
    report
}

fn same_in_every_level(scene: &str, input: &str, outputs: &[&str], golden: Option<&str>) {
    let mut first: Vec<Vec<u8>> = Vec::new();
    for isolation in LEVELS {
        let out = Bench::new();
        run(scene, input, &out, isolation);
        let results: Vec<Vec<u8>> =
            outputs.iter().map(|name| fs::read(out.path().join(name)).unwrap()).collect();
        assert!(results.iter().all(|bytes| bytes.len() > 500), "{isolation}: outputs are empty");
        if let Some(golden) = golden {
            for (name, result) in outputs.iter().zip(&results) {
                let expected = fs::read(format!("{golden}/{name}")).unwrap();
                assert!(*result == expected, "{isolation}: {name} differs from the golden file");
            }
        }
        if first.is_empty() {
            first = results;
        } else {
            assert!(first == results, "{isolation}: other bytes than in the engine's process");
        }
    }
}

#[test]
fn w1_of_january_is_golden_in_every_level() {
    let input = repo_file("config/data/flights-2013-01.csv");
    let golden = repo_file("tests/golden/flights-2013-01");
    let outputs = ["by_carrier_month.csv", "rejected.csv"];
    same_in_every_level("basic_pipeline.ron", &input, &outputs, Some(&golden));
}

#[test]
fn w2_of_january_has_the_same_bytes_in_every_level() {
    let input = repo_file("config/data/flights-2013-01.csv");
    let outputs = ["enriched.csv", "rejected.csv"];
    same_in_every_level("enriched_flights.ron", &input, &outputs, None);
}

#[test]
fn w1_of_the_year_is_golden_in_every_level() {
    let Some(shared) = full_year("w1_of_the_year_is_golden_in_every_level") else { return };
    let input = shared.join("data/flights.csv").display().to_string();
    let golden = shared.join("golden/flights").display().to_string();
    let outputs = ["by_carrier_month.csv", "rejected.csv"];
    same_in_every_level("basic_pipeline.ron", &input, &outputs, Some(&golden));
}

/// A batch of a trusted worker lies in its segment, and the confined one behind it has to map that
/// while it runs.
#[test]
fn strict_worker_reads_what_a_trusted_one_has_made() {
    let bench = Bench::new();
    let stage = |name: &str, from: &str, sandbox: &str| {
        format!(
            "\"{name}\": Plugin( library: \"enrichment\", from: \"{from}\", instances: 2,
                isolation: Process(sandbox: {sandbox}), config: ( compute: {{ \"{name}\": \"a * 2\" }} ) ),"
        )
    };
    let plugins = stage("x", "in", "Basic") + &stage("y", "x", "Strict") + &stage("z", "y", "Off");
    bench
        .run(&format!(
            "Scene( name: \"mixed\", engine: ( threads: 2, batch_rows: 1000 ), stages: {{
               \"in\": Source( read: Generator( rows: 20000, columns: [ (\"a\", Sequence) ] ) ),
               {plugins}
               \"out\": Sink( write: Csv( path: \"{{dir}}/out.csv\" ), from: \"z\" ) }} )"
        ))
        .unwrap();
    let expected: String = (0..20_000).map(|a| format!("{a},{b},{b},{b}\n", b = 2 * a)).collect();
    assert!(bench.read("out.csv") == format!("a,x,y,z\n{expected}"), "other rows");
}

/// Columns that are passed on cross no border: what is copied is what is new, and once what is
/// read.
#[test]
fn passed_columns_are_not_copied() {
    let bench = Bench::new();
    let scene = |stages: &str| {
        format!(
            "Scene( name: \"copies\", engine: ( threads: 1 ), stages: {{
               \"in\": Source( read: Generator( rows: 100000, columns: [
                   (\"a\", Sequence), (\"b\", Float(0, 1)), (\"c\", Int(0, 9)) ] ) ),
               {stages}
             }} )"
        )
    };
    let pass = |name: &str, from: &str| {
        format!(
            "\"{name}\": Plugin( library: \"enrichment\", from: \"{from}\", instances: 1,
                config: ( compute: {{ \"{name}\": \"a + 1\" }} ) ),"
        )
    };
    let sink = |from: &str| format!("\"out\": Sink( write: Blackhole, from: \"{from}\" )");
    let one = bench.run(&scene(&(pass("p1", "in") + &sink("p1")))).unwrap().shared_bytes_copied;
    let two = bench.run(&scene(&(pass("p1", "in") + &pass("p2", "p1") + &sink("p2"))));
    let two = two.unwrap().shared_bytes_copied;
    let column = 100_000 * 8;
    // Three columns are read in; the first plugin adds one, and so does the second. Each batch has
    // a few bytes of rounding.
    assert!((4 * column..4 * column + 40_000).contains(&one), "{one} bytes for one plugin");
    assert!((5 * column..5 * column + 80_000).contains(&two), "{two} bytes for two");
}
