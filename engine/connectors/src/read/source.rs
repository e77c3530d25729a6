//! A source that is ready to be read: its inputs are found, its columns known.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use arrow::datatypes::SchemaRef;
use tanda_text::{ColumnPlan, OnBad, schema_of};

use tanda_scene::model::Read;

use super::error::ReadError;
use super::opening::{Format, Limits, Opening};
use super::reader::Started;
use super::registry;
use super::transport::{FileId, FileRef, Stop};

/// What is known of the columns of a source.
#[derive(Debug, Clone)]
pub struct Columns {
    /// Their names and types, in the order of the (first) input.
    pub schema: SchemaRef,
    /// Those that were taken for utf8 because the first rows had no value of them.
    pub unseen: Vec<String>,
    /// There may be others: a pipe tells them only when it is read.
    pub is_partial: bool,
    /// The source may never end: a generator without `rows`, or a pipe among the inputs.
    pub is_endless: bool,
}

/// A source whose inputs are found and whose columns are known.
///
/// Opening reads the first bytes of each input (at most 1 MiB of the first one, 64 KiB of the
/// others, unless a record is longer). What a pipe gave is kept and handed out again.
pub struct Source {
    format: Box<dyn Format>,
    schema: SchemaRef,
    bytes_total: Option<u64>,
    progress: Arc<AtomicU64>,
    limits: Limits,
    stop: Stop,
}

impl Source {
    /// Finds the inputs of `read` and learns their columns. Waits for the first records of a pipe,
    /// and at most `limits.linger` for more of them; `stop` ends the wait.
    ///
    /// # Errors
    /// Every variant of [`ReadError`] but [`ReadError::ColumnsNotKnown`], and no bad record.
    /// Nothing is left behind; a pipe may have lost bytes.
    pub fn open(read: &Read, limits: &Limits, stop: &Stop) -> Result<Self, ReadError> {
        let (limits, progress) = (limits.bounded(), Arc::default());
        let opening = Opening { limits: &limits, stop, progress: &progress };
        let format = registry::open(read, &opening)?;
        let (schema, bytes_total) = (format.schema(), format.bytes_total());
        Ok(Self { format, schema, bytes_total, progress, limits, stop: stop.clone() })
    }

    /// The columns, without taking a byte from a pipe: for `tanda check`.
    ///
    /// For a pipe these are the columns that `schema:` names, in the order of their names; the run
    /// may find more, and find them in another order.
    ///
    /// # Errors
    /// Those of [`Self::open`], and [`ReadError::ColumnsNotKnown`] for a pipe without `schema:`.
    pub fn peek(read: &Read, limits: &Limits) -> Result<Columns, ReadError> {
        if let Some(pipe) = registry::files(read)?.iter().find(|file| !file.is_regular()) {
            let types = registry::given_types(read)?;
            if types.is_empty() {
                return Err(ReadError::ColumnsNotKnown { path: pipe.path().to_owned() });
            }
            let plans =
                types.into_iter().map(|(name, data_type)| ColumnPlan::given(name, data_type));
            return Ok(Columns {
                schema: schema_of(&plans.collect::<Vec<_>>()),
                unseen: Vec::new(),
                is_partial: true,
                is_endless: registry::is_endless(read),
            });
        }
        let stop = Stop::new().map_err(|error| ReadError::io("source", "opening", error))?;
        Ok(Self::open(read, limits, &stop)?.columns())
    }

    /// What is known of the columns.
    #[must_use]
    pub fn columns(&self) -> Columns {
        Columns {
            schema: self.schema(),
            unseen: self.format.unseen(),
            is_partial: false,
            is_endless: self.format.is_endless(),
        }
    }

    /// Whether `read` may never end, by the kind of its inputs; none is opened.
    #[must_use]
    pub fn is_endless(read: &Read) -> bool {
        registry::is_endless(read)
    }

    /// The columns, all of them, in the order of the (first) input.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// Bytes of all inputs on disk, compressed where they are; none if a pipe is among them, and
    /// for a generator.
    #[must_use]
    pub fn bytes_total(&self) -> Option<u64> {
        self.bytes_total
    }

    /// Rows in all, where that is known before reading: a generator with a bound.
    #[must_use]
    pub fn rows_total(&self) -> Option<u64> {
        self.format.rows_total()
    }

    /// Bytes read so far, of the same kind as [`Self::bytes_total`]; grows while the source runs.
    #[must_use]
    pub fn progress(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.progress)
    }

    /// Gives the reader, and the decoder for what it hands out raw.
    ///
    /// Batches have the columns `columns` of [`Self::schema`] in this order, or all; the values of
    /// the others are not looked at, unless the source is `strict`.
    ///
    /// # Panics
    /// When a column index is beyond the schema.
    #[must_use]
    pub fn start(self, columns: Option<&[usize]>, on_bad: OnBad) -> Started {
        let all = (0..self.schema.fields().len()).collect::<Vec<_>>();
        let wanted = columns.unwrap_or(&all);
        let opening = Opening { limits: &self.limits, stop: &self.stop, progress: &self.progress };
        self.format.start(wanted, on_bad, &opening)
    }
    /// The regular files that `read` names, each with its device and inode. Cost: a look at each.
    ///
    /// # Errors
    /// If they cannot be found.
    pub fn inputs(read: &Read) -> Result<Vec<(String, FileId)>, ReadError> {
        let found = registry::files(read)?;
        let named = |file: &FileRef| Some((file.path().to_owned(), file.identity()?));
        Ok(found.iter().filter_map(named).collect())
    }
}
