//! How long it takes from the SIGKILL of a worker until its batch runs again.
//!
//!     cargo bench -p tanda-benches --bench restart
//!
//! A worker of a running pipeline is killed, and the clock runs until the next worker of its
//! instance has the batch. Without a spare that is the start of a process with its sandbox; with
//! one it is the hand-over. Beside it, where Erlang is installed: `escript restart.escript` tells
//! how long a supervisor takes for a port program.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use bevy_ecs::prelude::*;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tanda::prelude::{Engine, WorkerDied, WorkerRestarted};
use tanda_benches::is_smoke_test;

/// p50 and p99 at most, milliseconds: without a spare, and with one.
const BUDGETS: [(f64, f64); 2] = [(5.0, 20.0), (1.0, 3.0)];

/// No restart takes so long.
const PATIENCE: Duration = Duration::from_secs(5);

/// Kills that may meet a spare instead.
const SPARES_HIT_MAX: usize = 10;

/// Variable of the environment that says how many spares to measure with.
const SPARES: &str = "TANDA_BENCH_SPARES";

/// What the engine tells the killer.
enum News {
    Died(Instant),
    Again(Instant),
}

#[derive(Resource)]
struct Wire(mpsc::Sender<News>);

fn main() {
    tanda::serve_if_asked();
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    let Some(spares) = std::env::var(SPARES).ok().and_then(|text| text.parse().ok()) else {
        return one_after_the_other();
    };
    let (seen, again) = measure(folder.path(), spares);
    println!("spares: {spares}");
    show("  SIGKILL to the engine knowing it", &seen, None);
    show("  SIGKILL to the batch running again", &again, Some(BUDGETS[spares]));
}

/// Each in a process of its own: the pipelines never end, and the workers of one must not be taken
/// for those of the other.
fn one_after_the_other() {
    let program = std::env::current_exe().expect("the program has a file");
    for spares in 0..BUDGETS.len() {
        let mut bench = Command::new(&program);
        bench.args(std::env::args_os().skip(1)).env(SPARES, spares.to_string());
        let status = bench.status().expect("it starts");
        assert!(status.success(), "with {spares} spares it ended with {status}");
    }
}

fn show(what: &str, sorted: &[f64], budget: Option<(f64, f64)>) {
    let at = |percent: usize| sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)];
    let (p50, p99, max) = (at(50), at(99), at(100));
    let beside = budget.map_or_else(String::new, |(p50_max, p99_max)| {
        let kept = if p50 <= p50_max && p99 <= p99_max { "kept" } else { "MISSED" };
        format!("  (budget {p50_max} and {p99_max}: {kept})")
    });
    println!(
        "{what:<38} n {:>4}  p50 {p50:6.2} ms  p99 {p99:6.2} ms  max {max:6.2} ms{beside}",
        sorted.len()
    );
}

/// Milliseconds from each kill to its being seen, and to the batch running again; sorted.
fn measure(folder: &Path, spares: usize) -> (Vec<f64>, Vec<f64>) {
    let kills = if is_smoke_test() { 3 } else { 300 };
    let scene = folder.join("restart.ron");
    let text = format!(
        "Scene( name: \"restart\",
           supervision: Supervisor( intensity: 10000, children: [
               Worker( stage: \"p\", backoff: ( base: \"0s\" ) ) ] ),
           stages: {{
           \"in\": Source( read: Generator( columns: [ (\"a\", Sequence) ],
               rows_per_second: 20000000 ) ),
           \"p\": Plugin( library: \"enrichment\", from: \"in\", instances: 1, spares: {spares},
                        config: ( compute: {{ \"b\": \"a + 1\" }} ) ),
           \"out\": Sink( write: Blackhole, from: \"p\" ) }} )"
    );
    fs::write(&scene, text).expect("the folder takes files");
    let (sender, news) = mpsc::channel();
    let engine = Engine::from_scene(&scene)
        .expect("it is sound")
        .insert_resource(Wire(sender))
        .observe(|_: On<WorkerDied>, wire: Res<Wire>| {
            let _ = wire.0.send(News::Died(Instant::now()));
        })
        .observe(|_: On<WorkerRestarted>, wire: Res<Wire>| {
            let _ = wire.0.send(News::Again(Instant::now()));
        });
    let killer = thread::spawn(move || kill_often(kills, &news));
    // The source never ends: the engine is left behind when the killer is done.
    thread::spawn(move || drop(engine.run()));
    let (mut seen, mut again) = killer.join().expect("the killer ends");
    seen.sort_unstable_by(f64::total_cmp);
    again.sort_unstable_by(f64::total_cmp);
    (seen, again)
}

fn kill_often(kills: usize, news: &mpsc::Receiver<News>) -> (Vec<f64>, Vec<f64>) {
    let (mut seen, mut again) = (Vec::new(), Vec::new());
    let millis = |from: Instant, to: Instant| to.duration_since(from).as_secs_f64() * 1e3;
    for number in 0..kills + SPARES_HIT_MAX {
        if again.len() == kills {
            return (seen, again);
        }
        // Long enough for a spare to be there again and for batches to run.
        thread::sleep(Duration::from_micros(20_000 + number as u64 * 7_919 % 5_000));
        let worker = only_busy_child();
        let killed = Instant::now();
        kill(worker, Signal::SIGKILL).expect("the worker lives");
        // Without news it was a spare, busy with its start: nothing waits for that one.
        while let Ok(told) = news.recv_timeout(PATIENCE) {
            match told {
                News::Died(at) => seen.push(millis(killed, at)),
                News::Again(at) => {
                    again.push(millis(killed, at));
                    break;
                }
            }
        }
    }
    assert_eq!(again.len(), kills, "a worker that was killed did not come again");
    (seen, again)
}

/// What each child has used of the processor so far.
fn busy_nanos() -> BTreeMap<i32, u64> {
    let tasks = fs::read_dir("/proc/self/task").expect("there is a list of threads");
    let children = tasks.flatten().flat_map(|task| {
        let list = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<i32>>()
    });
    let busy = |pid: i32| {
        let schedstat = fs::read_to_string(format!("/proc/{pid}/schedstat")).unwrap_or_default();
        let nanos = schedstat.split(' ').next().and_then(|nanos| nanos.parse().ok());
        (pid, nanos.unwrap_or(0))
    };
    children.map(busy).collect()
}

/// The worker that has the batches: the only child that does anything, once all spares are started.
fn only_busy_child() -> Pid {
    loop {
        let before = busy_nanos();
        thread::sleep(Duration::from_millis(5));
        let after = busy_nanos();
        let busy = after.iter().filter(|(pid, nanos)| before.get(pid) != Some(nanos));
        let busy: Vec<i32> = busy.map(|(pid, _)| *pid).collect();
        if let [worker] = busy[..] {
            return Pid::from_raw(worker);
        }
    }
}
