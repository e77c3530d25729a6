//! A sink as a whole, and the one place that knows all formats that are written.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;

use tanda_scene::model::Write;

use super::error::WriteError;
use super::format::Blackhole;
use super::format::columns::{ArrowSink, ParquetSink};
use super::format::records::{CsvEncoder, NdjsonEncoder, TextSink};
use super::plan::{Plan, SinkFormat};
use super::schema::check_schema;
use super::transport::{Output, Target, TargetKind};
use super::writer::{Encode, Writer};

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

impl Sink {
    /// Finds out, without side effects, whether a sink can be opened.
    ///
    /// # Errors
    /// If its settings are out of bounds, its ending names no format, or its path cannot be
    /// written.
    pub fn check(write: &Write) -> Result<(), WriteError> {
        match Plan::of(write)? {
            Some(plan) => Target::check(plan.path).map(drop),
            None => Ok(()),
        }
    }

    /// Finds out, without side effects, whether the format of a sink that [`Self::check`] finds
    /// sound can hold the columns.
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
    /// As [`Self::check`], and if the format cannot hold `schema`, another run is writing the file,
    /// or the system refuses.
    pub fn open(write: &Write, schema: &SchemaRef) -> Result<Self, WriteError> {
        let Some(plan) = Plan::of(write)? else {
            return Ok(Self { encoder: None, writer: Box::new(Blackhole) });
        };
        let target = Target::check(plan.path)?;
        check_schema(&target.shown, schema, &plan.format)?;
        let on_stdout = matches!(target.kind, TargetKind::Stdout);
        let output = Output::create(target, plan.packing)?;
        match plan.format {
            SinkFormat::Csv(format) => {
                let encoder = CsvEncoder::new(format, schema.clone());
                let header = encoder.header();
                text_sink(output, Arc::new(encoder), &header)
            }
            SinkFormat::Ndjson => {
                text_sink(output, Arc::new(NdjsonEncoder::new(schema.clone())), b"")
            }
            SinkFormat::Parquet(format) => {
                let writer = Box::new(ParquetSink::new(output, format, schema)?);
                Ok(Self { encoder: None, writer })
            }
            SinkFormat::Arrow => {
                let writer = Box::new(ArrowSink::new(output, on_stdout, schema)?);
                Ok(Self { encoder: None, writer })
            }
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
