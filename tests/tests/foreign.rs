//! Files that others read or wrote, compared value by value: those of pyarrow and duckdb (see
//! `foreign/compare.py`), and random text beside Python's json and csv (`foreign/compare_text.py`).
//!
//! Wants python3, for the former with pyarrow and duckdb (`TANDA_PYTHON` names another one);
//! without them a test says that it was skipped, and fails where `CI` is set.
#![expect(clippy::print_stderr, reason = "what was tried, and that a test is skipped, is said")]

use std::process::Command;

use tanda_tests::{repo_file, tanda};

/// The part of all files that is tried: the rest is for `TANDA_FOREIGN_SHARE=1`, on long runs.
const SHARE: &str = "0.05";
/// Random CSV and NDJSON files; more on long runs (`TANDA_FOREIGN_TEXTS`).
const TEXTS: &str = "60";
/// Another seed takes other files (`TANDA_FOREIGN_SEED`).
const SEED: &str = "1";

fn setting(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.to_owned())
}

/// Runs a script of `foreign/` with a count, if Python has the modules.
#[track_caller]
fn compare(script: &str, modules: &str, count: String) {
    let python = setting("TANDA_PYTHON", "python3");
    let probe = Command::new(&python).args(["-c", &format!("import {modules}")]).output();
    if !probe.is_ok_and(|probe| probe.status.success()) {
        assert!(std::env::var_os("CI").is_none(), "{python} has no {modules}");
        eprintln!("SKIPPED: {python} has no {modules}");
        return;
    }
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let compared = Command::new(python)
        .arg(repo_file(&format!("tests/foreign/{script}")))
        .arg(tanda())
        .arg(folder.path())
        .args([count, setting("TANDA_FOREIGN_SEED", SEED)])
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("the probe has started it");
    let said = String::from_utf8_lossy(&compared.stdout);
    eprintln!("{said}{}", String::from_utf8_lossy(&compared.stderr));
    assert!(compared.status.success(), "{said}");
}

#[test]
fn foreign_files_are_read_exactly_or_refused_by_name() {
    compare("compare.py", "pyarrow, duckdb", setting("TANDA_FOREIGN_SHARE", SHARE));
}

#[test]
fn random_text_is_read_as_python_reads_it() {
    compare("compare_text.py", "csv, json", setting("TANDA_FOREIGN_TEXTS", TEXTS));
}
