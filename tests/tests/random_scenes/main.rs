//! Random scenes beside a small model of what must come out, workers killed included.
//!
//!     cargo build --release
//!     TANDA_SCENES=5000 cargo test --release -p tanda-tests --test random_scenes
//!
//! One to three sources, all standard plugins, every level of isolation, every policy of failures;
//! each scene from a seed, which a failure names: `TANDA_SCENE_SEED` runs that one alone,
//! `TANDA_FIRST_SCENE` begins elsewhere than at 0.
//!
//! A test program of its own: it kills whatever worker its process has.

mod aggregation;
mod cells;
mod draft;
mod failing;
mod flow;
mod plugin;
mod rows;
mod source;

use tanda_tests::{Bench, deaths::run_with_deaths};

use self::draft::Draft;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// A worker dies about every so many batches that stages take.
const BATCHES_A_DEATH: u64 = 6;

/// Deaths that no worker, batch or row can come to harm by, all on the same one: a row is blamed
/// for the second death in a search, and a batch or a start given up after the fifth.
fn deaths(scene: &str) -> u64 {
    let searches = ["DeadLetter", "Bypass"].iter().any(|policy| scene.contains(policy));
    if searches { 1 } else { 4 }
}

/// Makes, runs and checks the scene of a seed. Workers of every third one are killed.
fn try_seed(seed: u64, kills: &mut u64) -> Result<(), String> {
    let bench = Bench::new();
    let case = Draft::new(seed, &bench).scene();
    let report = bench.start(&case.scene).and_then(|engine| {
        if !seed.is_multiple_of(3) {
            return engine.run();
        }
        let (report, killed) = run_with_deaths(engine, seed, BATCHES_A_DEATH, deaths(&case.scene));
        *kills += killed;
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
    let mut kills = 0;
    if let Some(seed) = number("TANDA_SCENE_SEED") {
        try_seed(seed, &mut kills).unwrap_or_else(|fault| panic!("{fault}"));
        return;
    }
    let count = number("TANDA_SCENES").unwrap_or(40);
    let first = number("TANDA_FIRST_SCENE").unwrap_or(0);
    let faults: Vec<String> =
        (first..first + count).filter_map(|seed| try_seed(seed, &mut kills).err()).collect();
    let firsts: Vec<&str> = faults.iter().filter_map(|fault| fault.lines().next()).collect();
    assert!(faults.is_empty(), "{}\n\n{}", firsts.join("\n"), faults[0]);
    assert!(kills > 0, "no worker of {count} scenes was killed");
}
