//! Whole sources, from bytes on disk to batches.

mod bad_records;
mod containers;
mod csv;
mod faults;
mod generator;
mod globs;
mod lies;
mod ndjson;
mod nested;
mod pipes;
mod property;

use std::path::PathBuf;
use std::time::Duration;

use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use ron::extensions::Extensions;
use tempfile::TempDir;

use crate::{DecodedPiece, Limits, OnBad, Piece, ReadError, Source, Stop};
use tanda_scene::model::Read;

/// A folder of its own for each test, named `{dir}` in the scenes and replaced in what is printed.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    fn path(&self) -> &str {
        self.0.path().to_str().unwrap()
    }

    /// `read:` of a scene.
    fn scene(&self, text: &str) -> Read {
        let extensions = Extensions::UNWRAP_VARIANT_NEWTYPES | Extensions::IMPLICIT_SOME;
        let options = ron::Options::default().with_default_extension(extensions);
        options.from_str(&text.replace("{dir}", self.path())).unwrap()
    }

    /// What a source reads, or its error.
    fn read(&self, scene: &str) -> String {
        self.read_with(scene, &limits(), None, OnBad::Reject)
    }

    /// What a source reads that has no place for bad records, or its error.
    fn read_strictly(&self, scene: &str) -> String {
        self.read_with(scene, &limits(), None, OnBad::Fail)
    }

    fn read_with(
        &self,
        scene: &str,
        limits: &Limits,
        columns: Option<&[usize]>,
        on_bad: OnBad,
    ) -> String {
        let mut out = String::new();
        let source = Source::open(&self.scene(scene), limits, &Stop::new().unwrap());
        let result = source.and_then(|source| {
            let (mut reader, decoder) = source.start(columns, on_bad);
            let stop = Stop::new().unwrap();
            let mut is_first = true;
            while let Some(piece) = reader.next(&stop)? {
                let decoded = match piece {
                    Piece::Decoded(batch) => DecodedPiece { batch, rejected: None },
                    Piece::Raw(piece) => decoder.as_ref().unwrap().decode(&piece)?,
                };
                out += &if is_first { header(&decoded.batch) } else { "---\n".to_owned() };
                is_first = false;
                out += &rows(&decoded.batch);
                out += &decoded.rejected.map_or(String::new(), |batch| {
                    rows(&batch).lines().map(|line| format!("! {line}\n")).collect()
                });
            }
            Ok(())
        });
        out += &result.map_or_else(|error| format!("error: {error}\n"), |()| String::new());
        out.replace(self.path(), "{dir}")
    }

    fn open(&self, scene: &str) -> Result<Source, ReadError> {
        Source::open(&self.scene(scene), &limits(), &Stop::new().unwrap())
    }
}

fn limits() -> Limits {
    let linger = Duration::from_secs(3600);
    Limits { batch_rows: 1000, batch_bytes: 8 << 20, linger, unpacked_bytes_max: 64 << 20 }
}

/// `name:type` of each column.
fn header(batch: &RecordBatch) -> String {
    let schema = batch.schema();
    let column = |field: &std::sync::Arc<arrow::datatypes::Field>| {
        format!("{}:{}", field.name(), tanda_spelling::type_name(field.data_type()))
    };
    schema.fields().iter().map(column).collect::<Vec<_>>().join(" | ") + "\n"
}

/// One line a row; `-` where a value is missing.
fn rows(batch: &RecordBatch) -> String {
    let options = FormatOptions::default().with_null("-");
    let columns = batch.columns().iter();
    let columns = columns.map(|c| ArrayFormatter::try_new(c.as_ref(), &options).unwrap());
    let columns = columns.collect::<Vec<_>>();
    let row = |row: usize| {
        let values = columns.iter().map(|column| column.value(row).to_string());
        values.collect::<Vec<_>>().join(" | ") + "\n"
    };
    (0..batch.num_rows()).map(row).collect()
}
