//! Finds the ends of records, at the speed of memory where no quotes are.

use memchr::{memchr, memchr_iter, memrchr};

use crate::swar::{equal, first, load};

/// What separates and protects fields, so that a line end inside quotes is not taken for the end of
/// a record. A quote opens only at the start of a field; elsewhere it is text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// Between two fields, ASCII.
    pub delimiter: u8,
    /// Around a field, ASCII and not the delimiter.
    pub quote: u8,
}

/// Bytes between two looks at how many records are still wanted.
const STRIDE: usize = 16 << 10;

/// Walks over a growing text from its start and knows the end of the last whole record.
#[derive(Debug, Clone)]
pub struct Cutter {
    /// None where every line is a record.
    dialect: Option<Dialect>,
    scanned: usize,
    quoted: bool,
    /// Byte after the last closing quote: a quote there opens again (`""` is a quote in the field).
    reopens_at: usize,
    records: usize,
    lines: u64,
    end: usize,
    end_lines: u64,
}

impl Cutter {
    /// At the start of a text whose records are of `dialect`; of none, every line is a record.
    #[must_use]
    pub fn new(dialect: Option<Dialect>) -> Self {
        let reopens_at = usize::MAX;
        let (scanned, records, end) = (0, 0, 0);
        Self { dialect, scanned, quoted: false, reopens_at, records, lines: 0, end, end_lines: 0 }
    }

    /// Whole records found, at most the `records_max` of the last scan.
    #[must_use]
    pub fn records(&self) -> usize {
        self.records
    }

    /// Byte after the last whole record.
    #[must_use]
    pub fn end(&self) -> usize {
        self.end
    }

    /// Line ends before [`Self::end`].
    #[must_use]
    pub fn end_lines(&self) -> u64 {
        self.end_lines
    }

    /// Whether the text ends inside quotes.
    #[must_use]
    pub fn is_quoted(&self) -> bool {
        self.quoted
    }

    /// The first `bytes` of the text are gone. All were scanned, no record ended among them, and at
    /// least one byte is left in front of what is scanned next.
    pub fn forget(&mut self, bytes: usize) {
        debug_assert!(self.records == 0 && bytes < self.scanned);
        self.scanned -= bytes;
        self.reopens_at = self.reopens_at.checked_sub(bytes).unwrap_or(usize::MAX);
    }

    /// Goes on over what `text` has gained, until `records_max` records are found. Cost: one pass
    /// at the speed of memory, slower where there are quotes.
    pub fn scan(&mut self, text: &[u8], records_max: usize) {
        while self.scanned < text.len() && self.records < records_max {
            let rest = &text[self.scanned..];
            let Some(dialect) = self.dialect else {
                self.count_lines(rest, records_max);
                continue;
            };
            if !self.quoted {
                let plain = memchr(dialect.quote, rest).unwrap_or(rest.len());
                self.count_lines(&rest[..plain], records_max);
            }
            if self.records < records_max {
                let to = text.len().min(self.scanned + STRIDE);
                self.walk(&text[..to], dialect, records_max);
            }
        }
    }

    /// Takes every line of `plain` for a record, `records_max` in all.
    fn count_lines(&mut self, plain: &[u8], records_max: usize) {
        for stride in plain.chunks(STRIDE) {
            let wanted = records_max - self.records;
            let found = memchr_iter(b'\n', stride).count();
            let last = if found < wanted {
                memrchr(b'\n', stride)
            } else {
                memchr_iter(b'\n', stride).nth(wanted - 1)
            };
            if let Some(last) = last {
                self.records += found.min(wanted);
                self.lines += found.min(wanted) as u64;
                self.end = self.scanned + last + 1;
                self.end_lines = self.lines;
            }
            if found >= wanted {
                self.scanned = self.end;
                return;
            }
            self.scanned += stride.len();
        }
    }

    /// Goes from quote to line end to quote, where there are quotes.
    fn walk(&mut self, text: &[u8], dialect: Dialect, records_max: usize) {
        while self.scanned < text.len() {
            let word = load(text, self.scanned);
            let mut marks = equal(word, dialect.quote) | equal(word, b'\n');
            while marks != 0 {
                let at = self.scanned + first(marks);
                marks &= marks - 1;
                if text[at] != b'\n' {
                    self.meet_quote(text, at, dialect.delimiter);
                } else if self.meet_line_end(at) == records_max {
                    self.scanned = self.end;
                    return;
                }
            }
            self.scanned = text.len().min(self.scanned + 8);
        }
    }

    fn meet_quote(&mut self, text: &[u8], at: usize, delimiter: u8) {
        if self.quoted {
            self.quoted = false;
            self.reopens_at = at + 1;
        } else {
            let begins_field = at == self.end || text[at - 1] == delimiter;
            self.quoted = begins_field || at == self.reopens_at;
        }
    }

    /// Gives how many records have ended.
    fn meet_line_end(&mut self, at: usize) -> usize {
        self.lines += 1;
        if !self.quoted {
            self.records += 1;
            (self.end, self.end_lines) = (at + 1, self.lines);
        }
        self.records
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CSV: Option<Dialect> = Some(Dialect { delimiter: b',', quote: b'"' });

    /// Ends of the records of `text`, found one by one while the text grows byte by byte.
    fn ends(text: &str, dialect: Option<Dialect>) -> Vec<usize> {
        let mut cutter = Cutter::new(dialect);
        let mut ends = Vec::new();
        for length in 1..=text.len() {
            cutter.scan(&text.as_bytes()[..length], usize::MAX);
            if ends.last() != Some(&cutter.end()) && cutter.end() > 0 {
                ends.push(cutter.end());
            }
        }
        let mut whole = Cutter::new(dialect);
        whole.scan(text.as_bytes(), usize::MAX);
        assert_eq!((whole.end(), whole.records()), (cutter.end(), cutter.records()), "{text}");
        ends
    }

    #[test]
    fn a_line_end_inside_quotes_is_no_record_end() {
        assert_eq!(ends("a,b\n1,2\n", CSV), [4, 8]);
        assert_eq!(ends("\"a\nb\",c\n\"d\"\"\n\"\n", CSV), [8, 15]);
        assert_eq!(ends("\"a\nb\",c\n", None), [3, 8]);
    }

    #[test]
    fn a_quote_inside_a_field_is_text() {
        assert_eq!(ends("5\" pipe,1\n6\" pipe,2\n", CSV), [10, 20]);
        assert_eq!(ends("\"a\"b\"c\nd\n", CSV), [7, 9]);
        assert_eq!(ends("\"\"\"a\n\"\n", CSV), [7]);
    }

    #[test]
    fn a_scan_ends_at_the_wanted_record() {
        let text = b"1\n2\n\"3\n\"\n4\n5";
        let mut cutter = Cutter::new(CSV);
        cutter.scan(text, 3);
        assert_eq!((cutter.records(), cutter.end(), cutter.end_lines()), (3, 9, 4));
        cutter.scan(text, 9);
        assert_eq!((cutter.records(), cutter.end(), cutter.end_lines()), (4, 11, 5));
    }
}
