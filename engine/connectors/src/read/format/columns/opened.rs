//! One open input of columns, whatever its format.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;

use crate::columnar_format::ColumnarFormat;
use crate::read::error::ReadError;
use crate::read::opening::Opening;
use crate::read::transport::{FileRef, RawBytes, Stop};

use super::fault::{Fault, guarded};
use super::ipc::{self, ArrowFile, ArrowStream};
use super::parquet::{self, ParquetFile};

/// An open input.
pub(super) struct Opened {
    format: ColumnarFormat,
    batches: Batches,
    /// A second descriptor of the file, to ask whether it changed.
    file: File,
    /// The share of the file that was counted.
    counted: f64,
    was_stopped: bool,
}

enum Batches {
    Parquet(Box<ParquetFile>),
    File(Box<ArrowFile>),
    Stream(Box<ArrowStream>),
}

impl Opened {
    /// Opens `file` for the columns `wanted`, or all.
    pub(super) fn open(
        format: ColumnarFormat,
        file: &FileRef,
        wanted: Option<&SchemaRef>,
        opening: &Opening<'_>,
    ) -> Result<Self, ReadError> {
        let handle = file.open()?;
        let again = handle.try_clone().map_err(|e| ReadError::io(file.path(), "opening", e))?;
        if file.bytes().is_none() && format == ColumnarFormat::Parquet {
            let (path, format) = (file.path().to_owned(), format.name());
            return Err(ReadError::NeedsFile { path, format });
        }
        check_start(format, file, &handle)?;
        let begun = guarded(|| Batches::begin(format, file, handle, wanted, opening));
        let batches = begun.map_err(|fault| fault.explain(format, file, &again))?;
        Ok(Self { format, batches, file: again, counted: 0.0, was_stopped: false })
    }

    /// Its columns; all of them when it was opened for all.
    pub(super) fn schema(&self) -> SchemaRef {
        match &self.batches {
            Batches::Parquet(file) => file.schema(),
            Batches::File(file) => file.schema(),
            Batches::Stream(stream) => stream.schema(),
        }
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// The next batch, of which `arrange` makes what goes on; none at the end or when a stop was
    /// asked.
    pub(super) fn next(
        &mut self,
        file: &FileRef,
        stop: &Stop,
        arrange: impl FnOnce(&RecordBatch) -> Result<RecordBatch, Fault>,
    ) -> Result<Option<RecordBatch>, ReadError> {
        let batches = &mut self.batches;
        let next = guarded(|| {
            let next = match batches {
                Batches::Parquet(file) => file.next(),
                Batches::File(file) => file.next(),
                Batches::Stream(stream) => stream.next(stop),
            }?;
            next.map(|batch| arrange(&batch)).transpose()
        });
        if matches!(next, Err(Fault::Stopped)) {
            self.was_stopped = true;
            return Ok(None);
        }
        next.map_err(|fault| fault.explain(self.format, file, &self.file))
    }

    /// Whether the last step ended because a stop was asked while a pipe had nothing to read.
    pub(super) fn was_stopped(&self) -> bool {
        self.was_stopped
    }

    /// The share of the file that was handed out since this was last asked; 0 where bytes are
    /// counted as they are read.
    pub(super) fn newly_read(&mut self) -> f64 {
        let share = match &self.batches {
            Batches::Parquet(file) => file.share(),
            Batches::File(file) => file.share(),
            Batches::Stream(_) => 0.0,
        };
        let before = std::mem::replace(&mut self.counted, share.min(1.0));
        self.counted - before
    }

    /// The share that is not counted yet, at the end.
    pub(super) fn rest(&self) -> f64 {
        match &self.batches {
            Batches::Parquet(_) | Batches::File(_) => 1.0 - self.counted,
            Batches::Stream(_) => 0.0,
        }
    }
}

impl Batches {
    fn begin(
        format: ColumnarFormat,
        file: &FileRef,
        handle: File,
        wanted: Option<&SchemaRef>,
        opening: &Opening<'_>,
    ) -> Result<Self, Fault> {
        let bytes_max = opening.limits.unpacked_bytes_max;
        let length = file.bytes();
        match (format, length) {
            (ColumnarFormat::Parquet, _) => {
                let bytes = length.unwrap_or_default();
                let opened = ParquetFile::open(handle, bytes, wanted, opening.limits)?;
                Ok(Self::Parquet(Box::new(opened)))
            }
            (ColumnarFormat::Arrow, Some(bytes)) if is_arrow_file(&handle) => {
                let opened = ArrowFile::open(handle, bytes, wanted, bytes_max)?;
                Ok(Self::File(Box::new(opened)))
            }
            (ColumnarFormat::Arrow, _) => {
                check_mark(&handle, length)?;
                let bytes = RawBytes::new(handle, file, opening.progress);
                let opened = ArrowStream::open(bytes, length, wanted, bytes_max, opening.stop)?;
                Ok(Self::Stream(Box::new(opened)))
            }
        }
    }
}

fn is_arrow_file(handle: &File) -> bool {
    first_bytes(handle).is_ok_and(|first| ipc::is_file(&first))
}

/// Looks at the first bytes of a regular file: they tell another format.
fn check_start(format: ColumnarFormat, file: &FileRef, handle: &File) -> Result<(), ReadError> {
    let Some(length) = file.bytes() else { return Ok(()) };
    let first =
        first_bytes(handle).map_err(|error| ReadError::io(file.path(), "reading", error))?;
    let path = file.path().to_owned();
    let (expected, is_right) = match format {
        ColumnarFormat::Parquet => {
            ("a Parquet file", first.starts_with(parquet::MAGIC) || first.starts_with(b"PARE"))
        }
        ColumnarFormat::Arrow => {
            ("Arrow data", ipc::is_file(&first) || ipc::looks_like_stream(&first))
        }
    };
    if length == 0 {
        return Err(ReadError::Empty { path, expected });
    }
    if is_right {
        return Ok(());
    }
    Err(ReadError::WrongFormat { path, found: "other data".to_owned(), expected })
}

/// A stream in a file that was cut off is found before it is read: its end mark ends with zeros.
fn check_mark(handle: &File, length: Option<u64>) -> Result<(), Fault> {
    let Some(length) = length else { return Ok(()) };
    let mut mark = [0; 4];
    handle.read_exact_at(&mut mark, length.saturating_sub(4))?;
    if mark == [0; 4] { Ok(()) } else { Err(Fault::Truncated) }
}

/// The first eight bytes of a file; fewer if it is shorter.
fn first_bytes(handle: &File) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; 8];
    let count = handle.read_at(&mut bytes, 0)?;
    bytes.truncate(count);
    Ok(bytes)
}
