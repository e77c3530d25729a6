//! Globs: patterns of paths, taken apart into one part a folder. Pure; `connectors::read` walks
//! the file system with them.

use std::borrow::Cow;
use std::ffi::OsStr;

use glob::{MatchOptions, Pattern};

/// As in a shell: hidden names only if the pattern names their dot.
const AS_IN_A_SHELL: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// May `path` name several files? A file of just this name is meant first.
#[must_use]
pub fn is_glob(path: &str) -> bool {
    path.contains(['*', '?', '['])
}

/// A pattern of paths.
#[derive(Debug)]
pub struct Glob {
    /// Whether it begins at the root of the file system.
    pub is_absolute: bool,
    /// One part a level, the last for the files themselves: never [`Part::Folders`].
    pub parts: Vec<Part>,
}

/// What stands between two slashes.
#[derive(Debug)]
pub enum Part {
    /// Just this name.
    Name(String),
    /// Every name that fits.
    Fitting(Pattern),
    /// `**`: any number of folders, none of them hidden.
    Folders,
}

/// Why a text is no glob.
#[derive(Debug, PartialEq, Eq)]
pub struct BadGlob {
    /// What is wrong.
    pub reason: &'static str,
    /// At which character, from 1.
    pub position: usize,
}

impl Glob {
    /// Takes `text` apart. Empty parts and `.` name no level of their own.
    ///
    /// # Errors
    /// Why it is none, and at which character.
    pub fn parse(text: &str) -> Result<Self, BadGlob> {
        let (mut parts, mut position) = (Vec::new(), 1);
        for part in text.split('/') {
            match part {
                "" | "." => {}
                // Two in a row mean the same as one.
                "**" if matches!(parts.last(), Some(Part::Folders)) => {}
                "**" => parts.push(Part::Folders),
                part if is_glob(part) => {
                    let bad = |error: glob::PatternError| BadGlob {
                        reason: error.msg,
                        position: position + error.pos,
                    };
                    parts.push(Part::Fitting(Pattern::new(part).map_err(bad)?));
                }
                name => parts.push(Part::Name(name.to_owned())),
            }
            position += part.chars().count() + 1;
        }
        if matches!(parts.last(), Some(Part::Folders)) {
            let all = Pattern::new("*").expect("a star is a pattern");
            parts.push(Part::Fitting(all));
        }
        Ok(Self { is_absolute: text.starts_with('/'), parts })
    }

    /// Whether it means `path`, as texts: links are not followed.
    pub fn means(&self, path: &str) -> bool {
        let names = path.split('/').filter(|name| !matches!(*name, "" | "."));
        self.is_absolute == path.starts_with('/') && fits(&self.parts, &names.collect::<Vec<_>>())
    }
}

fn fits(parts: &[Part], names: &[&str]) -> bool {
    let Some((part, later)) = parts.split_first() else { return names.is_empty() };
    let rest = names.split_first();
    match part {
        Part::Folders => {
            let goes_on = |(name, rest): (&&str, _)| !is_hidden(name) && fits(parts, rest);
            fits(later, names) || rest.is_some_and(goes_on)
        }
        Part::Name(_) | Part::Fitting(_) => {
            rest.is_some_and(|(name, rest)| part.fits(name.as_ref()) && fits(later, rest))
        }
    }
}

impl Part {
    /// Whether a file or folder of this name is meant. Bytes that are no UTF-8 count as characters.
    pub fn fits(&self, name: &OsStr) -> bool {
        let name: Cow<'_, str> = name.to_string_lossy();
        match self {
            Self::Name(wanted) => *wanted == name,
            Self::Fitting(pattern) => pattern.matches_with(&name, AS_IN_A_SHELL),
            Self::Folders => !is_hidden(&name),
        }
    }
}

fn is_hidden(name: &str) -> bool {
    name.starts_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn means(glob: &str, path: &str) -> bool {
        Glob::parse(glob).unwrap().means(path)
    }

    #[test]
    fn a_part_means_one_level_and_two_stars_any_number() {
        assert!(means("d/*.csv", "d/a.csv"));
        assert!(means("./d//*.csv", "d/./a.csv"));
        assert!(!means("d/*.csv", "d/e/a.csv"));
        assert!(!means("*", "d/a.csv"));
        for path in ["a.csv", "d/a.csv", "d/e/a.csv"] {
            assert!(means("**/*.csv", path), "{path}");
            assert!(means("**/**/a.csv", path), "{path}");
            assert!(means("**", path), "{path}");
            assert!(!means("/**", path), "{path}");
        }
        assert!(means("d/**/a.csv", "d/e/f/a.csv"));
        assert!(!means("d/**/a.csv", "e/d/a.csv"));
        assert!(means("**/d/**/*.csv", "c/d/d/a.csv"));
    }

    #[test]
    fn hidden_names_are_meant_only_by_their_dot() {
        assert!(!means("*.csv", ".a.csv"));
        assert!(!means("**/*.csv", ".d/a.csv"));
        assert!(!means("**", "d/.a.csv"));
        assert!(means(".*.csv", ".a.csv"));
        assert!(means(".d/*.csv", ".d/a.csv"));
    }

    #[test]
    fn a_fault_is_told_with_its_place_in_the_whole_text() {
        let bad = Glob::parse("ä/b[*]/c***d").unwrap_err();
        assert_eq!(bad.position, 11);
        assert_eq!(Glob::parse("a/[b").unwrap_err().position, 3);
    }
}
