//! The rules: each says of a text which lines break it, and how.

use crate::source::{self, has_word};

/// Lines (from 1) and what is wrong there.
pub(crate) type Faults = Vec<(usize, String)>;
/// A rule over the text of one file.
pub(crate) type Rule = fn(&str) -> Faults;

const COLUMNS_MAX: usize = 100;
const LINES_MAX: usize = 400;

/// How far above an `unsafe` its argument may begin: a statement may stand between.
const ARGUMENT_LINES_MAX: usize = 6;

/// Macros that say that code is missing or was left behind.
const LEFT_MACROS: [&str; 3] = ["todo!", "unimplemented!", "dbg!"];
/// Words that say so in comments, as words of their own, in any case.
const LEFT_WORDS: [&str; 10] = [
    "todo",
    "fixme",
    "xxx",
    "hack",
    "stub",
    "placeholder",
    "for now",
    "not implemented",
    "not yet implemented",
    "coming soon",
];

/// What is not a literal must fit: a message or an expected result cannot be broken without harm.
pub(crate) fn long_lines(text: &str) -> Faults {
    let lines = source::lines(text).into_iter().enumerate();
    let columns = |line: &source::Line| line.code.chars().count() + line.comment.chars().count();
    lines
        .filter(|(_, line)| columns(line) > COLUMNS_MAX && !line.comment.contains("://"))
        .map(|(at, line)| (at + 1, format!("{} columns, at most {COLUMNS_MAX}", columns(&line))))
        .collect()
}

pub(crate) fn long_file(text: &str) -> Faults {
    let mut count = 0;
    let mut in_tests = false;
    let mut before = "";
    for line in text.lines() {
        in_tests |= before == "#[cfg(test)]" && line.starts_with("mod ") && line.ends_with('{');
        count += usize::from(!in_tests);
        in_tests &= line != "}";
        before = line;
    }
    let is_long = count > LINES_MAX;
    let fault = || (count, format!("{count} lines without tests, at most {LINES_MAX}"));
    is_long.then(fault).into_iter().collect()
}

pub(crate) fn stray_space(text: &str) -> Faults {
    let mut faults = Faults::new();
    let parts = source::lines(text);
    for (at, line) in text.lines().enumerate() {
        // Inside a literal spaces are data.
        if parts.get(at).is_some_and(|parts| parts.in_literal) {
            continue;
        }
        if line.contains('\t') {
            faults.push((at + 1, "a tab".to_owned()));
        }
        if line.ends_with([' ', '\r']) {
            faults.push((at + 1, "trailing space".to_owned()));
        }
    }
    if !text.is_empty() && !text.ends_with('\n') {
        faults.push((text.lines().count(), "no newline at the end of the file".to_owned()));
    }
    faults
}

pub(crate) fn left_overs(text: &str) -> Faults {
    let mut faults = Faults::new();
    for (at, line) in source::lines(text).into_iter().enumerate() {
        for name in LEFT_MACROS.iter().filter(|name| has_macro(&line.code, name)) {
            faults.push((at + 1, format!("`{name}`")));
        }
        // Scripts and TOML have comments of their own.
        let comment = line.comment + line.code.split_once("# ").map_or("", |(_, comment)| comment);
        let lower = comment.to_ascii_lowercase();
        for word in LEFT_WORDS.iter().filter(|word| has_word(&lower, word)) {
            let at_word = lower.find(word).expect("it was found just now");
            let found = &comment[at_word..at_word + word.len()];
            faults.push((at + 1, format!("\"{found}\" in a comment")));
        }
    }
    faults
}

fn has_macro(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| !code[..at].ends_with(|c: char| c.is_alphanumeric()))
}

pub(crate) fn sleeps(text: &str) -> Faults {
    of_code(text, |code| {
        let sleeps = code.contains("thread::sleep");
        sleeps.then(|| "`thread::sleep`: wait for the thing itself".to_owned())
    })
}

pub(crate) fn unsafe_code(text: &str) -> Faults {
    of_code(text, |code| has_word(code, "unsafe").then(|| "`unsafe` outside the fences".to_owned()))
}

fn of_code(text: &str, fault: impl Fn(&str) -> Option<String>) -> Faults {
    let lines = source::lines(text).into_iter().enumerate();
    lines.filter_map(|(at, line)| Some((at + 1, fault(&line.code)?))).collect()
}

pub(crate) fn unargued_unsafe(text: &str) -> Faults {
    let lines = source::lines(text);
    let needs_argument = |code: &str| {
        let mut words = code.match_indices("unsafe");
        words.any(|(at, word)| {
            let after = code[at + word.len()..].trim_start();
            after.starts_with('{') || after.starts_with("impl")
        })
    };
    let is_argued = |at: usize| {
        let above = &lines[at.saturating_sub(ARGUMENT_LINES_MAX)..=at];
        let argument = above.iter().rposition(|line| line.comment.contains("SAFETY:"));
        // An empty line ends what an argument speaks of, and so does another `unsafe` that took it.
        argument.is_some_and(|argument| {
            let between = &above[argument..above.len() - 1];
            !between.iter().any(|line| is_blank(line) || needs_argument(&line.code))
        })
    };
    let faulty = |at: &usize| needs_argument(&lines[*at].code) && !is_argued(*at);
    let fault = |at: usize| (at + 1, "`unsafe` without `// SAFETY:` above it".to_owned());
    (0..lines.len()).filter(faulty).map(fault).collect()
}

fn is_blank(line: &source::Line) -> bool {
    line.code.trim().is_empty() && line.comment.is_empty()
}

pub(crate) fn undocumented_root(text: &str) -> Faults {
    let fault = || (1, "the crate does not begin with `//!` documentation".to_owned());
    (!text.starts_with("//! ")).then(fault).into_iter().collect()
}

pub(crate) fn std_root(text: &str) -> Faults {
    let first = text.lines().enumerate().find(|(_, line)| !line.starts_with("//!"));
    let fault = |(at, _)| {
        (at + 1, "`#![no_std]` is not the first thing after the documentation".to_owned())
    };
    first.filter(|(_, line)| *line != "#![no_std]").map(fault).into_iter().collect()
}

pub(crate) fn own_lints(manifest: &str) -> Faults {
    let fault = || (1, "no `[lints]` with `workspace = true`".to_owned());
    (!manifest.contains("[lints]\nworkspace = true\n")).then(fault).into_iter().collect()
}
