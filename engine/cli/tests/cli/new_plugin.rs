//! `tanda new-plugin`: what it makes builds, is tested and runs at once.

use std::path::Path;
use std::process::Command;

use super::support::{Folder, tanda};

#[test]
fn names_that_are_none_are_refused() {
    let folder = Folder::new();
    for name in ["My", "1st", "with-dash", "", "ünicode", "self", "fn"] {
        let said = folder.tanda(&["new-plugin", name]);
        assert_eq!(said.code, Some(2), "{name}: {said:?}");
        assert!(said.err.contains("is no name for a plugin"), "{name}: {said:?}");
    }
    assert!(folder.listing().is_empty());
}

#[test]
fn nothing_that_exists_is_overwritten() {
    let folder = Folder::new();
    assert_eq!(folder.tanda(&["new-plugin", "mine"]).code, Some(0));
    folder.write("mine/src/lib.rs", "// my work");
    let before = folder.listing();
    let said = folder.tanda(&["new-plugin", "mine"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.err.contains("mine: there is a plugin in it already"), "{said:?}");
    assert!(said.err.contains("--path"), "{said:?}");
    assert_eq!(folder.listing(), before);
    assert_eq!(folder.read("mine/src/lib.rs"), "// my work");
}

/// Builds once into a folder that later runs use again: arrow takes minutes to compile.
#[test]
fn new_plugin_builds_is_tested_and_runs() {
    let folder = Folder::new();
    let said = folder.tanda(&["new-plugin", "my_plugin"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("new-plugin");
    for command in ["build", "test"] {
        let mut cargo = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()));
        cargo.args([command, "--offline"]).current_dir(folder.path("my_plugin"));
        let output = cargo.env("CARGO_TARGET_DIR", &target).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let mut run = tanda();
    run.args(["run", "scene.ron", "--json"]).current_dir(folder.path("my_plugin"));
    let output = run.env("TANDA_PLUGIN_PATH", target.join("debug")).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let rows = folder.read("my_plugin/target/my_plugin.csv");
    assert_eq!(rows.lines().next(), Some("id,value,missing"));
    assert_eq!(rows.lines().count(), 1_001);
}
