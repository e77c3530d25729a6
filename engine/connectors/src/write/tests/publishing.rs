//! Outputs take their names together, or what stood there comes back.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;

use nix::errno::Errno;
use tempfile::{TempDir, tempdir};

use super::files::{names, numbers};
use super::*;
use crate::write::transport::publish_by;
use crate::{Staged, publish};

/// A complete output of one row that waits for its name.
fn staged(folder: &TempDir, name: &str) -> Staged {
    let to = file(folder.path().join(name).to_str().unwrap());
    let mut sink = Sink::open(&to, &numbers(0).schema()).unwrap();
    write(&mut sink, &numbers(1)).unwrap();
    sink.writer.close().unwrap().staged.unwrap()
}

fn read(folder: &TempDir, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).unwrap()
}

/// `a.csv` and `c.csv` have an old file, `b.csv` has none.
fn three() -> (TempDir, [Staged; 3]) {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("a.csv"), "old a").unwrap();
    fs::write(folder.path().join("c.csv"), "old c").unwrap();
    let outputs = ["a.csv", "b.csv", "c.csv"].map(|name| staged(&folder, name));
    (folder, outputs)
}

#[track_caller]
fn assert_all_stand(folder: &TempDir) {
    assert_eq!(names(folder.path()), ["a.csv", "b.csv", "c.csv"]);
    for name in ["a.csv", "b.csv", "c.csv"] {
        assert_eq!(read(folder, name), "n\n0\n", "{name}");
    }
}

/// None has its name, the old ones are back, what was written is under `.part`.
#[track_caller]
fn assert_none_stands(folder: &TempDir) {
    assert_eq!(read(folder, "a.csv"), "old a");
    assert!(!folder.path().join("b.csv").exists());
    for name in ["a.csv.part", "b.csv.part"] {
        assert_eq!(read(folder, name), "n\n0\n", "{name}");
    }
}

fn told(folder: &TempDir, error: &WriteError) -> String {
    error.to_string().replace(folder.path().to_str().unwrap(), "DIR")
}

#[test]
fn outputs_keep_their_part_names_until_they_are_published_together() {
    let (folder, outputs) = three();
    let before = ["a.csv", "a.csv.part", "b.csv.part", "c.csv", "c.csv.part"];
    assert_eq!(names(folder.path()), before);
    assert_eq!(read(&folder, "a.csv"), "old a");
    publish(&outputs).unwrap();
    assert_all_stand(&folder);
}

#[test]
fn outputs_that_are_not_published_keep_their_part_names() {
    let (folder, outputs) = three();
    drop(outputs);
    assert_none_stands(&folder);
    assert_eq!(read(&folder, "c.csv"), "old c");
}

#[test]
fn folder_that_took_the_last_name_brings_all_old_files_back() {
    let (folder, outputs) = three();
    fs::remove_file(folder.path().join("c.csv")).unwrap();
    fs::create_dir(folder.path().join("c.csv")).unwrap();
    let (index, error) = publish(&outputs).unwrap_err();
    assert_eq!(index, 2);
    assert!(told(&folder, &error).starts_with("cannot write DIR/c.csv: it is a folder"), "{error}");
    assert_none_stands(&folder);
}

#[test]
fn part_that_another_took_is_not_published() {
    let (folder, outputs) = three();
    let part = folder.path().join("c.csv.part");
    fs::remove_file(&part).unwrap();
    fs::write(&part, "of another run").unwrap();
    let (index, error) = publish(&outputs).unwrap_err();
    assert_eq!(index, 2);
    assert_eq!(
        told(&folder, &error),
        "cannot write DIR/c.csv: DIR/c.csv.part was removed or replaced by another program while \
         the run wrote it; run again"
    );
    assert_none_stands(&folder);
    assert_eq!(read(&folder, "c.csv"), "old c");
    assert_eq!(read(&folder, "c.csv.part"), "of another run");
}

#[test]
fn link_that_took_the_place_of_the_part_is_not_followed() {
    let (folder, outputs) = three();
    let part = folder.path().join("c.csv.part");
    fs::rename(&part, folder.path().join("elsewhere")).unwrap();
    symlink("elsewhere", &part).unwrap();
    let (index, _) = publish(&outputs).unwrap_err();
    assert_eq!(index, 2);
    assert_none_stands(&folder);
    assert_eq!(read(&folder, "c.csv"), "old c");
}

/// As a file system answers that does not know the call.
fn unknown(_: &Path, _: &Path) -> io::Result<()> {
    Err(Errno::EINVAL.into())
}

#[test]
fn where_names_cannot_be_exchanged_outputs_are_published_by_steps() {
    let (folder, outputs) = three();
    publish_by(&outputs, unknown).unwrap();
    assert_all_stand(&folder);
}

#[test]
fn where_names_cannot_be_exchanged_old_files_come_back_too() {
    let (folder, outputs) = three();
    fs::remove_file(folder.path().join("c.csv.part")).unwrap();
    let (index, _) = publish_by(&outputs, unknown).unwrap_err();
    assert_eq!(index, 2);
    assert_none_stands(&folder);
    assert_eq!(read(&folder, "c.csv"), "old c");
    assert_eq!(names(folder.path()), ["a.csv", "a.csv.part", "b.csv.part", "c.csv"]);
}

/// The state that a kill between two exchanges leaves: the next run takes it for what it is.
#[test]
fn next_run_removes_what_a_killed_one_left() {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("a.csv"), "new, published").unwrap();
    fs::write(folder.path().join("a.csv.part"), "old, not yet removed").unwrap();
    publish(&[staged(&folder, "a.csv")]).unwrap();
    assert_eq!(names(folder.path()), ["a.csv"]);
    assert_eq!(read(&folder, "a.csv"), "n\n0\n");
}

#[test]
fn error_names_the_file_that_cannot_be_taken_back() {
    /// Exchanges, but never back.
    fn once(one: &Path, other: &Path) -> io::Result<()> {
        if fs::read_to_string(other)?.starts_with("old") {
            let aside = other.with_extension("aside");
            fs::rename(other, &aside)?;
            fs::rename(one, other)?;
            return fs::rename(aside, one);
        }
        Err(Errno::EIO.into())
    }
    let (folder, outputs) = three();
    fs::remove_file(folder.path().join("c.csv.part")).unwrap();
    let (_, error) = publish_by(&outputs, once).unwrap_err();
    let told = told(&folder, &error);
    let end = "run again; and DIR/a.csv could not be taken back (Input/output error (os error 5)): \
               it is this run's, what stood there before is in DIR/a.csv.part";
    assert!(told.ends_with(end), "{told}");
    assert_eq!(read(&folder, "a.csv.part"), "old a");
}
