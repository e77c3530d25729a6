//! Snapshot bytes: little-endian fields, and a reader that answers damage with an error.

use crate::value::{Kind, Value};

/// Why bytes could not be read as a snapshot. The state they were to be read into is then unknown:
/// the caller restores into a fresh table and keeps the old one.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum SnapshotError {
    /// Not written by this plugin.
    #[error("not a snapshot of the aggregation plugin")]
    Foreign,
    /// Written by a version whose format is not known here.
    #[error("the snapshot has format {found}, this plugin reads format {expected}")]
    Format { found: u16, expected: u16 },
    /// Written with another configuration or another input schema.
    #[error(
        "the snapshot was made with another configuration or input schema: start without it, or \
         with the configuration it was made with"
    )]
    Configuration,
    /// Changed since it was written.
    #[error("the snapshot is damaged: its checksum does not match")]
    Checksum,
    /// Ends before its last field.
    #[error("the snapshot ends early, at byte {at}")]
    Truncated { at: usize },
    /// Goes on after its last field.
    #[error("the snapshot has {bytes} bytes too many")]
    TooLong { bytes: usize },
    /// A field holds what this plugin never writes.
    #[error("the snapshot is damaged at byte {at}: {what}")]
    Damaged { at: usize, what: &'static str },
    /// Windows, First and Last need one order, which two instances do not have.
    #[error("an aggregation with a window, First or Last runs as one instance; it has no merge")]
    NotMergeable,
    /// More distinct values or groups than a table can number.
    #[error("more than 4,294,967,294 distinct values or groups")]
    TooMany,
}

/// Appends fields.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(crate) fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    pub(crate) fn u16(&mut self, value: u16) {
        self.raw(&value.to_le_bytes());
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.raw(&value.to_le_bytes());
    }

    pub(crate) fn i64(&mut self, value: i64) {
        self.raw(&value.to_le_bytes());
    }

    pub(crate) fn i128(&mut self, value: i128) {
        self.raw(&value.to_le_bytes());
    }

    /// A number of things; `usize` never exceeds 64 bits.
    pub(crate) fn count(&mut self, value: usize) {
        self.u64(value as u64);
    }

    /// A value without its kind, which the reader knows.
    pub(crate) fn value(&mut self, value: Value<'_>) {
        match value {
            Value::Word(word) => self.i64(word),
            Value::Wide(wide) => self.i128(wide),
            Value::Bytes(bytes) => {
                self.count(bytes.len());
                self.raw(bytes);
            }
        }
    }

    /// A value that may be missing.
    pub(crate) fn optional(&mut self, value: Option<Value<'_>>) {
        self.u8(u8::from(value.is_some()));
        if let Some(value) = value {
            self.value(value);
        }
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// Takes fields off the front.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) fn raw(&mut self, length: usize) -> Result<&'a [u8], SnapshotError> {
        let (taken, rest) =
            self.bytes.split_at_checked(length).ok_or(SnapshotError::Truncated { at: self.at })?;
        self.bytes = rest;
        self.at += length;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], SnapshotError> {
        let at = self.at;
        let bytes = self.raw(N)?;
        bytes.try_into().map_err(|_| SnapshotError::Truncated { at })
    }

    pub(crate) fn u8(&mut self) -> Result<u8, SnapshotError> {
        self.array().map(u8::from_le_bytes)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, SnapshotError> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, SnapshotError> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn i64(&mut self) -> Result<i64, SnapshotError> {
        self.array().map(i64::from_le_bytes)
    }

    pub(crate) fn i128(&mut self) -> Result<i128, SnapshotError> {
        self.array().map(i128::from_le_bytes)
    }

    /// A number of things, each of at least `bytes_each` bytes: never more than could follow.
    pub(crate) fn count(&mut self, bytes_each: usize) -> Result<usize, SnapshotError> {
        let at = self.at;
        let count = self.u64()?;
        let fits = self.bytes.len() / bytes_each.max(1);
        usize::try_from(count)
            .ok()
            .filter(|count| *count <= fits)
            .ok_or(SnapshotError::Truncated { at })
    }

    pub(crate) fn value(&mut self, kind: Kind) -> Result<Value<'a>, SnapshotError> {
        Ok(match kind {
            Kind::Word => Value::Word(self.i64()?),
            Kind::Wide => Value::Wide(self.i128()?),
            Kind::Bytes => {
                let length = self.count(1)?;
                Value::Bytes(self.raw(length)?)
            }
        })
    }

    pub(crate) fn optional(&mut self, kind: Kind) -> Result<Option<Value<'a>>, SnapshotError> {
        match self.u8()? {
            0 => Ok(None),
            1 => self.value(kind).map(Some),
            _ => Err(self.damaged("a mark that is neither 0 nor 1")),
        }
    }

    /// Nothing may be left.
    pub(crate) fn end(&self) -> Result<(), SnapshotError> {
        match self.bytes.len() {
            0 => Ok(()),
            bytes => Err(SnapshotError::TooLong { bytes }),
        }
    }

    /// The error for a field, just read, that this plugin never writes.
    pub(crate) fn damaged(&self, what: &'static str) -> SnapshotError {
        SnapshotError::Damaged { at: self.at, what }
    }
}
