//! What a killed engine leaves behind: nothing.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tanda_tests::{Bench, children_of, parent_of, root, tanda};

#[test]
fn no_worker_outlives_a_killed_engine() {
    let bench = Bench::new();
    let scene = bench.write(
        "endless.ron",
        "Scene( name: \"endless\", engine: ( threads: 2 ), stages: {
           \"in\": Source( read: Generator( columns: [ (\"a\", Sequence) ] ) ),
           \"p\": Plugin( library: \"enrichment\", from: \"in\", instances: 2,
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
