//! Files that change under the reader's hands.
//!
//! The output is a named pipe that nobody reads yet: back-pressure then holds the reader somewhere
//! in the first third of its input, and the file is changed behind that.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::Command;

use expect_test::{Expect, expect};
use tanda_tests::{Bench, tanda};

use super::bench::{CSV_TO_CSV, error_of, with};

const ROWS: usize = 100_000;
/// Bytes of a row: all rows together are more than the engine holds in flight (16 MiB).
const ROW_BYTES: usize = 400;
const O_NONBLOCK: i32 = 0o4000;

fn row(number: usize) -> String {
    format!("{number:0width$}\n", width = ROW_BYTES - 1)
}

fn check(change: impl FnOnce(&Path), expected: &Expect) {
    // What is wrong with the build shows here: a run that cannot begin never opens the pipe.
    let _ = tanda();
    let text: String = (0..ROWS).map(row).collect();
    let bench = with("in.csv", format!("n\n{text}"));
    let pipe = bench.path().join("out.csv");
    let made = Command::new("mkfifo").arg(&pipe).status().expect("there is a mkfifo");
    assert!(made.success());
    let error = std::thread::scope(|scope| {
        let run = scope.spawn(|| run_to_error(&bench, &pipe));
        // Waits until the engine writes, so that it has begun to read.
        let mut output = File::open(&pipe).unwrap();
        output.read_exact(&mut [0; 2]).expect("the run has begun");
        change(&bench.path().join("in.csv"));
        io::copy(&mut output, &mut io::sink()).unwrap();
        run.join().unwrap()
    });
    expected.assert_eq(&error);
}

/// The error of the run. A run that never writes would leave its reader waiting: it is let go.
fn run_to_error(bench: &Bench, pipe: &Path) -> String {
    let stages = CSV_TO_CSV.replace("in.csv\"", "in.csv\", schema: { \"n\": \"utf8\" }");
    let stages = stages.replace(") ),\n        \"out", "), batch_rows: 500 ),\n        \"out");
    let error = error_of(bench, &stages);
    let _ = OpenOptions::new().write(true).custom_flags(O_NONBLOCK).open(pipe);
    error
}

#[test]
fn file_truncated_while_it_is_read_fails() {
    check(
        |path| {
            let file = OpenOptions::new().write(true).open(path).unwrap();
            file.set_len((ROWS / 2 * ROW_BYTES) as u64).unwrap();
        },
        &expect![
            "stage `in`: {dir}/in.csv: changed while it was read: it had 40000002 bytes and has 20000000 now; run again when nothing writes to the file"
        ],
    );
}

#[test]
fn file_replaced_while_it_is_read_fails() {
    check(
        |path| {
            let other = path.with_extension("new");
            fs::write(&other, "n\n1\n").unwrap();
            fs::rename(other, path).unwrap();
        },
        &expect![
            "stage `in`: {dir}/in.csv: changed while it was read: another file took its name; run again when nothing writes to the file"
        ],
    );
}

#[test]
fn file_that_grows_while_it_is_read_fails() {
    check(
        |path| {
            let mut file = OpenOptions::new().append(true).open(path).unwrap();
            file.write_all(b"1\n").unwrap();
        },
        &expect![
            "stage `in`: {dir}/in.csv: changed while it was read: it had 40000002 bytes and has 40000004 now; run again when nothing writes to the file"
        ],
    );
}
