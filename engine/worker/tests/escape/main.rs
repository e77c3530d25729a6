//! The escape suite: a hostile plugin, compiled by `cc`, tries one thing in a process in `Strict`.
//!
//! Each probe runs in the constructor of the library, while the plugin opens, and once it is open;
//! the last two also on a kernel whose Landlock enforces nothing, where seccomp alone must hold.
//! The process that is confined is this program again: it must have one thread, so there is no
//! test harness. Arguments are parts of names of probes; without any, all run.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program that reports to people")]

mod inside;
mod probes;
mod refusals;
mod rust;

use std::env;
use std::fs;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus, Stdio};

use nix::sys::signal::Signal::{self, SIGKILL, SIGSYS};
use tempfile::TempDir;

use probes::{End, Probe};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [inside, folder, library, pretend, probe] = &arguments[..]
        && inside == "--inside"
    {
        inside::main(folder.as_ref(), library.as_ref(), pretend, probe);
        return ExitCode::SUCCESS;
    }
    let wanted = |name: &str| {
        let parts: Vec<_> = arguments.iter().filter(|part| !part.starts_with('-')).collect();
        parts.is_empty() || parts.iter().any(|part| name.contains(*part))
    };
    let plugin = Hostile::compiled();
    let mut faults = Vec::new();
    let mut count = 0;
    for attempt in attempts().filter(|attempt| wanted(attempt.probe.name)) {
        count += 1;
        faults.extend(attempt.fault(&plugin));
    }
    println!("{count} attempts to escape, {} not as expected", faults.len());
    faults.extend(refusals::faults(&plugin));
    for fault in &faults {
        println!("{fault}");
    }
    if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A probe at a place.
struct Attempt {
    probe: Probe,
    place: &'static str,
    pretend: &'static str,
    end: End,
}

const LANDLOCK_ON: &str = "nothing";
const LANDLOCK_OFF: &str = "landlock off";

fn attempts() -> impl Iterator<Item = Attempt> {
    probes::all().flat_map(|probe| {
        let loading = |place, pretend| Attempt { probe, place, pretend, end: probe.loading };
        let running = |pretend| Attempt { probe, place: "run", pretend, end: probe.running };
        let mut attempts = vec![
            loading("constructor", LANDLOCK_ON),
            loading("open", LANDLOCK_ON),
            running(LANDLOCK_ON),
            running(LANDLOCK_OFF),
        ];
        if !probe.by_landlock {
            attempts.push(loading("open", LANDLOCK_OFF));
        }
        attempts
    })
}

impl Attempt {
    fn fault(&self, plugin: &Hostile) -> Option<String> {
        let Self { probe: Probe { name, .. }, place, pretend, end } = self;
        let outcome = plugin.run(pretend, &format!("{place} {name}"), |log| {
            matches!(end, End::Spins) && log.contains("spins\n")
        });
        let found = outcome.end();
        let place = format!("{name} ({place}, pretend {pretend})");
        (found != Some(*end)).then(|| format!("{place}: expected {end:?}, found {outcome:?}"))
    }
}

/// The compiled plugin, beside a file that its policy declares and one that it does not.
pub(crate) struct Hostile {
    folder: TempDir,
    library: PathBuf,
}

/// How a confined process ended, and what it had logged.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) status: ExitStatus,
    pub(crate) log: String,
}

impl Hostile {
    fn compiled() -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = tempfile::tempdir().expect("there is a folder for temporary files");
        let library = folder.path().join("libhostile.so");
        let output = Command::new("cc")
            .args(["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-I"])
            .arg(here.join("../../plugins/sdk/include"))
            .arg(here.join("tests/escape/hostile.c"))
            .arg("-o")
            .arg(&library)
            .output()
            .expect("the tests need a C compiler named cc");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        for name in ["declared", "secret"] {
            fs::write(folder.path().join(name), name).expect("the folder can be written");
        }
        Self { folder, library }
    }

    /// Runs a probe in a new process, which is killed once `enough` of its log is there.
    pub(crate) fn run(&self, pretend: &str, probe: &str, enough: impl Fn(&str) -> bool) -> Outcome {
        let (_engine, control) = UnixStream::pair().expect("there are sockets");
        let mut child = Command::new(env::current_exe().expect("a program knows its file"))
            .arg("--inside")
            .args([self.folder.path(), &self.library])
            .args([pretend, probe])
            .env("HOSTILE_FOLDER", self.folder.path())
            .env("HOSTILE_PROBE", probe)
            .env("RUST_BACKTRACE", "full")
            .stdin(Stdio::from(OwnedFd::from(control)))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("this program starts again");
        let mut stderr = child.stderr.take().expect("it is piped");
        let mut log = String::new();
        let mut part = [0; 1024];
        while let Ok(length @ 1..) = stderr.read(&mut part) {
            log.push_str(&String::from_utf8_lossy(&part[..length]));
            if enough(&log) {
                child.kill().expect("it is not waited for yet");
            }
        }
        Outcome { status: child.wait().expect("it is a child"), log }
    }
}

impl Outcome {
    /// The end that this is, if it is one.
    pub(crate) fn end(&self) -> Option<End> {
        let signal = self.status.signal().and_then(|number| Signal::try_from(number).ok());
        match signal {
            Some(SIGSYS) => Some(self.denied_call().map_or(End::Killed, End::Denied)),
            Some(SIGKILL) if self.log.contains("spins\n") => Some(End::Spins),
            Some(signal) => Some(End::Dies(signal)),
            None if !self.status.success() => None,
            None if self.log.contains("\nsucceeded\n") => Some(End::Succeeds),
            None => {
                let (_, rest) = self.log.split_once("failed with errno ")?;
                Some(End::Fails(rest.lines().next()?.parse().ok()?))
            }
        }
    }

    /// The name in the line of the handler; empty if it knew none.
    fn denied_call(&self) -> Option<&'static str> {
        let (_, rest) = self.log.split_once("denied system call ")?;
        let words = rest.lines().next().unwrap_or_default();
        let name = words.split_once(" (").and_then(|(_, name)| name.strip_suffix(')'));
        let known = probes::all().filter_map(|probe| match probe.running {
            End::Denied(name) => Some(name),
            End::Killed | End::Fails(_) | End::Dies(_) | End::Spins | End::Succeeds => None,
        });
        Some(name.map_or("", |name| known.into_iter().find(|known| *known == name).unwrap_or("?")))
    }
}
