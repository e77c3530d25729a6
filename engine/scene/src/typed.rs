//! RON into typed values, with errors that say where and what was found.

use ron::error::SpannedError;
use ron::extensions::Extensions;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::problem::{Located, Problem, SyntaxError};
use super::text::{Place, offset_of};
use super::tokens::{self, Token, TokenKind};

/// RON as scenes are written in it: `Csv( path: … )` for a variant around a struct, no `Some( … )`.
fn options() -> ron::Options {
    let extensions = Extensions::UNWRAP_VARIANT_NEWTYPES | Extensions::IMPLICIT_SOME;
    ron::Options::default().with_default_extension(extensions)
}

/// The first place where `text` is no RON at all.
pub(super) fn check_syntax(text: &str) -> Result<(), Located> {
    let checked = options().from_str::<IgnoredAny>(text);
    checked.map(drop).map_err(|error| {
        let at = offset_of(text, place(&error));
        let tokens = tokens::tokens(text);
        // An escape is wrong inside its text, everything else where its token begins.
        let is_escape = matches!(error.code, ron::Error::InvalidEscape(_));
        let token = token_at(&tokens, at).filter(|_| !is_escape);
        let start = token.map_or(at, |token| token.span.start);
        (start, Problem::Syntax(SyntaxError(error.code)))
    })
}

/// Reads `text`, which is sound RON, as a `T`.
pub(super) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Located> {
    options().from_str(text).map_err(|error| {
        let is_unnamed = error.code == ron::Error::ExpectedIdentifier;
        let known = if is_unnamed { variants_of::<T>() } else { Vec::new() };
        match locate(text, error) {
            (0, Problem::WrongType { .. }) if !known.is_empty() => {
                (0, Problem::UnknownVariant { found: first_token(text).to_owned(), known })
            }
            located => located,
        }
    })
}

/// The names that `T` takes, if it is an enum: what `ron` expects in place of a wrong one.
fn variants_of<T: DeserializeOwned>() -> Vec<String> {
    match options().from_str::<T>("_") {
        Err(SpannedError { code: ron::Error::NoSuchEnumVariant { expected, .. }, .. }) => {
            owned(expected)
        }
        _ => Vec::new(),
    }
}

/// The first token of `text`; empty if there is none.
pub(super) fn first_token(text: &str) -> &str {
    tokens::tokens(text).first().map_or("", |token| &text[token.span.clone()])
}

fn place(error: &SpannedError) -> Place {
    Place { line: error.span.start.line, column: error.span.start.col }
}

/// The token that covers `offset`, or else the next one.
fn token_at(tokens: &[Token], offset: usize) -> Option<&Token> {
    tokens.iter().find(|token| token.span.end > offset)
}

/// Turns an error of `ron` into a problem at the token that is to blame.
fn locate(text: &str, error: SpannedError) -> Located {
    let tokens = tokens::tokens(text);
    let at = offset_of(text, place(&error));
    let blamed = token_at(&tokens, at);
    let start = blamed.map_or(text.len(), |token| token.span.start);
    let found = blamed.map_or("the end", |token| &text[token.span.clone()]);
    if let ron::Error::MissingStructField { field, outer } = error.code {
        let (head, owner) = head_of(text, &tokens, start);
        let owner = outer.unwrap_or(owner);
        return (head, Problem::MissingField { owner, field: field.to_owned() });
    }
    (start, problem(error.code, found))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "ron's error enum is foreign and open")]
fn problem(code: ron::Error, found: &str) -> Problem {
    let wrong_type =
        |expected: &str| Problem::WrongType { expected: expected.to_owned(), found: shown(found) };
    match code {
        ron::Error::NoSuchStructField { expected, found, outer } => Problem::UnknownField {
            owner: outer.unwrap_or_else(|| "this value".to_owned()),
            found,
            known: owned(expected),
        },
        ron::Error::NoSuchEnumVariant { expected, found, .. } => {
            Problem::UnknownVariant { found, known: owned(expected) }
        }
        ron::Error::DuplicateStructField { field, .. } => {
            Problem::Duplicate { what: "field", name: field.to_owned(), first: None }
        }
        ron::Error::InvalidValueForType { expected, .. } => wrong_type(&expected),
        ron::Error::ExpectedDifferentLength { expected, .. } => wrong_type(&expected),
        ron::Error::Message(message) => Problem::BadValue(message),
        ron::Error::IntegerOutOfBounds => Problem::NumberTooLarge(found.to_owned()),
        ron::Error::ExpectedString => wrong_type("a text in quotes"),
        ron::Error::ExpectedInteger | ron::Error::InvalidIntegerDigit { .. } => {
            wrong_type("a whole number")
        }
        ron::Error::ExpectedFloat => wrong_type("a number"),
        ron::Error::ExpectedBoolean => wrong_type("true or false"),
        ron::Error::ExpectedChar => wrong_type("one character in single quotes"),
        ron::Error::ExpectedArray => wrong_type("a list `[ … ]`"),
        ron::Error::ExpectedMap => wrong_type("a map `{ … }`"),
        ron::Error::ExpectedStructLike | ron::Error::ExpectedNamedStructLike(_) => {
            wrong_type("`( … )` with its fields")
        }
        ron::Error::ExpectedIdentifier => wrong_type("a field `name: value`"),
        ron::Error::TrailingCharacters if found.starts_with('(') => wrong_type("the name alone"),
        _ if found.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => {
            wrong_type("a whole number")
        }
        _ => wrong_type("another value"),
    }
}

/// A token as a message shows it.
pub(super) fn shown(token: &str) -> String {
    if token.starts_with('"') { token.to_owned() } else { format!("`{token}`") }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// Where the value whose closing bracket is at `close` begins, and its name.
fn head_of(text: &str, tokens: &[Token], close: usize) -> (usize, String) {
    let mut depth = 0_usize;
    let mut before = tokens.iter().rev().skip_while(|token| token.span.start >= close);
    let open = before.by_ref().find(|token| match token.kind {
        TokenKind::Close(_) => {
            depth += 1;
            false
        }
        TokenKind::Open(_) if depth == 0 => true,
        TokenKind::Open(_) => {
            depth -= 1;
            false
        }
        TokenKind::Comma | TokenKind::Colon | TokenKind::Str | TokenKind::Word => false,
    });
    let open_at = open.map_or(0, |token| token.span.start);
    match before.next().filter(|token| token.kind == TokenKind::Word) {
        Some(name) => (name.span.start, text[name.span.clone()].to_owned()),
        None => (open_at, "this value".to_owned()),
    }
}
