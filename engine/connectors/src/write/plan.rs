//! What a sink of the scene comes down to: a format, a packing and a path, all within bounds.

use std::path::Path;

use tanda_spelling::{Ending, NamedFormat, Packing};

use tanda_scene::model::{CsvWrite, ParquetCompression, ParquetWrite, Write};

use super::error::WriteError;

/// Formats named by the ending of a path, and the text formats' compressions.
const ENDINGS: &str = ".csv, .ndjson, .jsonl, .parquet or .arrow \
    (.csv, .ndjson and .jsonl may be followed by .gz or .zst)";

/// Endings that people use for these formats, and what to write instead.
const NEAR_MISSES: [(&str, &str); 11] = [
    ("cvs", "; did you mean .csv?"),
    ("csvs", "; did you mean .csv?"),
    ("txt", "; did you mean .csv?"),
    ("tsv", "; for tabs write Csv( path: …, delimiter: '\\t' )"),
    ("json", "; one JSON object a line has the ending .ndjson or .jsonl"),
    ("ndjsonl", "; did you mean .ndjson?"),
    ("parq", "; did you mean .parquet?"),
    ("ipc", "; did you mean .arrow?"),
    ("feather", "; did you mean .arrow?"),
    ("arrows", "; did you mean .arrow?"),
    ("gzip", "; did you mean .gz?"),
];

/// Decimals that CSV can be asked for: more are never needed to tell two doubles near 1 apart.
const DECIMALS_MAX: u8 = 17;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SinkFormat {
    Csv(CsvFormat),
    Ndjson,
    Parquet(ParquetFormat),
    Arrow,
}

impl SinkFormat {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Csv(_) => "CSV",
            Self::Ndjson => "NDJSON",
            Self::Parquet(_) => "Parquet",
            Self::Arrow => "Arrow",
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CsvFormat {
    pub(crate) delimiter: u8,
    pub(crate) decimals: Option<u8>,
    pub(crate) null: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ParquetFormat {
    pub(crate) compression: ParquetCompression,
    pub(crate) row_group_rows: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan<'a> {
    pub(crate) path: &'a str,
    pub(crate) format: SinkFormat,
    pub(crate) packing: Packing,
}

impl<'a> Plan<'a> {
    /// The plan of a sink; `None` for the blackhole.
    pub(crate) fn of(write: &'a Write) -> Result<Option<Self>, WriteError> {
        let (path, format, packing) = match write {
            Write::Csv(csv) => (&csv.path, SinkFormat::Csv(csv_format(csv)?), packing(&csv.path)),
            Write::Ndjson(ndjson) => (&ndjson.path, SinkFormat::Ndjson, packing(&ndjson.path)),
            Write::Parquet(parquet) => {
                let format = SinkFormat::Parquet(parquet_format(parquet)?);
                (&parquet.path, format, unpacked(&parquet.path, "Parquet")?)
            }
            Write::Arrow(arrow) => {
                (&arrow.path, SinkFormat::Arrow, unpacked(&arrow.path, "Arrow")?)
            }
            Write::File(file) => {
                let (format, packing) = by_ending(&file.path)?;
                (&file.path, format, packing)
            }
            Write::Blackhole => return Ok(None),
        };
        Ok(Some(Self { path, format, packing }))
    }
}

fn csv_format(csv: &CsvWrite) -> Result<CsvFormat, WriteError> {
    let bad = |field, found: String, expected| {
        Err(WriteError::Setting { path: csv.path.clone(), field, found, expected })
    };
    let Some(delimiter) = delimiter(csv.delimiter) else {
        let expected = "one ASCII character, but no letter, no digit and none of \" + - . :";
        return bad("delimiter", format!("{:?}", csv.delimiter), expected);
    };
    if csv.decimals.is_some_and(|decimals| decimals > DECIMALS_MAX) {
        let found = csv.decimals.unwrap_or_default().to_string();
        return bad("decimals", found, "0 to 17 decimals");
    }
    if csv.null.bytes().any(|b| matches!(b, b'"' | b'\r' | b'\n') || b == delimiter) {
        let expected = "a text without quotes, line ends or the delimiter";
        return bad("null", format!("{:?}", csv.null), expected);
    }
    let null = csv.null.clone().into_bytes();
    Ok(CsvFormat { delimiter, decimals: csv.decimals, null })
}

/// Numbers, dates and times are never quoted, so their characters cannot part fields.
fn delimiter(delimiter: char) -> Option<u8> {
    let taken = delimiter.is_ascii_alphanumeric() || "\"\r\n+-.:\0".contains(delimiter);
    u8::try_from(delimiter).ok().filter(|byte| byte.is_ascii() && !taken)
}

fn parquet_format(parquet: &ParquetWrite) -> Result<ParquetFormat, WriteError> {
    if parquet.row_group_rows == 0 {
        return Err(WriteError::Setting {
            path: parquet.path.clone(),
            field: "row_group_rows",
            found: "0".to_owned(),
            expected: "at least 1 row",
        });
    }
    let row_group_rows = parquet.row_group_rows as usize;
    Ok(ParquetFormat { compression: parquet.compression, row_group_rows })
}

fn packing(path: &str) -> Packing {
    Ending::of(Path::new(path)).packing
}

fn unpacked(path: &str, format: &str) -> Result<Packing, WriteError> {
    match packing(path) {
        Packing::None => Ok(Packing::None),
        Packing::Gzip | Packing::Zstd => Err(WriteError::Ending {
            path: path.to_owned(),
            found: format!(
                "{format} is not compressed as a whole, but the path ends in .gz or .zst"
            ),
            expected: "a path without that ending",
            hint: String::new(),
        }),
    }
}

fn by_ending(path: &str) -> Result<(SinkFormat, Packing), WriteError> {
    let ending = Ending::of(Path::new(path));
    let format = match ending.format() {
        Some(NamedFormat::Csv) => {
            SinkFormat::Csv(CsvFormat { delimiter: b',', decimals: None, null: Vec::new() })
        }
        Some(NamedFormat::Ndjson) => SinkFormat::Ndjson,
        Some(NamedFormat::Parquet) => SinkFormat::Parquet(ParquetFormat {
            compression: ParquetCompression::default(),
            row_group_rows: 1 << 20,
        }),
        Some(NamedFormat::Arrow) => SinkFormat::Arrow,
        Some(NamedFormat::Tsv) | None => return Err(unknown_ending(path, &ending.text)),
    };
    if matches!(format, SinkFormat::Parquet(_) | SinkFormat::Arrow) {
        unpacked(path, &ending.text)?;
    }
    Ok((format, ending.packing))
}

fn unknown_ending(path: &str, ending: &str) -> WriteError {
    if path.is_empty() {
        return WriteError::EmptyPath;
    }
    let (found, hint) = if path == "-" {
        let hint = "; for standard output write Csv( path: \"-\" ), Ndjson( path: \"-\" ) \
            or Arrow( path: \"-\" )";
        ("standard output has no ending".to_owned(), hint)
    } else if ending.is_empty() {
        ("it has no ending".to_owned(), "")
    } else {
        let near = NEAR_MISSES.iter().find(|(miss, _)| *miss == ending);
        (format!("its ending is .{ending}"), near.map_or("", |(_, hint)| hint))
    };
    WriteError::Ending { path: path.to_owned(), found, expected: ENDINGS, hint: hint.to_owned() }
}
