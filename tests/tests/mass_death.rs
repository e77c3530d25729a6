//! Every worker of a run is killed at once: all are started again, and no row is lost or doubled.
//!
//! `TANDA_WORKERS=1024` kills so many; by default there are 128.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::yield_now;
use std::time::Instant;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tanda_tests::{Bench, children_of, root, tanda};

const STAGES: usize = 16;

fn workers_wanted() -> usize {
    std::env::var("TANDA_WORKERS").map_or(128, |count| count.parse().expect("a number"))
}

/// As many as are read in the time in which all come back, and some.
fn rows() -> u64 {
    40_000 + 400 * workers_wanted() as u64
}

fn scene(bench: &Bench) -> String {
    let instances = workers_wanted() / STAGES;
    let mut stages = format!(
        "\"in\": Source( read: Generator( rows: {}, rows_per_second: 20000,
                                          columns: [(\"n\", Sequence)] ) ),",
        rows()
    );
    let mut from = "in".to_owned();
    for stage in 0..STAGES {
        stages += &format!(
            "\"s{stage}\": Plugin( library: \"faulty\", from: \"{from}\", instances: {instances},
                                   config: ( when: Never, what: Pass ) ),"
        );
        from = format!("s{stage}");
    }
    let out = bench.file("out.csv");
    stages += &format!("\"out\": Sink( write: Csv( path: \"{out}\" ), from: \"{from}\" ),");
    let engine = "engine: ( batch_rows: 200, threads: 2, memory: \"64MiB\" )";
    bench.write("scene.ron", format!("Scene( name: \"many\", {engine}, stages: {{ {stages} }} )"))
}

fn workers(engine: u32) -> BTreeSet<i32> {
    children_of(engine).into_iter().map(|(pid, _)| pid).collect()
}

#[test]
fn all_workers_die_at_once_and_all_come_back() {
    let bench = Bench::new();
    let scene = scene(&bench);
    let mut engine = Command::new(tanda())
        .args(["run", "--json", &scene])
        .current_dir(root())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let part = bench.file("out.csv.part");
    let written = || fs::metadata(Path::new(&part)).map_or(0, |file| file.len());
    while written() == 0 {
        assert!(engine.try_wait().unwrap().is_none(), "it ended too early");
        yield_now();
    }
    let before = workers(engine.id());
    assert_eq!(before.len(), workers_wanted() / STAGES * STAGES);
    let began = Instant::now();
    for &worker in &before {
        kill(Pid::from_raw(worker), Signal::SIGKILL).unwrap();
    }
    while workers(engine.id()).difference(&before).count() < before.len() {
        assert!(engine.try_wait().unwrap().is_none(), "it ended before all were back");
        yield_now();
    }
    println!("{} workers are back after {:?}", before.len(), began.elapsed());
    let ended = engine.wait_with_output().unwrap();
    assert!(ended.status.success());
    let report: serde_json::Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!(report["ledger"], "balanced");
    assert_eq!(report["supervisors"][0]["restarts"], before.len());
    let out = bench.read("out.csv");
    let numbers = out.lines().skip(1).map(|row| row.parse::<u64>().unwrap());
    assert!(numbers.eq(0..rows()), "rows");
}
