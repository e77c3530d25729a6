//! Files that other programs wrote, read and compared value by value: see `foreign/compare.py`.
//!
//! Wants python3 with pyarrow and duckdb (`TANDA_PYTHON` names another one); without them it says
//! that it was skipped, and fails where `CI` is set.

use std::process::Command;

use tanda_tests::{repo_file, tanda};

/// The part of all files that is tried: the rest is for `TANDA_FOREIGN_SHARE=1`, on long runs.
const SHARE: &str = "0.05";
/// Another seed takes other files (`TANDA_FOREIGN_SEED`).
const SEED: &str = "1";

fn setting(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.to_owned())
}

#[test]
fn foreign_files_are_read_exactly_or_refused_by_name() {
    let python = setting("TANDA_PYTHON", "python3");
    let probe = Command::new(&python).args(["-c", "import pyarrow, duckdb"]).output();
    if !probe.is_ok_and(|probe| probe.status.success()) {
        assert!(std::env::var_os("CI").is_none(), "{python} has no pyarrow and duckdb");
        eprintln!("SKIPPED: {python} has no pyarrow and duckdb; `pip install pyarrow duckdb`");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let compared = Command::new(python)
        .arg(repo_file("tests/foreign/compare.py"))
        .arg(tanda())
        .arg(folder.path())
        .args([setting("TANDA_FOREIGN_SHARE", SHARE), setting("TANDA_FOREIGN_SEED", SEED)])
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&compared.stdout);
    eprintln!("{said}{}", String::from_utf8_lossy(&compared.stderr));
    assert!(compared.status.success(), "{said}");
}
