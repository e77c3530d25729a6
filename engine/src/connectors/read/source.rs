//! A source that is ready to be read: its inputs are found, its columns known.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use arrow::datatypes::SchemaRef;
use indexmap::IndexMap;
use tanda_text::{
    ColumnPlan, Dialect, OnBad, PIECE_BYTES_MAX, parse_json_types, parse_types, schema_of,
};

use crate::connectors::error::ReadError;
use crate::scene::model::{ByteSize, Read};

use super::columnar::{ColumnarSource, Format};
use super::csv::CsvSource;
use super::files::{FileId, FileRef};
use super::find::find_files;
use super::generator::GeneratorSource;
use super::head::HeadPlan;
use super::ndjson::NdjsonSource;
use super::stop::Stop;
use super::strict;
use super::text::Body;
use super::{Decode, Reader};

/// When a batch is closed.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Rows of a batch, at least 1.
    pub batch_rows: usize,
    /// Bytes of text after which a batch is closed with fewer rows, `4 KiB..=512 MiB`.
    pub batch_bytes: usize,
    /// A batch of a pipe is closed so long after its first bytes came, with fewer rows.
    pub linger: Duration,
    /// Compressed bytes of Parquet and Arrow that hold more than 64 times their size are refused
    /// if they hold more than this.
    pub unpacked_bytes_max: usize,
}

impl Limits {
    fn bounded(&self) -> Self {
        Self {
            batch_rows: self.batch_rows.max(1),
            batch_bytes: self.batch_bytes.clamp(4 << 10, PIECE_BYTES_MAX / 2),
            linger: self.linger,
            unpacked_bytes_max: self.unpacked_bytes_max,
        }
    }
}

/// What opening a source needs beside its settings.
pub(crate) struct Opening<'a> {
    pub(crate) limits: &'a Limits,
    pub(crate) stop: &'a Stop,
    pub(crate) progress: &'a Arc<AtomicU64>,
}

impl<'a> Opening<'a> {
    pub(crate) fn head_plan(
        &self,
        dialect: Option<Dialect>,
        records_min: usize,
        record_bytes_max: usize,
    ) -> HeadPlan<'a> {
        let (stop, progress, linger) = (self.stop, self.progress, self.limits.linger);
        HeadPlan { dialect, records_min, record_bytes_max, linger, stop, progress }
    }
}

/// Default of `record_bytes_max`.
const RECORD_BYTES_MAX: u64 = 16 << 20;

/// The bound on one record, in bytes.
pub(crate) fn record_bytes_max(setting: Option<ByteSize>) -> Result<usize, ReadError> {
    let bytes = setting.map_or(RECORD_BYTES_MAX, |setting| setting.0);
    let fits = usize::try_from(bytes).ok().filter(|n| (1..=PIECE_BYTES_MAX / 2).contains(n));
    fits.ok_or_else(|| ReadError::Setting {
        setting: "record_bytes_max",
        found: bytes.to_string(),
        expected: "1B to 512MiB",
    })
}

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

fn unseen(columns: &[ColumnPlan]) -> Vec<String> {
    columns.iter().filter(|plan| plan.unseen).map(|plan| plan.name.clone()).collect()
}

/// A source whose inputs are found and whose columns are known.
///
/// Opening reads the first bytes of each input (at most 1 MiB of the first one, 64 KiB of the
/// others, unless a record is longer). What a pipe gave is kept and handed out again.
pub struct Source {
    kind: Kind,
    schema: SchemaRef,
    bytes_total: Option<u64>,
    progress: Arc<AtomicU64>,
    limits: Limits,
    stop: Stop,
}

enum Kind {
    Csv(CsvSource),
    Ndjson(NdjsonSource),
    Columnar(ColumnarSource),
    Generator(GeneratorSource),
}

/// A started source: the reader runs on a thread of its own; raw pieces go to the decoder.
pub type Started = (Box<dyn Reader>, Option<Arc<dyn Decode>>);

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
        let kind = Kind::open(read, &opening)?;
        let (schema, bytes_total) = (kind.schema(), kind.bytes_total());
        Ok(Self { kind, schema, bytes_total, progress, limits, stop: stop.clone() })
    }

    /// The columns, without taking a byte from a pipe: for `tanda check`.
    ///
    /// For a pipe these are the columns that `schema:` names, in the order of their names; the run
    /// may find more, and find them in another order.
    ///
    /// # Errors
    /// Those of [`Self::open`], and [`ReadError::ColumnsNotKnown`] for a pipe without `schema:`.
    pub fn peek(read: &Read, limits: &Limits) -> Result<Columns, ReadError> {
        if let Some(pipe) = files(read)?.iter().find(|file| !file.is_regular()) {
            let parse =
                if matches!(read, Read::Ndjson(_)) { parse_json_types } else { parse_types };
            let types = parse(schema_setting(read))?;
            if types.is_empty() {
                return Err(ReadError::ColumnsNotKnown { path: pipe.path().to_owned() });
            }
            let plans =
                types.into_iter().map(|(name, data_type)| ColumnPlan::given(name, data_type));
            return Ok(Columns {
                schema: schema_of(&plans.collect::<Vec<_>>()),
                unseen: Vec::new(),
                is_partial: true,
                is_endless: Self::is_endless(read),
            });
        }
        let stop = Stop::new().map_err(|error| ReadError::io("source", "opening", error))?;
        Ok(Self::open(read, limits, &stop)?.columns())
    }

    /// What is known of the columns.
    #[must_use]
    pub fn columns(&self) -> Columns {
        let unseen = match &self.kind {
            Kind::Csv(source) => unseen(&source.plan.columns),
            Kind::Ndjson(source) => unseen(&source.plan.columns),
            Kind::Columnar(_) | Kind::Generator(_) => Vec::new(),
        };
        let is_endless = self.kind.is_endless();
        Columns { schema: self.schema(), unseen, is_partial: false, is_endless }
    }

    /// Whether `read` may never end, by the kind of its inputs; none is opened.
    #[must_use]
    pub fn is_endless(read: &Read) -> bool {
        match read {
            Read::Generator(read) => read.rows.is_none(),
            Read::Csv(_) | Read::Ndjson(_) | Read::Parquet(_) | Read::Arrow(_) => {
                files(read).is_ok_and(|files| files.iter().any(|file| file.is_endless()))
            }
        }
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
        match &self.kind {
            Kind::Generator(source) => source.rows(),
            Kind::Csv(_) | Kind::Ndjson(_) | Kind::Columnar(_) => None,
        }
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
        match self.kind {
            Kind::Csv(source) => {
                let decoded = strict::decoded(wanted, all.len(), source.strict);
                let (reader, decoder) = source.start(&decoded, on_bad, &opening);
                let decoder = strict::leading(decoder, wanted.len(), decoded.len());
                (Box::new(reader), Some(decoder))
            }
            Kind::Ndjson(source) => {
                let decoded = strict::decoded(wanted, all.len(), source.strict);
                let (reader, decoder) = source.start(&decoded, on_bad, &opening);
                let decoder = strict::leading(decoder, wanted.len(), decoded.len());
                (Box::new(reader), Some(decoder))
            }
            Kind::Columnar(source) => (Box::new(source.start(wanted, &opening)), None),
            Kind::Generator(source) => (Box::new(source.start(wanted, &opening)), None),
        }
    }
}

impl Kind {
    fn open(read: &Read, opening: &Opening<'_>) -> Result<Self, ReadError> {
        let columnar = |format, path| ColumnarSource::open(format, path, opening);
        Ok(match read {
            Read::Csv(read) => Self::Csv(CsvSource::open(read, opening)?),
            Read::Ndjson(read) => Self::Ndjson(NdjsonSource::open(read, opening)?),
            Read::Parquet(read) => Self::Columnar(columnar(Format::Parquet, &read.path)?),
            Read::Arrow(read) => Self::Columnar(columnar(Format::Arrow, &read.path)?),
            Read::Generator(read) => Self::Generator(GeneratorSource::open(read)?),
        })
    }

    fn schema(&self) -> SchemaRef {
        match self {
            Self::Csv(source) => schema_of(&source.plan.columns),
            Self::Ndjson(source) => schema_of(&source.plan.columns),
            Self::Columnar(source) => Arc::clone(&source.schema),
            Self::Generator(source) => source.schema(),
        }
    }

    fn is_endless(&self) -> bool {
        let of_bodies = |bodies: &[Body]| bodies.iter().any(|body| body.file.is_endless());
        match self {
            Self::Csv(source) => of_bodies(&source.bodies),
            Self::Ndjson(source) => of_bodies(&source.bodies),
            Self::Columnar(source) => source.files.iter().any(|file| file.is_endless()),
            Self::Generator(source) => source.rows().is_none(),
        }
    }

    fn bytes_total(&self) -> Option<u64> {
        let of_bodies = |bodies: &[Body]| bodies.iter().map(|body| body.file.bytes()).sum();
        match self {
            Self::Csv(source) => of_bodies(&source.bodies),
            Self::Ndjson(source) => of_bodies(&source.bodies),
            Self::Columnar(source) => source.files.iter().map(|file| file.bytes()).sum(),
            Self::Generator(_) => None,
        }
    }
}

fn files(read: &Read) -> Result<Vec<FileRef>, ReadError> {
    match read {
        Read::Csv(read) => find_files(&read.path, "csv"),
        Read::Ndjson(read) => find_files(&read.path, "ndjson"),
        Read::Parquet(read) => find_files(&read.path, "parquet"),
        Read::Arrow(read) => find_files(&read.path, "arrow"),
        Read::Generator(_) => Ok(Vec::new()),
    }
}

/// The regular files that `read` names, each with its device and inode. Cost: a look at each.
///
/// # Errors
/// If they cannot be found.
pub(crate) fn inputs(read: &Read) -> Result<Vec<(String, FileId)>, ReadError> {
    let found = files(read)?;
    let named = |file: &FileRef| Some((file.path().to_owned(), file.identity()?));
    Ok(found.iter().filter_map(named).collect())
}

fn schema_setting(read: &Read) -> Option<&IndexMap<String, String>> {
    match read {
        Read::Csv(read) => read.schema.as_ref(),
        Read::Ndjson(read) => read.schema.as_ref(),
        Read::Parquet(_) | Read::Arrow(_) | Read::Generator(_) => None,
    }
}
