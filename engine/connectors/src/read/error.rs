//! Why a source cannot be opened or read on.

use std::fmt;
use std::io;

use tanda_text::TextError;

/// Why a source cannot be opened, or had to stop.
///
/// Pieces handed out before the error stay good. Nothing here is worth a retry without a change
/// outside the engine, save [`ReadError::Io`], whose cause the operating system names.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// No file has this name.
    #[error(
        "{path}: no such file{}; check the path, which is relative to the working directory",
        Hint(hint)
    )]
    NoSuchFile {
        /// The path as it was given.
        path: String,
        /// A file of the same folder with nearly this name.
        hint: Option<String>,
    },
    /// The file is there and may not be read.
    #[error("{path}: permission denied; the engine's user needs read access to the file")]
    Denied {
        /// The file.
        path: String,
    },
    /// A folder on the way to files may not be searched, so nobody knows which there are.
    #[error(
        "{path}: permission denied to search this folder; the engine's user needs the rights `r` \
         and `x` on it, or name the files so that no way leads through it"
    )]
    FolderDenied {
        /// The folder.
        path: String,
    },
    /// A link whose target does not exist.
    #[error("{path}: is a link to {target}, which leads nowhere; mend the link or remove it")]
    DeadLink {
        /// The link.
        path: String,
        /// What it names.
        target: String,
    },
    /// A folder stands where a file was expected.
    #[error(
        "{path}: is a directory, expected a file; to read the files in it give a glob such as \
         \"{path}/*.{ending}\""
    )]
    Directory {
        /// The folder, without a final slash.
        path: String,
        /// Usual ending of the format that was to be read.
        ending: &'static str,
    },
    /// A glob that no file fits.
    #[error(
        "{pattern}: no file fits this glob; check the pattern, which is relative to the working \
         directory"
    )]
    NoMatch {
        /// The pattern.
        pattern: String,
    },
    /// A glob that cannot be parsed.
    #[error(
        "{pattern}: not a glob: {reason} at character {position}; write `[*]`, `[?]` or `[[]` \
         for these characters themselves"
    )]
    BadGlob {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        reason: &'static str,
        /// Where, from 1.
        position: usize,
    },
    /// The operating system refused an operation.
    #[error("{path}: {action} failed: {source}")]
    Io {
        /// The file.
        path: String,
        /// What was tried.
        action: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file of zero bytes where at least a header (CSV) or a footer is needed.
    #[error(
        "{path}: is empty, expected {expected}; a source without rows still needs its column names"
    )]
    Empty {
        /// The file.
        path: String,
        /// What must be there at least.
        expected: &'static str,
    },
    /// The bytes are of another format.
    #[error(
        "{path}: found {found}, expected {expected}; check the format that the scene names for \
         this path"
    )]
    WrongFormat {
        /// The file.
        path: String,
        /// What the first bytes look like.
        found: String,
        /// The format that was to be read.
        expected: &'static str,
    },
    /// The file ends before its format says it should.
    #[error("{path}: truncated: the {format} data ends too early; copy or write the file again")]
    Truncated {
        /// The file.
        path: String,
        /// Its format.
        format: &'static str,
    },
    /// The bytes do not follow the format.
    #[error("{path}: damaged {format} data: {detail}; copy or write the file again")]
    Corrupt {
        /// The file.
        path: String,
        /// Its format.
        format: &'static str,
        /// What the decoder met.
        detail: String,
    },
    /// The bytes are sound, and of a kind that is not read.
    #[error("{path}: found {found}, which Tanda does not read; {remedy}")]
    NotRead {
        /// The file.
        path: String,
        /// What is there, and where.
        found: String,
        /// What would work.
        remedy: &'static str,
    },
    /// Someone wrote to, cut or replaced the file between opening it and reading its end.
    #[error("{path}: changed while it was read: {what}; run again when nothing writes to the file")]
    Changed {
        /// The file.
        path: String,
        /// What is different: size, time of change, or the file itself.
        what: String,
    },
    /// Parquet or Arrow files of one glob disagree on their columns.
    #[error(
        "{path}: its columns differ from those of {first}: {difference}; read the files by \
         separate sources, or write them again with the same columns"
    )]
    ColumnsOfFilesDiffer {
        /// The file that differs.
        path: String,
        /// The file it is compared with.
        first: String,
        /// Missing and additional columns, or a column of another type.
        difference: String,
    },
    /// A setting of the source cannot be.
    #[error("`{setting}`: found {found}, expected {expected}")]
    Setting {
        /// Name of the field in the scene.
        setting: &'static str,
        /// Its value.
        found: String,
        /// What it may be.
        expected: &'static str,
    },
    /// The text of an input is not what its format says.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A pipe was asked for its columns before the run.
    #[error(
        "{path}: the columns of a pipe are not known before the run; name them all with their \
         types in `schema:` to check the scene without reading"
    )]
    ColumnsNotKnown {
        /// Name of the pipe.
        path: String,
    },
    /// A stop was asked before a pipe brought its first record.
    #[error("{path}: stopped before its first record arrived")]
    Stopped {
        /// Name of the pipe.
        path: String,
    },
    /// The format cannot be read from a pipe.
    #[error(
        "{path}: {format} cannot be read from a pipe, its index is at the end of the file; write \
         it to a file first"
    )]
    NeedsFile {
        /// Name of the pipe.
        path: String,
        /// The format.
        format: &'static str,
    },
}

impl ReadError {
    /// Gives an error of the operating system its place, and the clearer variant if there is one.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the system knows far more kinds than need words of their own"
    )]
    pub(crate) fn io(path: &str, action: &'static str, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => Self::NoSuchFile { path, hint: None },
            io::ErrorKind::PermissionDenied => Self::Denied { path },
            _ => Self::Io { path, action, source },
        }
    }
}

/// Prints `, did you mean …?` for a near miss and nothing without one.
struct Hint<'a>(&'a Option<String>);

impl fmt::Display for Hint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |name| write!(f, ", did you mean `{name}`?"))
    }
}
