//! What isolation costs: the start of a worker, and a pipeline in processes over the same in one.
//!
//!     cargo bench -p tanda-benches --bench isolation
//!
//! W1 runs over the January flights repeated, in turn in each level, so that the ratios hold on a
//! machine whose speed drifts.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use tanda::pipeline::{Purpose, Typed};
use tanda::prelude::{Engine, Options, RunReport};
use tanda_benches::{is_smoke_test, repository};

const LEVELS: [&str; 4] =
    ["InProcess", "Process(sandbox: Off)", "Process(sandbox: Basic)", "Process(sandbox: Strict)"];
/// Rows a second in processes over those in the engine's, at least.
const THROUGHPUT_BUDGET: f64 = 0.95;
/// Start of a worker, milliseconds at the median, at most.
const START_BUDGET: f64 = 5.0;

fn main() {
    tanda::serve_if_asked();
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    starts(folder.path());
    throughput(folder.path());
}

fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_unstable_by(f64::total_cmp);
    samples[samples.len() / 2]
}

/// From the wish for a worker to its plugin open, bound and confined.
fn starts(folder: &Path) {
    let rounds = if is_smoke_test() { 2 } else { 200 };
    for level in LEVELS {
        let scene = folder.join("start.ron");
        let text = format!(
            "Scene( name: \"start\", engine: ( isolation: {level} ), stages: {{
               \"in\": Source( read: Generator( columns: [ (\"a\", Sequence) ] ) ),
               \"p\": Plugin( library: \"enrichment\", from: \"in\",
                            config: ( compute: {{ \"b\": \"a + 1\" }} ) ),
               \"out\": Sink( write: Blackhole, from: \"p\" ) }} )"
        );
        fs::write(&scene, text).expect("the folder takes files");
        let samples = (0..rounds).map(|_| {
            let started = Instant::now();
            let never = Arc::new(AtomicBool::new(false));
            let typed = Typed::load(&scene, &[], Purpose::Check, &never).expect("it is sound");
            let elapsed = started.elapsed();
            drop(typed);
            elapsed.as_secs_f64() * 1e3
        });
        let mut samples: Vec<f64> = samples.collect();
        samples.sort_unstable_by(f64::total_cmp);
        let (p50, p99) = (samples[rounds / 2], samples[rounds * 99 / 100]);
        println!(
            "a scene with one plugin is typed, {level:<24} p50 {p50:6.2} ms  p99 {p99:6.2} ms"
        );
        if level.ends_with("Strict)") {
            beside("start of a worker in Strict, ms", p50, START_BUDGET, p50 <= START_BUDGET);
        }
    }
}

struct Ran {
    wall: Duration,
    cpu: Duration,
    report: RunReport,
}

fn throughput(folder: &Path) {
    let (times, rounds) = if is_smoke_test() { (1, 1) } else { (100, 7) };
    let input = folder.join("flights.csv");
    let january = fs::read_to_string(repository().join("config/data/flights-2013-01.csv"));
    let january = january.expect("it is in the repository");
    let (header, rows) = january.split_once('\n').expect("it has a header");
    fs::write(&input, format!("{header}\n{}", rows.repeat(times))).expect("there is room");
    let mut samples: Vec<Vec<Ran>> = LEVELS.iter().map(|_| Vec::new()).collect();
    for _ in 0..rounds {
        for (level, samples) in LEVELS.iter().zip(&mut samples) {
            samples.push(run(folder, &input, level));
        }
    }
    for (level, runs) in LEVELS.iter().zip(&samples) {
        show(level, runs);
    }
    for (level, runs) in LEVELS.iter().zip(&samples).skip(1) {
        let pairs = samples[0].iter().zip(runs);
        let ratio = median(pairs.map(|(a, b)| a.wall.div_duration_f64(b.wall)).collect());
        let what = format!("throughput, {level} over in-process");
        beside(&what, ratio, THROUGHPUT_BUDGET, ratio >= THROUGHPUT_BUDGET);
    }
}

fn show(level: &str, runs: &[Ran]) {
    let wall = median(runs.iter().map(|run| run.wall.as_secs_f64()).collect());
    let cpu = median(runs.iter().map(|run| run.cpu.as_secs_f64()).collect());
    let report = &runs[0].report;
    let batches: u64 =
        report.stages.iter().filter(|s| s.kind == "plugin").map(|s| s.batches_in).sum();
    let copied = report.shared_bytes_copied / batches.max(1) / 1024;
    let rows = report.rows_in() as f64 / wall / 1e6;
    println!(
        "W1, {level:<24} {rows:5.2} M rows/s  wall {wall:.3} s  CPU {cpu:.3} s  \
         copied {copied} KiB a batch a stage"
    );
}

fn run(folder: &Path, input: &Path, level: &str) -> Ran {
    let config = repository().join("config");
    let text = fs::read_to_string(config.join("basic_pipeline.ron")).expect("it is there");
    let engine = "engine: ( memory: \"512MiB\" )";
    let edited = text.replace(engine, &format!("engine: ( isolation: {level} )"));
    assert_ne!(edited, text, "the scene has the line that is replaced");
    let scene = folder.join("w1.ron");
    fs::write(&scene, edited).expect("the folder takes files");
    let file = |name: &str| config.join("data").join(name).display().to_string();
    let params = vec![
        ("input".to_owned(), input.display().to_string()),
        ("airlines".to_owned(), file("airlines.csv")),
        ("airports".to_owned(), file("airports.csv")),
        ("out".to_owned(), folder.join("out").display().to_string()),
    ];
    let options = Options { params, ..Options::default() };
    let engine = Engine::with_options(&scene, &options).expect("it is sound");
    let (started, before) = (Instant::now(), cpu());
    let report = engine.run().expect("it runs");
    let wall = started.elapsed();
    assert!(report.ledger.is_ok(), "{:?}", report.ledger);
    Ran { wall, cpu: cpu() - before, report }
}

/// Of this process and those that it has started and reaped.
fn cpu() -> Duration {
    let of = |who| {
        let usage = getrusage(who).expect("usage is always known");
        let micros = |time: nix::sys::time::TimeVal| {
            Duration::new(time.tv_sec() as u64, time.tv_usec() as u32 * 1_000)
        };
        micros(usage.user_time()) + micros(usage.system_time())
    };
    of(UsageWho::RUSAGE_SELF) + of(UsageWho::RUSAGE_CHILDREN)
}

fn beside(what: &str, figure: f64, budget: f64, within: bool) {
    let verdict = if within { "within" } else { "BEYOND" };
    println!("    -> {what}: {figure:.2}   budget: {budget:.2}, {verdict}");
}
