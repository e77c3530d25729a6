//! `tanda run`: what goes to which stream, and the exit code.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::Stdio;

use serde_json::Value;

use super::support::{Folder, repo, tanda};

pub(crate) const CSV_TO_CSV: &str = r#"
        "in": Source( read: Csv( path: "in.csv" ) ),
        "out": Sink( write: Csv( path: "out.csv" ), from: "in" ),
"#;

fn csv_to_csv(input: &str) -> Folder {
    let folder = Folder::with_stages(CSV_TO_CSV);
    folder.write("in.csv", input);
    folder
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn done_is_0_and_the_table_is_on_standard_error() {
    let folder = csv_to_csv("a,b\n1,x\n2,y\n");
    let said = folder.tanda(&["run", "scene.ron"]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), ""), "{said:?}");
    let lines: Vec<&str> = said.err.lines().collect();
    assert!(lines[0].starts_with("stage  kind"), "{said:?}");
    assert!(lines[1].starts_with("in     source              2         1"), "{said:?}");
    assert!(lines[2].contains("written 2, 12 B"), "{said:?}");
    assert!(lines[3].contains("done in") && lines[3].contains("ledger balanced"), "{said:?}");
    assert_eq!(folder.read("out.csv"), "a,b\n1,x\n2,y\n");
}

#[test]
fn quiet_says_nothing() {
    let said = csv_to_csv("a\n1\n").tanda(&["run", "--quiet", "scene.ron"]);
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (Some(0), "", ""));
}

#[test]
fn json_is_one_object_and_nothing_else() {
    let said = csv_to_csv("a\n1\n2\n").tanda(&["run", "scene.ron", "--json"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
    let report = json(&said.out);
    assert_eq!(report["outcome"], "done");
    assert_eq!(report["ledger"], "balanced");
    assert_eq!(report["stages"][0]["rows_in"], 2);
    assert_eq!(report["stages"][1]["ports"][0]["rows"], 2);
    assert_eq!(report["stages"][1]["bytes_written"], 6);
}

#[test]
fn failed_is_1_and_leaves_no_output_under_its_name() {
    let folder = csv_to_csv("a,b\n1,x\n2\n");
    let said = folder.tanda(&["run", "scene.ron", "--json"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    let report = json(&said.out);
    assert_eq!(report["outcome"], "failed");
    assert_eq!(report["ledger"], "balanced");
    assert!(said.err.contains("stage `in`: in.csv:3: bad record: found 1 field"), "{said:?}");
    assert!(!folder.has("out.csv"));
}

#[test]
fn refused_is_2_and_nothing_is_written() {
    let folder = Folder::with_stages(CSV_TO_CSV);
    let before = folder.listing();
    let said = folder.tanda(&["run", "scene.ron", "--json"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    let refusal = json(&said.out);
    assert_eq!(refusal["outcome"], "refused");
    let fault = &refusal["faults"][0];
    assert_eq!((&fault["file"], &fault["line"]), (&"scene.ron".into(), &4.into()), "{said:?}");
    assert!(fault["column"].is_u64(), "{said:?}");
    let message = fault["message"].as_str().unwrap();
    assert!(message.starts_with("stage `in`: in.csv: no such file"), "{said:?}");
    assert!(said.err.starts_with("scene.ron:4:"), "{said:?}");
    assert!(said.err.contains("in.csv: no such file"), "{said:?}");
    assert_eq!(folder.listing(), before);
}

#[test]
fn wrong_arguments_are_2() {
    let folder = csv_to_csv("a\n1\n");
    for (args, hint) in [
        (&["run"][..], "<SCENE>"),
        (&["run", "none.ron"], "none.ron: error: cannot be read"),
        (&["run", "scene.ron", "--param", "x"], "found `x`, expected NAME=VALUE"),
        (&["run", "scene.ron", "--param", "x=1"], "x"),
        (&["rum", "scene.ron"], "run"),
    ] {
        let said = folder.tanda(args);
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{args:?}: {said:?}");
        assert!(said.err.contains(hint), "{args:?}: {said:?}");
    }
    assert!(!folder.has("out.csv"));
}

#[test]
fn sink_on_standard_output_has_it_for_itself() {
    let stages = CSV_TO_CSV.replace("out.csv", "-");
    let folder = Folder::with_stages(&stages);
    folder.write("in.csv", "a\n1\n2\n");
    let said = folder.tanda(&["run", "scene.ron"]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), "a\n1\n2\n"));
    assert!(said.err.contains("ledger balanced"), "{said:?}");
}

#[test]
fn json_and_a_sink_on_standard_output_are_refused_together() {
    for path in ["-", "/dev/stdout"] {
        let folder = Folder::with_stages(&CSV_TO_CSV.replace("out.csv", path));
        folder.write("in.csv", "a\n1\n");
        let said = folder.tanda(&["run", "scene.ron", "--json"]);
        assert_eq!(said.code, Some(2), "{said:?}");
        assert_eq!(json(&said.out)["faults"][0]["stage"], "out", "{said:?}");
        assert!(said.err.contains("stage `out` writes standard output"), "{said:?}");
    }
}

#[test]
fn pipe_in_and_pipe_out() {
    let folder = Folder::with_stages(
        r#"
        "in": Source( read: Csv( path: "-" ) ),
        "out": Sink( write: Ndjson( path: "-" ), from: "in" ),
"#,
    );
    let mut run = folder.start(&["run", "--quiet", "scene.ron"]);
    run.0.stdin.take().unwrap().write_all(b"n,s\n1,x\n2,\"y\nz\"\n").unwrap();
    assert_eq!(run.wait().code(), Some(0));
    assert_eq!(run.rest_of_output(), "{\"n\":1,\"s\":\"x\"}\n{\"n\":2,\"s\":\"y\\nz\"}\n");
}

#[test]
fn packed_standard_input_is_refused_with_a_hint() {
    let folder = Folder::with_stages(&CSV_TO_CSV.replace("in.csv", "-"));
    let mut run = folder.start(&["run", "scene.ron"]);
    run.0.stdin.take().unwrap().write_all(b"\x1f\x8b\x08\0\0\0\0\0").unwrap();
    assert_eq!(run.wait().code(), Some(2));
    let errors = folder.read("stderr");
    assert!(errors.contains("decompress it in front: `gzip -dc FILE | tanda run …`"), "{errors}");
}

#[test]
fn log_lines_in_a_file_have_no_colours() {
    let folder = csv_to_csv("a\n1\n");
    let mut command = tanda();
    command.args(["run", "scene.ron", "--quiet"]).current_dir(folder.path(""));
    let output = command.env("TANDA_LOG", "trace").output().unwrap();
    assert!(!output.stderr.contains(&0x1b), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The reader of the output goes away, as `head` does.
#[test]
fn reader_that_goes_away_fails_the_run() {
    let folder = Folder::with_stages(
        r#"
        "in": Source( read: Generator( columns: [ ("id", Sequence) ] ) ),
        "out": Sink( write: Csv( path: "-" ), from: "in" ),
"#,
    );
    let mut run = folder.start(&["run", "scene.ron"]);
    drop(run.0.stdout.take());
    assert_eq!(run.wait().code(), Some(1));
    let errors = folder.read("stderr");
    assert!(errors.contains("stage `out`: cannot write standard output: its reader"), "{errors}");
}

/// Root may read everything: the program runs as nobody if the tests run as root.
#[test]
fn file_without_permission_is_refused() {
    let folder = csv_to_csv("a\n1\n");
    let mode = |name: &str, mode| {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(folder.path(name), permissions).unwrap();
    };
    mode("", 0o777);
    mode("in.csv", 0o000);
    let mut command = tanda();
    command.args(["run", "scene.ron"]).current_dir(folder.path("")).stderr(Stdio::piped());
    if nix::unistd::geteuid().is_root() {
        command.uid(65_534).gid(65_534);
    }
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => return eprintln!("SKIPPED: nobody cannot run the program here: {error}"),
    };
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    let expected = "in.csv: permission denied; the engine's user needs read access to the file";
    assert!(errors.contains(expected), "{errors}");
}

/// The field is refused when it outgrows its bound, long before all of it is in memory.
#[test]
fn field_of_100_mb_fails_in_bounded_memory() {
    let folder = csv_to_csv("");
    let mut file = std::fs::File::create(folder.path("in.csv")).unwrap();
    file.write_all(b"n,s\n").unwrap();
    file.write_all("1,x\n".repeat(400_001).as_bytes()).unwrap();
    (0..100).for_each(|_| file.write_all(&[b'y'; 1_000_000]).unwrap());
    let said = folder.tanda(&["run", "scene.ron", "--json"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("in.csv:400003: record of more than 16777216 bytes"), "{said:?}");
    let peak = json(&said.out)["memory_peak_bytes"].as_u64().unwrap();
    assert!(peak < 200 << 20, "{peak} bytes");
}

#[test]
fn shipped_scene_runs_from_the_repository() {
    let folder = Folder::new();
    let mut command = tanda();
    let out = format!("out={}", folder.path("out").display());
    command.args(["run", "config/basic_pipeline.ron", "--json", "--param", &out]);
    let output = command.current_dir(repo("")).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let golden = repo("tests/golden/flights-2013-01");
    for name in ["by_carrier_month.csv", "rejected.csv"] {
        let expected = std::fs::read_to_string(golden.join(name)).unwrap();
        assert!(folder.read(&format!("out/{name}")) == expected, "{name} differs");
    }
}
