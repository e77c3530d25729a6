//! An idle engine takes no time of the processor.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::time::Duration;

use super::support::{Folder, Running, wait_until};

/// How long an idle run is watched.
const WATCH: Duration = Duration::from_secs(1);

const PIPE: &str = r#"
        "in": Source( read: Csv( path: "-" ), linger: "10ms" ),
        "out": Sink( write: Csv( path: "-" ), from: "in" ),
"#;

/// Clock ticks (10 ms) that the process has run for.
fn cpu_ticks(run: &Running) -> u64 {
    let stat = run.proc("stat");
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

/// Times that any thread of the process went to sleep: each waking ends in one.
fn sleeps(run: &Running) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{}/task", run.0.id())).unwrap();
    let statuses =
        tasks.map(|task| fs::read_to_string(task.unwrap().path().join("status")).unwrap());
    let count = |status: String| {
        let line = status.lines().find(|line| line.starts_with("voluntary")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
    };
    statuses.map(count).sum()
}

/// Lets what has begun come to rest, then watches for a second: a loop that polls would wake many
/// times, and one that polls fast would never rest.
#[track_caller]
fn assert_idle(run: &Running) {
    let mut last = 0;
    wait_until("the run has come to rest", || {
        let before = std::mem::replace(&mut last, sleeps(run));
        std::thread::sleep(WATCH / 10);
        before == last && last > 0
    });
    let before = (cpu_ticks(run), sleeps(run));
    std::thread::sleep(WATCH);
    let (ticks, slept) = (cpu_ticks(run) - before.0, sleeps(run) - before.1);
    assert!(ticks <= 1, "{ticks} clock ticks in {WATCH:?}");
    assert!(slept <= 3, "woken {slept} times in {WATCH:?}");
}

/// The header alone does not begin the run: it is the first row that is waited for.
#[test]
fn run_that_waits_for_its_first_row_is_idle() {
    let folder = Folder::with_stages(PIPE);
    let mut run = folder.start(&["run", "--quiet", "scene.ron"]);
    run.0.stdin.as_mut().unwrap().write_all(b"n\n").unwrap();
    assert_idle(&run);
}

#[test]
fn run_that_waits_for_more_rows_is_idle() {
    let folder = Folder::with_stages(PIPE);
    let mut run = folder.start(&["run", "--quiet", "scene.ron"]);
    run.0.stdin.as_mut().unwrap().write_all(b"n\n1\n2\n").unwrap();
    let mut output = BufReader::new(run.0.stdout.take().unwrap());
    for expected in ["n\n", "1\n", "2\n"] {
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        assert_eq!(line, expected);
    }
    assert_idle(&run);
}
