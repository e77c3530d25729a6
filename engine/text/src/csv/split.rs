//! Takes CSV records apart into fields.
//!
//! The rules are those of the `csv` crate, with two exceptions where that crate guesses: text after
//! a closing quote and a quote that is never closed make a record bad. A record ends with `\n` or
//! `\r\n`; blank lines are no records, in files of one column neither.
//!
//! A field without quotes and without a byte is missing; what `""` is, the plan knows.

use memchr::{memchr, memchr2};

use crate::block::{Block, Span, Split};
use crate::cut::Dialect;
use crate::rejects::shown;
use crate::swar::{equal, first, load};

use super::marks::Marks;

/// In `slots`: nobody wants this field.
const SKIP: usize = usize::MAX;

/// The split of the files that have their columns in one certain order.
#[derive(Debug, Clone)]
pub(crate) struct CsvSplit {
    dialect: Dialect,
    /// Column of the block for each field of a record, and a last one for every field too many.
    slots: Vec<usize>,
    /// The same the other way round: wanted fields and their columns.
    wanted: Vec<(usize, usize)>,
    /// For each column of the block, whether `""` is a value there, and not missing.
    keeps_empty: Vec<bool>,
}

/// The record that is being taken apart.
struct Record {
    start: usize,
    field_start: usize,
    field: usize,
    /// The present field if it was quoted, and the byte after its closing quote.
    quoted: Option<(Span, usize)>,
    fault: Option<String>,
}

impl Record {
    fn at(start: usize) -> Self {
        Self { start, field_start: start, field: 0, quoted: None, fault: None }
    }
}

impl CsvSplit {
    /// Field `i` of a record becomes column `wanted(i)` of the block; `keeps_empty` says for each
    /// of these columns whether `""` is a value there.
    pub(crate) fn new(
        dialect: Dialect,
        fields: usize,
        wanted: impl Fn(usize) -> Option<usize>,
        keeps_empty: Vec<bool>,
    ) -> Self {
        let mut slots = (0..fields).map(|i| wanted(i).unwrap_or(SKIP)).collect::<Vec<_>>();
        slots.push(SKIP);
        let wanted = slots.iter().copied().enumerate().filter(|(_, slot)| *slot != SKIP).collect();
        Self { dialect, slots, wanted, keeps_empty }
    }

    fn fields(&self) -> usize {
        self.slots.len() - 1
    }

    fn end_field(&self, text: &[u8], at: usize, record: &mut Record, block: &mut Block) {
        let span = match record.quoted.take() {
            None if record.field_start == at => Span::NULL,
            None => Span::of(record.field_start..at),
            Some((span, closed)) => {
                check_after_quote(text, closed, at, record);
                span
            }
        };
        let slot = self.slots[record.field.min(self.slots.len() - 1)];
        if slot != SKIP {
            let is_missing = span.is_empty() && !self.keeps_empty[slot];
            block.set(slot, if is_missing { Span::NULL } else { span });
        }
        record.field += 1;
        record.field_start = at + 1;
    }

    /// Ends the record before the line end at `at`, or at the end of the text.
    fn end_record(&self, text: &[u8], at: usize, mut record: Record, block: &mut Block) {
        let has_return = at > record.field_start && text[at - 1] == b'\r';
        let (start, end) = (record.start, at - usize::from(has_return));
        self.end_field(text, end, &mut record, block);
        if record.field != self.fields() || record.fault.is_some() {
            self.refuse(record, block);
        }
        block.records.push(start..end);
    }

    /// Takes the records that end before the next quote; gives where the one with the quote begins.
    fn plain_records(
        &self,
        text: &[u8],
        (from, quote): (usize, usize),
        block: &mut Block,
        marks: &mut Marks,
    ) -> usize {
        marks.find(text, (from, quote), self.dialect.delimiter, block.room());
        let mut start = from;
        for ends in marks.records() {
            start = self.plain_record(text, start, ends, block);
        }
        start
    }

    /// Takes the record at `start` whose fields end at `ends`; gives where the next one begins.
    #[inline(always)]
    fn plain_record(&self, text: &[u8], start: usize, ends: &[u32], block: &mut Block) -> usize {
        let Some((&last, ends)) = ends.split_last() else { return start };
        let last = last as usize;
        let has_return = last > start && text[last - 1] == b'\r';
        let end = last - usize::from(has_return);
        if end == start {
            return last + 1;
        }
        if ends.len() + 1 != self.fields() {
            let record = Record { field: ends.len() + 1, ..Record::at(start) };
            self.refuse(record, block);
            block.records.push(start..end);
            return last + 1;
        }
        for &(field, slot) in &self.wanted {
            let from = if field == 0 { start } else { ends[field - 1] as usize + 1 };
            let to = ends.get(field).map_or(end, |to| *to as usize);
            block.set(slot, if from == to { Span::NULL } else { Span::of(from..to) });
        }
        block.records.push(start..end);
        last + 1
    }

    /// Takes the record at `start`, which has a quote; gives where the next one begins.
    fn quoted_record(&self, text: &[u8], start: usize, block: &mut Block) -> usize {
        let Dialect { delimiter, quote } = self.dialect;
        let mut record = Record::at(start);
        loop {
            let from = record.field_start;
            let closed = if text.get(from) == Some(&quote) {
                self.quoted_field(text, from, &mut record, block)
            } else {
                from
            };
            let end = field_end(text, closed, delimiter);
            if text.get(end) != Some(&delimiter) {
                self.end_record(text, end, record, block);
                return end + 1;
            }
            self.end_field(text, end, &mut record, block);
        }
    }

    #[cold]
    fn refuse(&self, record: Record, block: &mut Block) {
        let (found, expected) = (record.field, self.fields());
        let reason = record.fault.unwrap_or_else(|| {
            let plural = if found == 1 { "" } else { "s" };
            format!("found {found} field{plural}, expected {expected} as in the header")
        });
        block.fault(None, reason);
    }

    /// Takes the quoted field that opens at `at`; gives the byte after its closing quote.
    fn quoted_field(
        &self,
        text: &[u8],
        at: usize,
        record: &mut Record,
        block: &mut Block,
    ) -> usize {
        let quote = self.dialect.quote;
        let (mut start, mut rewritten) = (at + 1, None);
        loop {
            let Some(closing) = find_near(text, start, quote) else {
                record.fault = Some("found a quoted field that is never closed".to_owned());
                record.quoted = Some((Span::NULL, text.len()));
                return text.len();
            };
            if text.get(closing + 1) != Some(&quote) {
                let span = finish_quoted(&text[start..closing], start, rewritten, block);
                record.quoted = Some((span, closing + 1));
                return closing + 1;
            }
            rewritten.get_or_insert(block.rewritten.len());
            block.rewritten.extend_from_slice(&text[start..=closing]);
            start = closing + 2;
        }
    }
}

/// The separator or line end that ends the field which goes on at `at`, or the end of the text.
fn field_end(text: &[u8], at: usize, delimiter: u8) -> usize {
    match text.get(at) {
        Some(byte) if *byte == delimiter || *byte == b'\n' => at,
        Some(_) => memchr2(delimiter, b'\n', &text[at..]).map_or(text.len(), |length| at + length),
        None => text.len(),
    }
}

/// The first `byte` from `from` on; quick when it is among the next eight.
fn find_near(text: &[u8], from: usize, byte: u8) -> Option<usize> {
    let marks = equal(load(text, from), byte);
    if marks != 0 {
        return Some(from + first(marks));
    }
    let rest = from + 8;
    memchr(byte, text.get(rest..)?).map(|length| rest + length)
}

/// The span of a quoted field whose last stretch is `tail` at `start`.
fn finish_quoted(tail: &[u8], start: usize, rewritten: Option<usize>, block: &mut Block) -> Span {
    match rewritten {
        Some(from) => {
            block.rewritten.extend_from_slice(tail);
            Span::rewritten(from..block.rewritten.len())
        }
        None => Span::of(start..start + tail.len()),
    }
}

#[cold]
fn check_after_quote(text: &[u8], closed: usize, at: usize, record: &mut Record) {
    if closed < at && record.fault.is_none() {
        let found = shown(&text[closed..at]);
        let field = record.field + 1;
        record.fault = Some(format!(
            "found {found} after the closing quote of field {field}, expected the separator or \
             the end of the line; write a quote inside a quoted field twice"
        ));
    }
}

impl Split for CsvSplit {
    const ROUNDS_FLOATS: bool = false;

    type Notes = Notes;

    fn split(&self, text: &[u8], from: usize, block: &mut Block, notes: &mut Notes) -> usize {
        block.clear();
        let mut at = from;
        if from == 0 {
            notes.quote = 0;
        }
        while at < text.len() && !block.is_full() {
            let (quote, room) = (notes.next_quote(text, at, self.dialect.quote), block.room());
            at = self.plain_records(text, (at, quote), block, &mut notes.marks);
            // As many lines as there was room for: if some were blank there still is room, and
            // more lines may stand before the quote.
            let are_all_seen = notes.marks.count() < room;
            if quote < text.len() && are_all_seen {
                at = self.quoted_record(text, at, block);
            }
        }
        at.min(text.len())
    }
}

/// What a split remembers of its text.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    marks: Marks,
    /// No quote stands before this byte.
    quote: usize,
}

impl Notes {
    /// Place of the first quote from `at` on, or the end of the text.
    fn next_quote(&mut self, text: &[u8], at: usize, quote: u8) -> usize {
        if self.quote < at || text.get(self.quote) != Some(&quote) {
            let from = self.quote.max(at);
            self.quote = memchr(quote, &text[from..]).map_or(text.len(), |length| from + length);
        }
        self.quote
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str, fields: usize) -> String {
        let dialect = Dialect { delimiter: b',', quote: b'"' };
        let split = CsvSplit::new(dialect, fields, Some, vec![true; fields]);
        let mut block = Block::new(fields);
        let end = split.split(text.as_bytes(), 0, &mut block, &mut Notes::default());
        assert_eq!(end, text.len());
        let field = |row: usize, column: usize| match block.column(column)[row] {
            span if span.is_null() => "-".to_owned(),
            span => String::from_utf8_lossy(block.bytes(text.as_bytes(), span)).into_owned(),
        };
        let row = |row| (0..fields).map(|i| field(row, i)).collect::<Vec<_>>().join("|");
        let mut lines = (0..block.records.len()).map(row).collect::<Vec<_>>();
        lines.extend(block.faults.iter().map(|fault| format!("{}: {}", fault.row, fault.reason)));
        lines.join("\n")
    }

    #[test]
    fn fields_stand_between_separators() {
        assert_eq!(split("1,22,333\n,,\n4444,,5", 3), "1|22|333\n-|-|-\n4444|-|5");
        assert_eq!(split("a,b\r\nc,d\r\n\r\n\n,\r\ne,\r", 2), "a|b\nc|d\n-|-\ne|-");
        assert_eq!(split("a\rb,c\n", 2), "a\rb|c");
    }

    #[test]
    fn quotes_protect_separators_line_ends_and_doubled_quotes() {
        assert_eq!(split("\"a,b\",\"c\nd\"\r\n", 2), "a,b|c\nd");
        assert_eq!(split("\"say \"\"hi\"\"\",\"\",\n", 3), "say \"hi\"||-");
        assert_eq!(split("\"\"\n\"\"\"\"\n5\" pipe\n", 1), "\n\"\n5\" pipe");
    }

    #[test]
    fn blank_lines_are_no_records_however_many_stand_before_a_quote() {
        for blank in [1, 511, 512, 513, 1_200] {
            let lines = ["\n", "\r\n"].map(|end| end.repeat(blank));
            for lines in lines {
                assert_eq!(split(&format!("{lines}\"x\"\n{lines}"), 1), "x", "{blank}");
                let text = format!("a,b\n{lines}c,d\n\"e\",f\n{lines}");
                assert_eq!(split(&text, 2), "a|b\nc|d\ne|f", "{blank}");
            }
        }
    }

    #[test]
    fn a_ragged_record_is_bad_and_its_fields_are_not_parsed() {
        assert_eq!(
            split("1,2\n3\n4,5,6\n7,8", 2),
            "1|2\n-|-\n-|-\n7|8\n1: found 1 field, expected 2 as in the header\n\
             2: found 3 fields, expected 2 as in the header"
        );
    }

    #[test]
    fn quotes_that_do_not_enclose_a_field_make_the_record_bad() {
        assert!(
            split("\"a\"b,c\n", 2).contains("0: found \"b\" after the closing quote of field 1")
        );
        assert!(split("a,\"b\nc,d\n", 2).ends_with("0: found a quoted field that is never closed"));
    }
}
