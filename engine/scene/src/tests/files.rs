//! Scene files on disk.

use std::path::Path;

use super::*;
use crate::{SCENE_BYTES_MAX, load};

fn check(path: &Path, expected: &Expect) {
    let faults = load(path, &[]).unwrap_err().to_string();
    let folder = path.parent().unwrap().display().to_string();
    expected.assert_eq(&faults.replace(&folder, "folder"));
}

#[test]
fn a_file_that_is_no_scene_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    check(
        &path("missing.ron"),
        &expect![[r#"
        folder/missing.ron: error: cannot be read: No such file or directory (os error 2)
          hint: paths are relative to the working directory"#]],
    );
    std::fs::create_dir(path("folder.ron")).unwrap();
    check(
        &path("folder.ron"),
        &expect![[r#"
        folder/folder.ron: error: cannot be read: Is a directory (os error 21)
          hint: name a scene file inside the folder"#]],
    );
    std::fs::write(path("latin.ron"), b"Scene(\n  name: \"caf\xe9\",\n)").unwrap();
    check(
        &path("latin.ron"),
        &expect![[r#"
        folder/latin.ron:2:13: error: is not UTF-8 text: byte 0xe9 stands here
          2 |   name: "caf�",
            |             ^
          hint: save the file as UTF-8"#]],
    );
    std::fs::write(path("large.ron"), vec![b' '; SCENE_BYTES_MAX + 1]).unwrap();
    check(
        &path("large.ron"),
        &expect![[
            "folder/large.ron: error: is larger than 1048576 bytes, the most a scene may have"
        ]],
    );
}

#[test]
fn a_file_is_loaded_with_its_overrides() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sound.ron");
    std::fs::write(&path, SOUND).unwrap();
    let scene = load(&path, &overrides(&[("input", "other.csv")])).unwrap();
    assert_eq!(scene.params["input"], "other.csv");
    assert_eq!(scene.places.file(), path.display().to_string());
}
