//! The documents say what is true: every field of a scene is in the reference, and examples parse.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::fs;

use tanda::scene;
use tanda_tests::root;

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// Names of the public fields that a scene can set, from the model's source.
fn scene_fields() -> Vec<String> {
    let model = read("engine/scene/src/model.rs");
    let fields = model.lines().filter_map(|line| line.trim().strip_prefix("pub "));
    let names = fields.filter_map(|line| Some(line.split_once(": ")?.0.to_owned()));
    let made_by_the_loader = ["body", "stage", "port", "places"];
    names.filter(|name| !made_by_the_loader.contains(&name.as_str())).collect()
}

#[test]
fn every_field_of_a_scene_is_in_the_reference() {
    let reference = read("config/REFERENCE.md");
    let fields = scene_fields();
    assert!(fields.len() > 30, "{fields:?}");
    for field in fields {
        assert!(reference.contains(&format!("`{field}`")), "config/REFERENCE.md lacks `{field}`");
    }
}

#[test]
fn scenes_in_the_documents_parse() {
    for document in ["README.md", "config/REFERENCE.md"] {
        let text = read(document);
        for block in text.split("```ron\n").skip(1) {
            let scene_text = block.split("```").next().unwrap();
            let parsed = scene::parse(scene_text, document, &[]);
            parsed.unwrap_or_else(|faults| panic!("{faults}"));
        }
    }
    assert!(read("README.md").contains("```ron\n"), "the README shows a scene");
}

#[test]
fn readme_opens_with_the_two_commands() {
    let readme = read("README.md");
    let commands: Vec<&str> =
        readme.lines().filter_map(|line| line.strip_prefix("    ")).take(2).collect();
    assert_eq!(
        commands,
        ["cargo run --release -- run config/basic_pipeline.ron", "cargo test --workspace"]
    );
}
