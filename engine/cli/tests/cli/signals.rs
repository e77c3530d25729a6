//! Ctrl-C and SIGTERM: what was read is written; Ctrl-C again ends the program at once. SIGUSR1:
//! the run says what it waits for.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;

use nix::sys::signal::Signal;
use serde_json::Value;

use super::support::{Folder, Running, repo, tanda, wait_until};

/// From a pipe to a file and to a named pipe, which shows how far the run is.
const TAPPED: &str = r#"
        "in": Source( read: Csv( path: "-" ), linger: "10ms" ),
        "out": Sink( write: Csv( path: "out.csv" ), from: "in" ),
        "tap": Sink( write: Csv( path: "tap" ), from: "in" ),
"#;

fn tapped() -> (Folder, Running) {
    let folder = Folder::with_stages(TAPPED);
    folder.make_pipe("tap");
    let run = folder.start(&["run", "scene.ron", "--json"]);
    (folder, run)
}

fn rows(numbers: std::ops::Range<usize>) -> String {
    numbers.map(|number| format!("{number},row {number}\n")).collect()
}

fn send(run: &mut Running, text: &str) {
    let input = run.0.stdin.as_mut().expect("it is piped");
    input.write_all(text.as_bytes()).unwrap();
    input.flush().unwrap();
}

#[track_caller]
fn expect_lines(tap: &mut impl std::io::BufRead, expected: &str) {
    for expected in expected.lines() {
        let mut line = String::new();
        tap.read_line(&mut line).unwrap();
        assert_eq!(line.trim_end(), expected);
    }
}

/// Sends rows through a run that has no end, stops it, and looks for all of them.
fn stops_with_all_rows(signal: Signal) {
    let (folder, mut run) = tapped();
    send(&mut run, &format!("n,s\n{}", rows(0..500)));
    let mut tap = BufReader::new(File::open(folder.path("tap")).unwrap());
    expect_lines(&mut tap, &format!("n,s\n{}", rows(0..500)));
    send(&mut run, &rows(500..1_000));
    expect_lines(&mut tap, &rows(500..1_000));
    run.signal(signal);
    assert_eq!(run.wait().code(), Some(130));
    let report: Value = serde_json::from_str(&run.rest_of_output()).unwrap();
    assert_eq!(report["outcome"], "interrupted");
    assert_eq!(report["ledger"], "balanced");
    assert_eq!(report["stages"][0]["rows_in"], 1_000);
    assert_eq!(folder.read("out.csv"), format!("n,s\n{}", rows(0..1_000)));
    let mut rest = String::new();
    tap.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
}

#[test]
fn ctrl_c_ends_an_endless_source_with_all_rows_written() {
    stops_with_all_rows(Signal::SIGINT);
}

#[test]
fn sigterm_ends_an_endless_source_with_all_rows_written() {
    stops_with_all_rows(Signal::SIGTERM);
}

#[test]
fn sighup_ends_an_endless_source_with_all_rows_written() {
    stops_with_all_rows(Signal::SIGHUP);
}

/// As `nohup` starts a program.
#[test]
fn sighup_that_the_starter_ignores_stops_nothing() {
    let folder = Folder::with_stages(TAPPED);
    folder.make_pipe("tap");
    let script = r#"trap "" HUP; exec "$0" run scene.ron --json"#;
    let mut run =
        folder.start_as(Command::new("sh").args(["-c", script]).arg(tanda().get_program()));
    send(&mut run, &format!("n,s\n{}", rows(0..10)));
    let mut tap = BufReader::new(File::open(folder.path("tap")).unwrap());
    expect_lines(&mut tap, &format!("n,s\n{}", rows(0..10)));
    run.signal(Signal::SIGHUP);
    send(&mut run, &rows(10..20));
    expect_lines(&mut tap, &rows(10..20));
    run.0.stdin.take();
    assert_eq!(run.wait().code(), Some(0), "{}", folder.read("stderr"));
    assert_eq!(folder.read("out.csv"), format!("n,s\n{}", rows(0..20)));
}

/// Sixty outputs, so that the signal comes while they take their names, or near that.
#[test]
fn signal_that_ends_a_process_leaves_all_outputs_or_none() {
    let outputs = 1..=60;
    let mut stages: String =
        (0..4).map(|n| format!("\"in{n}\": Source( read: Csv( path: \"in.csv\" ) ),\n")).collect();
    for n in outputs.clone() {
        let from = n % 4;
        let sink = format!("Sink( write: Csv( path: \"{n}.csv\" ), from: \"in{from}\" )");
        stages += &format!("\"out{n}\": {sink},\n");
    }
    let folder = Folder::with_stages(&stages);
    folder.write("in.csv", "a\n1\n");
    for _ in 0..5 {
        outputs.clone().for_each(|n| folder.write(&format!("{n}.csv"), "old"));
        let mut run = folder.start(&["run", "scene.ron", "--quiet"]);
        while folder.read("1.csv") == "old" && run.0.try_wait().unwrap().is_none() {}
        // Who has ended and was waited for takes no signal.
        if run.0.try_wait().unwrap().is_none() {
            run.signal(Signal::SIGALRM);
        }
        let status = run.wait();
        assert!(status.success() || status.signal() == Some(Signal::SIGALRM as i32), "{status}");
        let stand = outputs.clone().filter(|n| folder.read(&format!("{n}.csv")) == "a\n1\n");
        assert_eq!(stand.count(), 60);
    }
}

#[test]
fn signal_that_ends_a_process_ends_a_run_at_once() {
    let (folder, mut run) = tapped();
    send(&mut run, &format!("n,s\n{}", rows(0..10)));
    wait_until("the run has begun", || folder.has("out.csv.part"));
    run.signal(Signal::SIGUSR2);
    assert_eq!(run.wait().signal(), Some(Signal::SIGUSR2 as i32));
    assert!(!folder.has("out.csv"));
}

/// Presses Ctrl-C until the program has ended: within a second of the first it is the same wish.
fn insist(run: &mut Running) {
    wait_until("Ctrl-C again has ended the program", || {
        let ended = run.0.try_wait().unwrap().is_some();
        if !ended {
            run.signal(Signal::SIGINT);
        }
        ended
    });
}

/// Nobody takes the output of one sink, so the drain cannot end; the other may have written all.
#[test]
fn second_ctrl_c_ends_the_program_without_a_final_name_and_with_its_report() {
    let (folder, mut run) = tapped();
    folder.write("out.csv", "old");
    send(&mut run, &format!("n,s\n{}", rows(0..10)));
    wait_until("the run has begun", || folder.has("out.csv.part"));
    run.signal(Signal::SIGINT);
    wait_until("the first signal was taken", || !is_pending(&run, Signal::SIGINT));
    let all = format!("n,s\n{}", rows(0..10));
    wait_until("one output is complete", || folder.read("out.csv.part") == all);
    assert!(run.0.try_wait().unwrap().is_none(), "the drain cannot have ended");
    insist(&mut run);
    assert_eq!(run.wait().code(), Some(1), "130 would promise complete outputs");
    let report: Value = serde_json::from_str(&run.rest_of_output()).unwrap();
    assert_eq!(report["outcome"], "failed");
    let message = report["fault"]["message"].as_str().unwrap();
    assert!(message.starts_with("interrupted again, and ended without draining; "), "{message}");
    assert_eq!(report["fault"]["stage"], Value::Null);
    assert_eq!(report["stages"][0]["rows_in"], 10);
    let ledger = report["ledger"].as_str().unwrap();
    assert!(ledger.ends_with(" batches were on their way when the run was ended"), "{ledger}");
    assert_eq!(folder.read("out.csv"), "old");
    assert_eq!(folder.read("stderr"), format!("error: {message}\n"));
}

/// As GNU `timeout` does, which signals its child and then its group.
#[test]
fn sigterm_that_comes_again_lets_the_drain_go_on() {
    let (folder, mut run) = tapped();
    let all = format!("n,s\n{}", rows(0..10));
    send(&mut run, &all);
    wait_until("the run has begun", || folder.has("out.csv.part"));
    for _ in 0..3 {
        run.signal(Signal::SIGTERM);
        wait_until("the signal was taken", || !is_pending(&run, Signal::SIGTERM));
        assert!(run.0.try_wait().unwrap().is_none(), "nobody has taken the output yet");
    }
    assert_eq!(folder.read("tap"), all);
    assert_eq!(run.wait().code(), Some(130), "{}", folder.read("stderr"));
    assert_eq!(folder.read("out.csv"), all);
}

/// The output of a source that ended long ago waits for the others: here in vain.
#[test]
fn output_that_was_complete_early_gets_no_name_when_the_run_fails() {
    let folder = Folder::with_stages(
        r#"
        "short": Source( read: Csv( path: "short.csv" ) ),
        "long": Source( read: Csv( path: "-", schema: { "n": "int64" } ), linger: "10ms" ),
        "one": Sink( write: Csv( path: "one.csv" ), from: "short" ),
        "two": Sink( write: Csv( path: "two.csv" ), from: "long" ),
"#,
    );
    folder.write("short.csv", "a\n1\n");
    folder.write("one.csv", "old");
    let mut run = folder.start(&["run", "scene.ron", "--json"]);
    send(&mut run, "n\n1\n");
    wait_until("one is complete", || {
        folder.has("one.csv.part") && folder.read("one.csv.part") == "a\n1\n"
    });
    send(&mut run, "no number\n");
    run.0.stdin.take();
    assert_eq!(run.wait().code(), Some(1));
    assert_eq!(folder.read("one.csv"), "old");
    assert_eq!(folder.read("one.csv.part"), "a\n1\n");
    assert!(!folder.has("two.csv"));
    let report: Value = serde_json::from_str(&run.rest_of_output()).unwrap();
    assert_eq!(report["fault"]["stage"], "long");
    assert_eq!(report["ledger"], "balanced");
}

/// Nobody takes the output: whoever waits for the end has to know why it does not come.
#[test]
fn first_ctrl_c_says_at_once_that_it_drains() {
    let folder = Folder::with_stages(TAPPED);
    folder.make_pipe("tap");
    let mut run = folder.start(&["run", "scene.ron"]);
    send(&mut run, &format!("n,s\n{}", rows(0..10)));
    wait_until("the run has begun", || folder.has("out.csv.part"));
    run.signal(Signal::SIGINT);
    wait_until("it says so", || folder.read("stderr").contains("draining: "));
    assert!(run.0.try_wait().unwrap().is_none(), "the drain cannot have ended");
    let errors = folder.read("stderr");
    assert!(errors.contains("Ctrl-C again ends without draining\n"), "{errors}");
    assert_eq!(errors.matches("draining").count(), 2, "it is said once: {errors}");
}

/// Has the process yet to take the signal?
fn is_pending(run: &Running, signal: Signal) -> bool {
    let status = run.proc("status");
    let pending = status.lines().filter(|line| line.starts_with("ShdPnd"));
    let masks = pending.map(|line| line.split_whitespace().nth(1).unwrap());
    let mask = masks.map(|mask| u64::from_str_radix(mask, 16).unwrap()).next().unwrap();
    mask & (1 << (signal as u32 - 1)) != 0
}

/// A shell starts background jobs with SIGINT ignored, and what it starts inherits that.
fn is_ignored(signal: Signal) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:\t")).unwrap();
    u64::from_str_radix(mask, 16).unwrap() & (1 << (signal as u32 - 1)) != 0
}

/// Nothing was read and nothing written yet: there is nothing to drain.
#[test]
fn ctrl_c_before_the_first_row_ends_the_program_at_once() {
    let (folder, mut run) = tapped();
    let signal = if is_ignored(Signal::SIGINT) { Signal::SIGTERM } else { Signal::SIGINT };
    run.signal(signal);
    let status = run.wait();
    assert_eq!(status.signal(), Some(signal as i32), "{status:?}");
    assert!(!folder.has("out.csv"));
}

/// January twenty times over, which is more than the engine holds in flight.
fn long_input() -> String {
    let text = fs::read_to_string(repo("config/data/flights-2013-01.csv")).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    format!("{header}\n{}", rows.repeat(20))
}

/// The pipe of the rejected rows holds the run back somewhere in its input.
#[test]
fn ctrl_c_in_the_middle_of_w1_leaves_complete_and_consistent_outputs() {
    let folder = Folder::new();
    folder.write("in.csv", long_input());
    let scene = fs::read_to_string(repo("config/basic_pipeline.ron")).unwrap();
    let small = scene.replace("memory: \"512MiB\"", "memory: \"16MiB\"");
    assert_ne!(small, scene);
    folder.write("w1.ron", small);
    folder.make_pipe("rejected.csv");
    let tables = ["airlines", "airports"]
        .map(|name| format!("-p{name}={}", repo(&format!("config/data/{name}.csv")).display()));
    let [airlines, airports] = tables;
    let args = ["run", "w1.ron", "--json", "-pinput=in.csv", "-pout=.", &airlines, &airports];
    let mut run = folder.start(&args);
    let mut pipe = BufReader::new(File::open(folder.path("rejected.csv")).unwrap());
    let mut header = String::new();
    pipe.read_line(&mut header).unwrap();
    assert!(header.ends_with(",reason\n"), "{header}");
    run.signal(Signal::SIGINT);
    let mut rejected = String::new();
    pipe.read_to_string(&mut rejected).unwrap();
    assert_eq!(run.wait().code(), Some(130), "{}", folder.read("stderr"));
    let report: Value = serde_json::from_str(&run.rest_of_output()).unwrap();
    assert_is_consistent(&report, &folder.read("by_carrier_month.csv"), &rejected);
}

/// Each row that was read was counted in a group or rejected.
fn assert_is_consistent(report: &Value, groups: &str, rejected: &str) {
    assert_eq!(report["outcome"], "interrupted");
    assert_eq!(report["ledger"], "balanced");
    let read = report["stages"][0]["rows_in"].as_u64().unwrap();
    let count_at = groups.lines().next().unwrap().split(',').position(|name| name == "count");
    let count =
        |line: &str| line.split(',').nth(count_at.unwrap()).unwrap().parse::<u64>().unwrap();
    let good: u64 = groups.lines().skip(1).map(count).sum();
    assert_eq!(good + rejected.lines().count() as u64, read);
    assert!(rejected.ends_with('\n'));
    assert!(read > 0 && read < 20 * 27_004, "{read} rows: not in the middle");
}

/// A worker hangs, so batches behind it have to wait: SIGUSR1 has the run say so, and it goes on.
#[test]
fn run_says_on_demand_what_every_batch_waits_for() {
    let folder = Folder::with_stages(
        r#"
        "in": Source( read: Generator( rows: 2000, columns: [("n", Sequence)] ) ),
        "stuck": Plugin( library: "faulty", from: "in", timeout: "2s",
                         config: ( when: Row("n = 150"), what: Hang ), on_failure: [ Bypass ] ),
        "out": Sink( write: Csv( path: "out.csv" ), from: "stuck" ),
        "#,
    );
    let scene = folder.read("scene.ron").replace("stages:", "engine: ( batch_rows: 100 ), stages:");
    folder.write("scene.ron", scene);
    let mut run = folder.start(&["run", "scene.ron", "--quiet"]);
    // From then on the signal is taken as a wish.
    wait_until("its output is open", || folder.path("out.csv.part").exists());
    wait_until("it says what it waits for", || {
        run.signal(Signal::SIGUSR1);
        let told = folder.read("stderr");
        told.contains("stuck: 2 with worker 0 of stage `stuck`, whose last sign of progress was")
            && told
                .contains("waiting for their turn: batch 1 of `in`, which is next, is at `stuck`")
    });
    assert_eq!(run.wait().code(), Some(0), "{}", folder.read("stderr"));
    assert_eq!(folder.read("out.csv").lines().count(), 2_001);
}
