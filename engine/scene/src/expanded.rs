//! A scene's text with its parameters filled in, every place of which leads back into the file.

use std::ops::Range;

/// A scene's text with its parameters filled in.
#[derive(Debug, Clone, Default)]
pub(super) struct Expanded {
    pub(super) text: String,
    /// In order, disjoint.
    replaced: Vec<Replaced>,
}

/// A range of the source and what it became.
#[derive(Debug, Clone)]
struct Replaced {
    source: Range<usize>,
    made: Range<usize>,
}

impl Expanded {
    /// Where byte `offset` of the expanded text comes from; inside a value, where its `${` stands.
    pub(super) fn source_offset(&self, offset: usize) -> usize {
        let before = self.replaced.partition_point(|replaced| replaced.made.start <= offset);
        match before.checked_sub(1).map(|last| &self.replaced[last]) {
            None => offset,
            Some(last) if offset < last.made.end => last.source.start,
            Some(last) => last.source.end + (offset - last.made.end),
        }
    }

    /// Takes over a range of the source as it is.
    pub(super) fn copy(&mut self, source: &str, range: Range<usize>) {
        self.text.push_str(&source[range]);
    }

    /// Writes `value` in place of a range of the source.
    pub(super) fn replace(&mut self, source: Range<usize>, value: &str) {
        let start = self.text.len();
        self.text.push_str(value);
        self.replaced.push(Replaced { source, made: start..self.text.len() });
    }
}
