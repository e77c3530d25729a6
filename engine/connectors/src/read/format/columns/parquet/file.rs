//! One Parquet file, from its footer to its batches.

use std::fs::File;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use parquet::file::metadata::ParquetMetaData;
use parquet::schema::types::SchemaDescriptor;

use crate::places::places;
use crate::read::format::columns::fault::Fault;
use crate::read::opening::Limits;

use super::checked::CheckedFile;
use super::{footer, int96, leaves};

/// An open file.
pub(in super::super) struct ParquetFile {
    file: CheckedFile,
    reader: ParquetRecordBatchReader,
    schema: SchemaRef,
    /// Rows handed out, and rows that the footer says.
    done: u64,
    all: u64,
}

impl ParquetFile {
    /// Reads the footer of a file of `bytes` bytes.
    pub(in super::super) fn open(
        file: File,
        bytes: u64,
        wanted: Option<&SchemaRef>,
        limits: &Limits,
    ) -> Result<Self, Fault> {
        let file = CheckedFile::new(file, bytes, limits.unpacked_bytes_max);
        let opened = Self::begin(&file, bytes, wanted, limits);
        opened.map_err(|fault| file.take_fault().unwrap_or(fault))
    }

    fn begin(
        file: &CheckedFile,
        bytes: u64,
        wanted: Option<&SchemaRef>,
        limits: &Limits,
    ) -> Result<Self, Fault> {
        let end = footer::check_open(file, bytes)?;
        let metadata = read_footer(file)?;
        footer::check_metadata(metadata.metadata(), end)?;
        file.watch(metadata.metadata());
        let (all, batch_rows) = rows(metadata.metadata(), limits);
        let leaves = metadata.metadata().file_metadata().schema_descr();
        let schema = Arc::new(leaves::with_extension_types(metadata.schema(), leaves));
        let mut builder =
            ParquetRecordBatchReaderBuilder::new_with_metadata(file.clone(), metadata)
                .with_batch_size(batch_rows);
        if let Some(wanted) = wanted {
            let mask = mask_of(builder.parquet_schema(), wanted);
            builder = builder.with_projection(mask);
        }
        Ok(Self { file: file.clone(), reader: builder.build()?, schema, done: 0, all })
    }

    /// All columns of the file.
    pub(in super::super) fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// The next batch; none after the last one.
    pub(in super::super) fn next(&mut self) -> Result<Option<RecordBatch>, Fault> {
        match self.reader.next().transpose() {
            Ok(Some(batch)) => {
                self.done += batch.num_rows() as u64;
                Ok(Some(batch))
            }
            Ok(None) if self.done != self.all => {
                let (said, found) = (self.all, self.done);
                let what = format!("the footer says {said} rows, the pages hold {found}");
                Err(Fault::Damage(what))
            }
            Ok(None) => Ok(None),
            Err(error) => Err(self.file.take_fault().unwrap_or_else(|| error.into())),
        }
    }

    /// The share of the file that was handed out.
    pub(in super::super) fn share(&self) -> f64 {
        self.done as f64 / self.all.max(1) as f64
    }
}

fn read_footer(file: &CheckedFile) -> Result<ArrowReaderMetadata, Fault> {
    let metadata = ArrowReaderMetadata::load(file, ArrowReaderOptions::new())?;
    let leaves = metadata.metadata().file_metadata().schema_descr();
    let Some(schema) = int96::in_microseconds(metadata.schema(), leaves) else {
        return Ok(metadata);
    };
    let options = ArrowReaderOptions::new().with_schema(Arc::new(schema));
    Ok(ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), options)?)
}

/// Rows of the file, and rows of a batch.
fn rows(metadata: &ParquetMetaData, limits: &Limits) -> (u64, usize) {
    let groups = metadata.row_groups();
    let rows = groups.iter().map(|group| group.num_rows().max(0) as u64).sum::<u64>();
    let bytes = groups.iter().map(|group| group.total_byte_size().max(0) as u64);
    let bytes = bytes.fold(0_u64, u64::saturating_add);
    let row_bytes = (bytes / rows.max(1)).max(1);
    let rows_fit = usize::try_from(limits.batch_bytes as u64 / row_bytes).unwrap_or(1).max(1);
    (rows, limits.batch_rows.min(rows_fit))
}

/// The columns `wanted` by their names: groups without leaves have a place in the file's schema
/// and none among the columns.
fn mask_of(found: &SchemaDescriptor, wanted: &SchemaRef) -> ProjectionMask {
    let (roots, wanted) = (found.root_schema().get_fields().iter().enumerate(), places(wanted));
    let roots = roots.filter(|(_, root)| wanted.contains_key(root.name()));
    ProjectionMask::roots(found, roots.map(|(at, _)| at).collect::<Vec<_>>())
}
