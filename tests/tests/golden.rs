//! W1 and W2 on real data equal what three independent programs made of them, byte for byte.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::{fs, io::Read as _, path::Path};

use flate2::read::GzDecoder;
use tanda::prelude::RunReport;
use tanda_tests::{Bench, full_year, repo_file, run_config};

fn gunzip(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    let file = fs::File::open(path).unwrap();
    GzDecoder::new(file).read_to_end(&mut bytes).unwrap();
    bytes
}

#[track_caller]
fn assert_same(actual: &[u8], expected: &[u8], what: &str) {
    if actual == expected {
        return;
    }
    let lines = || actual.split(|b| *b == b'\n').zip(expected.split(|b| *b == b'\n'));
    let differs = lines().position(|(a, e)| a != e).unwrap_or(0);
    let (a, e) = lines().nth(differs).unwrap();
    panic!(
        "{what}: {} and {} bytes, line {} is\n{}\ninstead of\n{}",
        actual.len(),
        expected.len(),
        differs + 1,
        String::from_utf8_lossy(a),
        String::from_utf8_lossy(e)
    );
}

/// What varies and must not show in the result.
#[derive(Clone, Copy, Debug)]
struct Shape {
    instances: u16,
    batch_rows: u32,
}

const SHAPES: [Shape; 5] = [
    Shape { instances: 2, batch_rows: 16_384 },
    Shape { instances: 1, batch_rows: 100 },
    Shape { instances: 8, batch_rows: 100 },
    Shape { instances: 8, batch_rows: 100_000 },
    Shape { instances: 8, batch_rows: 16_384 },
];

impl Shape {
    fn edit(self, scene: String) -> String {
        let engine = format!(
            "engine: ( memory: \"256MiB\", batch_rows: {}, threads: {} ),\n    stages: {{",
            self.batch_rows,
            self.instances.max(2)
        );
        let scene = scene.replace("    engine: ( memory: \"512MiB\" ),\n", "");
        let scene = scene.replacen("stages: {", &engine, 1);
        let plugin = format!("Plugin( instances: {}, ", self.instances);
        let edited = scene.replace("Plugin(", &plugin);
        assert!(edited.matches("instances:").count() >= 2, "the scene has plugins");
        edited
    }
}

fn run(scene: &str, input: &str, out: &Bench, shape: Shape) -> RunReport {
    let params = [("input", input), ("out", &out.file(""))];
    let report = run_config(scene, &params, |text| shape.edit(text));
    let report = report.unwrap_or_else(|error| panic!("{shape:?}: {error}"));
    assert_eq!(report.ledger, Ok(()), "{shape:?}");
    report
}

fn w1_equals(golden: &Path, input: &str, shape: Shape) {
    let out = Bench::new();
    let report = run("basic_pipeline.ron", input, &out, shape);
    for name in ["by_carrier_month.csv", "rejected.csv"] {
        let actual = fs::read(out.path().join(name)).unwrap();
        assert_same(&actual, &fs::read(golden.join(name)).unwrap(), &format!("{name} {shape:?}"));
    }
    let rejected = out.read("rejected.csv").lines().count() as u64 - 1;
    assert_eq!(report.stage("validate").unwrap().ports[1].rows, rejected);
}

fn w2_equals(golden: &Path, input: &str, shape: Shape) {
    let out = Bench::new();
    run("enriched_flights.ron", input, &out, shape);
    let actual = fs::read(out.path().join("enriched.csv")).unwrap();
    assert_same(&actual, &gunzip(&golden.join("enriched.csv.gz")), &format!("W2 {shape:?}"));
    let rejected = fs::read(out.path().join("rejected.csv")).unwrap();
    assert_same(&rejected, &fs::read(golden.join("rejected.csv")).unwrap(), "rejected");
}

#[test]
fn w1_of_january_is_golden_for_any_instances_and_batch_size() {
    let golden = repo_file("tests/golden/flights-2013-01");
    let input = repo_file("config/data/flights-2013-01.csv");
    SHAPES.iter().for_each(|&shape| w1_equals(Path::new(&golden), &input, shape));
}

#[test]
fn w2_of_january_is_golden_for_any_instances_and_batch_size() {
    let golden = repo_file("tests/golden/flights-2013-01");
    let input = repo_file("config/data/flights-2013-01.csv");
    SHAPES.iter().for_each(|&shape| w2_equals(Path::new(&golden), &input, shape));
}

#[test]
fn w1_of_the_year_is_golden() {
    let Some(shared) = full_year("w1_of_the_year_is_golden") else { return };
    let input = shared.join("data/flights.csv").display().to_string();
    for shape in [SHAPES[0], SHAPES[3]] {
        w1_equals(&shared.join("golden/flights"), &input, shape);
    }
}

#[test]
fn w2_of_the_year_is_golden() {
    let Some(shared) = full_year("w2_of_the_year_is_golden") else { return };
    let input = shared.join("data/flights.csv").display().to_string();
    for shape in [SHAPES[0], SHAPES[3]] {
        w2_equals(&shared.join("golden/flights"), &input, shape);
    }
}

#[test]
fn two_runs_give_the_same_bytes_in_every_format() {
    let input = repo_file("config/data/flights-2013-01.csv");
    for format in ["csv", "ndjson", "parquet", "csv.gz", "arrow"] {
        let mut results = Vec::new();
        for shape in [SHAPES[0], SHAPES[0], SHAPES[4]] {
            let out = Bench::new();
            let params = [("input", &*input), ("out", &out.file("")), ("format", format)];
            run_config("enriched_flights.ron", &params, |text| shape.edit(text)).unwrap();
            results.push(fs::read(out.path().join(format!("enriched.{format}"))).unwrap());
        }
        assert!(results[0].len() > 100_000, "{format}: {} bytes", results[0].len());
        assert!(results[1] == results[0], "{format}: two runs differ");
        assert!(results[2] == results[0], "{format}: 2 and 8 instances differ");
    }
}
