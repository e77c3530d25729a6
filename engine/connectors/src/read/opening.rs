//! The words in which [`Source`](super::source::Source) and the formats talk: what a format is
//! given to open its inputs, and what it is once they are open.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use arrow::datatypes::SchemaRef;
use tanda_text::{OnBad, PIECE_BYTES_MAX};

use super::reader::Started;
use super::transport::{FileRef, Stop};

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
    pub(super) fn bounded(&self) -> Self {
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

/// A source of one format: its inputs are found, its columns known.
pub(crate) trait Format: Send {
    /// All columns, in the order of the (first) input.
    fn schema(&self) -> SchemaRef;

    /// Columns that were taken for utf8 because the first rows had no value of them.
    fn unseen(&self) -> Vec<String> {
        Vec::new()
    }

    /// Its inputs; none where it makes its rows itself.
    fn inputs(&self) -> Vec<&FileRef>;

    /// Whether nobody knows that it ends.
    fn is_endless(&self) -> bool {
        self.inputs().iter().any(|file| file.is_endless())
    }

    /// Bytes of all inputs on disk; none if a pipe is among them, or there is no input.
    fn bytes_total(&self) -> Option<u64> {
        self.inputs().iter().map(|file| file.bytes()).sum()
    }

    /// Rows in all, where that is known before reading.
    fn rows_total(&self) -> Option<u64> {
        None
    }

    /// The reader of the columns `wanted`, in this order, and the decoder of its raw pieces.
    ///
    /// # Panics
    /// When a column index is beyond the schema.
    fn start(self: Box<Self>, wanted: &[usize], on_bad: OnBad, opening: &Opening<'_>) -> Started;
}
