//! Texts of a column, copied in blocks where nothing in them is special.

use std::ops::Range;

use arrow::array::OffsetSizeTrait;

use super::number::append_block;
use super::style::Style;

/// Texts one after the other; `plain` if none of them has a special byte.
pub(super) struct Texts<'a, O> {
    offsets: &'a [O],
    bytes: &'a [u8],
    pub(super) plain: bool,
}

impl<'a, O: OffsetSizeTrait> Texts<'a, O> {
    pub(super) fn new(offsets: &'a [O], bytes: &'a [u8], style: &impl Style) -> Self {
        let used = offsets.first().zip(offsets.last());
        let used = used.map_or(0..0, |(first, last)| first.as_usize()..last.as_usize());
        let plain = !contains(&bytes[used], |byte| style.is_special(byte));
        Self { offsets, bytes, plain }
    }

    /// For bytes that are not written as text.
    pub(super) fn unscanned(offsets: &'a [O], bytes: &'a [u8]) -> Self {
        Self { offsets, bytes, plain: false }
    }

    #[inline]
    fn range(&self, row: usize) -> Range<usize> {
        self.offsets[row].as_usize()..self.offsets[row + 1].as_usize()
    }

    #[inline]
    pub(super) fn get(&self, row: usize) -> &'a [u8] {
        &self.bytes[self.range(row)]
    }

    #[inline]
    pub(super) fn write<S: Style>(&self, row: usize, style: &S, out: &mut Vec<u8>) {
        let range = self.range(row);
        let text = &self.bytes[range.clone()];
        if self.plain && style.is_verbatim(text) {
            out.extend_from_slice(S::QUOTE);
            append_prefix(&self.bytes[range.start..], text.len(), out);
            out.extend_from_slice(S::QUOTE);
        } else {
            style.text(text, out);
        }
    }
}

/// Whether any byte is special: in blocks without an early exit, which the compiler vectorises.
fn contains(bytes: &[u8], is_special: impl Fn(u8) -> bool) -> bool {
    bytes.chunks(256).any(|block| block.iter().fold(false, |any, &byte| any | is_special(byte)))
}

/// A text up to this long is copied as one block if as much stands behind its start.
pub(super) const BLOCK_BYTES: usize = 32;

/// Appends the first `length` of `bytes`.
#[inline]
pub(super) fn append_prefix(bytes: &[u8], length: usize, out: &mut Vec<u8>) {
    match bytes.first_chunk::<BLOCK_BYTES>() {
        Some(block) if length <= BLOCK_BYTES => append_block(block, length, out),
        Some(_) | None => out.extend_from_slice(&bytes[..length]),
    }
}
