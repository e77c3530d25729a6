//! What a reader hands out, and what a decoder makes of it.

use std::ops::Range;
use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;

use super::files::FileRef;
use super::pool::PooledBuffer;

/// One step of a reader.
#[derive(Debug)]
pub enum Piece {
    /// Whole records as they stand in the file; a [`super::Decode`] makes columns of them.
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

/// What decoding makes of one [`RawPiece`].
#[derive(Debug)]
pub struct DecodedPiece {
    /// The good records, in their order in the file.
    pub batch: RecordBatch,
    /// The bad records with columns of [`rejected_schema`]; none when all are good.
    pub rejected: Option<RecordBatch>,
}

/// Columns of rejected records: `raw` (the text of the record, bytes that are not UTF-8 written as
/// `\xNN`), `reason`, `file` and `line` (where it begins, from 1).
#[must_use]
pub fn rejected_schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        Arc::new(Schema::new(vec![
            Field::new("raw", DataType::Utf8, false),
            Field::new("reason", DataType::Utf8, false),
            Field::new("file", DataType::Utf8, false),
            Field::new("line", DataType::UInt64, false),
        ]))
    });
    Arc::clone(&SCHEMA)
}
