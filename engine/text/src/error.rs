//! Why text cannot be decoded.

use std::fmt;

use tanda_spelling::KNOWN_TYPES;

/// Why the columns of a text are not known, or a record ends the reading.
///
/// What was decoded before stays good. The same bytes give the same error again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
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
    /// The header line cannot name the columns.
    #[error("{path}:{line}: bad header: {detail}")]
    Header {
        /// The file.
        path: String,
        /// Line of the header, from 1.
        line: u64,
        /// What is wrong, and what to do.
        detail: String,
    },
    /// Files of one glob disagree on their columns.
    #[error(
        "{path}: its columns differ from those of {first}: {difference}; give them a type in \
         `schema:` to fill missing ones with null, or read the files by separate sources"
    )]
    ColumnsDiffer {
        /// The file that differs.
        path: String,
        /// The file it is compared with.
        first: String,
        /// Missing and additional columns, or a column of another type.
        difference: String,
    },
    /// `schema:` names a column that no file has.
    #[error(
        "{path}: no column `{column}`, which `schema:` names{}; the columns are {columns}",
        Hint(hint)
    )]
    UnknownColumn {
        /// The (first) file.
        path: String,
        /// The name in `schema:`.
        column: String,
        /// A column of nearly this name.
        hint: Option<String>,
        /// The columns that there are.
        columns: String,
    },
    /// `schema:` names a key that none of the first records has, but nearly one of theirs.
    #[error(
        "{path}: none of the first records has a key `{key}`, which `schema:` names, did you mean \
         `{near}`? If both occur, give both a type"
    )]
    UnknownKey {
        /// The (first) file.
        path: String,
        /// The name in `schema:`.
        key: String,
        /// The key of nearly this name.
        near: String,
    },
    /// `schema:` names a type that does not exist.
    #[error(
        "schema of column `{column}`: unknown type `{found}`{}; known are {KNOWN_TYPES}; in NDJSON \
         also list(int64), struct(name: utf8)",
        Hint(hint)
    )]
    UnknownType {
        /// The column.
        column: String,
        /// The text that is no type.
        found: String,
        /// A type of nearly this name.
        hint: Option<String>,
    },
    /// The first values of a column fit no common type.
    #[error(
        "{path}: column `{column}` holds {found}; give it a type in `schema:`, utf8 takes \
         any value, arrays and objects as their JSON text"
    )]
    MixedColumn {
        /// The (first) file.
        path: String,
        /// The column.
        column: String,
        /// What its values are.
        found: String,
    },
    /// One record is longer than a record may be, and the scene has no place for bad records, or a
    /// quote is open where it became too long, so that nobody can say where it ends.
    #[error(
        "{path}:{line}: record of more than {bytes_max} bytes; look for a quote that is never \
         closed, or raise `record_bytes_max`"
    )]
    RecordTooLong {
        /// The file.
        path: String,
        /// Line on which the record begins, from 1.
        line: u64,
        /// The bound that it breaks.
        bytes_max: usize,
    },
    /// One record is bad and the scene has no place for bad records.
    #[error(transparent)]
    BadRecord(Box<BadRecord>),
}

/// A record that cannot be decoded, its place, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{path}:{line}: bad record: {reason}; to carry on without such records connect a sink to the \
     source's port `rejected`"
)]
pub struct BadRecord {
    /// The file, or `standard input`.
    pub path: String,
    /// Line on which the record begins, from 1.
    pub line: u64,
    /// Name of the column, when one field is to blame.
    pub column: Option<String>,
    /// What was found, what was expected and what to do: the text of `reason` in rejected rows.
    pub reason: String,
}

/// Prints `, did you mean …?` for a near miss and nothing without one.
struct Hint<'a>(&'a Option<String>);

impl fmt::Display for Hint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |name| write!(f, ", did you mean `{name}`?"))
    }
}
