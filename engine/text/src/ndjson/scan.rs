//! Walks over one JSON object without building anything.

use std::ops::Range;

use crate::swar::{equal, first, load};

/// Arrays and objects inside each other at most.
const DEPTH_MAX: usize = 64;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Bool,
    Number,
    /// A string without escapes.
    Text,
    /// A string with escapes.
    Escaped,
    Array,
    Object,
}

impl Kind {
    /// As errors name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "a truth value",
            Self::Number => "a number",
            Self::Text | Self::Escaped => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        }
    }
}

/// A key or a value: what it is and where. The range of a string is what is between its quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) range: Range<usize>,
}

/// Where text stops being JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Broken {
    pub(crate) at: usize,
    pub(crate) expected: &'static str,
}

/// Walks over the record `text[at..end]`.
pub(crate) struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    /// A scanner of the record that ends where `text` ends. Positions count from its start.
    pub(crate) fn new(text: &'a [u8], at: usize) -> Self {
        Self { text, at }
    }

    /// Calls `each` with every key and value of the object that is the whole record.
    #[inline(always)]
    pub(crate) fn object(&mut self, mut each: impl FnMut(Token, Token)) -> Result<(), Broken> {
        self.skip_space();
        self.take(b'{', "an object, `{`")?;
        self.members(&mut each, 0)?;
        self.skip_space();
        if self.at == self.text.len() { Ok(()) } else { self.broken("the end of the line") }
    }

    /// The bytes of a token.
    pub(crate) fn bytes(&self, token: &Token) -> &'a [u8] {
        &self.text[token.range.clone()]
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn broken<T>(&self, expected: &'static str) -> Result<T, Broken> {
        Err(Broken { at: self.at, expected })
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8, expected: &'static str) -> Result<(), Broken> {
        if self.peek() != Some(byte) {
            return self.broken(expected);
        }
        self.at += 1;
        Ok(())
    }

    /// The members of an object whose brace is taken.
    #[inline(always)]
    fn members(&mut self, each: &mut impl FnMut(Token, Token), depth: usize) -> Result<(), Broken> {
        if self.closes(b'}') {
            return Ok(());
        }
        loop {
            let key = self.key()?;
            let value = self.value(depth)?;
            each(key, value);
            if !self.goes_on(b'}')? {
                return Ok(());
            }
        }
    }

    /// The items of an array whose bracket is taken.
    fn items(&mut self, depth: usize) -> Result<(), Broken> {
        if self.closes(b']') {
            return Ok(());
        }
        loop {
            self.value(depth)?;
            if !self.goes_on(b']')? {
                return Ok(());
            }
        }
    }

    /// Takes a value, of an array or an object the bracket alone.
    pub(crate) fn open(&mut self) -> Result<Token, Broken> {
        self.skip_space();
        let kind = match self.peek() {
            Some(b'[') => Kind::Array,
            Some(b'{') => Kind::Object,
            Some(_) | None => return self.value(0),
        };
        self.at += 1;
        Ok(Token { kind, range: self.at - 1..self.at })
    }

    /// Takes what `open` has left of its value, and gives all of it.
    pub(crate) fn pass(&mut self, token: Token) -> Result<Token, Broken> {
        let Token { kind, range } = token;
        match kind {
            Kind::Array => self.items(1)?,
            Kind::Object => self.members(&mut |_, _| (), 1)?,
            Kind::Null | Kind::Bool | Kind::Number | Kind::Text | Kind::Escaped => {
                return Ok(Token { kind, range });
            }
        }
        Ok(Token { kind, range: range.start..self.at })
    }

    /// Takes a key and its colon.
    #[inline(always)]
    pub(crate) fn key(&mut self) -> Result<Token, Broken> {
        self.skip_space();
        self.take(b'"', "a key in double quotes")?;
        let key = self.string()?;
        self.skip_space();
        self.take(b':', "a colon after the key")?;
        Ok(key)
    }

    /// Takes the closing bracket if nothing stands before it.
    #[inline(always)]
    pub(crate) fn closes(&mut self, closing: u8) -> bool {
        self.skip_space();
        let closes = self.peek() == Some(closing);
        self.at += usize::from(closes);
        closes
    }

    /// Takes a comma or the closing bracket, and says if it was the comma.
    #[inline(always)]
    pub(crate) fn goes_on(&mut self, closing: u8) -> Result<bool, Broken> {
        self.skip_space();
        let found = self.peek();
        if found == Some(b',') || found == Some(closing) {
            self.at += 1;
            return Ok(found == Some(b','));
        }
        self.broken(if closing == b'}' { "a comma or `}`" } else { "a comma or `]`" })
    }

    fn value(&mut self, depth: usize) -> Result<Token, Broken> {
        self.skip_space();
        let start = self.at;
        let kind = match self.peek() {
            Some(b'"') => {
                self.at += 1;
                return self.string();
            }
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word(b"true", Kind::Bool)?,
            Some(b'f') => self.word(b"false", Kind::Bool)?,
            Some(b'n') => self.word(b"null", Kind::Null)?,
            Some(b'[' | b'{') => self.nested(depth + 1)?,
            Some(_) | None => return self.broken("a value"),
        };
        Ok(Token { kind, range: start..self.at })
    }

    fn nested(&mut self, depth: usize) -> Result<Kind, Broken> {
        if depth > DEPTH_MAX {
            return self.broken("at most 64 arrays and objects inside each other");
        }
        let is_object = self.peek() == Some(b'{');
        self.at += 1;
        if is_object {
            self.members(&mut |_, _| (), depth)?;
            return Ok(Kind::Object);
        }
        self.items(depth)?;
        Ok(Kind::Array)
    }

    fn word(&mut self, word: &'static [u8], kind: Kind) -> Result<Kind, Broken> {
        if !self.text[self.at..].starts_with(word) {
            return self.broken("a value");
        }
        self.at += word.len();
        Ok(kind)
    }

    fn number(&mut self) -> Result<Kind, Broken> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(Kind::Number)
    }

    fn digits(&mut self) -> Result<(), Broken> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { self.broken("a digit") }
    }

    /// The rest of a string whose opening quote is taken.
    fn string(&mut self) -> Result<Token, Broken> {
        let start = self.at;
        let mut kind = Kind::Text;
        loop {
            let word = load(self.text, self.at);
            let control = equal(word & 0xe0e0_e0e0_e0e0_e0e0, 0);
            let marks = equal(word, b'"') | equal(word, b'\\') | control;
            if marks == 0 {
                self.at += 8;
                continue;
            }
            self.at += first(marks);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Token { kind, range: start..self.at - 1 });
                }
                Some(b'\\') => {
                    kind = Kind::Escaped;
                    self.escape()?;
                }
                Some(_) => return self.broken("a control character to be written as an escape"),
                None => return self.broken("a double quote at the end of the string"),
            }
        }
    }

    /// Checks the escape whose backslash is at hand; its meaning is looked at when it is needed.
    fn escape(&mut self) -> Result<(), Broken> {
        let is_hex = |byte: &u8| byte.is_ascii_hexdigit();
        let length = match self.text.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u') => match self.text.get(self.at + 2..self.at + 6) {
                Some(digits) if digits.iter().all(is_hex) => 6,
                Some(_) | None => return self.broken("four hexadecimal digits after \\u"),
            },
            Some(_) | None => return self.broken("one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u"),
        };
        self.at += length;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(text: &str) -> String {
        let mut members = Vec::new();
        let result = Scanner::new(text.as_bytes(), 0).object(|key, value| {
            members.push(format!("{}={:?}:{}", &text[key.range], value.kind, &text[value.range]));
        });
        match result {
            Ok(()) => members.join(" "),
            Err(Broken { at, expected }) => format!("{at}: {expected}"),
        }
    }

    #[test]
    fn members_are_found_in_their_order() {
        assert_eq!(scan(r#"{"a":1,"b":"x"}"#), "a=Number:1 b=Text:x");
        assert_eq!(scan("{ \"a\" : -1.5e+3 , \"b\" : null }\r"), "a=Number:-1.5e+3 b=Null:null");
        assert_eq!(scan(r#"{"a":[1,{"b":[]}],"c":{}}"#), r#"a=Array:[1,{"b":[]}] c=Object:{}"#);
        assert_eq!(scan(r#"{"a":"say \"hi\"","b":true}"#), r#"a=Escaped:say \"hi\" b=Bool:true"#);
        assert_eq!(scan("{}"), "");
    }

    #[test]
    fn broken_json_is_found_at_its_place() {
        assert_eq!(scan(r#"{"a":}"#), "5: a value");
        assert_eq!(scan(r#"{"a":1"#), "6: a comma or `}`");
        assert_eq!(scan(r#"{"a":1}x"#), "7: the end of the line");
        assert_eq!(scan(r#"{"a":1}{"a":2}"#), "7: the end of the line");
        assert_eq!(scan(r#"{a:1}"#), "1: a key in double quotes");
        assert_eq!(scan(r#"{"a":"x}"#), "8: a double quote at the end of the string");
        assert_eq!(scan(r#"[1]"#), "0: an object, `{`");
        assert_eq!(scan(r#"{"a":01}"#), "6: a comma or `}`");
        assert_eq!(scan(r#"{"a":1.}"#), "7: a digit");
        assert_eq!(scan(r#"{"a":NaN}"#), "5: a value");
        assert_eq!(scan(r#"{"a":"\x"}"#), "6: one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u");
        assert_eq!(scan("{\"a\":\"\t\"}"), "6: a control character to be written as an escape");
        let deep = format!("{{\"a\":{}", "[".repeat(100));
        assert_eq!(scan(&deep), "69: at most 64 arrays and objects inside each other");
    }
}
