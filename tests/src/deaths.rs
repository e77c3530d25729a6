//! Runs whose workers die.

use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;
use std::{process, thread};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tanda::platform::os::OsPlatform;
use tanda::prelude::*;

use crate::{children_of, dice::Dice};

/// A death comes at most this long after what it follows, so that it meets any step of the worker.
const DELAY_MICROS_MAX: u64 = 8_000;

/// One in so many restarts is followed by another death, and no second one.
const RESTARTS_A_DEATH: u64 = 4;

/// When the next worker dies. Deaths follow what the run does and not the time that it takes: a
/// fast machine sees as many as a slow one, and a stage that makes nothing more is left in peace
/// before its attempts are used up.
#[derive(Resource)]
struct Deaths {
    dice: Dice,
    /// The mean number of batches that stages take between two deaths.
    batches: u64,
    /// Another worker dies when stages have taken so many.
    next: u64,
    /// A restart may be followed by a death.
    armed: bool,
    /// How many are still to come.
    left: u64,
    victims: Sender<Duration>,
}

impl Deaths {
    fn new(mut dice: Dice, batches: u64, left: u64, victims: Sender<Duration>) -> Self {
        let next = dice.below(2 * batches);
        Self { dice, batches, next, armed: false, left, victims }
    }

    fn strike(&mut self) {
        if self.left == 0 {
            return;
        }
        self.left -= 1;
        let delay = Duration::from_micros(self.dice.below(DELAY_MICROS_MAX));
        // Nobody listens once the run is over.
        let _ = self.victims.send(delay);
    }

    fn taken(&mut self, batches: u64) {
        if batches > self.next {
            self.next = batches + self.dice.below(2 * self.batches);
            self.armed = true;
            self.strike();
        }
    }

    fn restarted(&mut self) {
        if self.armed && self.dice.below(RESTARTS_A_DEATH) == 0 {
            self.armed = false;
            self.strike();
        }
    }
}

/// Kills a worker of this process for each delay that comes in, after it. Returns how many.
fn kill_workers(mut dice: Dice, delays: &Receiver<Duration>) -> u64 {
    let mut killed = 0;
    for delay in delays {
        thread::sleep(delay);
        let workers: Vec<i32> = children_of(process::id())
            .into_iter()
            .filter(|(_, line)| line.ends_with("tanda worker "))
            .map(|(pid, _)| pid)
            .collect();
        if workers.is_empty() {
            continue;
        }
        let victim = Pid::from_raw(dice.pick(&workers));
        killed += u64::from(kill(victim, Signal::SIGKILL).is_ok());
    }
    killed
}

/// Runs to the end while workers of this process die, one about every `batches` batches that a
/// stage takes, at most `deaths_max` in all. Returns how many died, too.
///
/// # Errors
/// As the engine.
///
/// # Panics
/// When the thread that kills does.
pub fn run_with_deaths(
    engine: Engine<OsPlatform>,
    seed: u64,
    batches: u64,
    deaths_max: u64,
) -> (Result<RunReport, EngineError>, u64) {
    let (victims, delays) = mpsc::channel();
    let killer = thread::spawn(move || kill_workers(Dice::new(!seed), &delays));
    let deaths = Deaths::new(Dice::new(seed), batches, deaths_max, victims);
    let count = |mut deaths: ResMut<Deaths>, ledgers: Query<&Ledger>| {
        deaths.taken(ledgers.iter().map(|ledger| ledger.batches_in).sum());
    };
    let report = engine
        .insert_resource(deaths)
        .add_systems(TickSystems::Retire, count)
        .observe(|_: On<WorkerRestarted>, mut deaths: ResMut<Deaths>| deaths.restarted())
        .run();
    (report, killer.join().expect("it only kills"))
}
