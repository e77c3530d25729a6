//! Text pieces to columns, the same way for every text format.

use std::sync::{Mutex, PoisonError};

use arrow::datatypes::{DataType, SchemaRef};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use memchr::memchr;

use crate::block::{Block, Fault, Span, Split};
use crate::column::Column;
use crate::columns::cells;
use crate::csv::CsvSplit;
use crate::cut::Dialect;
use crate::error::TextError;
use crate::long;
use crate::ndjson::{NdjsonSplit, Nested};
use crate::numbers::Form;
use crate::piece::{DecodedPiece, TextPiece};
use crate::plan::{ColumnPlan, Rules, schema_of};
use crate::rejects::{Lines, OnBad, Rejects};

/// Decodes the pieces of the inputs of one plan, many at a time.
pub struct TextDecoder(Format);

enum Format {
    Csv(Decoder<CsvSplit>),
    Ndjson(Decoder<NdjsonSplit>),
}

impl TextDecoder {
    /// `splits` has one for each order in which inputs have their columns, `split_of_inputs` says
    /// which of them is that of an input.
    pub(crate) fn csv(
        splits: Vec<CsvSplit>,
        split_of_inputs: Vec<u32>,
        columns: Vec<ColumnPlan>,
        dialect: Dialect,
        rules: Rules,
    ) -> Self {
        let decoder = Decoder::new(splits, columns, Some(dialect), rules);
        Self(Format::Csv(Decoder { split_of_inputs, ..decoder }))
    }

    pub(crate) fn ndjson(split: NdjsonSplit, columns: Vec<ColumnPlan>, rules: Rules) -> Self {
        Self(Format::Ndjson(Decoder::new(vec![split], columns, None, rules)))
    }

    /// Decodes one piece. Cost: about 2 ns a byte for CSV.
    ///
    /// # Errors
    /// [`TextError::BadRecord`] with [`OnBad::Fail`]; [`TextError::RecordTooLong`].
    pub fn decode(&self, piece: TextPiece<'_>) -> Result<DecodedPiece, TextError> {
        match &self.0 {
            Format::Csv(decoder) => decoder.decode(piece, None),
            Format::Ndjson(decoder) => decoder.decode(piece, None),
        }
    }

    /// Decodes one piece, and adds to `lines` the line on which each of its records begins, bad
    /// ones included. Cost: as [`Self::decode`], and a second look at the line ends.
    ///
    /// # Errors
    /// Those of [`Self::decode`]; `lines` has some of them then.
    pub fn decode_with_lines(
        &self,
        piece: TextPiece<'_>,
        lines: &mut Vec<u64>,
    ) -> Result<DecodedPiece, TextError> {
        match &self.0 {
            Format::Csv(decoder) => decoder.decode(piece, Some(lines)),
            Format::Ndjson(decoder) => decoder.decode(piece, Some(lines)),
        }
    }
}

struct Decoder<S: Split> {
    /// One split for each order in which inputs have their columns, at least one.
    splits: Vec<S>,
    /// Which of them is that of an input, by its index; the first where nothing is said.
    split_of_inputs: Vec<u32>,
    /// The columns of the batches, as the splits number them.
    columns: Vec<ColumnPlan>,
    schema: SchemaRef,
    dialect: Option<Dialect>,
    rules: Rules,
    /// Blocks and notes to use again.
    desks: Mutex<Vec<(Block, S::Notes)>>,
}

impl<S: Split> Decoder<S> {
    fn new(
        splits: Vec<S>,
        columns: Vec<ColumnPlan>,
        dialect: Option<Dialect>,
        rules: Rules,
    ) -> Self {
        let (schema, desks) = (schema_of(&columns), Mutex::default());
        let split_of_inputs = Vec::new();
        Self { splits, split_of_inputs, columns, schema, dialect, rules, desks }
    }

    fn decode(
        &self,
        piece: TextPiece<'_>,
        lines: Option<&mut Vec<u64>>,
    ) -> Result<DecodedPiece, TextError> {
        let mut desk = self.take_desk();
        let decoded = self.decode_with(piece, &mut desk, lines);
        self.desks.lock().unwrap_or_else(PoisonError::into_inner).push(desk);
        decoded
    }

    fn take_desk(&self) -> (Block, S::Notes) {
        let used = self.desks.lock().unwrap_or_else(PoisonError::into_inner).pop();
        used.unwrap_or_else(|| (Block::new(self.columns.len()), S::Notes::default()))
    }

    fn decode_with(
        &self,
        piece: TextPiece<'_>,
        (block, notes): &mut (Block, S::Notes),
        mut lines: Option<&mut Vec<u64>>,
    ) -> Result<DecodedPiece, TextError> {
        if piece.is_long {
            let batch = self.batch(self.new_columns(0), 0);
            let rejects = Rejects::new(piece, self.rules.on_bad);
            return Ok(rejects.alone(batch, long::reason(self.rules.record_bytes_max)));
        }
        let text = piece.text;
        let is_clean = memchr(0, text).is_none() && std::str::from_utf8(text).is_ok();
        let split = self.split_of_inputs.get(piece.input).map_or(0, |split| *split as usize);
        let split = &self.splits[split];
        let mut columns = self.new_columns(piece.rows);
        let mut rejects = Rejects::new(piece, self.rules.on_bad);
        let mut places = Lines::of(piece);
        let (mut from, mut rows) = (0, 0);
        while from < text.len() {
            from = split.split(text, from, block, notes);
            self.check_lengths(piece, block, &mut rejects)?;
            if !is_clean {
                refuse_unclean(text, block);
            }
            self.parse(text, block, &mut columns);
            rejects.take(block, rows)?;
            if let Some(lines) = &mut lines {
                lines.extend(block.records.iter().map(|record| places.at(record.start)));
            }
            rows += block.records.len();
        }
        Ok(rejects.part(self.batch(columns, rows)))
    }

    fn new_columns(&self, rows: usize) -> Vec<Box<dyn Column>> {
        let make = |plan: &ColumnPlan| new_column(plan, rows, S::ROUNDS_FLOATS);
        let columns = self.columns.iter().filter_map(make).collect::<Vec<_>>();
        debug_assert_eq!(columns.len(), self.columns.len(), "a type that `types` does not name");
        columns
    }

    /// Refuses the records of a block that are over the bound, as the reader does that meets one in
    /// parts.
    fn check_lengths(
        &self,
        piece: TextPiece<'_>,
        block: &mut Block,
        rejects: &mut Rejects<'_>,
    ) -> Result<(), TextError> {
        let bytes_max = self.rules.record_bytes_max;
        if piece.text.len() <= bytes_max {
            return Ok(());
        }
        for row in 0..block.records.len() {
            let range = block.records[row].clone();
            let record = &piece.text[range.clone()];
            if record.len() <= bytes_max {
                continue;
            }
            if self.rules.on_bad == OnBad::Fail
                || long::has_open_quote(record, self.dialect, bytes_max)
            {
                let (path, line) = (piece.path.to_owned(), rejects.line_at(range.start));
                return Err(TextError::RecordTooLong { path, line, bytes_max });
            }
            block.records[row].end = range.start + long::shown_part(record).len();
            block.blank(row);
            let reason = long::reason(bytes_max);
            // In front: of several faults of one record the first is told.
            block.faults.insert(0, Fault { row, reason, column: None });
        }
        Ok(())
    }

    fn parse(&self, text: &[u8], block: &mut Block, columns: &mut [Box<dyn Column>]) {
        let mut bad = Vec::new();
        for (index, (column, plan)) in columns.iter_mut().zip(&self.columns).enumerate() {
            if let Some(null) = &self.rules.null {
                // Only where the column is text does a quote keep a field from being missing.
                let is_text = plan.data_type == DataType::Utf8;
                let quote = self.dialect.map(|dialect| dialect.quote).filter(|_| is_text);
                blank_nulls(text, block, index, null, quote);
            }
            column.parse(block, text, index, &mut bad);
            for bad in bad.drain(..) {
                let row = bad.row;
                let reason = plan.misfit(&bad, block.bytes(text, block.column(index)[row]));
                let column = Some(plan.name.clone());
                block.faults.push(Fault { row, reason, column });
            }
        }
    }

    fn batch(&self, columns: Vec<Box<dyn Column>>, rows: usize) -> RecordBatch {
        let columns = columns.into_iter().map(Column::finish).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)
            .expect("the columns were made from the schema")
    }
}

/// An empty column with room for `rows`; none for a type that no text stands for.
fn new_column(plan: &ColumnPlan, rows: usize, rounds_floats: bool) -> Option<Box<dyn Column>> {
    let (data_type, form) = (&plan.data_type, plan.form());
    if data_type.is_nested() {
        return Some(Box::new(Nested::new(data_type, form, rows)?));
    }
    let is_rounded = rounds_floats && *data_type == DataType::Float64;
    let form = if is_rounded { Form::Any } else { form };
    let column: Box<dyn Column> = cells(data_type, form, rows)?;
    Some(column)
}

/// Makes the fields missing that are `null` and do not stand behind `quote`.
fn blank_nulls(text: &[u8], block: &mut Block, index: usize, null: &[u8], quote: Option<u8>) {
    for row in 0..block.records.len() {
        let span = block.column(index)[row];
        let is_null = !span.is_null() && block.bytes(text, span) == null;
        if is_null && !quote.is_some_and(|quote| span.is_quoted(text, quote)) {
            block.column_mut(index)[row] = Span::NULL;
        }
    }
}

/// Refuses the records of a block that hold a NUL byte or are not UTF-8.
fn refuse_unclean(text: &[u8], block: &mut Block) {
    for row in 0..block.records.len() {
        let record = &text[block.records[row].clone()];
        let reason = if let Some(at) = memchr(0, record) {
            format!("found a NUL byte at byte {} of the record, expected text", at + 1)
        } else if let Err(error) = std::str::from_utf8(record) {
            let at = error.valid_up_to();
            let byte = record[at];
            format!("found byte \\x{byte:02x} at byte {} of the record, expected UTF-8", at + 1)
        } else {
            continue;
        };
        block.blank(row);
        block.faults.push(Fault { row, reason, column: None });
    }
}
