//! Runs the program in a folder of its own.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(2);

/// The program, with standard input from nowhere.
pub(crate) fn tanda() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tanda"));
    command.stdin(Stdio::null()).env_remove("TANDA_LOG").env_remove("TANDA_PLUGIN_PATH");
    command
}

/// A file of the repository.
pub(crate) fn repo(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// What a finished program said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Polls `condition` until it holds.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        std::thread::sleep(POLL);
    }
}

/// The working directory of a program, with its scene.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// With a scene of these stages in `scene.ron`.
    pub(crate) fn with_stages(stages: &str) -> Self {
        let folder = Self::new();
        let scene = format!("Scene(\n    name: \"t\",\n    stages: {{{stages}    }},\n)\n");
        folder.write("scene.ron", scene);
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    #[track_caller]
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// Every file and folder with its size, below the folder.
    pub(crate) fn listing(&self) -> Vec<(PathBuf, u64)> {
        let mut found = Vec::new();
        let mut folders = vec![self.0.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let metadata = fs::symlink_metadata(&path).unwrap();
                if metadata.is_dir() {
                    folders.push(path.clone());
                }
                found.push((path, metadata.len()));
            }
        }
        found.sort();
        found
    }

    /// A named pipe in the folder.
    pub(crate) fn make_pipe(&self, name: &str) {
        let made = Command::new("mkfifo").arg(self.path(name)).status().expect("there is a mkfifo");
        assert!(made.success());
    }

    /// Runs the program here to its end.
    pub(crate) fn tanda(&self, args: &[&str]) -> Said {
        let output = tanda().args(args).current_dir(self.0.path()).output().unwrap();
        Said {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Starts the program here, with pipes for input and output; what it complains about is kept in
    /// the file `stderr`.
    pub(crate) fn start(&self, args: &[&str]) -> Running {
        self.start_as(tanda().args(args))
    }

    /// As [`start`](Self::start), by a command that becomes the program.
    pub(crate) fn start_as(&self, command: &mut Command) -> Running {
        command.current_dir(self.0.path());
        let errors = File::create(self.path("stderr")).unwrap();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors);
        Running(command.spawn().unwrap())
    }
}

/// A running program, which does not outlive the test.
pub(crate) struct Running(pub(crate) Child);

impl Running {
    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.0.id() as i32), signal).unwrap();
    }

    /// A file of the process under `/proc`.
    pub(crate) fn proc(&self, file: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{file}", self.0.id())).unwrap()
    }

    /// Waits for the end.
    #[track_caller]
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let mut status = None;
        wait_until("the program has ended", || {
            status = self.0.try_wait().unwrap();
            status.is_some()
        });
        status.expect("the program has ended")
    }

    /// What stands in the pipe of its output.
    pub(crate) fn rest_of_output(&mut self) -> String {
        let mut text = String::new();
        self.0.stdout.as_mut().expect("it is piped").read_to_string(&mut text).unwrap();
        text
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
