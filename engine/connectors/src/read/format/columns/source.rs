//! The files of a source of columns: whether they agree, and their batches one after the other.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::datatypes::{Schema, SchemaRef};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use tanda_text::OnBad;

use crate::columnar_format::ColumnarFormat;
use crate::places::places;
use crate::read::error::ReadError;
use crate::read::opening::{Format, Limits, Opening};
use crate::read::piece::Piece;
use crate::read::reader::{Reader, Started};
use crate::read::transport::{FileRef, Stop, find_files};

use super::agree::{agree, check_names};
use super::fault::Fault;
use super::opened::Opened;
use super::plain;

/// Parquet or Arrow inputs whose columns are known.
pub(crate) struct ColumnarSource {
    schema: SchemaRef,
    format: ColumnarFormat,
    files: Vec<FileRef>,
    /// A pipe cannot be opened twice: it stays open.
    kept: Option<Opened>,
}

impl ColumnarSource {
    /// Finds the inputs and compares their columns.
    pub(crate) fn open(
        format: ColumnarFormat,
        path: &str,
        opening: &Opening<'_>,
    ) -> Result<Self, ReadError> {
        let files = find_files(path, format.named())?;
        let (mut schema, mut kept) = (None::<Schema>, None);
        for file in &files {
            let opened = Opened::open(format, file, None, opening)?;
            let found = plain::plain_schema(&opened.schema());
            check_names(&found).map_err(|fault| fault.explain(format, file, opened.file()))?;
            schema = Some(match schema {
                None => found,
                Some(first) => agree(&first, &found, &files[0], file)?,
            });
            kept = (!file.is_regular()).then_some(opened);
        }
        let schema = Arc::new(schema.unwrap_or_else(Schema::empty));
        Ok(Self { schema, format, files, kept })
    }
}

impl Format for ColumnarSource {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn inputs(&self) -> Vec<&FileRef> {
        self.files.iter().collect()
    }

    fn start(self: Box<Self>, wanted: &[usize], _: OnBad, opening: &Opening<'_>) -> Started {
        let schema = self.schema.project(wanted).expect("the columns are of this schema");
        let reader = ColumnarReader {
            schema: Arc::new(schema),
            format: self.format,
            files: self.files.into(),
            open: self.kept,
            rest: None,
            limits: opening.limits.clone(),
            progress: Arc::clone(opening.progress),
        };
        (Box::new(reader), None)
    }
}

/// Hands out the batches of one file after the other, none longer than the limits allow.
struct ColumnarReader {
    schema: SchemaRef,
    format: ColumnarFormat,
    files: VecDeque<FileRef>,
    open: Option<Opened>,
    /// What is left of a batch that was longer.
    rest: Option<RecordBatch>,
    limits: Limits,
    progress: Arc<AtomicU64>,
}

impl Reader for ColumnarReader {
    fn next(&mut self, stop: &Stop) -> Result<Option<Piece>, ReadError> {
        loop {
            if let Some(batch) = self.rest.take() {
                return Ok(Some(Piece::Decoded(self.head_of(batch))));
            }
            let Some(file) = self.files.front().cloned() else { return Ok(None) };
            if stop.is_asked() {
                return Ok(None);
            }
            let mut opened = self.take_open(&file, stop)?;
            match opened.next(&file, stop, |batch| arrange(&self.schema, batch))? {
                Some(batch) => {
                    self.rest = (batch.num_rows() > 0).then_some(batch);
                    self.count(&file, opened.newly_read());
                    self.open = Some(opened);
                }
                None if opened.was_stopped() => {
                    self.open = Some(opened);
                    return Ok(None);
                }
                None => {
                    file.check_unchanged(opened.file())?;
                    self.count(&file, opened.rest());
                    self.files.pop_front();
                }
            }
        }
    }
}

impl ColumnarReader {
    fn take_open(&mut self, file: &FileRef, stop: &Stop) -> Result<Opened, ReadError> {
        if let Some(opened) = self.open.take() {
            return Ok(opened);
        }
        let opening = Opening { limits: &self.limits, stop, progress: &self.progress };
        Opened::open(self.format, file, Some(&self.schema), &opening)
    }

    /// The first rows of `batch`; keeps the others.
    fn head_of(&mut self, batch: RecordBatch) -> RecordBatch {
        let (rows, rows_max) = (batch.num_rows(), self.rows_max(&batch));
        if rows > rows_max {
            self.rest = Some(batch.slice(rows_max, rows - rows_max));
            return batch.slice(0, rows_max);
        }
        batch
    }

    fn rows_max(&self, batch: &RecordBatch) -> usize {
        let columns = batch.columns().iter();
        let bytes =
            columns.map(|c| c.to_data().get_slice_memory_size().unwrap_or(0)).sum::<usize>();
        let row_bytes = (bytes / batch.num_rows().max(1)).max(1);
        self.limits.batch_rows.min((self.limits.batch_bytes / row_bytes).max(1))
    }

    /// Files are counted by their share of rows; pipes count their bytes themselves.
    fn count(&self, file: &FileRef, share: f64) {
        let bytes = file.bytes().map_or(0.0, |bytes| bytes as f64 * share);
        self.progress.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// Brings the columns into the order and the types of the source.
fn arrange(schema: &SchemaRef, batch: &RecordBatch) -> Result<RecordBatch, Fault> {
    let found = batch.schema();
    let (mut columns, places) = (Vec::with_capacity(schema.fields().len()), places(&found));
    for field in schema.fields() {
        let place = places.get(&**field.name());
        let place =
            place.ok_or_else(|| Fault::Damage(format!("column `{}` is gone", field.name())))?;
        columns.push(plain::plain_array(batch.column(*place))?);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)?)
}
