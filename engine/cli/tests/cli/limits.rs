//! Whatever the system refuses, the program ends by itself, in words: which limit it was, and with
//! a code that says so.

use std::fs::{self, Permissions};
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::support::{Folder, Running};

/// A file, a worker in the strictest sandbox, one with a state, and a file.
const STAGES: &str = r#"
        "in": Source( read: Csv( path: "in.csv" ) ),
        "more": Plugin( library: "enrichment", from: "in", config: ( compute: { "m": "n + 1" } ) ),
        "sum": Plugin( library: "aggregation", from: "more", config: (
            group_by: ["k"], aggregates: [ Sum("m") ] ) ),
        "out": Sink( write: Csv( path: "out.csv" ), from: "sum" ),
"#;

/// Far longer than a run takes, far shorter than for ever.
const HANGS: Duration = Duration::from_secs(120);

/// Runs the scene after `limits`, in a shell; its exit code and what it said.
fn run(limits: &str) -> (i32, String) {
    run_as(&format!("{limits}; exec"), "")
}

/// Runs it between two parts of a line for a shell.
fn run_as(limits: &str, end: &str) -> (i32, String) {
    let folder = Folder::with_stages(STAGES);
    let rows: String = (0..5_000).map(|n| format!("{},{n}\n", n % 7)).collect();
    folder.write("in.csv", format!("k,n\n{rows}"));
    fs::set_permissions(folder.path(""), Permissions::from_mode(0o777)).unwrap();
    let program = env!("CARGO_BIN_EXE_tanda");
    let mut command = Command::new("bash");
    command.args(["-c", &format!("{limits} {program} run -q scene.ron{end}")]);
    command.env("RUST_BACKTRACE", "1").current_dir(folder.path(""));
    // A pipe, which no limit on files is on; what is said has room in it.
    let mut run = Running(command.stderr(Stdio::piped()).spawn().unwrap());
    let began = Instant::now();
    while run.0.try_wait().unwrap().is_none() {
        assert!(began.elapsed() < HANGS, "{limits}: it hangs");
        std::thread::sleep(Duration::from_millis(5));
    }
    let status = run.0.wait().unwrap();
    let mut said = String::new();
    run.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    let code = status.code().unwrap_or_else(|| panic!("{limits}: {status}: {said}"));
    assert!(!said.contains("panicked"), "{limits}: {said}");
    if code == 0 {
        let groups = folder.read("out.csv").lines().count() - 1;
        assert_eq!(groups, 7, "{limits}: exit code 0 with another result");
    } else {
        assert!(matches!(code, 1 | 2), "{limits}: code {code}: {said}");
        assert!(said.contains("error: "), "{limits}: {said}");
        assert!(!folder.has("out.csv"), "{limits}: a result of a failed run");
    }
    (code, said)
}

/// Tries limits from one that lets nothing run to one that lets all run; all that refuse must say
/// `words`, but for those that do not even let the program itself be loaded.
fn sweep(limit: &str, values: &[u64], words: &[&str]) {
    let mut refused = 0;
    for value in values {
        let (code, said) = run(&format!("{limit} {value}"));
        if code != 0 {
            refused += 1;
            let named = words.iter().any(|word| said.contains(word));
            assert!(named, "{limit} {value}: none of {words:?} in {said}");
        }
    }
    assert!(refused > 0, "{limit}: nothing was refused");
}

#[test]
fn refused_descriptors_are_named() {
    sweep("ulimit -n", &[8, 12, 14, 16, 20, 24, 28, 32, 40, 256], &["`ulimit -n`", "open files"]);
}

#[test]
fn refused_file_size_is_named() {
    sweep("ulimit -f", &[0, 1, 64, 16 << 10, 32 << 10, 1 << 20], &["`ulimit -f`"]);
}

#[test]
fn refused_addresses_are_named() {
    let gib = [1 << 20, 2 << 20, 3 << 20, 5 << 20, 8 << 20, 16 << 20];
    sweep("ulimit -v", &gib, &["`ulimit -v`"]);
}

#[test]
fn refused_memory_is_named() {
    let kib = [4_000, 8_000, 16_000, 20_000, 30_000, 60_000, 4_000_000];
    sweep("ulimit -d", &kib, &["`ulimit -d`", "memory"]);
}

/// Root is refused no process by this limit, so it becomes somebody else. It counts all that this
/// user has.
#[test]
fn refused_threads_are_named() {
    let counts = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 64];
    if !nix::unistd::geteuid().is_root() {
        return sweep("ulimit -u", &counts[..1], &["`ulimit -u`"]);
    }
    let become_somebody = "setpriv --reuid=64913 --regid=64913 --clear-groups";
    let program = env!("CARGO_BIN_EXE_tanda");
    let mut reaches = Command::new("bash");
    reaches.args(["-c", &format!("{become_somebody} {program} --version")]);
    if !reaches.stderr(Stdio::null()).status().unwrap().success() {
        return eprintln!("refused_threads_are_named: SKIPPED: {program} is for root alone");
    }
    let limit = |count| format!("exec {become_somebody} bash -c 'ulimit -u {count}; exec");
    let mut refused = 0;
    for count in counts {
        let (code, said) = run_as(&limit(count), "'");
        refused += u32::from(code != 0);
        assert!(code == 0 || said.contains("`ulimit -u`"), "ulimit -u {count}: {said}");
    }
    assert!(refused > 0, "nothing was refused");
}
