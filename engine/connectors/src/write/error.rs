//! What can go wrong with a sink's file, told with its place and what to do.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use parquet::errors::ParquetError;
use thiserror::Error;

/// Why a sink could not be checked, opened, written or closed.
///
/// `path` is the path as the scene gives it, or `standard output`. Whenever bytes were already
/// written, the unfinished file keeps its `.part` name and nothing stands at the path itself that
/// was not there before.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The scene gives no path. Nothing was touched.
    #[error("the path of the sink is empty; name a file, or `-` for standard output")]
    EmptyPath,

    /// The path names a folder. Nothing was touched.
    #[error("cannot write {path}: it is a folder; name a file in it, such as {}",
        Path::new(path).join("out.csv").display())]
    Folder {
        /// Path of the sink.
        path: String,
    },

    /// The path names something that holds no records. Nothing was touched.
    #[error(
        "cannot write {path}: it is a {found}; name a file, a named pipe, a character device or `-`"
    )]
    NotAFile {
        /// Path of the sink.
        path: String,
        /// What stands there.
        found: &'static str,
    },

    /// Something on the way to the file is no folder. Nothing was touched.
    #[error(
        "cannot write {path}: {} is not a folder; choose another path or move that file away",
        parent.display()
    )]
    ParentNotFolder {
        /// Path of the sink.
        path: String,
        /// What stands in the way.
        parent: PathBuf,
    },

    /// The folder or the file may not be written. Nothing was touched.
    #[error(
        "cannot write {path}: {} may not be written ({source}); \
         change its permissions or choose another folder", place.display()
    )]
    Forbidden {
        /// Path of the sink.
        path: String,
        /// The folder or file that may not be written.
        place: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// The ending of the path names no format. Nothing was touched.
    #[error("cannot tell the format of {path}: {found}; expected {expected}{hint}")]
    Ending {
        /// Path of the sink.
        path: String,
        /// What the path ends with.
        found: String,
        /// Endings that would do.
        expected: &'static str,
        /// `; did you mean …`, or empty.
        hint: String,
    },

    /// A field of the sink is out of its bounds. Nothing was touched.
    #[error("cannot write {path}: `{field}` is {found}; expected {expected}")]
    Setting {
        /// Path of the sink.
        path: String,
        /// Field of the scene.
        field: &'static str,
        /// What it is.
        found: String,
        /// What it may be.
        expected: &'static str,
    },

    /// There is nothing to write. Nothing was touched.
    #[error("cannot write {path}: its input has no columns; connect a port that has some")]
    NoColumns {
        /// Path of the sink.
        path: String,
    },

    /// Two columns have one name, so no reader could tell them apart. Nothing was touched.
    #[error("cannot write {path}: two columns are named `{column}`; rename one of them upstream")]
    RepeatedColumn {
        /// Path of the sink.
        path: String,
        /// The name.
        column: String,
    },

    /// The format, or Tanda in any format, has no place for the type of a column. Nothing was
    /// touched.
    #[error(
        "cannot write {path}: column `{column}` has type {found}, which {format} cannot hold; \
         {remedy}"
    )]
    ColumnType {
        /// Path of the sink.
        path: String,
        /// The column.
        column: String,
        /// Its type.
        found: DataType,
        /// Name of the format, or `Tanda`.
        format: &'static str,
        /// What would work.
        remedy: &'static str,
    },

    /// An empty text in a CSV file of one column, where `""` has to stand for a missing value.
    /// Nothing of the batch was written.
    #[error(
        "column `{column}` is the only one and holds an empty text, which in CSV would read as a \
         missing value; give the sink another text for those, such as null: \"NULL\""
    )]
    EmptyTextAlone {
        /// The column.
        column: String,
    },

    /// A text with U+0000 in a CSV file. Nothing of the batch was written.
    #[error(
        "column `{column}` holds the character U+0000, for which readers take a CSV file for a \
         binary one and refuse it; write NDJSON, Parquet or Arrow, or take it out before"
    )]
    NulInCsv {
        /// The column.
        column: String,
    },

    /// A batch does not have the columns that the sink was opened with. Nothing of it was written.
    #[error(
        "column {index} of a batch is `{found}`, but the sink was opened for `{expected}`; \
         the stage before the sink emits another schema than it declared"
    )]
    Schema {
        /// Position of the column, from 0.
        index: usize,
        /// Name and type expected there.
        expected: String,
        /// Name and type found there.
        found: String,
    },

    /// Another run writes the same file. Nothing was touched.
    #[error(
        "cannot write {path}: another run is writing {}; \
         wait for it to end or choose another path",
        part.display()
    )]
    Busy {
        /// Path of the sink.
        path: String,
        /// The unfinished file of the other one.
        part: PathBuf,
    },

    /// What stands where the unfinished file is to be is not ours to remove. Nothing was touched.
    #[error(
        "cannot write {path}: {} stands in the way: {found}; move it away or choose another path",
        part.display()
    )]
    PartTaken {
        /// Path of the sink.
        path: String,
        /// Where the unfinished file was to be.
        part: PathBuf,
        /// What stands there.
        found: String,
    },

    /// Another program removed or replaced the unfinished file. A retry can help.
    #[error(
        "cannot write {path}: {} was removed or replaced by another program while the run wrote \
         it; run again", part.display()
    )]
    PartLost {
        /// Path of the sink.
        path: String,
        /// Where the unfinished file was.
        part: PathBuf,
    },

    /// An output could not be published, and then one that had been could not be taken back.
    #[error(
        "{error}; and {path} could not be taken back ({source}): it is this run's, what stood \
         there before is in {}", part.display()
    )]
    NotTakenBack {
        /// Path of the sink whose file stands there.
        path: String,
        /// Where the old file is, if there was one.
        part: PathBuf,
        /// What the system said.
        source: io::Error,
        /// Why outputs were to be taken back.
        error: Box<WriteError>,
    },

    /// The disk, or the quota on it, is full. A retry helps once there is space.
    #[error(
        "cannot write {path}: the disk is full ({source}) after {bytes} bytes{}; \
         free space or choose another folder, then run again", kept(part.as_deref())
    )]
    Full {
        /// Path of the sink.
        path: String,
        /// Where the unfinished file is.
        part: Option<PathBuf>,
        /// Bytes written so far.
        bytes: u64,
        /// What the system said.
        source: io::Error,
    },

    /// The file is as long as the system lets files become. A retry helps once the limit is raised.
    #[error(
        "cannot write {path}: the limit on the size of files is reached ({source}) after {bytes} \
         bytes{}; raise it (`ulimit -f`), then run again", kept(part.as_deref())
    )]
    TooLong {
        /// Path of the sink.
        path: String,
        /// Where the unfinished file is.
        part: Option<PathBuf>,
        /// Bytes written so far.
        bytes: u64,
        /// What the system said.
        source: io::Error,
    },

    /// Whoever read the pipe is gone. A retry cannot help.
    #[error(
        "cannot write {path}: its reader closed it after {bytes} bytes ({source}); \
         let the reader read to the end, or write to a file"
    )]
    ReaderGone {
        /// Path of the sink.
        path: String,
        /// Bytes written so far.
        bytes: u64,
        /// What the system said.
        source: io::Error,
    },

    /// The system refused something else.
    #[error("cannot write {path}: {action} failed ({source}) after {bytes} bytes{}",
        kept(part.as_deref()))]
    Io {
        /// Path of the sink.
        path: String,
        /// What failed: `creating the folder /a/b`, `writing`, `renaming`, …
        action: String,
        /// Where the unfinished file is.
        part: Option<PathBuf>,
        /// Bytes written so far.
        bytes: u64,
        /// What the system said.
        source: io::Error,
    },

    /// The Parquet encoder refused a batch. A retry cannot help.
    #[error("cannot write {path} as Parquet: {source}")]
    Parquet {
        /// Path of the sink.
        path: String,
        /// What the encoder said.
        source: ParquetError,
    },

    /// A value that the format cannot hold exactly. A retry cannot help.
    #[error(
        "cannot write {path}: column `{column}`: {source}; convert the column upstream, or write \
         Arrow"
    )]
    Value {
        /// Path of the sink.
        path: String,
        /// The column.
        column: String,
        /// What was found.
        source: ArrowError,
    },

    /// The Arrow library refused a batch. A retry cannot help.
    #[error("cannot encode a batch: {source}")]
    Arrow {
        /// What the library said.
        #[from]
        source: ArrowError,
    },
}

impl WriteError {
    /// The error for a failed call to the system, by what the user can do about it.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the rest is told as the system tells it")]
    pub(super) fn from_system(
        path: &str,
        action: &str,
        part: Option<&Path>,
        bytes: u64,
        source: io::Error,
    ) -> Self {
        let (path, part) = (path.to_owned(), part.map(Path::to_owned));
        match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                Self::Full { path, part, bytes, source }
            }
            ErrorKind::BrokenPipe => Self::ReaderGone { path, bytes, source },
            ErrorKind::FileTooLarge => Self::TooLong { path, part, bytes, source },
            _ => Self::Io { path, action: action.to_owned(), part, bytes, source },
        }
    }
}

fn kept(part: Option<&Path>) -> String {
    part.map_or_else(String::new, |part| format!("; what was written is in {}", part.display()))
}
