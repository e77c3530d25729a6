//! Workers are killed at random moments, and nothing is lost or done twice.
//!
//!     cargo build --release
//!     TANDA_KILLS=2000 cargo test --release -p tanda-tests --test worker_deaths -- --nocapture
//!
//! A test program of its own: it kills whatever worker its process has.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails and tells")]

use std::collections::HashMap;
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tanda::platform::os::OsPlatform;
use tanda::prelude::*;
use tanda_tests::deaths::run_with_deaths;
use tanda_tests::dice::Dice;
use tanda_tests::{Bench, children_of, full_year, isolated, patient, repo_file, start_config};

/// A worker dies about every so many batches that stages take.
const BATCHES_A_DEATH: u64 = 20;

/// Deaths in all; `TANDA_KILLS` asks for more.
fn kills_wanted() -> u64 {
    let wanted = std::env::var("TANDA_KILLS").ok().and_then(|text| text.parse().ok());
    wanted.unwrap_or(60)
}

/// How long each instance was without a worker.
#[derive(Clone, Default)]
struct Outages {
    began: Arc<Mutex<HashMap<Entity, EngineTime>>>,
    micros: Arc<Mutex<Vec<u64>>>,
}

impl Outages {
    fn observe(&self, engine: Engine<OsPlatform>) -> Engine<OsPlatform> {
        let (began, ended) = (self.clone(), self.clone());
        engine
            .observe(move |died: On<WorkerDied>, clock: Res<Clock>| {
                began.began.lock().unwrap().entry(died.instance).or_insert(clock.now);
            })
            .observe(move |back: On<WorkerRestarted>, clock: Res<Clock>| {
                if let Some(began) = ended.began.lock().unwrap().remove(&back.instance) {
                    ended.micros.lock().unwrap().push(clock.now - began);
                }
            })
    }

    fn show(&self, level: &str) {
        let mut micros = self.micros.lock().unwrap().clone();
        micros.sort_unstable();
        let at =
            |part: usize| micros[(micros.len() * part / 100).min(micros.len() - 1)] as f64 / 1e3;
        println!(
            "{level}: {} outages, p50 {:.1} ms, p99 {:.1} ms, longest {:.1} ms",
            micros.len(),
            at(50),
            at(99),
            at(100)
        );
    }
}

/// The victims are found among this process's children, so one test at a time has some.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Runs W1 again and again while workers die; every run gives the golden bytes.
fn w1_survives(level: &str, input: &str, golden: &str, batch_rows: u32) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let wanted = kills_wanted();
    let seed = 0x7a6e_6461 ^ wanted;
    let (mut dice, outages) = (Dice::new(seed), Outages::default());
    let (mut total, mut runs, mut restarts) = (0, 0, 0);
    let mut open_files = None;
    while total < wanted {
        let out = Bench::new();
        let params = [("input", input), ("out", &out.file(""))];
        let edit = |text: String| patient(&isolated(&text, level, batch_rows));
        let engine = start_config("basic_pipeline.ron", &params, edit).unwrap();
        let engine = outages.observe(engine);
        let seed_of_run = dice.below(u64::MAX);
        let (report, killed) = run_with_deaths(engine, seed_of_run, BATCHES_A_DEATH, u64::MAX);
        total += killed;
        let report = report.unwrap_or_else(|error| panic!("{level}, seed {seed:#x}: {error}"));
        assert_eq!(report.ledger, Ok(()), "{level}, seed {seed:#x}");
        for name in ["by_carrier_month.csv", "rejected.csv"] {
            let expected = fs::read(format!("{golden}/{name}")).unwrap();
            let result = fs::read(out.path().join(name)).unwrap();
            assert!(result == expected, "{level}, seed {seed:#x}: {name} after {report:?}");
        }
        runs += 1;
        // The first run may leave what the process keeps, every other one leaves as much.
        let open = fs::read_dir("/proc/self/fd").unwrap().count();
        assert!(open <= *open_files.get_or_insert(open), "{level}: {open} files after {runs} runs");
        let maps = fs::read_to_string("/proc/self/maps").unwrap();
        assert!(!maps.contains("tanda-segment"), "{level}: a segment is still mapped");
        restarts += report.stages.iter().map(|stage| u64::from(stage.restarts)).sum::<u64>();
    }
    assert!(restarts > 0, "{level}: no worker of {runs} runs was started again");
    println!("{level}: {} deaths in {runs} runs, {restarts} restarts", total);
    outages.show(level);
}

#[test]
fn january_survives_the_death_of_workers_in_strict() {
    let input = repo_file("config/data/flights-2013-01.csv");
    let golden = repo_file("tests/golden/flights-2013-01");
    w1_survives("Process(sandbox: Strict)", &input, &golden, 500);
}

#[test]
fn year_survives_the_death_of_workers_in_place() {
    let Some(shared) = full_year("year_survives_the_death_of_workers_in_place") else { return };
    let input = shared.join("data/flights.csv").display().to_string();
    let golden = shared.join("golden/flights").display().to_string();
    w1_survives("Process(sandbox: Basic)", &input, &golden, 2_000);
}

/// Runs of January under random supervisors; `TANDA_SUPERVISION_RUNS` asks for more.
fn runs_wanted() -> u64 {
    let wanted = std::env::var("TANDA_SUPERVISION_RUNS").ok().and_then(|text| text.parse().ok());
    wanted.unwrap_or(6)
}

/// A supervisor over supervisors over workers, each with a strategy of its own.
fn random_supervision(dice: &mut Dice) -> String {
    let mut flags = || {
        let strategy = ["OneForOne", "OneForAll", "RestForOne"][dice.below(3) as usize];
        format!("strategy: {strategy}, intensity: 10000")
    };
    let (top, lower) = (flags(), flags());
    let mut worker = |stage: &str| {
        let shutdown = ["\"5s\"", "BrutalKill", "Infinity"][dice.below(3) as usize];
        let base = dice.below(20);
        format!(
            "Worker( stage: \"{stage}\", shutdown: {shutdown}, backoff: ( base: \"{base}ms\" ) )"
        )
    };
    let (one, two, three) = (worker("validate"), worker("enrich"), worker("aggregate"));
    format!(
        "supervision: Supervisor( {top}, children: [ {one}, Supervisor( name: \"lower\", {lower}, \
         children: [ {two}, {three} ] ) ] ),\n    stages: {{"
    )
}

#[test]
fn january_survives_under_any_supervisors() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let input = repo_file("config/data/flights-2013-01.csv");
    let golden = repo_file("tests/golden/flights-2013-01");
    let (mut total, mut restarts) = (0, 0);
    for run in 0..runs_wanted() {
        let mut dice = Dice::new(0x5355_5045 + run * 7_919);
        let out = Bench::new();
        let params = [("input", &*input), ("out", &out.file(""))];
        let supervision = random_supervision(&mut dice);
        let edit = |text: String| {
            let level = "Process(sandbox: Basic)";
            isolated(&text, level, 300).replacen("stages: {", &supervision, 1)
        };
        let engine = start_config("basic_pipeline.ron", &params, edit).unwrap();
        let (report, killed) = run_with_deaths(engine, run, BATCHES_A_DEATH, u64::MAX);
        total += killed;
        let report = report.unwrap_or_else(|error| panic!("run {run}, {supervision}: {error}"));
        for name in ["by_carrier_month.csv", "rejected.csv"] {
            let expected = fs::read(format!("{golden}/{name}")).unwrap();
            let result = fs::read(out.path().join(name)).unwrap();
            assert!(result == expected, "run {run}, {supervision}: {name}");
        }
        let left = children_of(std::process::id());
        let left = left.iter().filter(|(_, line)| line.ends_with("tanda worker ")).count();
        assert_eq!(left, 0, "run {run}, {supervision}: workers are left");
        restarts += report.stages.iter().map(|stage| u64::from(stage.restarts)).sum::<u64>();
    }
    println!("{} deaths, {restarts} restarts in {} runs", total, runs_wanted());
    assert!(restarts > 0, "nobody was restarted");
}

/// Kills the worker that searches for poison rows, again and again.
#[derive(Resource)]
struct SearcherDeaths {
    /// Those of the stage, which are left alone.
    workers: Vec<i32>,
    /// The next death comes when the sink has taken so many batches.
    next: u64,
    kills: Arc<AtomicU64>,
}

/// Batches between two deaths of a searcher: more than are searched before the sink has them, so
/// no row meets two deaths, and the second would be its fault.
const SEARCHES_A_DEATH: u64 = 40;

fn kill_searcher(mut deaths: ResMut<SearcherDeaths>, stages: Query<(&StageName, &Ledger)>) {
    let (_, out) = stages.iter().find(|(name, _)| name.as_str() == "out").unwrap();
    if out.batches_in < deaths.next {
        return;
    }
    let children = children_of(std::process::id()).into_iter();
    let searcher = children.map(|(pid, _)| pid).find(|pid| !deaths.workers.contains(pid));
    let Some(searcher) = searcher else { return };
    if kill(Pid::from_raw(searcher), Signal::SIGKILL).is_ok() {
        deaths.next = out.batches_in + SEARCHES_A_DEATH;
        deaths.kills.fetch_add(1, Ordering::Relaxed);
    }
}

/// Batches of two rows: whichever try a death meets, a single row would be blamed for it.
#[test]
fn death_during_the_search_sets_no_innocent_row_aside() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let bench = Bench::new();
    let engine = bench.start(
        "Scene( name: \"search\", engine: ( threads: 2, batch_rows: 2 ), stages: {
           \"in\": Source( read: Generator( rows: 4000, columns: [(\"n\", Sequence)] ) ),
           \"faulty\": Plugin( library: \"faulty\", from: \"in\", instances: 1,
               config: ( when: Row(\"n % 2 = 1\"), what: Error ),
               on_failure: [ DeadLetter( to: \"poison\" ) ] ),
           \"out\": Sink( write: Csv( path: \"{dir}/out.csv\" ), from: \"faulty\" ),
           \"poison\": Sink( write: Csv( path: \"{dir}/poison.csv\" ) ) } )",
    );
    let kills = Arc::new(AtomicU64::new(0));
    let workers = children_of(std::process::id()).into_iter().map(|(pid, _)| pid).collect();
    let deaths = SearcherDeaths { workers, next: 0, kills: kills.clone() };
    let engine = engine.unwrap().insert_resource(deaths);
    let report = engine.add_systems(TickSystems::Retire, kill_searcher).run().unwrap();
    assert_eq!(report.ledger, Ok(()));
    let kills = kills.load(Ordering::Relaxed);
    assert!(kills > 10, "{kills} kills");
    for (file, odd) in [("out.csv", 0), ("poison.csv", 1)] {
        let text = bench.read(file);
        let rows = text.lines().skip(1).map(|line| line.split(',').next().unwrap());
        let expected = (0..4_000).filter(|n| n % 2 == odd).map(|n: u64| n.to_string());
        assert!(rows.eq(expected), "{file} after {kills} kills");
    }
}
