//! Parquet files, written batch by batch.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use crate::columnar_format::ColumnarFormat;
use crate::write::error::WriteError;
use crate::write::plan::ParquetFormat;
use crate::write::transport::Output;
use crate::write::writer::{Closed, Writer};
use tanda_scene::model::ParquetCompression;

use super::outward::Outward;
use super::parquet_form::file_schema;

/// Encoded bytes of a row group at most: they stay in memory until the group is complete.
const ROW_GROUP_BYTES_MAX: usize = 64 << 20;

const ZSTD_LEVEL: i32 = 3;

/// One Parquet file; memory is bounded by one row group.
pub(crate) struct ParquetSink {
    writer: ArrowWriter<Output>,
    outward: Outward,
}

impl ParquetSink {
    pub(crate) fn new(
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
        unreachable!("only text formats are written as bytes")
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
