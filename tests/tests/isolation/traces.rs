//! What a run leaves behind: nothing.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tanda_tests::{Bench, build_worker, children_of, parent_of, root};

fn open_files() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

const SMALL: &str = "Scene( name: \"small\", engine: ( threads: 2 ), stages: {
    \"in\": Source( read: Generator( rows: 50000, columns: [ (\"a\", Sequence) ] ) ),
    \"p\": Plugin( library: \"enrichment\", from: \"in\",
                 config: ( compute: { \"b\": \"a + 1\" } ) ),
    \"out\": Sink( write: Blackhole, from: \"p\" ) } )";

/// One test, because files and children are counted for the whole process.
#[test]
fn run_leaves_no_process_no_file_and_no_name_in_dev_shm() {
    let bench = Bench::new();
    bench.run(SMALL).unwrap();
    let (files, names) = (open_files(), fs::read_dir("/dev/shm").unwrap().count());
    for _ in 0..20 {
        bench.run(SMALL).unwrap();
    }
    assert!(open_files() <= files, "{files} open files before, {} after 20 runs", open_files());
    assert_eq!(fs::read_dir("/dev/shm").unwrap().count(), names);
    let workers = children_of(std::process::id());
    assert!(!workers.iter().any(|(_, line)| line.contains("worker")), "{workers:?}");
}

/// The program under test, built beside this test.
fn tanda() -> PathBuf {
    build_worker();
    let this = std::env::current_exe().unwrap();
    this.parent().and_then(|deps| deps.parent()).unwrap().join("tanda")
}

#[test]
fn no_worker_outlives_a_killed_engine() {
    let bench = Bench::new();
    let scene = bench.write(
        "endless.ron",
        "Scene( name: \"endless\", engine: ( threads: 2 ), stages: {
           \"in\": Source( read: Generator( columns: [ (\"a\", Sequence) ] ) ),
           \"p\": Plugin( library: \"enrichment\", from: \"in\",
                        config: ( compute: { \"b\": \"a + 1\" } ) ),
           \"out\": Sink( write: Csv( path: \"-\" ), from: \"p\" ) } )",
    );
    let mut engine = Command::new(tanda())
        .args(["run", "--quiet", &scene])
        .current_dir(root())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // It writes, so its workers work.
    let mut lines = BufReader::new(engine.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "a,b");
    assert_eq!(lines.next().unwrap().unwrap(), "0,1");
    let workers = children_of(engine.id());
    assert_eq!(workers.len(), 2, "{workers:?}");
    kill(Pid::from_raw(engine.id() as i32), Signal::SIGKILL).unwrap();
    engine.wait().unwrap();
    let began = Instant::now();
    while workers.iter().any(|(pid, _)| parent_of(*pid).is_some()) {
        assert!(began.elapsed() < Duration::from_secs(1), "orphans: {workers:?}");
        std::thread::yield_now();
    }
}
