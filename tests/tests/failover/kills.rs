//! Workers that are killed from outside, while batches that failed are dealt with: no row pays for
//! it, and the run goes on.
#![expect(clippy::unwrap_used, reason = "a test fails and tells")]

use std::fs;
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tanda_tests::{Bench, children_of, tanda};

/// So long after it was ready, a worker that began with a batch of two rows is through with it.
const SETTLED: Duration = Duration::from_millis(100);

fn start(bench: &Bench, scene: &str) -> Child {
    let file = bench.write("scene.ron", scene.replace("{dir}", &bench.file("")));
    Command::new(tanda()).args(["run", "-q", &file]).spawn().unwrap()
}

/// A worker in `Strict` whose plugin is open: it has entered the second stage of its sandbox.
fn is_ready(pid: i32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let filters = status.lines().find_map(|line| line.strip_prefix("Seccomp_filters:"));
    filters.and_then(|count| count.trim().parse::<u32>().ok()).is_some_and(|count| count > 4)
}

/// Kills, until the run has ended, the workers that are not its first ones, each once it has
/// settled; gives how many that were.
fn kill_later_workers(run: &mut Child, first_ones: usize) -> usize {
    let (mut known, mut kills) = (Vec::<(i32, Option<Instant>)>::new(), 0);
    loop {
        if let Some(status) = run.try_wait().unwrap() {
            assert!(status.success(), "{status} after {kills} kills");
            return kills;
        }
        let mut children: Vec<i32> =
            children_of(run.id()).into_iter().map(|(pid, _)| pid).collect();
        children.sort_unstable();
        for pid in children {
            if !known.iter().any(|(other, _)| *other == pid) {
                known.push((pid, None));
            }
        }
        for (pid, ready) in known.iter_mut().skip(first_ones) {
            if ready.is_none() && is_ready(*pid) {
                *ready = Some(Instant::now());
            }
            if ready.is_some_and(|ready| ready.elapsed() > SETTLED) {
                kills += usize::from(kill(Pid::from_raw(*pid), Signal::SIGKILL).is_ok());
                *pid = 0;
            }
        }
        known.retain(|(pid, _)| *pid != 0);
        thread::yield_now();
    }
}

fn numbers(bench: &Bench, file: &str) -> Vec<u64> {
    let number = |line: &str| line.split(',').next().unwrap().parse().unwrap();
    bench.read(file).lines().skip(1).map(number).collect()
}

/// Batches of two rows: whichever try a kill hits, a single row would be blamed for it.
#[test]
fn kill_during_the_search_sets_no_innocent_row_aside() {
    let bench = Bench::new();
    let mut run = start(
        &bench,
        "Scene( name: \"search\", engine: ( threads: 2, batch_rows: 2 ), stages: {
           \"in\": Source( read: Generator( rows: 4000, columns: [(\"n\", Sequence)] ) ),
           \"faulty\": Plugin( library: \"faulty\", from: \"in\", instances: 1,
               config: ( when: Row(\"n % 2 = 1\"), what: Error ),
               on_failure: [ DeadLetter( to: \"poison\" ) ] ),
           \"out\": Sink( write: Csv( path: \"{dir}/out.csv\" ), from: \"faulty\" ),
           \"poison\": Sink( write: Csv( path: \"{dir}/poison.csv\" ) ) } )",
    );
    let kills = kill_later_workers(&mut run, 1);
    assert!(kills >= 3, "{kills} kills");
    let expected = |odd| (0..4_000).filter(|n| n % 2 == odd).collect::<Vec<u64>>();
    assert!(numbers(&bench, "poison.csv") == expected(1), "after {kills} kills");
    assert!(numbers(&bench, "out.csv") == expected(0), "after {kills} kills");
}

/// Each of its workers ends at its fourth batch, which the next one processes.
#[test]
fn fallback_whose_worker_dies_gets_another_one() {
    for (more, outcome) in [("when: Batch(3)", true), ("when: Row(\"n = 700\")", false)] {
        let bench = Bench::new();
        let result = bench.run(&format!(
            "Scene( name: \"fallback\", engine: ( threads: 2, batch_rows: 100 ), stages: {{
               \"in\": Source( read: Generator( rows: 2000, columns: [(\"n\", Sequence)] ) ),
               \"faulty\": Plugin( library: \"faulty\", from: \"in\", instances: 1,
                   config: ( when: Always, what: Error ),
                   on_failure: [ Fallback( library: \"faulty\", config: ( {more}, what: Abort ) ) ] ),
               \"out\": Sink( write: Csv( path: \"{{dir}}/out.csv\" ), from: \"faulty\" ) }} )"
        ));
        match result {
            Ok(_) if outcome => assert_eq!(numbers(&bench, "out.csv"), Vec::from_iter(0..2_000)),
            Err(error) if !outcome => {
                let text = error.to_string();
                assert!(text.contains("its fallback: it was killed by SIGABRT"), "{text}");
                assert!(text.contains("as 5 workers in a row did"), "{text}");
            }
            other => panic!("{more}: {other:?}"),
        }
    }
}
