//! Some hundred records taken apart: where each wanted field is, before anything is parsed.
//!
//! A block is small enough that its text is still in the nearest caches when the columns are parsed
//! from it one after the other.

use std::ops::Range;

/// Records in a block at most.
pub(crate) const BLOCK_ROWS: usize = 512;

/// Fields in a block at most, if it has several records: blocks of very many columns are short.
const FIELDS_MAX: usize = 1 << 20;

/// Where a field stands: in the text, or among the fields that had to be rewritten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

/// Marks positions in the rewritten fields. Pieces are shorter than this, see `PIECE_BYTES_MAX`.
const REWRITTEN: u32 = 1 << 31;

/// A piece, and so every position in it, fits in 31 bits with room for the rewritten fields.
pub const PIECE_BYTES_MAX: usize = 1 << 30;

impl Span {
    /// No value.
    pub(crate) const NULL: Self = Self { start: u32::MAX, end: u32::MAX };

    /// Bytes of the text.
    #[inline(always)]
    pub(crate) fn of(range: Range<usize>) -> Self {
        debug_assert!(range.end <= PIECE_BYTES_MAX);
        Self { start: range.start as u32, end: range.end as u32 }
    }

    /// Bytes of the rewritten fields.
    pub(crate) fn rewritten(range: Range<usize>) -> Self {
        let Range { start, end } = range;
        debug_assert!(end <= PIECE_BYTES_MAX);
        Self { start: start as u32 | REWRITTEN, end: end as u32 | REWRITTEN }
    }

    #[inline(always)]
    pub(crate) fn is_null(self) -> bool {
        self.start == u32::MAX
    }

    /// No byte, or no value.
    pub(crate) fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Whether the field stands behind `quote`: in CSV no other field does. Rewritten is only what
    /// was quoted.
    pub(crate) fn is_quoted(self, text: &[u8], quote: u8) -> bool {
        if self.start & REWRITTEN != 0 {
            return !self.is_null();
        }
        let before = (self.start as usize).checked_sub(1);
        before.is_some_and(|before| text[before] == quote)
    }
}

/// Why a whole record, or one field of it, cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Row in the block.
    pub(crate) row: usize,
    /// What was found, what was expected, what to do.
    pub(crate) reason: String,
    /// Name of the column, when one is to blame.
    pub(crate) column: Option<String>,
}

/// The records that a split has taken apart.
#[derive(Debug)]
pub(crate) struct Block {
    /// Spans of the fields, column by column, `rows_max` a column.
    spans: Vec<Span>,
    /// Records that it has room for, `1..=BLOCK_ROWS`.
    rows_max: usize,
    /// Where each record stands in the text, without its line end.
    pub(crate) records: Vec<Range<usize>>,
    /// Fields whose quotes or escapes had to be taken out.
    pub(crate) rewritten: Vec<u8>,
    /// Records that cannot be taken apart, by row.
    pub(crate) faults: Vec<Fault>,
}

impl Block {
    pub(crate) fn new(columns: usize) -> Self {
        let rows_max = (FIELDS_MAX / columns.max(1)).clamp(1, BLOCK_ROWS);
        let spans = vec![Span::NULL; columns * rows_max];
        let records = Vec::with_capacity(rows_max);
        Self { spans, rows_max, records, rewritten: Vec::new(), faults: Vec::new() }
    }

    /// Forgets the records. Spans stay as they are: a split sets each one.
    pub(crate) fn clear(&mut self) {
        self.records.clear();
        self.rewritten.clear();
        self.faults.clear();
    }

    pub(crate) fn is_full(&self) -> bool {
        self.room() == 0
    }

    /// Records that can still be pushed.
    pub(crate) fn room(&self) -> usize {
        self.rows_max - self.records.len()
    }

    /// Sets a field of the record that is being taken apart.
    #[inline(always)]
    pub(crate) fn set(&mut self, column: usize, span: Span) {
        self.spans[column * self.rows_max + self.records.len()] = span;
    }

    /// Makes every field of `row` missing, so that nothing of a bad record is parsed.
    pub(crate) fn blank(&mut self, row: usize) {
        self.spans.iter_mut().skip(row).step_by(self.rows_max).for_each(|span| *span = Span::NULL);
    }

    /// The record that is being taken apart is bad; it must be pushed next.
    pub(crate) fn fault(&mut self, column: Option<&str>, reason: String) {
        let (row, column) = (self.records.len(), column.map(str::to_owned));
        self.faults.push(Fault { row, reason, column });
        self.blank(row);
    }

    /// The fields of one column, as far as there are records.
    pub(crate) fn column(&self, column: usize) -> &[Span] {
        &self.spans[column * self.rows_max..][..self.records.len()]
    }

    pub(crate) fn column_mut(&mut self, column: usize) -> &mut [Span] {
        &mut self.spans[column * self.rows_max..][..self.records.len()]
    }

    /// Bytes of a field. `text` is what the block was split from.
    #[inline(always)]
    pub(crate) fn bytes<'a>(&'a self, text: &'a [u8], span: Span) -> &'a [u8] {
        if span.start & REWRITTEN == 0 {
            return &text[span.start as usize..span.end as usize];
        }
        let range = (span.start & !REWRITTEN) as usize..(span.end & !REWRITTEN) as usize;
        self.rewritten.get(range).unwrap_or_default()
    }
}

/// Takes text apart into records and fields.
pub(crate) trait Split {
    /// Whether a number stands for the double nearest to it, as in JSON, however many digits it
    /// has; and else for itself, in a column whose type was inferred.
    const ROUNDS_FLOATS: bool;

    /// What a split remembers from block to block of one text.
    type Notes: Default + Send;

    /// Fills `block` from `text[from..]` until it is full or the text ends; gives where it ended.
    /// A text is split from its start on, with notes of its own or those of a text before.
    fn split(&self, text: &[u8], from: usize, block: &mut Block, notes: &mut Self::Notes) -> usize;
}
