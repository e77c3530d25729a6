//! Formats that are written batch by batch: Parquet, Arrow IPC, and nothing at all.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow_ipc::writer::{FileWriter, StreamWriter};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use crate::connectors::columnar_format::ColumnarFormat;
use crate::scene::model::ParquetCompression;

use super::error::WriteError;
use super::output::Output;
use super::outward::Outward;
use super::parquet_form::file_schema;
use super::plan::ParquetFormat;
use super::writer::{Closed, Writer};

/// Encoded bytes of a row group at most: they stay in memory until the group is complete.
const ROW_GROUP_BYTES_MAX: usize = 64 << 20;

const ZSTD_LEVEL: i32 = 3;

const BYTES_NEED_TEXT: &str = "only text formats are written as bytes";

/// One Parquet file; memory is bounded by one row group.
pub(super) struct ParquetSink {
    writer: ArrowWriter<Output>,
    outward: Outward,
}

impl ParquetSink {
    pub(super) fn new(
        output: Output,
        format: ParquetFormat,
        schema: &SchemaRef,
    ) -> Result<Self, WriteError> {
        let path = output.shown().to_owned();
        let outward = Outward::new(&path, schema, ColumnarFormat::Parquet);
        let compression = match format.compression {
            ParquetCompression::None => Ok(Compression::UNCOMPRESSED),
            ParquetCompression::Snappy => Ok(Compression::SNAPPY),
            ParquetCompression::Zstd => ZstdLevel::try_new(ZSTD_LEVEL).map(Compression::ZSTD),
        };
        let writer = compression.and_then(|compression| {
            let properties = WriterProperties::builder()
                .set_compression(compression)
                .set_max_row_group_row_count(Some(format.row_group_rows))
                .set_max_row_group_bytes(Some(ROW_GROUP_BYTES_MAX))
                .build();
            let options = ArrowWriterOptions::new().with_properties(properties);
            let options = options.with_parquet_schema(file_schema(&outward.written())?);
            ArrowWriter::try_new_with_options(output, outward.written(), options)
        });
        let writer = writer.map_err(|source| WriteError::Parquet { path, source })?;
        Ok(Self { writer, outward })
    }

    fn fault(&self, source: ParquetError) -> WriteError {
        let output = self.writer.inner();
        output.fault().unwrap_or(WriteError::Parquet { path: output.shown().to_owned(), source })
    }
}

impl Writer for ParquetSink {
    fn write_bytes(&mut self, _bytes: &[u8]) -> Result<(), WriteError> {
        unreachable!("{BYTES_NEED_TEXT}")
    }

    fn write_batch(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        let batch = self.outward.batch(batch)?;
        self.writer.write(&batch).map_err(|e| self.fault(e))
    }

    fn close(mut self: Box<Self>) -> Result<Closed, WriteError> {
        let finished = self.writer.finish();
        finished.map_err(|e| self.fault(e))?;
        self.writer.inner_mut().close()
    }

    /// Tries to end the file with its footer, so that what was written can be read.
    fn abandon(mut self: Box<Self>) {
        let _ = self.writer.finish();
        self.writer.inner_mut().abandon();
    }
}

/// One Arrow IPC file, or a stream on standard output.
///
/// Dictionaries are unpacked: the file format has one dictionary a column, batches bring their own.
pub(super) struct ArrowSink {
    writer: Ipc,
    outward: Outward,
}

enum Ipc {
    File(FileWriter<Output>),
    Stream(StreamWriter<Output>),
}

impl ArrowSink {
    pub(super) fn new(
        output: Output,
        stream: bool,
        declared: &SchemaRef,
    ) -> Result<Self, WriteError> {
        let outward = Outward::new(output.shown(), declared, ColumnarFormat::Arrow);
        let writer = if stream {
            Ipc::Stream(StreamWriter::try_new(output, &outward.written())?)
        } else {
            Ipc::File(FileWriter::try_new(output, &outward.written())?)
        };
        Ok(Self { writer, outward })
    }

    fn fault(&self, source: ArrowError) -> WriteError {
        self.writer.output().fault().unwrap_or_else(|| source.into())
    }
}

impl Writer for ArrowSink {
    fn write_bytes(&mut self, _bytes: &[u8]) -> Result<(), WriteError> {
        unreachable!("{BYTES_NEED_TEXT}")
    }

    fn write_batch(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        let batch = self.outward.batch(batch)?;
        let written = match &mut self.writer {
            Ipc::File(writer) => writer.write(&batch),
            Ipc::Stream(writer) => writer.write(&batch),
        };
        written.map_err(|e| self.fault(e))?;
        self.writer.output_mut().hand_over()
    }

    fn close(mut self: Box<Self>) -> Result<Closed, WriteError> {
        let finished = self.writer.finish();
        finished.map_err(|e| self.fault(e))?;
        self.writer.output_mut().close()
    }

    /// Tries to end the file with its footer, so that what was written can be read.
    fn abandon(mut self: Box<Self>) {
        let _ = self.writer.finish();
        self.writer.output_mut().abandon();
    }
}

impl Ipc {
    fn finish(&mut self) -> Result<(), ArrowError> {
        match self {
            Self::File(writer) => writer.finish(),
            Self::Stream(writer) => writer.finish(),
        }
    }

    fn output(&self) -> &Output {
        match self {
            Self::File(writer) => writer.get_ref(),
            Self::Stream(writer) => writer.get_ref(),
        }
    }

    fn output_mut(&mut self) -> &mut Output {
        match self {
            Self::File(writer) => writer.get_mut(),
            Self::Stream(writer) => writer.get_mut(),
        }
    }
}

/// Takes everything and keeps nothing.
pub(super) struct Blackhole;

impl Writer for Blackhole {
    fn write_bytes(&mut self, _bytes: &[u8]) -> Result<(), WriteError> {
        Ok(())
    }

    fn write_batch(&mut self, _batch: &RecordBatch) -> Result<(), WriteError> {
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<Closed, WriteError> {
        Ok(Closed { bytes: 0, staged: None })
    }

    fn abandon(self: Box<Self>) {}
}
