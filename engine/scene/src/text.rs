//! The text of a scene file: places in it, and its lines for error messages.

use std::ops::Range;

/// A place in a scene file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// Place of byte `offset` of `text`; beyond the end it is the end.
pub(super) fn place_at(text: &str, offset: usize) -> Place {
    let before = &text[..floor_char(text, offset)];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = 1 + before.bytes().filter(|&byte| byte == b'\n').count();
    Place { line, column: 1 + before[line_start..].chars().count() }
}

/// Byte offset of `place` in `text`; beyond the end of its line it is that end.
pub(super) fn offset_of(text: &str, place: Place) -> usize {
    let span = line_span(text, place.line);
    let line = &text[span.clone()];
    let column = line.char_indices().nth(place.column.saturating_sub(1));
    span.start + column.map_or(line.len(), |(offset, _)| offset)
}

/// Bytes of line `number` (from 1) without its end; empty at the end of the text if there is none.
pub(super) fn line_span(text: &str, number: usize) -> Range<usize> {
    let mut start = 0;
    for line in text.split_inclusive('\n').take(number.saturating_sub(1)) {
        start += line.len();
    }
    let length = text[start..].find('\n').unwrap_or(text.len() - start);
    start..start + length
}

fn floor_char(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_and_lines_from_one() {
        let text = "ab\nç(x\n";
        let place = |line, column| Place { line, column };
        assert_eq!(place_at(text, 0), place(1, 1));
        assert_eq!(place_at(text, text.find('x').unwrap()), place(2, 3));
        assert_eq!(place_at(text, 999), place(3, 1));
        assert_eq!(&text[offset_of(text, place(2, 3))..], "x\n");
        assert_eq!(offset_of(text, place(1, 99)), 2);
        assert_eq!(offset_of(text, place(99, 1)), text.len());
    }
}
