//! Paths of sources and sinks, as texts: nothing here looks at the file system.

use std::path::Path;

use tanda_spelling::{Ending, NamedFormat, Packing};

use super::model::{Read, Write};
use super::problem::Problem;

/// The path that a sink writes; `None` for one that writes nothing.
pub fn of_write(write: &Write) -> Option<&str> {
    match write {
        Write::Csv(csv) => Some(&csv.path),
        Write::Ndjson(ndjson) => Some(&ndjson.path),
        Write::Parquet(parquet) => Some(&parquet.path),
        Write::Arrow(file) | Write::File(file) => Some(&file.path),
        Write::Blackhole => None,
    }
}

/// The path that a source reads; `None` for one that makes its rows.
pub fn of_read(read: &Read) -> Option<&str> {
    match read {
        Read::Csv(csv) => Some(&csv.path),
        Read::Ndjson(ndjson) => Some(&ndjson.path),
        Read::Parquet(file) | Read::Arrow(file) => Some(&file.path),
        Read::Generator(_) => None,
    }
}

/// What is wrong with `path` as the path of a file.
pub(super) fn problem(path: &str) -> Option<Problem> {
    if path.is_empty() {
        return Some(Problem::EmptyPath);
    }
    let is_folder = matches!(path.rsplit('/').next(), Some("" | "." | ".."));
    is_folder.then(|| Problem::FolderPath(path.to_owned()))
}

/// Whether the ending of `path` names a format that sinks write.
pub(super) fn names_format(path: &str) -> bool {
    let ending = Ending::of(Path::new(path));
    match ending.format() {
        Some(NamedFormat::Csv | NamedFormat::Ndjson) => true,
        Some(NamedFormat::Parquet | NamedFormat::Arrow) => ending.packing == Packing::None,
        Some(NamedFormat::Tsv) | None => false,
    }
}

/// One spelling of `path`: no `.`, no doubled `/`, and no `..` that takes back a named folder.
///
/// Links are not followed, so two spellings may still name one file.
pub(super) fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|&last| last != "..") => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    let root = if path.starts_with('/') { "/" } else { "" };
    format!("{root}{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_path_are_one() {
        for path in ["out/a.csv", "./out/a.csv", "out//a.csv", "out/./b/../a.csv", "out/a.csv"] {
            assert_eq!(normal(path), "out/a.csv");
        }
        assert_eq!(normal("/a"), "/a");
        assert_eq!(normal("../../a"), "../../a");
        assert_ne!(normal("/a"), normal("a"));
    }

    #[test]
    fn an_ending_names_a_format_that_is_written() {
        for path in ["a/b.csv", "b.ndjson.zst", "b.jsonl", "B.CSV.gz", "b.parquet", "b.arrow"] {
            assert!(names_format(path), "{path}");
        }
        for path in ["b.parquet.gz", "b.csv/c", "csv", "b.tsv", "b.txt"] {
            assert!(!names_format(path), "{path}");
        }
    }

    #[test]
    fn a_folder_is_no_file() {
        assert!(problem("out/").is_some());
        assert!(problem("out/..").is_some());
        assert!(problem("").is_some());
        assert!(problem("-").is_none());
        assert!(problem("a.csv").is_none());
    }
}
