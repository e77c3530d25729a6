//! Sinks: batches in; a file, a pipe, standard output or nothing out.
//!
//! A file is written beside its name, as `<path>.part`, and takes its name only when all files of
//! the run are complete and on disk ([`publish`]): whatever stands at the path is either what stood
//! there before or the whole result.
//! Text formats are encoded by [`Encode`], side by side on any thread, and written in order by the
//! [`Writer`]; Parquet and Arrow are encoded by the writer itself.

mod batches;
mod cells;
mod columns;
mod csv;
mod downcast;
mod error;
mod ndjson;
mod number;
mod output;
mod outward;
mod parquet_form;
mod part;
mod plan;
mod publish;
mod schema;
mod target;
mod text;
mod time;

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use crate::scene::model::Write;

use self::batches::{ArrowSink, Blackhole, ParquetSink};
use self::csv::CsvEncoder;
use self::ndjson::NdjsonEncoder;
use self::output::Output;
use self::plan::{Format, Plan};
use self::schema::check_schema;
use self::target::{Target, TargetKind};
use self::text::TextSink;

#[cfg(test)]
mod tests;

pub use self::error::WriteError;
pub use self::publish::{Staged, publish};

/// An open sink.
///
/// With an `encoder`, batches go through [`Encode::encode`] and its bytes, in order, to
/// [`Writer::write_bytes`]; without one, batches go to [`Writer::write_batch`].
pub struct Sink {
    /// Turns batches into bytes; none for the formats that the writer encodes.
    pub encoder: Option<Arc<dyn Encode>>,
    /// Takes what is to be written; belongs on a thread of its own, because it blocks on I/O.
    pub writer: Box<dyn Writer>,
}

/// Turns batches into the bytes of a text format: without state, so on any thread and in any order.
pub trait Encode: Send + Sync {
    /// Appends the records of `batch` to `out`, in order, each with its line end.
    ///
    /// Cost: about 11 ns a cell for CSV and 15 ns for NDJSON, of integers and short texts; 25 ns
    /// for a float. The capacity of `out` is worth keeping between batches.
    ///
    /// # Errors
    /// If the batch does not have the columns that the sink was opened with; `out` is as before.
    fn encode(&self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), WriteError>;
}

/// Writes a sink's file. Ends in exactly one of [`close`](Writer::close) and
/// [`abandon`](Writer::abandon); merely dropped, it leaves the unfinished file as it is.
pub trait Writer: Send {
    /// Appends encoded records. Only for a sink with an encoder.
    ///
    /// # Errors
    /// If the system refuses them; some of the bytes may have been written. Only
    /// [`abandon`](Writer::abandon) makes sense then.
    ///
    /// # Panics
    /// On a sink without an encoder.
    fn write_bytes(&mut self, bytes: &[u8]) -> Result<(), WriteError>;

    /// Appends a batch, encoding it here.
    ///
    /// # Errors
    /// As [`write_bytes`](Writer::write_bytes), or if the batch does not have the columns that the
    /// sink was opened with.
    fn write_batch(&mut self, batch: &RecordBatch) -> Result<(), WriteError>;

    /// Brings what was written to where a reader of the unfinished file sees it; what is compressed
    /// can be decompressed up to here then. Parquet and Arrow files cannot be read without their
    /// end, and keep what they have.
    ///
    /// # Errors
    /// As [`write_bytes`](Writer::write_bytes).
    fn flush(&mut self) -> Result<(), WriteError> {
        Ok(())
    }

    /// Ends the file (footer, end of the compression) and brings it to the disk; [`publish`] gives
    /// it its name.
    ///
    /// # Errors
    /// If the system refuses.
    fn close(self: Box<Self>) -> Result<Closed, WriteError>;

    /// Gives up: writes what is buffered, as far as that works, and leaves the `.part` file.
    fn abandon(self: Box<Self>);
}

/// A complete output.
#[derive(Debug)]
pub struct Closed {
    /// Bytes written, after compression.
    pub bytes: u64,
    /// The file that waits for its name; none for what is written in place.
    pub staged: Option<Staged>,
}

/// Finds out, without side effects, whether a sink can be opened.
///
/// # Errors
/// If its settings are out of bounds, its ending names no format, or its path cannot be written.
pub fn check(write: &Write) -> Result<(), WriteError> {
    match Plan::of(write)? {
        Some(plan) => Target::check(plan.path).map(drop),
        None => Ok(()),
    }
}

/// Finds out, without side effects, whether the format of a sink that [`check`] finds sound can
/// hold the columns.
///
/// # Errors
/// If it cannot hold `schema`.
pub fn check_columns(write: &Write, schema: &SchemaRef) -> Result<(), WriteError> {
    match Plan::of(write)? {
        Some(plan) => check_schema(&Target::check(plan.path)?.shown, schema, &plan.format),
        None => Ok(()),
    }
}

/// Opens a sink: creates missing folders and the unfinished file (one that was left behind is
/// removed), and writes the header.
///
/// A named pipe is opened with the first byte that reaches it, as that waits for its reader.
///
/// # Errors
/// As [`check`], and if the format cannot hold `schema`, another run is writing the file, or
/// the system refuses.
pub fn open(write: &Write, schema: &SchemaRef) -> Result<Sink, WriteError> {
    let Some(plan) = Plan::of(write)? else {
        return Ok(Sink { encoder: None, writer: Box::new(Blackhole) });
    };
    let target = Target::check(plan.path)?;
    check_schema(&target.shown, schema, &plan.format)?;
    let on_stdout = matches!(target.kind, TargetKind::Stdout);
    let output = Output::create(target, plan.compression)?;
    match plan.format {
        Format::Csv(format) => {
            let encoder = CsvEncoder::new(format, schema.clone());
            let header = encoder.header();
            text_sink(output, Arc::new(encoder), &header)
        }
        Format::Ndjson => text_sink(output, Arc::new(NdjsonEncoder::new(schema.clone())), b""),
        Format::Parquet(format) => {
            let writer = Box::new(ParquetSink::new(output, format, schema)?);
            Ok(Sink { encoder: None, writer })
        }
        Format::Arrow => {
            let writer = Box::new(ArrowSink::new(output, on_stdout, schema)?);
            Ok(Sink { encoder: None, writer })
        }
    }
}

fn text_sink(
    mut output: Output,
    encoder: Arc<dyn Encode>,
    header: &[u8],
) -> Result<Sink, WriteError> {
    output.write_bytes(header)?;
    let writer = Box::new(TextSink::new(output, encoder.clone()));
    Ok(Sink { encoder: Some(encoder), writer })
}
