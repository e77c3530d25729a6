//! Formats that hold columns already: Parquet and Arrow IPC.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use tanda_plugin_host::one_zone;

use crate::connectors::error::ReadError;
use crate::places::places;

use super::Reader;
use super::container_open::{Format, Opened, open};
use super::files::FileRef;
use super::find::find_files;
use super::piece::Piece;
use super::source::{Limits, Opening};
use super::stop::Stop;
use super::types::type_name;

/// Parquet or Arrow inputs whose columns are known.
pub(crate) struct ContainerSource {
    pub(crate) schema: SchemaRef,
    format: Format,
    pub(crate) files: Vec<FileRef>,
    /// A pipe cannot be opened twice: it stays open.
    kept: Option<Opened>,
}

impl ContainerSource {
    /// Finds the inputs and compares their columns.
    pub(crate) fn open(
        format: Format,
        path: &str,
        opening: &Opening<'_>,
    ) -> Result<Self, ReadError> {
        let files = find_files(path, format.ending())?;
        let (mut schema, mut kept) = (None::<Schema>, None);
        for file in &files {
            let opened = open(format, file, None, opening)?;
            let found = normal(opened.schema());
            schema = Some(match schema {
                None => found,
                Some(first) => agree(first, &found, files[0].path(), file.path())?,
            });
            kept = (!file.is_regular()).then_some(opened);
        }
        let schema = Arc::new(schema.unwrap_or_else(Schema::empty));
        Ok(Self { schema, format, files, kept })
    }

    /// A reader of the columns `wanted`, in this order.
    pub(crate) fn start(self, wanted: &[usize], opening: &Opening<'_>) -> ContainerReader {
        let schema = self.schema.project(wanted).expect("the columns are of this schema");
        ContainerReader {
            schema: Arc::new(schema),
            format: self.format,
            files: self.files.into(),
            open: self.kept,
            rest: None,
            limits: opening.limits.clone(),
            progress: Arc::clone(opening.progress),
        }
    }
}

/// Views become plain texts, which is what plugins know, and zones get their one name.
fn normal(schema: SchemaRef) -> Schema {
    let field = |field: &Arc<Field>| {
        let field = Field::new(field.name(), plain_type(field.data_type()), field.is_nullable());
        Arc::new(field)
    };
    Schema::new(schema.fields().iter().map(field).collect::<Vec<_>>())
}

#[expect(clippy::wildcard_enum_match_arm, reason = "all other types keep their form")]
fn plain_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Utf8View => DataType::Utf8,
        DataType::BinaryView => DataType::Binary,
        other => one_zone(other),
    }
}

/// The columns of `first`, missing values allowed where one of both allows them.
fn agree(first: Schema, other: &Schema, a: &str, b: &str) -> Result<Schema, ReadError> {
    let (ours, theirs) = (places(&first), places(other));
    let lacking = |from: &HashMap<&str, usize>, what: &Schema| {
        let missing = what.fields().iter().filter(|field| !from.contains_key(&**field.name()));
        missing.map(|field| format!("`{}`", field.name())).collect::<Vec<_>>().join(", ")
    };
    let differs = |difference: String| {
        let (path, first) = (b.to_owned(), a.to_owned());
        Err(ReadError::ColumnsDiffer { path, first, difference })
    };
    match (lacking(&theirs, &first), lacking(&ours, other)) {
        (missing, _) if !missing.is_empty() => return differs(format!("it lacks {missing}")),
        (_, extra) if !extra.is_empty() => return differs(format!("it has in addition {extra}")),
        (_, _) => {}
    }
    let mut fields = Vec::with_capacity(first.fields().len());
    for field in first.fields() {
        let theirs = other.field(theirs[&**field.name()]);
        if theirs.data_type() != field.data_type() {
            let (ours, theirs) = (type_name(field.data_type()), type_name(theirs.data_type()));
            let name = field.name();
            return differs(format!("`{name}` is {theirs} here and {ours} there"));
        }
        let nullable = field.is_nullable() || theirs.is_nullable();
        fields.push(field.as_ref().clone().with_nullable(nullable));
    }
    Ok(Schema::new(fields))
}

/// Hands out the batches of one file after the other, none longer than the limits allow.
pub(crate) struct ContainerReader {
    schema: SchemaRef,
    format: Format,
    files: VecDeque<FileRef>,
    open: Option<Opened>,
    /// What is left of a batch that was longer.
    rest: Option<RecordBatch>,
    limits: Limits,
    progress: Arc<AtomicU64>,
}

impl Reader for ContainerReader {
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
            match opened.next(&file, stop)? {
                Some(batch) => {
                    self.rest = (batch.num_rows() > 0).then(|| self.arrange(&batch));
                    self.count(&file, opened.advance(batch.num_rows()));
                    self.open = Some(opened);
                }
                None if opened.was_stopped() => {
                    self.open = Some(opened);
                    return Ok(None);
                }
                None => {
                    file.check_unchanged(opened.file())?;
                    self.count(&file, opened.finish());
                    self.files.pop_front();
                }
            }
        }
    }
}

impl ContainerReader {
    fn take_open(&mut self, file: &FileRef, stop: &Stop) -> Result<Opened, ReadError> {
        if let Some(opened) = self.open.take() {
            return Ok(opened);
        }
        let opening = Opening { limits: &self.limits, stop, progress: &self.progress };
        open(self.format, file, Some(&self.schema), &opening)
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

    /// Brings the columns into the order and the types of the source.
    fn arrange(&self, batch: &RecordBatch) -> RecordBatch {
        let found = batch.schema();
        let places = places(&found);
        let column = |field: &Arc<Field>| {
            // The columns were compared when the source was opened.
            let column = batch.column(places[&**field.name()]);
            cast(column, field.data_type())
                .expect("a view casts to what it views, a time to any zone")
        };
        let columns = self.schema.fields().iter().map(column).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
            .expect("the columns were compared with the schema")
    }

    /// Files are counted by their share of rows; pipes count their bytes themselves.
    fn count(&self, file: &FileRef, share: f64) {
        let bytes = file.bytes().map_or(0.0, |bytes| bytes as f64 * share);
        self.progress.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}
