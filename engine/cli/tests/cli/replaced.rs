//! What a stage opened first is what its later workers get: tables, libraries, the program itself.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::support::{Folder, Running, tanda, wait_until};

/// A run from a pipe to a named pipe, over a stage with one worker. Its first row is `a`: columns
/// are told by rows.
struct Live {
    folder: Folder,
    run: Running,
    tap: BufReader<File>,
}

impl Live {
    fn start(folder: Folder, program: &Path) -> Self {
        folder.make_pipe("tap");
        let mut command = tanda();
        if program != Path::new("") {
            command = std::process::Command::new(program);
        }
        let errors = File::create(folder.path("stderr")).unwrap();
        command.args(["run", "-q", "scene.ron"]).current_dir(folder.path(""));
        let run = command.stdin(Stdio::piped()).stderr(errors).spawn().unwrap();
        let mut run = Running(run);
        run.0.stdin.as_mut().unwrap().write_all(b"k\na\n").unwrap();
        let tap = BufReader::new(File::open(folder.path("tap")).unwrap());
        Self { folder, run, tap }
    }

    /// Sends a row and gives the line that comes out.
    fn row(&mut self, row: &str) -> String {
        writeln!(self.run.0.stdin.as_mut().unwrap(), "{row}").unwrap();
        self.line()
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.tap.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn kill_worker(&self) {
        let victim = self.workers();
        assert_eq!(victim.len(), 1, "{victim:?}");
        kill(Pid::from_raw(victim[0]), Signal::SIGKILL).unwrap();
        wait_until("it is gone", || !self.workers().contains(&victim[0]));
    }

    fn workers(&self) -> Vec<i32> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.run.0.id())).unwrap();
        let of_task = |task: PathBuf| fs::read_to_string(task.join("children")).unwrap_or_default();
        let all: String = tasks.map(|task| of_task(task.unwrap().path()) + " ").collect();
        all.split_whitespace().map(|pid| pid.parse().unwrap()).collect()
    }

    /// The run ends by itself as failed, has given no other row, and says why.
    fn fails_with(mut self, parts: &[&str]) {
        let mut rest = String::new();
        self.tap.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "");
        assert_eq!(self.run.wait().code(), Some(1));
        let errors = self.folder.read("stderr");
        for part in parts {
            assert!(errors.contains(part), "no {part:?} in:\n{errors}");
        }
        assert!(!errors.contains("panic"), "{errors}");
    }
}

/// Puts another file in the place of one.
fn replace(path: &Path, content: impl AsRef<[u8]>) {
    let other = path.with_extension("new");
    fs::write(&other, content).unwrap();
    fs::rename(other, path).unwrap();
}

#[test]
fn worker_that_would_read_another_table_is_refused() {
    for (more, value) in [
        ("read: [\"tab.csv\"]", "9"),
        ("read: [\"tab.csv\"]", "x1"),
        ("isolation: Process(sandbox: Basic)", "9"),
    ] {
        let folder = Folder::with_stages(&format!(
            "\"in\": Source( read: Csv( path: \"-\", schema: {{\"k\": \"utf8\"}} ), linger: \"10ms\" ),
             \"look\": Plugin( library: \"enrichment\", from: \"in\", instances: 1, {more}, config: (
                 lookups: [ Lookup( table: \"tab.csv\", on: {{\"k\": \"k\"}}, take: {{\"v\": \"v\"}} ) ] ) ),
             \"tap\": Sink( write: Csv( path: \"tap\" ), from: \"look\" ),"
        ));
        let table = folder.path("tab.csv");
        folder.write("tab.csv", "k,v\na,1\n");
        let mut live = Live::start(folder, "".as_ref());
        assert_eq!([live.line(), live.line()], ["k,v", "a,1"]);
        replace(&table, "k,v\na,1\n");
        live.kill_worker();
        assert_eq!(live.row("a"), "a,1", "the same table, though in another file");
        replace(&table, format!("k,v\na,{value}\n"));
        live.kill_worker();
        live.fails_with(&["stage `look`", "tab.csv", "has changed"]);
    }
}

fn plugin(name: &str) -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_tanda"));
    program.parent().unwrap().join("deps").join(format!("lib{name}.so"))
}

#[test]
fn replaced_library_and_program_are_those_that_were_opened() {
    for sandbox in ["Strict", "Basic"] {
        let folder = Folder::with_stages(&format!(
            "\"in\": Source( read: Csv( path: \"-\", schema: {{\"k\": \"utf8\"}} ), linger: \"10ms\" ),
             \"pass\": Plugin( library: \"./libown.so\", from: \"in\", instances: 1,
                 isolation: Process( sandbox: {sandbox} ), config: ( when: Never, what: Pass ) ),
             \"tap\": Sink( write: Csv( path: \"tap\" ), from: \"pass\" ),"
        ));
        let (library, program) = (folder.path("libown.so"), folder.path("program"));
        fs::copy(plugin("faulty"), &library).unwrap();
        if fs::hard_link(env!("CARGO_BIN_EXE_tanda"), &program).is_err() {
            fs::copy(env!("CARGO_BIN_EXE_tanda"), &program).unwrap();
        }
        let mut live = Live::start(folder, &program);
        assert_eq!([live.line(), live.line()], ["k", "a"]);
        let opened = fs::OpenOptions::new().append(true).open(&library).unwrap();
        replace(&library, "not even a library");
        replace(&program, "not even a program");
        live.kill_worker();
        assert_eq!(live.row("b"), "b");
        (&opened).write_all(b"\n").unwrap();
        live.kill_worker();
        live.fails_with(&["stage `pass`", "libown.so", "written to in place"]);
    }
}

#[test]
fn worker_killed_while_it_starts_or_binds_is_started_again() {
    for point in ["opened:1", "bound:1", "bound:2"] {
        let folder = Folder::with_stages(
            "\"in\": Source( read: Generator( rows: 10, columns: [(\"n\", Sequence)] ) ),
             \"pass\": Plugin( library: \"faulty\", from: \"in\", instances: 2,
                 config: ( when: Never, what: Pass ) ),
             \"out\": Sink( write: Csv( path: \"out.csv\" ), from: \"pass\" ),",
        );
        let mut command = tanda();
        command.args(["run", "-q", "scene.ron"]).current_dir(folder.path(""));
        let said = command.env("TANDA_FAIL_POINT", format!("pass/{point}")).output().unwrap();
        let errors = String::from_utf8(said.stderr).unwrap();
        assert_eq!(said.status.code(), Some(0), "{point}: {errors}");
        assert!(
            errors.contains("SIGABRT") && errors.contains("another one is started"),
            "{errors}"
        );
        assert_eq!(folder.read("out.csv").lines().count(), 11, "{point}");
    }
}
