//! The shape of a sound RON text: which value stands where.

use std::collections::BTreeMap;
use std::ops::Range;

use super::problem::{Located, Problem};
use super::tokens::{self, Token, TokenKind};

/// One value and the bytes it covers, its name included: `Csv(path: "a")` is one node.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) span: Range<usize>,
    /// Name in front of the parentheses, or the bare name itself; empty if there is none.
    pub(super) name: String,
    pub(super) shape: Shape,
}

/// What a value is made of.
#[derive(Debug, Clone)]
pub(super) enum Shape {
    /// `( key: value, … )`.
    Fields(Vec<Entry>),
    /// `{ key: value, … }`.
    Map(Vec<Entry>),
    /// `[ value, … ]` or `( value, … )`.
    Items(Vec<Node>),
    /// A text in quotes, escapes resolved.
    Text(String),
    /// A name, a number, a character.
    Word,
}

/// A key and its value.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Text of the key; of a key in quotes what it stands for.
    pub(super) key: String,
    pub(super) key_span: Range<usize>,
    pub(super) value: Node,
}

impl Node {
    /// Whether the value is a map `{ … }`.
    pub(super) fn is_map(&self) -> bool {
        matches!(self.shape, Shape::Map(_))
    }

    /// The value of field `key`. `Csv((key: …))` and `Csv(key: …)` are the same to RON and here.
    pub(super) fn field(&self, key: &str) -> Option<&Node> {
        match &self.shape {
            Shape::Fields(entries) => {
                entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
            }
            Shape::Items(items) if items.len() == 1 => items[0].field(key),
            Shape::Items(_) | Shape::Map(_) | Shape::Text(_) | Shape::Word => None,
        }
    }
}

/// Outline of `text`, or `None` where the text is no RON value.
///
/// A problem for every entry whose key an earlier one has.
pub(super) fn duplicates<'a>(
    what: &'static str,
    entries: impl IntoIterator<Item = &'a Entry>,
) -> Vec<Located> {
    let mut first_of: BTreeMap<&str, usize> = BTreeMap::new();
    let mut problems = Vec::new();
    for Entry { key, key_span, .. } in entries {
        match first_of.get(key.as_str()) {
            None => {
                first_of.insert(key, key_span.start);
            }
            Some(&first) => {
                let problem = Problem::Duplicate { what, name: key.clone(), first: Some(first) };
                problems.push((key_span.start, problem));
            }
        }
    }
    problems
}

/// Recursion is as deep as the text nests: callers first let `ron` refuse what nests too deep.
pub(super) fn outline(text: &str) -> Option<Node> {
    let tokens = tokens::tokens(text);
    let mut outliner = Outliner { text, tokens: &tokens, at: 0 };
    outliner.skip_attributes();
    outliner.value()
}

struct Outliner<'a> {
    text: &'a str,
    tokens: &'a [Token],
    at: usize,
}

impl Outliner<'_> {
    /// Skips `#![enable(…)]` and the like in front of the value.
    fn skip_attributes(&mut self) {
        while self.peek().is_some_and(|token| self.text[token.span.clone()].starts_with('#')) {
            while self.take().is_some_and(|token| token.kind != TokenKind::Close(b']')) {}
        }
    }

    fn value(&mut self) -> Option<Node> {
        let first = self.take()?;
        match first.kind {
            TokenKind::Open(bracket) => self.bracketed(bracket, first.span, String::new()),
            TokenKind::Str => {
                let text = tokens::decode(&self.text[first.span.clone()])?;
                Some(Node { span: first.span, name: String::new(), shape: Shape::Text(text) })
            }
            TokenKind::Word => self.named(first.span),
            TokenKind::Close(_) | TokenKind::Comma | TokenKind::Colon => None,
        }
    }

    fn named(&mut self, span: Range<usize>) -> Option<Node> {
        let name = self.text[span.clone()].to_owned();
        if self.peek_kind() == Some(TokenKind::Open(b'(')) {
            self.at += 1;
            return self.bracketed(b'(', span, name);
        }
        Some(Node { span, name, shape: Shape::Word })
    }

    fn bracketed(&mut self, bracket: u8, head: Range<usize>, name: String) -> Option<Node> {
        let has_keys = bracket == b'{' || (bracket == b'(' && self.at_key());
        let shape = match (bracket, has_keys) {
            (b'{', _) => Shape::Map(self.list(Self::entry)?),
            (_, true) => Shape::Fields(self.list(Self::entry)?),
            (_, false) => Shape::Items(self.list(Self::value)?),
        };
        let close = self.take()?;
        Some(Node { span: head.start..close.span.end, name, shape })
    }

    fn at_key(&self) -> bool {
        let colon = self.tokens.get(self.at + 1);
        self.peek_kind() == Some(TokenKind::Word)
            && colon.is_some_and(|token| token.kind == TokenKind::Colon)
    }

    fn list<T>(&mut self, element: fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut elements = Vec::new();
        while !matches!(self.peek_kind()?, TokenKind::Close(_)) {
            elements.push(element(self)?);
            match self.peek_kind()? {
                TokenKind::Comma => self.at += 1,
                TokenKind::Close(_) => break,
                TokenKind::Open(_) | TokenKind::Colon | TokenKind::Str | TokenKind::Word => {
                    return None;
                }
            }
        }
        Some(elements)
    }

    fn entry(&mut self) -> Option<Entry> {
        let key = self.value()?;
        let colon = self.take()?;
        let value = self.value()?;
        let name = match key.shape {
            Shape::Text(text) => text,
            Shape::Fields(_) | Shape::Map(_) | Shape::Items(_) | Shape::Word => {
                self.text[key.span.clone()].to_owned()
            }
        };
        let entry = Entry { key: name, key_span: key.span, value };
        (colon.kind == TokenKind::Colon).then_some(entry)
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn peek_kind(&self) -> Option<TokenKind> {
        self.peek().map(|token| token.kind)
    }

    fn take(&mut self) -> Option<Token> {
        let token = self.peek().cloned()?;
        self.at += 1;
        Some(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of<'a>(text: &'a str, node: &Node) -> &'a str {
        &text[node.span.clone()]
    }

    #[test]
    fn a_value_covers_its_name_and_its_brackets() {
        let text = r#"#![enable(implicit_some)] /* x */ Scene( read : Csv( path: "a", ), n: -4 )"#;
        let root = outline(text).unwrap();
        assert_eq!(root.name, "Scene");
        assert_eq!(text_of(text, root.field("read").unwrap()), r#"Csv( path: "a", )"#);
        assert_eq!(text_of(text, root.field("n").unwrap()), "-4");
    }

    #[test]
    fn fields_are_found_through_a_newtype() {
        let text = "Csv((path: \"a\"))";
        assert_eq!(text_of(text, outline(text).unwrap().field("path").unwrap()), "\"a\"");
    }

    #[test]
    fn a_map_keeps_duplicate_keys() {
        let Shape::Map(entries) = outline(r#"{ "a": 1, "a": 2 }"#).unwrap().shape else {
            panic!("no map");
        };
        assert_eq!(entries.iter().map(|entry| entry.key.as_str()).collect::<Vec<_>>(), ["a", "a"]);
    }

    #[test]
    fn a_broken_text_has_no_outline() {
        for text in ["", "(", "(a: )", "[1 2]", "{ \"a\" 1 }", ")"] {
            assert!(outline(text).is_none(), "{text}");
        }
    }
}
