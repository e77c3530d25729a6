//! The arrows between the crates, kept over what cargo itself says of the workspace.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;
use tanda_tests::root;

/// Each member: its folder, and the members that it may depend on, in whatever way.
const MEMBERS: [(&str, &str, &[&str]); 20] = [
    ("tanda-components", "components", &[]),
    ("tanda-systems", "systems", &["tanda-components"]),
    ("tanda", "engine", &ENGINE_MAY),
    ("tanda-cli", "engine/cli", &CLI_MAY),
    ("tanda-connectors", "engine/connectors", &["tanda-scene", "tanda-spelling", "tanda-text"]),
    ("tanda-memory", "engine/memory", &[]),
    ("tanda-ipc", "engine/ipc", &[]),
    ("tanda-scene", "engine/scene", &["tanda-components", "tanda-systems", "tanda-spelling"]),
    ("tanda-text", "engine/text", &["tanda-spelling"]),
    ("tanda-plugin-host", "engine/plugin_host", &["tanda-plugin", "tanda-memory"]),
    ("tanda-worker", "engine/worker", &["tanda-memory", "tanda-ipc", "tanda-plugin-host"]),
    ("tanda-spelling", "plugins/spelling", &[]),
    ("tanda-plugin", "plugins/sdk", &["tanda-spelling"]),
    ("tanda-expression", "plugins/expression", &["tanda-spelling"]),
    ("tanda-validation", "plugins/validation", &PLUGIN_MAY),
    ("tanda-enrichment", "plugins/enrichment", &ENRICHMENT_MAY),
    ("tanda-aggregation", "plugins/aggregation", &PLUGIN_MAY),
    ("tanda-faulty", "plugins/faulty", &PLUGIN_MAY),
    ("tanda-tests", "tests", &ANYTHING),
    ("tanda-benches", "benches", &ANYTHING),
];
const PLUGIN_MAY: [&str; 3] = ["tanda-plugin", "tanda-expression", "tanda-spelling"];
/// It reads tables as sources are read.
const ENRICHMENT_MAY: [&str; 4] =
    ["tanda-plugin", "tanda-expression", "tanda-spelling", "tanda-text"];
const ENGINE_MAY: [&str; 8] = [
    "tanda-components",
    "tanda-connectors",
    "tanda-systems",
    "tanda-memory",
    "tanda-ipc",
    "tanda-scene",
    "tanda-plugin-host",
    "tanda-worker",
];
const CLI_MAY: [&str; 7] = [
    "tanda",
    "tanda-ipc",
    "tanda-plugin-host",
    "tanda-faulty",
    "tanda-validation",
    "tanda-enrichment",
    "tanda-aggregation",
];
const ANYTHING: [&str; 1] = ["*"];
const STANDARD_PLUGINS: [&str; 3] = ["tanda-validation", "tanda-enrichment", "tanda-aggregation"];

/// What cargo says of the workspace's members.
fn metadata() -> Value {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("a test of cargo has a cargo");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo writes JSON")
}

fn packages(metadata: &Value) -> impl Iterator<Item = &Value> {
    metadata["packages"].as_array().expect("there are packages").iter()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("it is a text")
}

/// The members that each member depends on: to run, to build or to test.
fn edges(metadata: &Value) -> BTreeMap<&str, BTreeSet<&str>> {
    let members: BTreeSet<&str> = packages(metadata).map(|p| text(&p["name"])).collect();
    let dependencies = |package: &'_ Value| -> BTreeSet<&str> {
        let all = package["dependencies"].as_array().expect("there are dependencies");
        let names = all.iter().map(|dependency| text(&dependency["name"]));
        names.filter_map(|name| members.get(name).copied()).collect()
    };
    packages(metadata).map(|p| (text(&p["name"]), dependencies(p))).collect()
}

/// The edges that no layer allows.
fn forbidden(edges: &BTreeMap<&str, BTreeSet<&str>>) -> Vec<String> {
    let may = |from: &str, to: &str| {
        let member = MEMBERS.iter().find(|(name, ..)| *name == from);
        member.is_some_and(|(_, _, may)| *may == ANYTHING || may.contains(&to))
    };
    let pairs = edges.iter().flat_map(|(from, to)| to.iter().map(move |to| (from, to)));
    let pairs = pairs.filter(|(from, to)| !may(from, to));
    pairs.map(|(from, to)| format!("{from} -> {to}")).collect()
}

#[test]
fn members_are_the_crates_of_the_design() {
    let metadata = metadata();
    let root = root().canonicalize().unwrap();
    let found: BTreeSet<String> = packages(&metadata)
        .map(|package| {
            let manifest = std::path::Path::new(text(&package["manifest_path"]));
            let folder = manifest.parent().unwrap().canonicalize().unwrap();
            let folder = folder.strip_prefix(&root).unwrap().display().to_string();
            format!("{} in {folder}", text(&package["name"]))
        })
        .collect();
    let expected = MEMBERS.iter().map(|(name, folder, _)| format!("{name} in {folder}"));
    assert_eq!(found, expected.collect());
}

#[test]
fn crates_depend_only_on_what_their_layer_allows() {
    let metadata = metadata();
    assert_eq!(forbidden(&edges(&metadata)), [""; 0]);
}

#[test]
fn nobody_but_the_program_tests_and_benches_depends_on_the_engine() {
    let metadata = metadata();
    let edges = edges(&metadata);
    let users = edges.iter().filter(|(_, to)| to.contains("tanda")).map(|(from, _)| *from);
    assert_eq!(users.collect::<Vec<_>>(), ["tanda-benches", "tanda-cli", "tanda-tests"]);
}

#[test]
fn planted_edge_is_caught() {
    let metadata = metadata();
    let mut edges = edges(&metadata);
    edges.get_mut("tanda-components").unwrap().insert("tanda-systems");
    edges.get_mut("tanda-validation").unwrap().insert("tanda");
    assert_eq!(
        forbidden(&edges),
        ["tanda-components -> tanda-systems", "tanda-validation -> tanda"]
    );
}

/// The program lists them as dependencies, so that `cargo run` builds their libraries beside it; a
/// program links them as crates to test them.
#[test]
fn standard_plugins_are_libraries_to_load_and_to_link() {
    let metadata = metadata();
    let edges = edges(&metadata);
    for plugin in STANDARD_PLUGINS {
        assert!(edges["tanda-cli"].contains(plugin), "the program does not build {plugin}");
        let package = packages(&metadata).find(|p| p["name"] == plugin).unwrap();
        let targets = package["targets"].as_array().unwrap();
        let kinds = targets.iter().map(|target| &target["crate_types"]);
        let expected = serde_json::json!(["cdylib", "rlib"]);
        assert!(kinds.clone().any(|kinds| *kinds == expected), "{plugin}: {targets:?}");
    }
}
