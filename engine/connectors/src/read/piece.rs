//! What a reader hands out.

use std::ops::Range;

use arrow::record_batch::RecordBatch;
use tanda_text::TextPiece;

use super::transport::{FileRef, PooledBuffer};

/// One step of a reader.
#[derive(Debug)]
pub enum Piece {
    /// Whole records as they stand in the file; a [`Decode`](super::Decode) makes columns of them.
    Raw(RawPiece),
    /// Columns (Parquet, Arrow and generated rows).
    Decoded(RecordBatch),
}

/// Whole records of one text file, in an aligned buffer that is recycled on drop.
#[derive(Debug)]
pub struct RawPiece {
    pub(crate) buffer: PooledBuffer,
    pub(crate) range: Range<usize>,
    pub(crate) file: FileRef,
    pub(crate) rows: usize,
    pub(crate) first_line: u64,
    pub(crate) offset: u64,
    /// It is the beginning of one record that is too long to be read.
    pub(crate) is_long: bool,
}

impl RawPiece {
    /// The records, line ends included (the last one of a file may have none).
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.buffer.as_slice()[self.range.clone()]
    }

    /// As the decoder takes it.
    pub(crate) fn as_text(&self) -> TextPiece<'_> {
        TextPiece {
            text: self.text(),
            rows: self.rows,
            path: self.path(),
            input: self.file.index,
            first_line: self.first_line,
            is_long: self.is_long,
        }
    }

    /// Bytes of memory that this piece keeps from other use: its whole buffer.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.buffer.len()
    }

    /// Records in this piece. Blank lines count here, and nowhere after decoding.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The file as the scene names it, or `standard input`.
    #[must_use]
    pub fn path(&self) -> &str {
        self.file.path()
    }

    /// Line of the file, from 1, on which the first record begins.
    #[must_use]
    pub fn first_line(&self) -> u64 {
        self.first_line
    }

    /// Bytes of the (decompressed) file before the first record.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }
}
