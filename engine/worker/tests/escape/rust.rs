//! What Rust's runtime needs, and how it takes a denial.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::panic::catch_unwind;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Instant;

/// The ways to read a declared file all work; what is not declared is named by the error.
pub(crate) fn while_loading(folder: &Path) {
    let declared = folder.join("declared");
    assert_eq!(fs::read_to_string(&declared).expect("it is declared"), "declared");
    let file = File::open(&declared).expect("it is declared");
    assert_eq!(file.metadata().expect("it is open").len(), 8);
    assert_eq!(file.try_clone().and_then(|copy| copy.metadata()).expect("it is open").len(), 8);
    let error = fs::read_to_string(folder.join("secret")).expect_err("it is not declared");
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    alone();
}

/// Neither a thread nor a process can be started, and the error says so.
fn alone() {
    let thread = thread::Builder::new().spawn(|| ());
    assert_eq!(thread.expect_err("no threads").kind(), ErrorKind::PermissionDenied);
    let process = Command::new("/bin/true").status();
    assert_eq!(process.expect_err("no processes").kind(), ErrorKind::PermissionDenied);
}

/// A panic is caught, with its backtrace; what is denied quietly is an error like any other.
pub(crate) fn while_running(folder: &Path) {
    catch_unwind(|| panic!("on purpose")).expect_err("it panics");
    let start = Instant::now();
    let map: HashMap<_, _> = (0..100_000).map(|key| (key, vec![key; 10])).collect();
    assert_eq!(map.len(), 100_000);
    thread::yield_now();
    let _ = (start.elapsed(), thread::available_parallelism());
    for name in ["declared", "secret", "missing"] {
        let error = File::open(folder.join(name)).expect_err("nothing is readable any more");
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    }
    assert!(!folder.exists());
    alone();
    std::io::stderr().write_all(b"\nsucceeded\n").expect("the log is open");
}
