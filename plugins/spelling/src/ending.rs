//! What the ending of a file's name says: the format, and how the file is compressed as a whole.
//!
//! One table for all who read or write files; what each of them makes of a format is its own
//! business. Letter case does not matter.

use std::path::Path;

/// How a whole file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Not at all.
    None,
    /// gzip: `.gz`.
    Gzip,
    /// Zstandard: `.zst`.
    Zstd,
}

/// A format that an ending names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedFormat {
    /// `.csv`.
    Csv,
    /// CSV whose fields a tab parts: `.tsv`.
    Tsv,
    /// `.ndjson`, `.jsonl`.
    Ndjson,
    /// `.parquet`, `.pq`.
    Parquet,
    /// `.arrow`.
    Arrow,
}

impl NamedFormat {
    /// Its usual ending, without the dot.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
        }
    }
}

/// The ending of a file's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// What it ends with in small letters, without the dot and that of the packing: `csv` of
    /// `A.CSV.gz`; empty if there is nothing.
    pub text: String,
    /// What stands behind that.
    pub packing: Packing,
}

impl Ending {
    /// The ending of the last name in `path`.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        let text = last(path);
        let packing = match text.as_str() {
            "gz" => Packing::Gzip,
            "zst" => Packing::Zstd,
            _ => return Self { text, packing: Packing::None },
        };
        let text = path.file_stem().map_or_else(String::new, |stem| last(Path::new(stem)));
        Self { text, packing }
    }

    /// The format that it names, if it names one.
    #[must_use]
    pub fn format(&self) -> Option<NamedFormat> {
        Some(match self.text.as_str() {
            "csv" => NamedFormat::Csv,
            "tsv" => NamedFormat::Tsv,
            "ndjson" | "jsonl" => NamedFormat::Ndjson,
            "parquet" | "pq" => NamedFormat::Parquet,
            "arrow" => NamedFormat::Arrow,
            _ => return None,
        })
    }
}

fn last(path: &Path) -> String {
    path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str) -> (Option<NamedFormat>, Packing) {
        let ending = Ending::of(Path::new(path));
        (ending.format(), ending.packing)
    }

    #[test]
    fn an_ending_names_format_and_packing() {
        assert_eq!(of("a/b.csv"), (Some(NamedFormat::Csv), Packing::None));
        assert_eq!(of("B.Jsonl.ZST"), (Some(NamedFormat::Ndjson), Packing::Zstd));
        assert_eq!(of("b.parquet.gz"), (Some(NamedFormat::Parquet), Packing::Gzip));
        assert_eq!(of("b.gz"), (None, Packing::Gzip));
        assert_eq!(of("b.gz.gz"), (None, Packing::Gzip));
    }

    #[test]
    fn a_name_without_a_dot_inside_has_no_ending() {
        for path in ["csv", "b.csv/c", ".csv", "b.", "-", ""] {
            assert_eq!(of(path), (None, Packing::None), "{path}");
        }
    }

    #[test]
    fn every_format_has_the_ending_it_is_known_by() {
        use NamedFormat::{Arrow, Csv, Ndjson, Parquet, Tsv};
        for format in [Csv, Tsv, Ndjson, Parquet, Arrow] {
            assert_eq!(of(&format!("x.{}", format.ending())).0, Some(format));
        }
    }
}
