//! What a decoder takes, and what it makes of it.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;

/// Whole records of one text, and where they stand in it.
#[derive(Debug, Clone, Copy)]
pub struct TextPiece<'a> {
    /// The records, line ends included (the last one of a text may have none). At most
    /// [`PIECE_BYTES_MAX`](crate::PIECE_BYTES_MAX) bytes.
    pub text: &'a [u8],
    /// Records in it, blank lines included: how much room the columns are given.
    pub rows: usize,
    /// As errors and rejected rows name the input.
    pub path: &'a str,
    /// Place of the input among those that the plan was made of, from 0.
    pub input: usize,
    /// Line of the input, from 1, on which the first record begins.
    pub first_line: u64,
    /// It is the beginning of one record that is too long to be read.
    pub is_long: bool,
}

/// What decoding makes of one piece.
#[derive(Debug)]
pub struct DecodedPiece {
    /// The good records, in their order in the text.
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
