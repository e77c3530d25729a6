//! Paths of sources and sinks, as texts: nothing here looks at the file system.

use super::model::{Read, Write};
use super::problem::Problem;

/// A file format that the ending of a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// `.csv`, also with `.gz` or `.zst` behind it.
    Csv,
    /// `.ndjson`, also with `.gz` or `.zst` behind it.
    Ndjson,
    /// `.parquet`.
    Parquet,
    /// `.arrow`.
    Arrow,
}

impl FileFormat {
    /// The format that the ending of `path` names, if it names one.
    #[must_use]
    pub fn of_path(path: &str) -> Option<Self> {
        let unpacked = path.strip_suffix(".gz").or_else(|| path.strip_suffix(".zst"));
        let is_packed = unpacked.is_some();
        match unpacked.unwrap_or(path).rsplit_once('.')?.1 {
            "csv" => Some(Self::Csv),
            "ndjson" => Some(Self::Ndjson),
            "parquet" if !is_packed => Some(Self::Parquet),
            "arrow" if !is_packed => Some(Self::Arrow),
            _ => None,
        }
    }
}

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
    fn an_ending_names_a_format() {
        assert_eq!(FileFormat::of_path("a/b.csv"), Some(FileFormat::Csv));
        assert_eq!(FileFormat::of_path("b.ndjson.zst"), Some(FileFormat::Ndjson));
        assert_eq!(FileFormat::of_path("b.parquet"), Some(FileFormat::Parquet));
        assert_eq!(FileFormat::of_path("b.arrow"), Some(FileFormat::Arrow));
        assert_eq!(FileFormat::of_path("b.parquet.gz"), None);
        assert_eq!(FileFormat::of_path("b.csv/c"), None);
        assert_eq!(FileFormat::of_path("csv"), None);
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
