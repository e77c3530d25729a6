//! Workers are killed at random moments, and nothing is lost or done twice.
//!
//!     TANDA_KILLS=2000 cargo test --release -p tanda-tests --test worker_deaths
//!
//! A test program of its own: it kills whatever worker its process has.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tanda_tests::{Bench, children_of, full_year, isolated, repo_file, start_config};

/// Longest pause between two deaths. A worker that is killed while it starts, several times in a row,
/// ends the run, and without optimisation a start takes long.
const PAUSE_MICROS_MAX: u64 = if cfg!(debug_assertions) { 250_000 } else { 60_000 };

/// Deaths in all; `TANDA_KILLS` asks for more.
fn kills_wanted() -> u64 {
    let wanted = std::env::var("TANDA_KILLS").ok().and_then(|text| text.parse().ok());
    wanted.unwrap_or(60)
}

/// Random numbers from a seed that is printed (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// Kills one worker of this process after another, at random moments, until told to stop.
fn kill_workers(dice: &mut Dice, stop: &AtomicBool, kills: &AtomicU64, pause_micros: u64) {
    while !stop.load(Ordering::Relaxed) {
        let until = Instant::now() + Duration::from_micros(dice.below(pause_micros));
        while Instant::now() < until {
            std::thread::yield_now();
        }
        let workers: Vec<i32> = children_of(std::process::id())
            .into_iter()
            .filter(|(_, line)| line.ends_with("tanda worker "))
            .map(|(pid, _)| pid)
            .collect();
        if workers.is_empty() {
            continue;
        }
        let victim = workers[dice.below(workers.len() as u64) as usize];
        if kill(Pid::from_raw(victim), Signal::SIGKILL).is_ok() {
            kills.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The victims are found among this process's children, so one test at a time has some.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Runs W1 again and again while workers die; every run gives the golden bytes.
fn w1_survives(level: &str, input: &str, golden: &str, batch_rows: u32) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let wanted = kills_wanted();
    let seed = 0x7a6e_6461 ^ wanted;
    let mut dice = Dice(seed);
    let (total, mut runs, mut restarts) = (AtomicU64::new(0), 0, 0);
    while total.load(Ordering::Relaxed) < wanted {
        let out = Bench::new();
        let stop = AtomicBool::new(false);
        let params = [("input", input), ("out", &out.file(""))];
        let edit = |text: String| isolated(&text, level, batch_rows);
        let engine = start_config("basic_pipeline.ron", &params, edit).unwrap();
        let report = std::thread::scope(|scope| {
            scope.spawn(|| kill_workers(&mut dice, &stop, &total, PAUSE_MICROS_MAX));
            let report = engine.run();
            stop.store(true, Ordering::Relaxed);
            report
        });
        let report = report.unwrap_or_else(|error| panic!("{level}, seed {seed:#x}: {error}"));
        assert_eq!(report.ledger, Ok(()), "{level}, seed {seed:#x}");
        for name in ["by_carrier_month.csv", "rejected.csv"] {
            let expected = fs::read(format!("{golden}/{name}")).unwrap();
            let result = fs::read(out.path().join(name)).unwrap();
            assert!(result == expected, "{level}, seed {seed:#x}: {name} after {report:?}");
        }
        runs += 1;
        restarts += report.stages.iter().map(|stage| u64::from(stage.restarts)).sum::<u64>();
    }
    assert!(restarts > 0, "{level}: no worker of {runs} runs was started again");
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
