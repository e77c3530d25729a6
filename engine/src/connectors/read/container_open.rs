//! One open Parquet or Arrow input, and what its faults mean.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow::datatypes::{Field, SchemaRef};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use arrow_ipc::reader::{FileReader, StreamReader};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use crate::connectors::error::ReadError;
use crate::places::places;

use super::bytes::RawBytes;
use super::files::FileRef;
use super::source::{Limits, Opening};
use super::stop::Stop;

/// The formats that hold columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Parquet,
    Arrow,
}

impl Format {
    pub(crate) fn ending(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Parquet => "Parquet",
            Self::Arrow => "Arrow",
        }
    }

    /// What a file begins and ends with.
    fn magic(self) -> &'static [u8] {
        match self {
            Self::Parquet => b"PAR1",
            Self::Arrow => b"ARROW1",
        }
    }
}

/// An open input.
pub(crate) struct Opened {
    format: Format,
    batches: Batches,
    /// A second descriptor of the file, to ask whether it changed.
    file: File,
    /// Rows handed out and rows in all, or batches where rows are not known.
    done: u64,
    all: u64,
    counted: f64,
}

enum Batches {
    Parquet(Box<ParquetRecordBatchReader>, SchemaRef),
    File(Box<FileReader<BufReader<File>>>),
    Stream(Box<StreamReader<BufReader<RawBytes>>>),
}

/// What a reader of a format, its schema and how much it will hand out.
type Begun = (Batches, u64);

/// Opens `file` for the columns `wanted`, or all.
pub(crate) fn open(
    format: Format,
    file: &FileRef,
    wanted: Option<&SchemaRef>,
    opening: &Opening<'_>,
) -> Result<Opened, ReadError> {
    let handle = file.open()?;
    if file.is_regular() {
        check_ends(format, file, &handle)?;
    } else if format == Format::Parquet {
        let (path, format) = (file.path().to_owned(), format.name());
        return Err(ReadError::NeedsFile { path, format });
    }
    let again = handle.try_clone().map_err(|e| ReadError::io(file.path(), "opening", e))?;
    let begun = guarded(|| match format {
        Format::Parquet => begin_parquet(handle, wanted, opening.limits),
        Format::Arrow if is_arrow_file(&handle) => begin_file(handle, wanted),
        Format::Arrow => begin_stream(RawBytes::new(handle, file, opening.progress)),
    });
    let (batches, all) = begun.map_err(|fault| fault.explain(format, file, &again))?;
    Ok(Opened { format, batches, file: again, done: 0, all, counted: 0.0 })
}

fn begin_parquet(
    file: File,
    wanted: Option<&SchemaRef>,
    limits: &Limits,
) -> Result<Begun, ArrowError> {
    let mut builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
    let groups = builder.metadata().row_groups();
    let rows = groups.iter().map(|group| group.num_rows().max(0) as u64).sum::<u64>();
    let bytes = groups.iter().map(|group| group.total_byte_size().max(0) as u64).sum::<u64>();
    let row_bytes = (bytes / rows.max(1)).max(1);
    let rows_fit = usize::try_from(limits.batch_bytes as u64 / row_bytes).unwrap_or(1).max(1);
    builder = builder.with_batch_size(limits.batch_rows.min(rows_fit));
    if let Some(wanted) = wanted {
        let roots = columns_of(builder.schema(), wanted);
        let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
        builder = builder.with_projection(mask);
    }
    let schema = SchemaRef::clone(builder.schema());
    Ok((Batches::Parquet(Box::new(builder.build()?), schema), rows))
}

fn begin_file(mut file: File, wanted: Option<&SchemaRef>) -> Result<Begun, ArrowError> {
    file.rewind()?;
    let mut reader = FileReader::try_new_buffered(file, None)?;
    if let Some(wanted) = wanted {
        let columns = columns_of(&reader.schema(), wanted);
        let mut file = reader.get_ref().get_ref().try_clone()?;
        file.rewind()?;
        reader = FileReader::try_new_buffered(file, Some(columns))?;
    }
    let batches = reader.num_batches() as u64;
    Ok((Batches::File(Box::new(reader)), batches))
}

/// A stream is read whole: what nobody wants is dropped when the batch is arranged.
fn begin_stream(bytes: RawBytes) -> Result<Begun, ArrowError> {
    Ok((Batches::Stream(Box::new(StreamReader::try_new_buffered(bytes, None)?)), 0))
}

/// Places, in `found`, of the columns that `wanted` has.
fn columns_of(found: &SchemaRef, wanted: &SchemaRef) -> Vec<usize> {
    let (fields, wanted) = (found.fields().iter().enumerate(), places(wanted));
    let is_wanted = |field: &Field| wanted.contains_key(&**field.name());
    fields.filter(|(_, field)| is_wanted(field)).map(|(index, _)| index).collect()
}

impl Opened {
    /// Its columns; all of them when it was opened for all.
    pub(crate) fn schema(&self) -> SchemaRef {
        match &self.batches {
            Batches::Parquet(_, schema) => SchemaRef::clone(schema),
            Batches::File(reader) => reader.schema(),
            Batches::Stream(reader) => reader.schema(),
        }
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// The next batch as it stands in the file; none at the end or when a stop was asked.
    pub(crate) fn next(
        &mut self,
        file: &FileRef,
        stop: &Stop,
    ) -> Result<Option<RecordBatch>, ReadError> {
        let batches = &mut self.batches;
        let next = guarded(|| {
            let next = match batches {
                Batches::Parquet(reader, _) => reader.next(),
                Batches::File(reader) => reader.next(),
                Batches::Stream(reader) => {
                    reader.get_mut().get_mut().wait_at_most(stop, None);
                    reader.next()
                }
            };
            next.transpose()
        });
        if self.was_stopped() {
            return Ok(None);
        }
        next.map_err(|fault| fault.explain(self.format, file, &self.file))
    }

    /// Whether the last step ended because a stop was asked while a pipe had nothing to read.
    pub(crate) fn was_stopped(&self) -> bool {
        match &self.batches {
            Batches::Stream(reader) => reader.get_ref().get_ref().was_stopped(),
            Batches::Parquet(_, _) | Batches::File(_) => false,
        }
    }

    /// Counts a batch of `rows` rows; gives the share of the file that it is, 0 where bytes are
    /// counted as they are read.
    pub(crate) fn advance(&mut self, rows: usize) -> f64 {
        self.done += match &self.batches {
            Batches::Parquet(_, _) => rows as u64,
            Batches::File(_) => 1,
            Batches::Stream(_) => return 0.0,
        };
        self.count_to(self.done as f64 / self.all.max(1) as f64)
    }

    /// The share of the file that is not counted yet.
    pub(crate) fn finish(&mut self) -> f64 {
        match &self.batches {
            Batches::Parquet(_, _) | Batches::File(_) => self.count_to(1.0),
            Batches::Stream(_) => 0.0,
        }
    }

    fn count_to(&mut self, share: f64) -> f64 {
        let before = std::mem::replace(&mut self.counted, share.min(1.0));
        self.counted - before
    }
}

/// What a format's decoder did instead of an answer.
enum Fault {
    Arrow(ArrowError),
    /// Damaged bytes can trip an assertion of the decoder.
    Panic,
}

fn guarded<T>(step: impl FnOnce() -> Result<T, ArrowError>) -> Result<T, Fault> {
    match catch_unwind(AssertUnwindSafe(step)) {
        Ok(result) => result.map_err(Fault::Arrow),
        Err(_) => Err(Fault::Panic),
    }
}

impl Fault {
    /// A change of the file explains everything, an early end comes next.
    fn explain(self, format: Format, file: &FileRef, handle: &File) -> ReadError {
        if let Err(changed) = file.check_unchanged(handle) {
            return changed;
        }
        let (path, format) = (file.path().to_owned(), format.name());
        let detail = match self {
            Self::Arrow(ArrowError::IoError(_, error)) if is_early_end(&error) => {
                return ReadError::Truncated { path, format };
            }
            Self::Arrow(ArrowError::IoError(_, error)) if error.raw_os_error().is_some() => {
                return ReadError::io(&path, "reading", error);
            }
            Self::Arrow(error) => error.to_string(),
            Self::Panic => "its parts contradict each other".to_owned(),
        };
        ReadError::Corrupt { path, format, detail }
    }
}

fn is_early_end(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::UnexpectedEof
}

/// Looks at the first and the last bytes: they tell another format and a cut file apart.
fn check_ends(format: Format, file: &FileRef, handle: &File) -> Result<(), ReadError> {
    let read = |from| bytes_at(handle, from, 8);
    let ends = read(SeekFrom::Start(0)).and_then(|first| Ok((first, read(SeekFrom::End(-8))?)));
    let (first, last) = ends.map_err(|error| ReadError::io(file.path(), "reading", error))?;
    let (path, magic) = (file.path().to_owned(), format.magic());
    let is_stream = format == Format::Arrow && looks_like_stream(&first);
    // A stream ends with a mark of four zero bytes; writers leave it out only when they die.
    let is_whole = last.ends_with(magic) || (is_stream && last.ends_with(&[0; 4]));
    if first.is_empty() {
        let expected = if format == Format::Parquet { "a Parquet file" } else { "Arrow data" };
        return Err(ReadError::Empty { path, expected });
    }
    if !first.starts_with(magic) && !is_stream {
        let expected = if format == Format::Parquet { "a Parquet file" } else { "Arrow data" };
        return Err(ReadError::WrongFormat { path, found: "other data".to_owned(), expected });
    }
    if is_whole { Ok(()) } else { Err(ReadError::Truncated { path, format: format.name() }) }
}

fn is_arrow_file(mut handle: &File) -> bool {
    let is_file = bytes_at(handle, SeekFrom::Start(0), 6).is_ok_and(|found| found == *b"ARROW1");
    let _ = handle.rewind();
    is_file
}

/// A stream begins with a mark of four set bytes and the length of the schema.
fn looks_like_stream(first: &[u8]) -> bool {
    first.starts_with(&[0xff; 4])
}

/// Up to `count` bytes from a place; fewer when the file is shorter.
fn bytes_at(mut handle: &File, from: SeekFrom, count: u64) -> io::Result<Vec<u8>> {
    if handle.seek(from).is_err() {
        handle.rewind()?;
    }
    let mut bytes = Vec::new();
    handle.take(count).read_to_end(&mut bytes)?;
    Ok(bytes)
}
