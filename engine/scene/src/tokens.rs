//! RON text cut into tokens that know where they stand.
//!
//! The `ron` crate judges whether a scene is sound; it does not say where a value stood. This lexer
//! answers that, and only that: it never refuses a text, an unfinished token ends with the text.

use std::ops::Range;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// `(`, `[` or `{`.
    Open(u8),
    /// `)`, `]` or `}`.
    Close(u8),
    /// `,`.
    Comma,
    /// `:`.
    Colon,
    /// `"…"` or `r#"…"#`.
    Str,
    /// Everything else: a name, a number, a character, a byte string.
    Word,
}

/// One token and the bytes it covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) span: Range<usize>,
}

/// Tokens of `text`, in order; comments and white space are left out.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut lexer = Lexer { text, at: 0 };
    std::iter::from_fn(|| lexer.next_token()).collect()
}

/// The text a string token stands for, escapes resolved; `None` if the literal is broken.
pub(super) fn decode(literal: &str) -> Option<String> {
    ron::from_str(literal).ok()
}

/// All texts in a piece of RON, escapes resolved.
pub fn texts(text: &str) -> impl Iterator<Item = String> {
    let texts = tokens(text).into_iter().filter(|token| token.kind == TokenKind::Str);
    texts.filter_map(|token| decode(&text[token.span]))
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl Lexer<'_> {
    fn next_token(&mut self) -> Option<Token> {
        self.skip_blank();
        let start = self.at;
        let kind = match *self.rest().as_bytes().first()? {
            byte @ (b'(' | b'[' | b'{') => self.single(TokenKind::Open(byte)),
            byte @ (b')' | b']' | b'}') => self.single(TokenKind::Close(byte)),
            b',' => self.single(TokenKind::Comma),
            b':' => self.single(TokenKind::Colon),
            _ => self.literal(),
        };
        Some(Token { kind, span: start..self.at })
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn single(&mut self, kind: TokenKind) -> TokenKind {
        self.at += 1;
        kind
    }

    fn literal(&mut self) -> TokenKind {
        if let Some(quote) = string_start(self.rest()) {
            let is_text = !self.rest().starts_with('b');
            self.skip_string(quote);
            return if is_text { TokenKind::Str } else { TokenKind::Word };
        }
        match self.rest().trim_start_matches('b').starts_with('\'') {
            true => self.skip_char(),
            false => self.skip_word(),
        }
        TokenKind::Word
    }

    fn skip_string(&mut self, quote: StringStart) {
        self.at += quote.bytes;
        let end = match quote.hashes {
            Some(hashes) => {
                let closing = format!("\"{}", "#".repeat(hashes));
                self.rest().find(&closing).map(|end| end + closing.len())
            }
            None => escaped_end(self.rest(), b'"'),
        };
        self.at = end.map_or(self.text.len(), |end| self.at + end);
    }

    /// Skips `'x'` and `b'x'`; the character may be escaped or be the quote's neighbour `'"'`.
    fn skip_char(&mut self) {
        let opening = self.rest().find('\'').map_or(0, |quote| quote + 1);
        self.at += opening;
        let end = escaped_end(self.rest(), b'\'');
        self.at = end.map_or(self.text.len(), |end| self.at + end);
    }

    fn skip_word(&mut self) {
        let rest = self.rest();
        let raw_name = if rest.starts_with("r#") { 2 } else { 0 };
        let first = rest[raw_name..].chars().next().map_or(0, char::len_utf8);
        let from = raw_name + first;
        let length = rest[from..].find(ends_word).unwrap_or(rest.len() - from);
        self.at += from + length;
    }

    fn skip_blank(&mut self) {
        loop {
            let before = self.at;
            self.at += self.rest().find(|c| !is_blank(c)).unwrap_or(self.rest().len());
            if self.rest().starts_with("//") {
                self.at += self.rest().find('\n').unwrap_or(self.rest().len());
            } else if self.rest().starts_with("/*") {
                self.at += block_comment_end(self.rest());
            }
            if self.at == before {
                return;
            }
        }
    }
}

/// How a string literal opens.
struct StringStart {
    /// Bytes up to and including the opening quote.
    bytes: usize,
    /// Hashes of a raw string; `None` for a string with escapes.
    hashes: Option<usize>,
}

fn string_start(rest: &str) -> Option<StringStart> {
    let unprefixed = rest.strip_prefix('b').unwrap_or(rest);
    let (is_raw, opening) = match unprefixed.strip_prefix('r') {
        Some(raw) => (true, raw),
        None => (false, unprefixed),
    };
    let hashes = if is_raw { opening.bytes().take_while(|&byte| byte == b'#').count() } else { 0 };
    let is_string = opening[hashes..].starts_with('"');
    let bytes = rest.len() - opening.len() + hashes + 1;
    is_string.then_some(StringStart { bytes, hashes: is_raw.then_some(hashes) })
}

/// Offset just after the first `quote` that no backslash escapes.
fn escaped_end(rest: &str, quote: u8) -> Option<usize> {
    let mut escaped = false;
    let end = rest.bytes().position(|byte| {
        let closes = byte == quote && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    });
    end.map(|end| end + 1)
}

/// Length of the block comment that `rest` begins with; block comments nest.
fn block_comment_end(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    loop {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
        } else {
            at += rest[at..].chars().next().map_or(0, char::len_utf8);
        }
        if depth == 0 || at >= rest.len() {
            return at;
        }
    }
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200E}' | '\u{200F}')
}

fn ends_word(c: char) -> bool {
    is_blank(c) || "()[]{},:\"'/".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        tokens(text).into_iter().map(|token| &text[token.span]).collect()
    }

    #[test]
    fn punctuation_inside_literals_and_comments_is_no_token() {
        let text = r##"( a: "x, \" y", // , (
            /* /* ] */ [ */ b: ',', c: r#"q"),"#, d: '\'', e: b"(" )"##;
        let expected = [
            "(",
            "a",
            ":",
            r#""x, \" y""#,
            ",",
            "b",
            ":",
            "','",
            ",",
            "c",
            ":",
            r##"r#"q"),"#"##,
            ",",
            "d",
            ":",
            r"'\''",
            ",",
            "e",
            ":",
            r#"b"(""#,
            ")",
        ];
        assert_eq!(words(text), expected);
    }

    #[test]
    fn raw_names_and_numbers_are_one_word_each() {
        assert_eq!(words("r#my-name -1.5e-3 'x' b'y'"), ["r#my-name", "-1.5e-3", "'x'", "b'y'"]);
    }

    #[test]
    fn an_unfinished_token_ends_with_the_text() {
        assert_eq!(words("a \"b"), ["a", "\"b"]);
        assert_eq!(words("r#\"b\""), ["r#\"b\""]);
        assert_eq!(words("'"), ["'"]);
        assert_eq!(words("/* /*"), Vec::<&str>::new());
        assert_eq!(words("/ a"), ["/", "a"]);
    }
}
