//! Eight bytes compared at a time in one register.

const LOW_BITS: u64 = 0x0101_0101_0101_0101;
const LOW_SEVEN: u64 = 0x7f7f_7f7f_7f7f_7f7f;

/// Eight bytes of `text` from `at`, zeros beyond its end.
#[inline(always)]
pub(crate) fn load(text: &[u8], at: usize) -> u64 {
    if let Some(bytes) = text.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        return u64::from_le_bytes(*bytes);
    }
    let mut bytes = [0; 8];
    let rest = text.get(at..).unwrap_or_default();
    bytes[..rest.len()].copy_from_slice(rest);
    u64::from_le_bytes(bytes)
}

/// The high bit of every byte of `word` that equals `byte`; exact for all eight.
#[inline(always)]
pub(crate) fn equal(word: u64, byte: u8) -> u64 {
    let differing = word ^ (LOW_BITS * u64::from(byte));
    !(((differing & LOW_SEVEN) + LOW_SEVEN) | differing | LOW_SEVEN)
}

/// How many bytes [`equal`] marked.
#[inline(always)]
pub(crate) fn count(marks: u64) -> usize {
    ((marks >> 7).wrapping_mul(LOW_BITS) >> 56) as usize
}

/// Index of the first byte that [`equal`] marked; 8 if it marked none.
#[inline(always)]
pub(crate) fn first(marks: u64) -> usize {
    marks.trailing_zeros() as usize / 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_equal_byte_is_marked_and_no_other() {
        for byte in 0..=255_u8 {
            for other in 0..=255_u8 {
                let text = [other, byte, other, byte, byte, other, 0, byte];
                let marks = equal(load(&text, 0), byte);
                assert_eq!(count(marks), text.iter().filter(|found| **found == byte).count());
                for (index, found) in text.iter().enumerate() {
                    let marked = marks >> (8 * index + 7) & 1 == 1;
                    assert_eq!(marked, *found == byte, "{byte} in {text:?}");
                }
            }
        }
        assert_eq!(first(equal(load(b"ab,", 0), b',')), 2);
        assert_eq!((first(0), count(0)), (8, 0));
        assert_eq!(load(b"ab", 1), u64::from(b'b'));
        assert_eq!(load(b"ab", 9), 0);
    }
}
