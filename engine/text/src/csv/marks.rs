//! Where separators and line ends are in text without quotes.
//!
//! Positions are written down in one pass without a decision a field; only then are they looked at
//! record by record, and only those of wanted fields.

use crate::swar::{count, equal, first, load};

/// Bytes looked at together.
const STEP: usize = 8;
/// Bytes between two looks at how many records there are.
const STRIDE: usize = 512;

/// Ends of fields and of records.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// Position of the byte that ends each field.
    field_ends: Vec<u32>,
    /// For each record, how many fields have ended with it.
    record_ends: Vec<usize>,
    fields: usize,
}

impl Marks {
    /// Marks the records of `text[from..to]`, at most `records_max`. A last record without a line
    /// end counts if `to` is the end of the text.
    pub(crate) fn find(
        &mut self,
        text: &[u8],
        (from, to): (usize, usize),
        delimiter: u8,
        records_max: usize,
    ) {
        self.fields = 0;
        self.record_ends.clear();
        // Bytes after `to` are not looked at: a quote stands there.
        let text_to = &text[..to];
        let mut at = from;
        while at < to && self.record_ends.len() < records_max {
            let stride = &text_to[at..to.min(at + STRIDE)];
            self.find_in(stride, at, delimiter);
            at += stride.len();
        }
        self.record_ends.truncate(records_max);
        let next = self.next_record(from);
        if at >= to && to == text.len() && next < to && self.record_ends.len() < records_max {
            self.field_ends[self.fields] = to as u32;
            self.record_ends.push(self.fields + 1);
        }
    }

    /// Adds the marks of `stride`, which stands at `at` in the text.
    fn find_in(&mut self, stride: &[u8], at: usize, delimiter: u8) {
        // One more than there can be, for the end of a text without a line end.
        self.field_ends.resize(self.field_ends.len().max(self.fields + STRIDE + STEP), 0);
        let mut fields = self.fields;
        let (words, rest) = stride.as_chunks::<STEP>();
        let words = words.iter().map(|word| u64::from_le_bytes(*word));
        for (index, word) in words.chain([load(rest, 0)]).enumerate() {
            let line_ends = equal(word, b'\n');
            let ends = equal(word, delimiter) | line_ends;
            if let Some(out) = self.field_ends[fields..].first_chunk_mut::<STEP>() {
                write(out, at + index * STEP, ends);
            }
            if line_ends != 0 {
                end_records(&mut self.record_ends, fields, ends, line_ends);
            }
            fields += count(ends);
        }
        self.fields = fields;
    }

    /// Records found.
    pub(crate) fn count(&self) -> usize {
        self.record_ends.len()
    }

    /// Byte after the last record; `from` if there is none.
    pub(crate) fn next_record(&self, from: usize) -> usize {
        self.record_ends.last().map_or(from, |ended| self.field_ends[ended - 1] as usize + 1)
    }

    /// Ends of the fields of each record.
    pub(crate) fn records(&self) -> impl Iterator<Item = &[u32]> {
        let mut begun = 0;
        self.record_ends.iter().map(move |ended| {
            let fields = &self.field_ends[begun..*ended];
            begun = *ended;
            fields
        })
    }
}

/// Writes the positions of up to eight marks. Two are written in any case, as most words have no
/// more: that is faster than to decide.
#[inline(always)]
fn write(out: &mut [u32; STEP], at: usize, mut ends: u64) {
    let found = count(ends);
    let mut next = || {
        let position = at + first(ends);
        ends &= ends.wrapping_sub(1);
        position as u32
    };
    (out[0], out[1]) = (next(), next());
    if found > 2 {
        (out[2], out[3]) = (next(), next());
        for position in out.iter_mut().take(found).skip(4) {
            *position = next();
        }
    }
}

fn end_records(record_ends: &mut Vec<usize>, fields: usize, ends: u64, mut line_ends: u64) {
    while line_ends != 0 {
        let up_to = line_ends ^ (line_ends - 1);
        record_ends.push(fields + count(ends & up_to));
        line_ends &= line_ends - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(text: &str, to: usize, records_max: usize) -> (Vec<Vec<u32>>, usize) {
        let mut marks = Marks::default();
        marks.find(text.as_bytes(), (0, to), b',', records_max);
        (marks.records().map(<[u32]>::to_vec).collect(), marks.next_record(0))
    }

    #[test]
    fn fields_end_at_separators_and_records_at_line_ends() {
        let text = "a,b\n,,,,,,,,,,\n\nlong field,c";
        let commas = (4..15).collect::<Vec<_>>();
        let all = vec![vec![1, 3], commas, vec![15], vec![26, 28]];
        assert_eq!(find(text, 28, 9), (all.clone(), 29));
        assert_eq!(find(text, 28, 3), (all[..3].to_vec(), 16));
        assert_eq!(find(text, 28, 1), (all[..1].to_vec(), 4));
        assert_eq!(find(text, 20, 9), (all[..3].to_vec(), 16));
        assert_eq!(find(text, 3, 9), (Vec::new(), 0));
    }
}
