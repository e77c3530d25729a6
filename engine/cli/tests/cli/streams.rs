//! Standard streams that are closed, full, or whose reader has gone.

use std::fs::File;
use std::process::{Command, Stdio};

use super::runs::CSV_TO_CSV;
use super::support::{Folder, tanda};

fn folder() -> Folder {
    let folder = Folder::with_stages(CSV_TO_CSV);
    folder.write("in.csv", "a\n1\n");
    folder
}

/// The code and what stands on standard error.
fn run_with(folder: &Folder, args: &[&str], out: Stdio) -> (Option<i32>, String) {
    let mut command = tanda();
    let output = command.args(args).current_dir(folder.path("")).stdout(out).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

fn full() -> Stdio {
    File::options().write(true).open("/dev/full").unwrap().into()
}

const PRINTING: [&[&str]; 7] = [
    &["run", "scene.ron", "--json"],
    &["check", "scene.ron"],
    &["graph", "scene.ron"],
    &["plugins", "list"],
    &["plugins", "inspect", "validation"],
    &["new-plugin", "some"],
    &["--help"],
];

#[test]
fn reader_that_has_gone_changes_no_outcome() {
    for args in PRINTING {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let (code, errors) = run_with(&folder(), args, writer.into());
        assert_eq!((code, errors.as_str()), (Some(0), ""), "{args:?}");
    }
}

#[test]
fn full_standard_output_is_said_and_fails() {
    for args in PRINTING {
        let (code, errors) = run_with(&folder(), args, full());
        assert_eq!(code, Some(1), "{args:?}: {errors}");
        let expected = "error: cannot write standard output: No space left on device";
        assert!(errors.starts_with(expected), "{args:?}: {errors}");
        assert_eq!(errors.lines().count(), 1, "{args:?}: {errors}");
    }
}

#[test]
fn full_standard_error_changes_no_outcome() {
    let code = |folder: &Folder, args: &[&str]| {
        let mut command = tanda();
        command.args(args).current_dir(folder.path("")).env("TANDA_LOG", "trace");
        command.stdout(Stdio::null()).stderr(full()).status().unwrap().code()
    };
    let folder = folder();
    assert_eq!(code(&folder, &["run", "scene.ron"]), Some(0));
    assert_eq!(folder.read("out.csv"), "a\n1\n");
    folder.write("in.csv", "a\n1,2\n");
    assert_eq!(code(&folder, &["run", "scene.ron"]), Some(1));
    assert_eq!(code(&folder, &["run", "none.ron"]), Some(2));
    assert_eq!(code(&folder, &["check", "none.ron"]), Some(2));
    assert_eq!(code(&folder, &["rum"]), Some(2));
}

#[test]
fn sink_on_a_closed_standard_output_is_refused() {
    let folder = Folder::with_stages(&CSV_TO_CSV.replace("out.csv", "-"));
    folder.write("in.csv", "a\n1\n");
    let run = |redirection: &str| {
        let mut shell = Command::new("sh");
        let script = format!("exec \"$1\" run scene.ron {redirection}");
        shell.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_tanda")]);
        let output = shell.current_dir(folder.path("")).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, errors) = run(">&-");
    assert_eq!(code, Some(2), "{errors}");
    let expected = "error: stage `out` writes standard output, which is closed";
    assert!(errors.starts_with(expected), "{errors}");
    // What is thrown away on purpose is written.
    assert_eq!(run(">/dev/null").0, Some(0));
    assert_eq!(run("<>/dev/null >&0").0, Some(0));
}

/// `ru_maxrss` would be that of this process, which is far larger.
#[test]
fn peak_memory_is_that_of_the_program_and_not_of_its_parent() {
    const LARGE: usize = 600 << 20;
    let touched = vec![1_u8; LARGE];
    let said = folder().tanda(&["run", "scene.ron", "--json"]);
    assert!(touched.iter().step_by(4096).all(|byte| *byte == 1));
    let report: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let peak = report["memory_peak_bytes"].as_u64().unwrap();
    assert!(peak > 1 << 20 && peak < LARGE as u64 / 2, "{peak} bytes");
}
