//! Short texts as machine words, so that comparing two is one instruction.

use arrow::array::StringArray;

/// Longest text that fits into a word beside its length.
pub const PACKED_BYTES_MAX: usize = 7;

/// What a longer text packs to; equal to no packed text.
const TOO_LONG: u64 = u64::MAX;

/// The text as a word, or `None` if it is too long.
#[must_use]
pub fn pack(text: &str) -> Option<u64> {
    (text.len() <= PACKED_BYTES_MAX).then(|| word(text.as_bytes(), 0, text.len()))
}

/// The words of a column; the word of a null is undefined. A text that is too long equals no word.
#[inline]
pub fn words(texts: &StringArray) -> impl Fn(usize) -> u64 {
    let (data, offsets) = (texts.value_data(), texts.value_offsets());
    move |row| word(data, offsets[row] as usize, offsets[row + 1] as usize)
}

/// Bytes `start..end`, little end first, under the length in the top byte.
#[inline]
fn word(data: &[u8], start: usize, end: usize) -> u64 {
    let len = end - start;
    if len > PACKED_BYTES_MAX {
        return TOO_LONG;
    }
    let mask = (1 << (8 * len)) - 1;
    let bytes = match data[start..].first_chunk::<8>() {
        Some(chunk) => u64::from_le_bytes(*chunk),
        None => near_end(&data[start..]),
    };
    bytes & mask | (len as u64) << 56
}

#[cold]
fn near_end(rest: &[u8]) -> u64 {
    let mut chunk = [0; 8];
    chunk[..rest.len()].copy_from_slice(rest);
    u64::from_le_bytes(chunk)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_equal_exactly_when_their_words_are() {
        let texts = ["", "a", "a\0", "ab", "ba", "abcdefg", "abcdefgh", "abcdefg\0", "é", "EWR"];
        let column = StringArray::from(texts.to_vec());
        let word = words(&column);
        for (row, text) in texts.iter().enumerate() {
            for other in texts {
                let same = pack(other).is_some_and(|packed| packed == word(row));
                assert_eq!(same, *text == other && other.len() <= 7, "{text:?} {other:?}");
            }
        }
    }
}
