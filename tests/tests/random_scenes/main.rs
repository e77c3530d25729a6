//! Random scenes beside a small model of what must come out, workers killed included.
//!
//!     cargo build --release
//!     TANDA_SCENES=5000 cargo test --release -p tanda-tests --test random_scenes
//!
//! One to three sources, all standard plugins, every level of isolation, every policy of failures;
//! each scene from a seed, which a failure names: `TANDA_SCENE_SEED` runs that one alone.
//!
//! A test program of its own: it kills whatever worker its process has.

mod aggregation;
mod cells;
mod dice;
mod draft;
mod failing;
mod flow;
mod plugin;
mod rows;
mod source;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tanda_tests::{Bench, children_of};

use self::dice::Dice;
use self::draft::Draft;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// Kills workers at random moments until the run is over.
fn kill_workers(dice: &mut Dice, run: &mpsc::Receiver<()>, kills: &AtomicU64) {
    let pause = |dice: &mut Dice| Duration::from_micros(dice.below(120_000));
    while run.recv_timeout(pause(dice)) == Err(RecvTimeoutError::Timeout) {
        let workers: Vec<i32> = children_of(std::process::id())
            .into_iter()
            .filter(|(_, line)| line.ends_with("tanda worker "))
            .map(|(pid, _)| pid)
            .collect();
        if workers.is_empty() {
            continue;
        }
        if kill(Pid::from_raw(dice.pick(&workers)), Signal::SIGKILL).is_ok() {
            kills.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Makes, runs and checks the scene of a seed. Workers of every third one are killed.
fn try_seed(seed: u64, kills: &AtomicU64) -> Result<(), String> {
    let bench = Bench::new();
    let case = Draft::new(seed, &bench).scene();
    let report = std::thread::scope(|scope| {
        let (over, run) = mpsc::channel();
        if seed.is_multiple_of(3) {
            scope.spawn(move || kill_workers(&mut Dice::new(!seed), &run, kills));
        }
        let report = bench.run(&case.scene);
        drop(over);
        report
    });
    let told = |what: String| format!("seed {seed}: {what}\n{}", case.scene);
    let report = report.map_err(|error| told(error.to_string()))?;
    if let Err(law) = report.ledger {
        return Err(told(format!("{law:?}")));
    }
    case.outputs.iter().try_for_each(|output| output.check(&bench)).map_err(told)
}

#[test]
fn random_scenes_give_what_the_model_says() {
    let kills = AtomicU64::new(0);
    if let Some(seed) = number("TANDA_SCENE_SEED") {
        try_seed(seed, &kills).unwrap_or_else(|fault| panic!("{fault}"));
        return;
    }
    let count = number("TANDA_SCENES").unwrap_or(40);
    let faults: Vec<String> = (0..count).filter_map(|seed| try_seed(seed, &kills).err()).collect();
    let firsts: Vec<&str> = faults.iter().filter_map(|fault| fault.lines().next()).collect();
    assert!(faults.is_empty(), "{}\n\n{}", firsts.join("\n"), faults[0]);
    let kills = kills.into_inner();
    assert!(kills > 0, "no worker of {count} scenes was killed");
}
