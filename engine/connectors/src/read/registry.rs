//! The formats that are read: the one place that knows them all, by the variants of [`Read`].

use tanda_spelling::NamedFormat;
use tanda_text::{Types, parse_json_types, parse_types};

use crate::columnar_format::ColumnarFormat;
use tanda_scene::model::Read;

use super::error::ReadError;
use super::format::GeneratorSource;
use super::format::columns::ColumnarSource;
use super::format::records::{CsvSource, NdjsonSource};
use super::opening::{Format, Opening};
use super::transport::{FileRef, find_files};

/// Finds the inputs of `read` and learns their columns.
pub(super) fn open(read: &Read, opening: &Opening<'_>) -> Result<Box<dyn Format>, ReadError> {
    let columnar = |format, path| ColumnarSource::open(format, path, opening);
    Ok(match read {
        Read::Csv(read) => Box::new(CsvSource::open(read, opening)?),
        Read::Ndjson(read) => Box::new(NdjsonSource::open(read, opening)?),
        Read::Parquet(read) => Box::new(columnar(ColumnarFormat::Parquet, &read.path)?),
        Read::Arrow(read) => Box::new(columnar(ColumnarFormat::Arrow, &read.path)?),
        Read::Generator(read) => Box::new(GeneratorSource::open(read)?),
    })
}

/// The inputs that `read` names. Cost: a look at each; none is opened.
pub(super) fn files(read: &Read) -> Result<Vec<FileRef>, ReadError> {
    match read {
        Read::Csv(read) => find_files(&read.path, NamedFormat::Csv),
        Read::Ndjson(read) => find_files(&read.path, NamedFormat::Ndjson),
        Read::Parquet(read) => find_files(&read.path, NamedFormat::Parquet),
        Read::Arrow(read) => find_files(&read.path, NamedFormat::Arrow),
        Read::Generator(_) => Ok(Vec::new()),
    }
}

/// Whether `read` may never end, by its settings and the kind of its inputs; none is opened.
pub(super) fn is_endless(read: &Read) -> bool {
    match read {
        Read::Generator(read) => read.rows.is_none(),
        Read::Csv(_) | Read::Ndjson(_) | Read::Parquet(_) | Read::Arrow(_) => {
            files(read).is_ok_and(|files| files.iter().any(|file| file.is_endless()))
        }
    }
}

/// The columns that the `schema:` of `read` names, in their order there.
pub(super) fn given_types(read: &Read) -> Result<Types, ReadError> {
    Ok(match read {
        Read::Csv(read) => parse_types(read.schema.as_ref())?,
        Read::Ndjson(read) => parse_json_types(read.schema.as_ref())?,
        Read::Parquet(_) | Read::Arrow(_) | Read::Generator(_) => Types::default(),
    })
}
