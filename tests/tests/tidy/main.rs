//! The style's hard rules, kept by reading the tree: nobody has to remember them.

mod circles;
mod links;
mod rules;
mod source;
mod tree;

use std::collections::BTreeMap;
use std::path::Path;

use expect_test::{Expect, expect};
use rules::Rule;
use tree::{Tree, is_test_code};

/// Files that a stranger looks for first.
const REQUIRED: [&str; 8] = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "LICENSE-MIT",
    "LICENSE-APACHE",
    "Cargo.lock",
    ".ci/run",
];

/// The fences: only here may `unsafe` stand. `lib.rs` of the SDK holds the macro that exports a
/// plugin.
/// `harm.rs` breaks the rules on purpose.
const UNSAFE: [&str; 6] = [
    "engine/memory/",
    "engine/ipc/",
    "engine/plugin_host/",
    "plugins/sdk/src/abi/",
    "plugins/sdk/src/lib.rs",
    "plugins/faulty/src/harm.rs",
];

/// Holds every file of `kinds` to a rule, except those that `exempt` names.
#[track_caller]
fn keep(kinds: &[&str], rule: Rule, exempt: impl Fn(&str) -> bool) {
    let tree = Tree::read();
    let mut faults = Vec::new();
    let mut count = 0;
    for (path, text) in tree.files(kinds).filter(|(path, _)| !exempt(path)) {
        count += 1;
        let found = rule(text).into_iter();
        faults.extend(found.map(|(line, what)| format!("{path}:{line}: {what}")));
    }
    assert!(count > 0, "no file of the kinds {kinds:?} was found");
    assert!(faults.is_empty(), "{} faults\n{}\n", faults.len(), faults.join("\n"));
}

fn nothing(_: &str) -> bool {
    false
}

#[test]
fn lines_have_at_most_100_columns() {
    keep(&["rs", "c", "h"], rules::long_lines, nothing);
}

#[test]
fn files_have_at_most_400_lines_without_tests() {
    keep(&["rs"], rules::long_file, is_test_code);
}

#[test]
fn text_has_no_tab_no_trailing_space_and_ends_with_a_newline() {
    keep(&["rs", "c", "h", "toml", "md", "ron", "sh", "py"], rules::stray_space, nothing);
}

#[test]
fn nothing_is_left_to_do() {
    keep(&["rs", "c", "h", "toml", "ron", "sh", "py"], rules::left_overs, nothing);
}

#[test]
fn nothing_but_a_test_sleeps() {
    keep(&["rs"], rules::sleeps, is_test_code);
}

#[test]
fn unsafe_stands_inside_the_fences() {
    keep(&["rs"], rules::unsafe_code, |path| UNSAFE.iter().any(|fence| path.starts_with(fence)));
}

#[test]
fn unsafe_is_argued_for() {
    keep(&["rs"], rules::unargued_unsafe, nothing);
}

#[test]
fn crates_say_what_they_are() {
    keep(&["rs"], rules::undocumented_root, |path| {
        !(path.ends_with("src/lib.rs") || path.ends_with("src/main.rs"))
    });
}

#[test]
fn components_and_systems_have_no_std() {
    for path in ["components/src/lib.rs", "systems/src/lib.rs"] {
        keep(&["rs"], rules::std_root, |other| other != path);
    }
}

#[test]
fn crates_take_the_lints_of_the_workspace() {
    // The fuzz targets are a workspace of their own.
    keep(&["toml"], rules::own_lints, |path| {
        !path.ends_with("/Cargo.toml") || path == "fuzz/Cargo.toml"
    });
}

#[test]
fn required_files_are_there() {
    let tree = Tree::read();
    let missing: Vec<_> = REQUIRED.iter().filter(|path| !tree.has(path)).collect();
    assert!(missing.is_empty(), "missing: {missing:?}");
}

#[test]
fn links_of_documents_lead_somewhere() {
    let tree = Tree::read();
    let mut broken = Vec::new();
    for (path, text) in tree.files(&["md"]) {
        let folder = Path::new(path).parent().expect("a file is in a folder");
        let leads = |link: &str| tree.root().join(folder).join(link).exists();
        let links = links::relative(text).into_iter().filter(|(_, link)| !leads(link));
        broken.extend(links.map(|(line, link)| format!("{path}:{line}: {link}")));
    }
    assert!(broken.is_empty(), "links to nowhere\n{}\n", broken.join("\n"));
}

/// Circles that were there before the rule was. Nothing is added here, and what is mended goes.
const STANDING: [&str; 5] = [
    "engine/cli/src/: lib, print",
    "engine/src/: failover::sole, isolation::answers, isolation::feed, isolation::life, \
     isolation::process, isolation::serving, isolation::spares, isolation::thread, \
     platform::os::job",
    "engine/src/: pipeline::start, pipeline::start_failure, platform::os, platform::os::publish, \
     platform::os::reader, platform::os::stop, platform::os::workers, platform::os::writer, \
     report, run",
    "engine/src/: platform::sim, platform::sim::failover",
    "engine/src/: platform::sim::stage, platform::sim::worker",
];

#[test]
fn files_use_each_other_in_no_circle() {
    let tree = Tree::read();
    let mut found = Vec::new();
    let roots = tree.files(&["rs"]).filter_map(|(path, _)| path.strip_suffix("src/lib.rs"));
    for root in roots.filter(|root| !is_test_code(root)) {
        let source = format!("{root}src/");
        let files = tree.files(&["rs"]).filter(|(path, _)| !is_test_code(path));
        let files = files.filter_map(|(path, text)| Some((path.strip_prefix(&source)?, text)));
        let circles = circles::circles(files).into_iter();
        found.extend(circles.map(|circle| format!("{source}: {}", circle.join(", "))));
    }
    assert_eq!(found, STANDING);
}

/// What a rule says of a text: the self-test, without which a rule that finds nothing proves
/// nothing.
#[track_caller]
fn check(rule: Rule, text: &str, expected: Expect) {
    let mut found = String::new();
    for (line, what) in rule(text) {
        found += &format!("{line}: {what}\n");
    }
    expected.assert_eq(&found);
}

#[test]
fn planted_long_line_is_caught() {
    let long = "x".repeat(101);
    check(
        rules::long_lines,
        &format!("let a = 1;\n{long}\n"),
        expect![[r#"
        2: 101 columns, at most 100
    "#]],
    );
    let in_text = format!("let a = r#\"\n{long}\n\"#;\n// https://example.org/{long}\n");
    check(rules::long_lines, &in_text, expect![""]);
    check(rules::long_lines, &format!("a(\"{long}\");\n"), expect![""]);
}

#[test]
fn planted_long_file_is_caught_but_its_tests_do_not_count() {
    let code = "fn a() {}\n".repeat(401);
    check(
        rules::long_file,
        &code,
        expect![[r#"
        401: 401 lines without tests, at most 400
    "#]],
    );
    let tests = "    #[test]\n".repeat(500);
    let text = format!("fn a() {{}}\n#[cfg(test)]\nmod tests {{\n{tests}}}\n");
    check(rules::long_file, &text, expect![""]);
}

#[test]
fn planted_stray_space_is_caught() {
    check(
        rules::stray_space,
        "a\n\tb\nc \nlet d = r#\"\ne \n\"#;",
        expect![[r#"
        2: a tab
        3: trailing space
        6: no newline at the end of the file
    "#]],
    );
}

#[test]
fn planted_left_over_is_caught_but_only_as_a_word() {
    let planted = format!(
        "{}!();\n// a {} here\n/* {} */\nlet url = \"{0}\"; // \\u{2}X\nEntity::PLACEHOLDER\n",
        "todo", "TODO", "XXX"
    );
    check(
        rules::left_overs,
        &planted,
        expect![[r#"
        1: `todo!`
        2: "TODO" in a comment
        3: "XXX" in a comment
    "#]],
    );
    check(
        rules::left_overs,
        &format!("# {} this\n", "fixme"),
        expect![[r#"
        1: "fixme" in a comment
    "#]],
    );
}

#[test]
fn planted_sleep_is_caught() {
    let planted = "// thread::sleep is not used\nstd::thread::sleep(second);\n";
    check(
        rules::sleeps,
        planted,
        expect![[r#"
        2: `thread::sleep`: wait for the thing itself
    "#]],
    );
}

#[test]
fn planted_unsafe_is_caught_but_not_the_word() {
    let planted = "// unsafe\nlet a = \"unsafe\";\n#![deny(unsafe_code)]\nunsafe { b() }\n";
    check(
        rules::unsafe_code,
        planted,
        expect![[r#"
        4: `unsafe` outside the fences
    "#]],
    );
}

#[test]
fn planted_unsafe_without_an_argument_is_caught() {
    let planted = "// SAFETY: it is (S1)\nlet a =\n    unsafe { b() };\n\nlet c = unsafe { d() };\n\
        unsafe impl Send for A {}\nunsafe fn e() {}\n";
    check(
        rules::unargued_unsafe,
        planted,
        expect![[r#"
        5: `unsafe` without `// SAFETY:` above it
        6: `unsafe` without `// SAFETY:` above it
    "#]],
    );
}

#[test]
fn planted_bare_root_is_caught() {
    check(
        rules::undocumented_root,
        "mod a;\n",
        expect![[r#"
        1: the crate does not begin with `//!` documentation
    "#]],
    );
    check(
        rules::std_root,
        "//! Uses #![no_std].\nmod a;\n",
        expect![[r#"
        2: `#![no_std]` is not the first thing after the documentation
    "#]],
    );
    check(rules::std_root, "//! A.\n#![no_std]\n", expect![""]);
}

#[test]
fn planted_lints_of_a_crate_are_caught() {
    check(
        rules::own_lints,
        "[package]\nname = \"a\"\n",
        expect![[r#"
        1: no `[lints]` with `workspace = true`
    "#]],
    );
    check(rules::own_lints, "[package]\n[lints]\nworkspace = true\n", expect![""]);
}

#[test]
fn planted_circle_is_found() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c; mod d; pub use a::One;"),
        ("a.rs", "use crate::b::{Two, three}; pub struct One;"),
        ("b/mod.rs", "mod e; pub(crate) use self::e::Two;"),
        // By the name that the root hands on.
        ("b/e.rs", "fn f(one: &crate::One) {}"),
        ("c.rs", "use super::a::One; #[cfg(test)] mod tests { use super::super::d::Four; }"),
        ("d.rs", "use crate::c; use crate::d::Four; use std::a::One;"),
    ];
    assert_eq!(circles::circles(files.into_iter()), [["a", "b::e"]]);
}

#[test]
fn planted_link_is_found() {
    let text = "[a](b.md#c) [d](https://e.f)\n```\n[g](h)\n```\n`[i](j)` ![k](l/m.png) [n](#o)\n";
    let found: BTreeMap<_, _> = links::relative(text).into_iter().collect();
    assert_eq!(found, [(1, "b.md"), (5, "l/m.png")].into());
}
