//! W1, from the scene file to its results: the whole engine on real data.

use std::fs;
use std::path::Path;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use tanda::{Engine, Options};
use tanda_benches::{Gauge, repository};
use tempfile::TempDir;

const JANUARY: &str = "config/data/flights-2013-01.csv";
const JANUARY_ROWS: u64 = 27_004;

/// January once shows what starting costs; as a glob of many files, what rows cost.
const COPIES: [u64; 2] = [1, 40];

/// January so often in a folder.
fn flights(copies: u64) -> TempDir {
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    for copy in 0..copies {
        let file = folder.path().join(format!("flights-{copy:02}.csv"));
        fs::copy(repository().join(JANUARY), file).expect("the repository holds January");
    }
    folder
}

/// Runs W1 over the files; everything that goes in must have come out.
fn w1(input: &Path, out: &Path, rows: u64) {
    let param = |name: &str, path: &Path| (name.to_owned(), path.display().to_string());
    let params = vec![
        param("input", &input.join("*.csv")),
        param("airlines", &repository().join("config/data/airlines.csv")),
        param("airports", &repository().join("config/data/airports.csv")),
        param("out", out),
    ];
    let scene = repository().join("config/basic_pipeline.ron");
    let options = Options { params, ..Options::default() };
    let engine = Engine::with_options(scene, &options).expect("the scene is sound");
    let report = engine.run().expect("nothing fails");
    assert_eq!(report.rows_in(), rows);
    assert_eq!(report.ledger, Ok(()));
}

fn rows_of_w1(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("pipeline/w1");
    for copies in COPIES {
        let input = flights(copies);
        let out = tempfile::tempdir().expect("there is a folder for temporary files");
        let rows = copies * JANUARY_ROWS;
        let mut gauge = Gauge::default();
        group.throughput(Throughput::Elements(rows)).sample_size(20);
        group.bench_function(BenchmarkId::from_parameter(format!("{rows}_rows")), |bencher| {
            let run = || w1(input.path(), out.path(), rows);
            bencher.iter_custom(|times| gauge.time(times, rows, run));
        });
        gauge.rate("rows");
    }
}

criterion_group!(benches, rows_of_w1);

fn main() {
    // Isolated plugins run in processes of this program.
    tanda::serve_if_asked();
    benches();
    Criterion::default().configure_from_args().final_summary();
}
