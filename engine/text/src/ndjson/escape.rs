//! What the escapes in a string mean.

/// Appends what the escaped string means. False if half of a surrogate pair is missing.
pub(crate) fn unescape(string: &[u8], out: &mut Vec<u8>) -> bool {
    let mut rest = string;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        let (character, length) = match rest.get(at + 1) {
            Some(b'u') => match unicode(&rest[at..]) {
                Some(found) => found,
                None => return false,
            },
            Some(b'b') => ('\u{8}', 2),
            Some(b'f') => ('\u{c}', 2),
            Some(b'n') => ('\n', 2),
            Some(b'r') => ('\r', 2),
            Some(b't') => ('\t', 2),
            Some(other) => (char::from(*other), 2),
            None => return false,
        };
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        rest = &rest[at + length..];
    }
    out.extend_from_slice(rest);
    true
}

/// The character of `\uXXXX`, or of two of them that are a surrogate pair, and its length.
fn unicode(escape: &[u8]) -> Option<(char, usize)> {
    let unit = |at: usize| {
        let digits = escape.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let high = unit(0)?;
    if let Some(character) = char::from_u32(u32::from(high)) {
        return Some((character, 6));
    }
    let pair = char::decode_utf16([high, unit(6)?]).next()?.ok()?;
    Some((pair, 12))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_mean_what_json_says() {
        let read = |text: &str| {
            let mut out = Vec::new();
            unescape(text.as_bytes(), &mut out).then(|| String::from_utf8(out).unwrap())
        };
        assert_eq!(read(r#"a\"\\\/\n\u00e9"#).as_deref(), Some("a\"\\/\n\u{e9}"));
        assert_eq!(read(r"\ud83d\ude00!").as_deref(), Some("\u{1f600}!"));
        assert_eq!(read(r"\ud83d"), None);
        assert_eq!(read(r"\ud83d\u0041"), None);
    }
}
