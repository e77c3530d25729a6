//! Which files a glob means: all of them, each once, or an error that names what is in the way.

use std::ffi::OsStr;
use std::fs::{Permissions, create_dir, create_dir_all, set_permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};

use caps::{CapSet, Capability};

use super::Folder;

/// What the files that a glob means hold, or the error.
fn rows(folder: &Folder, glob: &str) -> String {
    let read = folder.read(&format!("Csv(path: \"{{dir}}/{glob}\")"));
    read.lines().filter(|line| *line != "n:int64" && *line != "---").collect::<Vec<_>>().join(" ")
}

/// A file for each name, holding the number of its place.
fn with_files(names: &[&str]) -> Folder {
    let folder = Folder::new();
    for (number, name) in names.iter().enumerate() {
        let path = folder.0.path().join(name);
        create_dir_all(path.parent().unwrap()).unwrap();
        folder.write(name, format!("n\n{number}\n"));
    }
    folder
}

/// Does something without the rights of the superuser over files, if this is one.
fn as_a_plain_user<T: Send>(step: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            for capability in [Capability::CAP_DAC_OVERRIDE, Capability::CAP_DAC_READ_SEARCH] {
                caps::drop(None, CapSet::Effective, capability).unwrap();
            }
            step()
        });
        thread.join().unwrap()
    })
}

#[test]
fn files_come_in_the_order_of_their_paths_folder_by_folder() {
    let folder = with_files(&["b/a.csv", "a.csv", "b/c/z.csv", "b.csv", "b/B.csv", "c/a.csv"]);
    assert_eq!(rows(&folder, "**/*.csv"), "1 4 0 2 3 5");
    assert_eq!(rows(&folder, "**"), "1 4 0 2 3 5");
    assert_eq!(rows(&folder, "b/**"), "4 0 2");
    assert_eq!(rows(&folder, "*/*.csv"), "4 0 5");
    assert_eq!(rows(&folder, "?/c/../[a-z].csv"), "0");
    assert_eq!(rows(&folder, "*.csv"), "1 3");
}

#[test]
fn name_that_is_no_utf_8_is_read_and_shown_byte_by_byte() {
    let folder = with_files(&["a.csv", "c.csv"]);
    let name = OsStr::from_bytes(b"b\xff.csv");
    std::fs::write(folder.0.path().join(name), "n\n7\nx,y\n").unwrap();
    let read = folder.read("Csv(path: \"{dir}/*.csv\")");
    let reason = "found 2 fields, expected 1 as in the header";
    let rejected = format!("! x,y | {reason} | {{dir}}/b\\xff.csv | 3\n");
    assert_eq!(read, format!("n:int64\n0\n---\n7\n{rejected}---\n1\n"));
    assert_eq!(rows(&folder, "b?.csv"), format!("7 {}", rejected.trim_end()));
}

#[test]
fn file_is_read_once_whatever_links_lead_to_it() {
    let folder = with_files(&["a.csv", "d/b.csv"]);
    let path = |name: &str| folder.0.path().join(name);
    symlink("a.csv", path("z.csv")).unwrap();
    std::fs::hard_link(path("a.csv"), path("y.csv")).unwrap();
    symlink("d/b.csv", path("c.csv")).unwrap();
    assert_eq!(rows(&folder, "*.csv"), "0 1");
    assert_eq!(rows(&folder, "z*.csv"), "0");
}

#[test]
fn two_stars_follow_no_link_to_a_folder_and_one_star_does() {
    let folder = with_files(&["d/a/x.csv", "e/x.csv"]);
    symlink("..", folder.0.path().join("d/a/up")).unwrap();
    symlink("../e", folder.0.path().join("d/e")).unwrap();
    assert_eq!(rows(&folder, "d/**/x.csv"), "0");
    assert_eq!(rows(&folder, "d/*/x.csv"), "0 1");
    assert_eq!(rows(&folder, "d/*/up/a/x.csv"), "0");
}

#[test]
fn folder_that_may_not_be_searched_is_named() {
    let folder = with_files(&["a/x.csv", "b/x.csv", "b/c/x.csv"]);
    let closed = folder.0.path().join("b");
    let denied = |name: &str| {
        format!(
            "error: {{dir}}/{name}: permission denied to search this folder; the engine's user \
             needs the rights `r` and `x` on it, or name the files so that no way leads through it"
        )
    };
    for mode in [0o000, 0o400, 0o100] {
        set_permissions(&closed, Permissions::from_mode(mode)).unwrap();
        for glob in ["*/x.csv", "**/x.csv", "*/*.csv", "b/c/*.csv"] {
            let read = as_a_plain_user(|| rows(&folder, glob));
            // What is named in full needs no listing.
            let is_found = mode == 0o100 && matches!(glob, "*/x.csv" | "b/c/*.csv");
            let all = if glob == "b/c/*.csv" { "2" } else { "0 1" };
            let expected = if is_found { all.to_owned() } else { denied("b") };
            assert_eq!(read, expected, "{glob} with {mode:o}");
        }
    }
    set_permissions(&closed, Permissions::from_mode(0o000)).unwrap();
    assert_eq!(as_a_plain_user(|| rows(&folder, "b/x.csv")), denied("b"));
    symlink("b/c/x.csv", folder.0.path().join("l.csv")).unwrap();
    assert_eq!(as_a_plain_user(|| rows(&folder, "*.csv")), denied("b"));
    set_permissions(&closed, Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn link_that_leads_nowhere_is_named_and_not_offered_as_a_hint() {
    let dead = "error: {dir}/x.csv: is a link to y.csv, which leads nowhere; mend the link or \
                remove it";
    let folder = with_files(&["a.csv", "d/z.csv"]);
    symlink("y.csv", folder.0.path().join("x.csv")).unwrap();
    assert_eq!(rows(&folder, "*.csv"), dead);
    assert_eq!(rows(&folder, "x.csv"), dead);
    symlink("gone", folder.0.path().join("e")).unwrap();
    let dead = dead.replace("x.csv", "e").replace("y.csv", "gone");
    assert_eq!(rows(&folder, "*/z.csv"), dead);
    assert_eq!(rows(&folder, "*/*.csv"), dead);
    assert_eq!(rows(&folder, "**/z.csv"), "1");
}

#[test]
fn folder_that_fits_is_no_file() {
    let folder = with_files(&["a.csv", "b.csv/c.csv"]);
    create_dir(folder.0.path().join("d.csv")).unwrap();
    assert_eq!(rows(&folder, "*.csv"), "0");
    assert_eq!(rows(&folder, "*.csv/*.csv"), "1");
    assert!(rows(&folder, "d*.csv").starts_with("error: {dir}/d*.csv: no file fits this glob"));
}
