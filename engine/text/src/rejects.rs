//! Bad records: the first one as an error, or all of them as rows.

use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, StringArray, UInt64Array};
use arrow::compute::filter_record_batch;
use arrow::record_batch::RecordBatch;
use memchr::memchr_iter;

use crate::error::{BadRecord, TextError};

use crate::block::Block;
use crate::piece::{DecodedPiece, TextPiece, rejected_schema};

/// What becomes of a bad record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnBad {
    /// It goes to the rejected rows, and reading goes on.
    Reject,
    /// It ends the decoding with [`TextError::BadRecord`].
    Fail,
}

/// The bad records of one piece, in their order.
pub(crate) struct Rejects<'a> {
    piece: TextPiece<'a>,
    on_bad: OnBad,
    found: Vec<Reject>,
    lines: Lines<'a>,
}

/// Tells the line on which a byte of a piece stands, going forward only.
pub(crate) struct Lines<'a> {
    text: &'a [u8],
    /// Bytes whose line ends are counted.
    at: usize,
    /// Line of the file that stands there.
    line: u64,
}

impl<'a> Lines<'a> {
    pub(crate) fn of(piece: TextPiece<'a>) -> Self {
        Self { text: piece.text, at: 0, line: piece.first_line }
    }

    /// Line of the file on which byte `at` stands, which must not be before the last one asked for.
    pub(crate) fn at(&mut self, at: usize) -> u64 {
        self.line += memchr_iter(b'\n', &self.text[self.at..at]).count() as u64;
        self.at = at;
        self.line
    }
}

struct Reject {
    row: usize,
    line: u64,
    record: Range<usize>,
    reason: String,
}

impl<'a> Rejects<'a> {
    pub(crate) fn new(piece: TextPiece<'a>, on_bad: OnBad) -> Self {
        Self { piece, on_bad, found: Vec::new(), lines: Lines::of(piece) }
    }

    /// Takes over the faults of a block whose first record is row `first_row` of the piece.
    pub(crate) fn take(&mut self, block: &mut Block, first_row: usize) -> Result<(), TextError> {
        let mut faults = std::mem::take(&mut block.faults);
        // Stable: of several faults of one record the first found is told.
        faults.sort_by_key(|fault| fault.row);
        faults.dedup_by_key(|fault| fault.row);
        for fault in faults {
            let record = block.records[fault.row].clone();
            let line = self.line_at(record.start);
            if self.on_bad == OnBad::Fail {
                let (path, reason) = (self.piece.path.to_owned(), fault.reason);
                let column = fault.column;
                return Err(TextError::BadRecord(Box::new(BadRecord {
                    path,
                    line,
                    column,
                    reason,
                })));
            }
            let row = first_row + fault.row;
            self.found.push(Reject { row, line, record, reason: fault.reason });
        }
        Ok(())
    }

    /// Line of the file on which byte `at` of the piece stands. Goes forward only.
    pub(crate) fn line_at(&mut self, at: usize) -> u64 {
        self.lines.at(at)
    }

    /// Parts the rows of `batch` into the good ones and the rejected.
    pub(crate) fn part(self, batch: RecordBatch) -> DecodedPiece {
        if self.found.is_empty() {
            return DecodedPiece { batch, rejected: None };
        }
        let mut good = vec![true; batch.num_rows()];
        self.found.iter().for_each(|reject| good[reject.row] = false);
        let good = filter_record_batch(&batch, &BooleanArray::from(good))
            .expect("the filter is as long as the batch");
        DecodedPiece { batch: good, rejected: Some(self.batch()) }
    }

    /// The whole piece is one rejected record, and `batch` has no rows.
    pub(crate) fn alone(mut self, batch: RecordBatch, reason: String) -> DecodedPiece {
        let record = 0..self.piece.text.len();
        self.found.push(Reject { row: 0, line: self.piece.first_line, record, reason });
        DecodedPiece { batch, rejected: Some(self.batch()) }
    }

    fn batch(&self) -> RecordBatch {
        let text = self.piece.text;
        let raw = self.found.iter().map(|reject| printable(&text[reject.record.clone()]));
        let reasons = self.found.iter().map(|reject| reject.reason.as_str());
        let files = self.found.iter().map(|_| self.piece.path);
        let columns: Vec<ArrayRef> = vec![
            Arc::new(StringArray::from_iter_values(raw)),
            Arc::new(StringArray::from_iter_values(reasons)),
            Arc::new(StringArray::from_iter_values(files)),
            Arc::new(UInt64Array::from_iter_values(self.found.iter().map(|reject| reject.line))),
        ];
        RecordBatch::try_new(rejected_schema(), columns).expect("the columns are of the schema")
    }
}

/// The text with `\xNN` for NUL and for every byte that is no part of UTF-8.
fn printable(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        for (index, part) in chunk.valid().split('\0').enumerate() {
            out.push_str(if index > 0 { "\\x00" } else { "" });
            out.push_str(part);
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}

/// `"text"` as an error shows it: cut to a readable length, what cannot be printed escaped.
pub(crate) fn shown(text: &[u8]) -> String {
    const BYTES_MAX: usize = 60;
    let cut = &text[..text.len().min(BYTES_MAX)];
    let dots = if cut.len() < text.len() { "…" } else { "" };
    let mut out = String::new();
    for character in printable(cut).chars() {
        if character.is_control() {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    format!("\"{out}\"{dots}")
}
