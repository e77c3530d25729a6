//! Whose the unfinished file is: ours and fresh, or the sink is refused.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use nix::sys::stat::Mode;
use nix::unistd::{Uid, chown, mkfifo};
use tempfile::tempdir;

use super::files::{names, numbers};
use super::*;

/// Lets `made` put something where the unfinished file is to be; the sink has to be refused by
/// check and by open, for this reason, and leave it alone.
#[track_caller]
fn refused(made: impl FnOnce(&Path), reason: &str) {
    let folder = tempdir().unwrap();
    let path = folder.path().join("out.csv");
    made(&folder.path().join("out.csv.part"));
    let before = names(folder.path());
    let to = file(path.to_str().unwrap());
    for error in
        [Sink::check(&to).unwrap_err(), Sink::open(&to, &numbers(0).schema()).err().unwrap()]
    {
        let told = error.to_string().replace(folder.path().to_str().unwrap(), "DIR");
        let expected = format!(
            "cannot write DIR/out.csv: DIR/out.csv.part stands in the way: {reason}; \
             move it away or choose another path"
        );
        assert_eq!(told, expected);
    }
    assert_eq!(names(folder.path()), before);
}

#[test]
fn pipe_in_the_place_of_the_part_is_refused_and_not_waited_for() {
    refused(|part| mkfifo(part, Mode::S_IRWXU).unwrap(), "it is a named pipe");
}

#[test]
fn folder_in_the_place_of_the_part_is_refused() {
    refused(|part| fs::create_dir(part).unwrap(), "it is a folder");
}

#[test]
fn link_in_the_place_of_the_part_is_refused_and_not_followed() {
    refused(|part| symlink("elsewhere", part).unwrap(), "it is a symbolic link");
}

#[test]
fn part_with_another_name_is_refused_and_keeps_its_content() {
    let keep = tempdir().unwrap();
    let kept = keep.path().join("kept");
    fs::write(&kept, "mine").unwrap();
    // Two folders of the same disk, so that a hard link may lead from one to the other.
    refused(|part| fs::hard_link(&kept, part).unwrap(), "it is a file of 2 names");
    assert_eq!(fs::read_to_string(&kept).unwrap(), "mine");
}

#[test]
fn part_of_another_user_is_refused() {
    if !Uid::effective().is_root() {
        return;
    }
    let give_away = |part: &Path| {
        fs::write(part, "theirs").unwrap();
        chown(part, Some(Uid::from_raw(65_534)), None).unwrap();
    };
    refused(give_away, "it belongs to another user (uid 65534)");
}

#[test]
fn part_that_was_left_behind_is_removed_and_made_anew() {
    let folder = tempdir().unwrap();
    let part = folder.path().join("out.csv.part");
    fs::write(&part, "of a run that was killed").unwrap();
    // Whoever still reads it keeps what is there.
    let left = fs::File::open(&part).unwrap();
    let to = file(folder.path().join("out.csv").to_str().unwrap());
    let sink = Sink::open(&to, &numbers(0).schema()).unwrap();
    assert_ne!(fs::metadata(&part).unwrap().ino(), left.metadata().unwrap().ino());
    assert_eq!(std::io::read_to_string(left).unwrap(), "of a run that was killed");
    drop(sink);
}

#[test]
fn part_takes_over_permissions_but_not_the_rights_of_its_owner() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("out.csv");
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o6750)).unwrap();
    let sink = Sink::open(&file(path.to_str().unwrap()), &numbers(0).schema()).unwrap();
    let part = fs::metadata(folder.path().join("out.csv.part")).unwrap();
    assert_eq!(part.permissions().mode() & 0o7777, 0o750);
    drop(sink);
}
