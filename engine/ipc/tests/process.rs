//! The calls of a process's start and end, in real processes.
//!
//! A test starts this program again with a role in its environment.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process, pidfd_send_signal};

const ROLE: &str = "TANDA_IPC_ROLE";
const PATIENCE: Duration = Duration::from_secs(30);
/// What a role prints begins with this, so that the harness's own lines are passed over.
const MARK: &str = "role says ";

fn is_over(pidfd: &OwnedFd, patience: Duration) -> bool {
    let mut fds = [PollFd::new(pidfd, PollFlags::IN)];
    let patience = Timespec::try_from(patience).unwrap();
    poll(&mut fds, Some(&patience)).unwrap() == 1
}

/// The command that plays a role: this program, one test.
fn role_command(shell: &str, role: &str) -> Child {
    let program = std::env::current_exe().unwrap();
    let mut command = Command::new("sh");
    command.arg("-c").arg(shell).arg(program).env(ROLE, role);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
}

fn said(child: &mut Child) -> String {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut lines = lines.map_while(Result::ok);
    // The harness ends no line before a test's output.
    let line = lines.find_map(|line| line.split_once(MARK).map(|(_, said)| said.to_owned()));
    line.expect("the role says something")
}

#[test]
#[ignore = "the role of a process that other tests start"]
fn role() {
    match std::env::var(ROLE).as_deref() {
        Ok("keeper") => keep_some(),
        Ok("orphan") => {
            let parent = std::env::var("EXPECTED_PARENT").unwrap().parse().unwrap();
            let is_child = tanda_ipc::die_with_parent(parent).unwrap();
            say(&format!("{is_child} {}", std::process::id()));
            if !is_child {
                std::process::exit(0);
            }
            loop {
                std::thread::park();
            }
        }
        other => panic!("no such role: {other:?}"),
    }
}

fn say(text: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "{MARK}{text}").unwrap();
}

/// Opens ten files, keeps two of them and the standard three, and says what is left.
fn keep_some() {
    let files: Vec<_> = (0..10).map(|_| File::open("/dev/null").unwrap()).collect();
    let numbers: Vec<_> = files.iter().map(AsRawFd::as_raw_fd).collect();
    std::mem::forget(files);
    let keep = [numbers[7], 1, 0, numbers[3], 2, 2, -1, numbers[7]];
    tanda_ipc::close_all_but(&keep).unwrap();
    let mut left: Vec<String> = Vec::new();
    for number in 0..64 {
        // Looked at by name: to list the folder would open one more.
        if std::path::Path::new(&format!("/proc/self/fd/{number}")).exists() {
            left.push(number.to_string());
        }
    }
    let expected: Vec<String> =
        [0, 1, 2, numbers[3], numbers[7]].map(|number| number.to_string()).into();
    say(&format!("{} of {}", left.join(","), expected.join(",")));
    // Nothing of the harness may run on: its descriptors are gone.
    std::process::exit(0);
}

const PLAY: &str = r#"exec "$0" --exact role --ignored --nocapture"#;

#[test]
fn all_descriptors_but_the_kept_are_closed() {
    let mut child = role_command(PLAY, "keeper");
    let said = said(&mut child);
    let (left, expected) = said.split_once(" of ").unwrap();
    assert_eq!(left, expected);
    assert!(child.wait().unwrap().success());
}

#[test]
fn pidfd_is_readable_when_the_process_has_ended() {
    let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
    let pidfd = tanda_ipc::pidfd_open(child.id()).unwrap();
    assert!(!is_over(&pidfd, Duration::ZERO));
    drop(child.stdin.take());
    assert!(is_over(&pidfd, PATIENCE));
    child.wait().unwrap();
    let gone = tanda_ipc::pidfd_open(child.id()).map(drop);
    assert!(gone.is_err(), "{gone:?}");
    for nonsense in [0, u32::MAX] {
        assert!(tanda_ipc::pidfd_open(nonsense).is_err());
    }
}

#[test]
fn worker_dies_with_a_parent_that_is_killed() {
    // The shell is the parent: it starts the worker and waits.
    let start = r#"EXPECTED_PARENT=$$ "$0" --exact role --ignored --nocapture & wait"#;
    let mut parent = role_command(start, "orphan");
    let said = said(&mut parent);
    let (is_child, pid) = said.split_once(' ').unwrap();
    assert_eq!(is_child, "true");
    let worker = tanda_ipc::pidfd_open(pid.parse().unwrap()).unwrap();
    let shell = Pid::from_raw(i32::try_from(parent.id()).unwrap()).unwrap();
    kill_process(shell, Signal::KILL).unwrap();
    parent.wait().unwrap();
    let is_dead = is_over(&worker, PATIENCE);
    // Should it live, it must not outlive the test.
    let _ = pidfd_send_signal(worker.as_fd(), Signal::KILL);
    assert!(is_dead);
}

#[test]
fn worker_whose_parent_had_died_is_told_so() {
    // The first process of the machine is not the parent of this one.
    let start = r#"EXPECTED_PARENT=1 "$0" --exact role --ignored --nocapture; true"#;
    let mut parent = role_command(start, "orphan");
    assert!(said(&mut parent).starts_with("false "));
    assert!(parent.wait().unwrap().success());
}
