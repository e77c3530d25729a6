//! What stands in JSON text, and what is said where it is none.

use std::ops::Range;

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

/// What would have been JSON. A byte, so that it travels in a register with what it stands in for:
/// it is the result of every step over a record.
#[derive(Debug, Clone, Copy)]
pub(super) enum Expected {
    Object,
    Key,
    Colon,
    Value,
    CommaOrBrace,
    CommaOrBracket,
    LineEnd,
    Digit,
    Quote,
    NoControl,
    Escape,
    Hex,
    LessDepth,
}

impl Expected {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Object => "an object, `{`",
            Self::Key => "a key in double quotes",
            Self::Colon => "a colon after the key",
            Self::Value => "a value",
            Self::CommaOrBrace => "a comma or `}`",
            Self::CommaOrBracket => "a comma or `]`",
            Self::LineEnd => "the end of the line",
            Self::Digit => "a digit",
            Self::Quote => "a double quote at the end of the string",
            Self::NoControl => "a control character to be written as an escape",
            Self::Escape => "one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u",
            Self::Hex => "four hexadecimal digits after \\u",
            Self::LessDepth => "at most 64 arrays and objects inside each other",
        }
    }
}

/// Where text stops being JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Broken {
    pub(crate) at: usize,
    pub(crate) expected: &'static str,
}
