//! Sinks, seen from outside: text that comes out, files that stand there, errors that are told.

mod errors;
mod files;
mod own_reader;
mod parts;
mod publishing;
mod round_trip;
mod values;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{Field, Schema, SchemaRef};
use tempfile::{TempDir, tempdir};

use crate::{Sink, WriteError, publish};
use tanda_scene::model::{
    CsvWrite, FileWrite, NdjsonWrite, ParquetCompression, ParquetWrite, Write,
};

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let fields = columns
        .iter()
        .map(|(name, array)| Field::new(*name, array.data_type().clone(), true))
        .collect::<Vec<_>>();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

fn csv(path: &str) -> CsvWrite {
    CsvWrite { path: path.to_owned(), delimiter: ',', decimals: None, null: String::new() }
}

fn ndjson(path: &str) -> Write {
    Write::Ndjson(NdjsonWrite { path: path.to_owned() })
}

fn parquet(path: &str, compression: ParquetCompression, row_group_rows: u32) -> Write {
    Write::Parquet(ParquetWrite { path: path.to_owned(), compression, row_group_rows })
}

fn arrow(path: &str) -> Write {
    Write::Arrow(FileWrite { path: path.to_owned() })
}

fn file(path: &str) -> Write {
    Write::File(FileWrite { path: path.to_owned() })
}

/// Writes as the engine does: encoder first if there is one.
fn write(sink: &mut Sink, batch: &RecordBatch) -> Result<(), WriteError> {
    let Some(encoder) = &sink.encoder else { return sink.writer.write_batch(batch) };
    let mut bytes = Vec::new();
    encoder.encode(batch, &mut bytes)?;
    sink.writer.write_bytes(&bytes)
}

/// Bytes written.
fn write_all(to: &Write, schema: &SchemaRef, batches: &[RecordBatch]) -> u64 {
    let mut sink = Sink::open(to, schema).unwrap();
    for batch in batches {
        write(&mut sink, batch).unwrap();
    }
    close(sink)
}

/// Closes the sink, as the only one of a run; gives the bytes written.
fn close(sink: Sink) -> u64 {
    let closed = sink.writer.close().unwrap();
    publish(closed.staged.as_slice()).unwrap();
    closed.bytes
}

/// What the sink writes for the batch, header included.
fn text(to: impl Fn(String) -> Write, batch: &RecordBatch) -> String {
    let folder = tempdir().unwrap();
    let path = folder.path().join("out");
    let to = to(path.to_str().unwrap().to_owned());
    write_all(&to, &batch.schema(), std::slice::from_ref(batch));
    std::fs::read_to_string(path).unwrap()
}

/// A small disk of its own for one test; unmounted even if the test fails.
struct SmallDisk(TempDir);

impl SmallDisk {
    /// `None` where mounting is not allowed.
    fn mount(options: &str) -> Option<Self> {
        let folder = tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(folder.path());
        mount.output().is_ok_and(|done| done.status.success()).then_some(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.path()).status();
    }
}
