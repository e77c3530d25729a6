//! Walks over one JSON object without building anything.

use crate::swar::{equal, first, load};

use super::token::{Broken, Expected, Kind, Token};

/// Arrays and objects inside each other at most.
const DEPTH_MAX: usize = 64;

/// Walks over the record `text[at..end]`. A method that fails leaves `at` where the text stops
/// being JSON.
pub(crate) struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    /// A scanner of the record that ends where `text` ends. Positions count from its start.
    pub(crate) fn new(text: &'a [u8], at: usize) -> Self {
        Self { text, at }
    }

    /// Takes the object that is the whole record.
    pub(crate) fn object(&mut self) -> Result<(), Broken> {
        if self.begin()? {
            self.members(0).map_err(|expected| self.broken(expected))?;
        }
        self.end()
    }

    /// Takes the brace of the object that is the record, and says if it has members.
    #[inline(always)]
    pub(crate) fn begin(&mut self) -> Result<bool, Broken> {
        self.skip_space();
        self.take(b'{', Expected::Object).map_err(|expected| self.broken(expected))?;
        Ok(!self.closes(b'}'))
    }

    /// Finds nothing behind the object that is the record.
    #[inline(always)]
    pub(crate) fn end(&mut self) -> Result<(), Broken> {
        self.skip_space();
        if self.at == self.text.len() { Ok(()) } else { Err(self.broken(Expected::LineEnd)) }
    }

    /// Takes a key that is written exactly so, quotes and colon with it, if it comes next.
    #[inline(always)]
    pub(crate) fn takes_key(&mut self, quoted: &[u8]) -> bool {
        self.skip_space();
        let takes = self.text[self.at..].starts_with(quoted);
        self.at += if takes { quoted.len() } else { 0 };
        takes
    }

    /// Takes a value.
    #[inline(always)]
    pub(crate) fn value(&mut self) -> Result<Token, Broken> {
        self.skip_space();
        let start = self.at;
        if self.peek() == Some(b'"') {
            self.at += 1;
            let kind = self.string().map_err(|expected| self.broken(expected))?;
            return Ok(Token { kind, range: start + 1..self.at - 1 });
        }
        let kind = self.bare_value(0).map_err(|expected| self.broken(expected))?;
        Ok(Token { kind, range: start..self.at })
    }

    /// Takes a value, of an array or an object the bracket alone.
    pub(crate) fn open(&mut self) -> Result<Token, Broken> {
        self.skip_space();
        let kind = match self.peek() {
            Some(b'[') => Kind::Array,
            Some(b'{') => Kind::Object,
            Some(_) | None => return self.value(),
        };
        self.at += 1;
        Ok(Token { kind, range: self.at - 1..self.at })
    }

    /// Takes what `open` has left of its value, and gives all of it.
    pub(crate) fn pass(&mut self, token: Token) -> Result<Token, Broken> {
        let Token { kind, range } = token;
        let passed = match kind {
            Kind::Array => self.items(1),
            Kind::Object if self.closes(b'}') => Ok(()),
            Kind::Object => self.members(1),
            Kind::Null | Kind::Bool | Kind::Number | Kind::Text | Kind::Escaped => {
                return Ok(Token { kind, range });
            }
        };
        passed.map_err(|expected| self.broken(expected))?;
        Ok(Token { kind, range: range.start..self.at })
    }

    /// Takes a key and its colon.
    pub(crate) fn key(&mut self) -> Result<Token, Broken> {
        self.skip_space();
        let start = self.at + 1;
        let kind = self.key_and_quotes().map_err(|expected| self.broken(expected))?;
        let range = start..self.at - 1;
        self.colon().map_err(|expected| self.broken(expected))?;
        Ok(Token { kind, range })
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
        self.comma(closing).map_err(|expected| self.broken(expected))
    }

    /// The bytes of a token.
    pub(crate) fn bytes(&self, token: &Token) -> &'a [u8] {
        &self.text[token.range.clone()]
    }

    #[cold]
    fn broken(&self, expected: Expected) -> Broken {
        Broken { at: self.at, expected: expected.name() }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8, expected: Expected) -> Result<(), Expected> {
        if self.peek() != Some(byte) {
            return Err(expected);
        }
        self.at += 1;
        Ok(())
    }

    /// The members of an object whose brace is taken, and that has some.
    fn members(&mut self, depth: usize) -> Result<(), Expected> {
        loop {
            self.skip_space();
            self.key_and_quotes()?;
            self.colon()?;
            self.pass_value(depth)?;
            if !self.comma(b'}')? {
                return Ok(());
            }
        }
    }

    /// The items of an array whose bracket is taken.
    fn items(&mut self, depth: usize) -> Result<(), Expected> {
        if self.closes(b']') {
            return Ok(());
        }
        loop {
            self.pass_value(depth)?;
            if !self.comma(b']')? {
                return Ok(());
            }
        }
    }

    fn key_and_quotes(&mut self) -> Result<Kind, Expected> {
        self.take(b'"', Expected::Key)?;
        self.string()
    }

    fn colon(&mut self) -> Result<(), Expected> {
        self.skip_space();
        self.take(b':', Expected::Colon)
    }

    #[inline(always)]
    fn comma(&mut self, closing: u8) -> Result<bool, Expected> {
        self.skip_space();
        let found = self.peek();
        if found == Some(b',') || found == Some(closing) {
            self.at += 1;
            return Ok(found == Some(b','));
        }
        Err(if closing == b'}' { Expected::CommaOrBrace } else { Expected::CommaOrBracket })
    }

    /// Takes a value inside of another one.
    fn pass_value(&mut self, depth: usize) -> Result<(), Expected> {
        self.skip_space();
        if self.peek() == Some(b'"') {
            self.at += 1;
            return self.string().map(|_| ());
        }
        self.bare_value(depth).map(|_| ())
    }

    /// Takes the value that begins here, which is no string.
    fn bare_value(&mut self, depth: usize) -> Result<Kind, Expected> {
        match self.peek() {
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word(b"true", Kind::Bool),
            Some(b'f') => self.word(b"false", Kind::Bool),
            Some(b'n') => self.word(b"null", Kind::Null),
            Some(b'[' | b'{') => self.nested(depth + 1),
            Some(_) | None => Err(Expected::Value),
        }
    }

    fn nested(&mut self, depth: usize) -> Result<Kind, Expected> {
        if depth > DEPTH_MAX {
            return Err(Expected::LessDepth);
        }
        let is_object = self.peek() == Some(b'{');
        self.at += 1;
        if is_object {
            if !self.closes(b'}') {
                self.members(depth)?;
            }
            return Ok(Kind::Object);
        }
        self.items(depth)?;
        Ok(Kind::Array)
    }

    fn word(&mut self, word: &'static [u8], kind: Kind) -> Result<Kind, Expected> {
        if !self.text[self.at..].starts_with(word) {
            return Err(Expected::Value);
        }
        self.at += word.len();
        Ok(kind)
    }

    fn number(&mut self) -> Result<Kind, Expected> {
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

    fn digits(&mut self) -> Result<(), Expected> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(Expected::Digit) }
    }

    /// The rest of a string whose opening quote is taken.
    fn string(&mut self) -> Result<Kind, Expected> {
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
                    return Ok(kind);
                }
                Some(b'\\') => {
                    kind = Kind::Escaped;
                    self.escape()?;
                }
                Some(_) => return Err(Expected::NoControl),
                None => return Err(Expected::Quote),
            }
        }
    }

    /// Checks the escape whose backslash is at hand; its meaning is looked at when it is needed.
    fn escape(&mut self) -> Result<(), Expected> {
        let is_hex = |byte: &u8| byte.is_ascii_hexdigit();
        let length = match self.text.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u') => match self.text.get(self.at + 2..self.at + 6) {
                Some(digits) if digits.iter().all(is_hex) => 6,
                Some(_) | None => return Err(Expected::Hex),
            },
            Some(_) | None => return Err(Expected::Escape),
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
        let mut scanner = Scanner::new(text.as_bytes(), 0);
        let mut walk = || {
            let mut more = scanner.begin()?;
            while more {
                let (key, value) = (scanner.key()?, scanner.value()?);
                let (name, written) = (&text[key.range], &text[value.range]);
                members.push(format!("{name}={:?}:{written}", value.kind));
                more = scanner.goes_on(b'}')?;
            }
            scanner.end()
        };
        match walk() {
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
