//! Outputs that cannot be written.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use expect_test::{Expect, expect};
use nix::unistd::Uid;
use tanda_tests::Bench;

use super::bench::{CSV_TO_CSV, error_of, fails, names, refused, with};

/// From the same input to `one` and `two`.
const TWO_SINKS: &str = r#"
        "in": Source( read: Csv( path: "${at}/in.csv" ) ),
        "one": Sink( write: Csv( path: "${at}/one.csv" ), from: "in" ),
        "two": Sink( write: Csv( path: "${at}/two.csv" ), from: "in" ),
"#;

#[test]
fn two_sinks_on_one_path_are_refused() {
    let stages = TWO_SINKS.replace("two.csv", "./x/../one.csv");
    refused(
        &with("in.csv", "a\n1\n"),
        &stages,
        &expect![[r#"
        {dir}/scene.ron:8:40: error: sinks `one` and `two` both write "{dir}/./x/../one.csv"
          8 |         "two": Sink( write: Csv( path: "${at}/./x/../one.csv" ), from: "in" ),
            |                                        ^
          hint: give each sink its own path, or let one sink read both: `from: ["a", "b"]`"#]],
    );
}

#[test]
fn two_sinks_on_one_file_through_a_link_are_refused() {
    let bench = with("in.csv", "a\n1\n");
    symlink("one.csv", bench.path().join("two.csv")).unwrap();
    refused(
        &bench,
        TWO_SINKS,
        &expect![[r#"
        {dir}/scene.ron:8:40: error: sinks `one` and `two` both write {dir}/one.csv
          8 |         "two": Sink( write: Csv( path: "${at}/two.csv" ), from: "in" ),
            |                                        ^
          hint: give each sink a file of its own"#]],
    );
}

#[test]
fn two_sinks_on_one_file_through_a_linked_folder_are_refused() {
    let bench = with("in.csv", "a\n1\n");
    symlink(".", bench.path().join("here")).unwrap();
    refused(
        &bench,
        &TWO_SINKS.replace("two.csv", "here/one.csv"),
        &expect![[r#"
        {dir}/scene.ron:8:40: error: sinks `one` and `two` both write {dir}/one.csv
          8 |         "two": Sink( write: Csv( path: "${at}/here/one.csv" ), from: "in" ),
            |                                        ^
          hint: give each sink a file of its own"#]],
    );
}

#[test]
fn columns_that_the_format_cannot_hold_are_refused() {
    let stages = r#"
        "in": Source( read: Ndjson( path: "${at}/in.ndjson" ) ),
        "out": Sink( write: Csv( path: "${at}/out.csv" ), from: "in" ),
"#;
    refused(
        &with("in.ndjson", "{\"n\":1,\"a\":{\"x\":[1]}}\n"),
        stages,
        &expect![[r#"
        {dir}/scene.ron:7:40: error: stage `out`: cannot write {dir}/out.csv: column `a` has type Struct("x": List(Int64)), which CSV cannot hold; write NDJSON, Parquet or Arrow instead
          7 |         "out": Sink( write: Csv( path: "${at}/out.csv" ), from: "in" ),
            |                                        ^"#]],
    );
}

#[test]
fn output_below_a_file_is_refused() {
    let stages = CSV_TO_CSV.replace("out.csv", "in.csv/out.csv");
    refused(
        &with("in.csv", "a\n1\n"),
        &stages,
        &expect![[r#"
        {dir}/scene.ron:7:40: error: stage `out`: cannot write {dir}/in.csv/out.csv: {dir}/in.csv is not a folder; choose another path or move that file away
          7 |         "out": Sink( write: Csv( path: "${at}/in.csv/out.csv" ), from: "in" ),
            |                                        ^"#]],
    );
}

#[test]
fn output_that_is_a_folder_is_refused() {
    let bench = with("in.csv", "a\n1\n");
    fs::create_dir(bench.path().join("out.csv")).unwrap();
    refused(
        &bench,
        CSV_TO_CSV,
        &expect![[r#"
        {dir}/scene.ron:7:40: error: stage `out`: cannot write {dir}/out.csv: it is a folder; name a file in it, such as {dir}/out.csv/out.csv
          7 |         "out": Sink( write: Csv( path: "${at}/out.csv" ), from: "in" ),
            |                                        ^"#]],
    );
}

/// The file system of processes takes no files, not even from root.
#[test]
fn output_in_a_folder_that_takes_no_files_is_refused() {
    // A folder of the kernel's, where root may do as little as everyone, but is told so otherwise.
    let (as_root, bench) = (Uid::effective().is_root(), with("in.csv", "a\n1\n"));
    let refused_at = |path: &str, root: &Expect, others: &Expect| {
        let stages = CSV_TO_CSV.replace("${at}/out.csv", path);
        refused(&bench, &stages, if as_root { root } else { others });
    };
    refused_at(
        "/proc/out.csv",
        &expect![
            "stage `out`: cannot write /proc/out.csv: creating /proc/out.csv.part failed (No such file or directory (os error 2)) after 0 bytes"
        ],
        &expect![[r#"
        {dir}/scene.ron:7:40: error: stage `out`: cannot write /proc/out.csv: /proc may not be written (Permission denied (os error 13)); change its permissions or choose another folder
          7 |         "out": Sink( write: Csv( path: "/proc/out.csv" ), from: "in" ),
            |                                        ^"#]],
    );
    refused_at(
        "/proc/none/out.csv",
        &expect![
            "stage `out`: cannot write /proc/none/out.csv: creating the folder /proc/none failed (No such file or directory (os error 2)) after 0 bytes"
        ],
        &expect![[r#"
        {dir}/scene.ron:7:40: error: stage `out`: cannot write /proc/none/out.csv: /proc may not be written (Permission denied (os error 13)); change its permissions or choose another folder
          7 |         "out": Sink( write: Csv( path: "/proc/none/out.csv" ), from: "in" ),
            |                                        ^"#]],
    );
}

/// A file system of 1 MiB in a folder of the bench, gone with this value.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// None when the system lets nobody but root mount.
    fn mount(bench: &Bench, options: &str) -> Option<Self> {
        let folder = bench.path().join("disk");
        fs::create_dir(&folder).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "tanda-test"]).arg(&folder);
        if mount.output().is_ok_and(|output| output.status.success()) {
            return Some(Self(folder));
        }
        eprintln!("SKIPPED: this system lets the test mount no file system");
        None
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// 20 MB, more than the engine holds in flight.
fn long_input() -> Bench {
    with("in.csv", format!("n,text\n{}", format!("1,{}\n", "x".repeat(397)).repeat(50_000)))
}

#[test]
fn full_disk_fails_with_the_bytes_written_and_finishes_no_output() {
    let bench = long_input();
    let Some(disk) = SmallDisk::mount(&bench, "size=1m") else { return };
    fails(
        &bench,
        &TWO_SINKS.replace("two.csv", "disk/two.csv"),
        &expect![
            "stage `two`: cannot write {dir}/disk/two.csv: the disk is full (No space left on device (os error 28)) after 1048576 bytes; what was written is in {dir}/disk/two.csv.part; free space or choose another folder, then run again"
        ],
    );
    assert!(disk.path().join("two.csv.part").exists());
    assert!(!disk.path().join("two.csv").exists());
    assert!(names(&bench).contains("one.csv.part"));
}

#[test]
fn disk_that_is_full_at_the_end_fails_in_every_format() {
    for ending in ["csv", "ndjson", "parquet", "arrow", "csv.gz", "csv.zst"] {
        let bench = Bench::new();
        let Some(disk) = SmallDisk::mount(&bench, "size=64k") else { return };
        let stages = r#"
        "rows": Source( read: Generator( rows: 40000, columns: [ ("x", Int(0, 999999999)) ] ) ),
        "out": Sink( write: File( path: "${at}/disk/out.ENDING" ), from: "rows" ),
"#;
        let error = error_of(&bench, &stages.replace("ENDING", ending));
        assert!(error.contains("the disk is full"), "{ending}: {error}");
        let out = disk.path().join(format!("out.{ending}"));
        assert!(!out.exists(), "{ending}: a cut output stands under its final name");
    }
}

#[test]
fn output_on_a_file_system_that_is_read_only_is_refused() {
    let bench = with("in.csv", "a\n1\n");
    let Some(_disk) = SmallDisk::mount(&bench, "ro") else { return };
    refused(
        &bench,
        &CSV_TO_CSV.replace("out.csv", "disk/out.csv"),
        &expect![[r#"
        {dir}/scene.ron:7:40: error: stage `out`: cannot write {dir}/disk/out.csv: {dir}/disk may not be written (Read-only file system (os error 30)); change its permissions or choose another folder
          7 |         "out": Sink( write: Csv( path: "${at}/disk/out.csv" ), from: "in" ),
            |                                        ^"#]],
    );
}

#[test]
fn device_that_is_full_fails() {
    let stages = CSV_TO_CSV.replace("${at}/out.csv", "/dev/full");
    fails(
        &with("in.csv", "a\n1\n"),
        &stages,
        &expect![
            "stage `out`: cannot write /dev/full: the disk is full (No space left on device (os error 28)) after 0 bytes; free space or choose another folder, then run again"
        ],
    );
}

/// What an earlier run wrote stays until there is something better.
#[test]
fn failed_run_leaves_the_old_output_as_it_was() {
    let bench = with("in.csv", "a\n1\n2,3\n");
    bench.write("out.csv", "old\n");
    fails(
        &bench,
        CSV_TO_CSV,
        &expect![
            "stage `in`: {dir}/in.csv:3: bad record: found 2 fields, expected 1 as in the header; to carry on without such records connect a sink to the source's port `rejected`"
        ],
    );
    assert_eq!(bench.read("out.csv"), "old\n");
}
