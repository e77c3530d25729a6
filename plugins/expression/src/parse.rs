//! From text to sqlparser's tree, with bounds and with errors that point at a token.

use std::sync::Arc;

use sqlparser::ast::Expr;
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer, TokenizerError};

use crate::error::{ExpressionError, Place};

/// Length of the text of one expression, in bytes; long `in` lists are the reason for so much.
const TEXT_BYTES_MAX: usize = 1 << 20;

/// Operators, names and parentheses in one expression. The destructor of the parser's tree
/// recurses at most so deep, which fits a thread's stack.
const OPERATORS_MAX: usize = 4096;

/// Depth to which the parser nests parentheses and prefix operators.
const NESTING_MAX: usize = 50;

/// Parses the whole text as one expression; gives its tokens too, for errors to point at.
pub(crate) fn parse(text: &str) -> Result<(Expr, Vec<TokenWithSpan>), ExpressionError> {
    check_limit(text.len(), "bytes", TEXT_BYTES_MAX)?;
    let dialect = PostgreSqlDialect {};
    let tokens = Tokenizer::new(&dialect, text).tokenize_with_location().map_err(from_tokenizer)?;
    check_limit(count_operators(&tokens), "operators and names", OPERATORS_MAX)?;
    let mut parser = Parser::new(&dialect)
        .with_recursion_limit(NESTING_MAX)
        .with_tokens_with_locations(tokens.clone());
    let expression = parser.parse_expr().map_err(|error| from_parser(error, &tokens))?;
    match parser.peek_token() {
        rest if rest.token == Token::EOF => Ok((expression, tokens)),
        rest => Err(open_case(&tokens).unwrap_or_else(|| trailing(&rest))),
    }
}

fn check_limit(found: usize, what: &'static str, limit: usize) -> Result<(), ExpressionError> {
    match found <= limit {
        true => Ok(()),
        false => Err(ExpressionError::TooLarge { what, limit }),
    }
}

fn count_operators(tokens: &[TokenWithSpan]) -> usize {
    let is_operator = |token: &&TokenWithSpan| {
        !matches!(
            token.token,
            Token::Whitespace(_) | Token::Comma | Token::Number(..) | Token::SingleQuotedString(_)
        )
    };
    tokens.iter().filter(is_operator).count()
}

fn from_tokenizer(error: TokenizerError) -> ExpressionError {
    let place = Arc::new(Place { token: String::new(), position: position(error.location) });
    ExpressionError::Syntax { place, problem: lower_first(&error.message) }
}

/// sqlparser gives the place of an error only as the end of its message.
fn from_parser(error: ParserError, tokens: &[TokenWithSpan]) -> ExpressionError {
    let message = match error {
        ParserError::TokenizerError(message) | ParserError::ParserError(message) => message,
        ParserError::RecursionLimitExceeded => {
            let what = "levels of parentheses";
            return ExpressionError::TooLarge { what, limit: NESTING_MAX };
        }
    };
    if let Some(error) = open_case(tokens) {
        return error;
    }
    let (problem, location) = split_location(&message);
    let place = location.map_or_else(|| end_of(tokens), |start| place_at(start, tokens));
    let problem = problem.replacen("Expected: ", "expected ", 1);
    let problem = problem.replacen("found: EOF", "found the end of the expression", 1);
    ExpressionError::Syntax { place, problem: lower_first(&problem) }
}

fn split_location(message: &str) -> (&str, Option<Location>) {
    let split = || {
        let (problem, rest) = message.rsplit_once(" at Line: ")?;
        let (line, column) = rest.split_once(", Column: ")?;
        Some((problem, Location::new(line.parse().ok()?, column.parse().ok()?)))
    };
    match split() {
        Some((problem, location)) => (problem, Some(location)),
        None => (message, None),
    }
}

fn trailing(token: &TokenWithSpan) -> ExpressionError {
    let problem = format!("expected an operator or the end of the expression, found `{token}`");
    ExpressionError::Syntax { place: place_of(token), problem }
}

/// A `case` that does not end is read as a column of that name, and the error is far off.
fn open_case(tokens: &[TokenWithSpan]) -> Option<ExpressionError> {
    let is = |token: &&TokenWithSpan, keyword| {
        let Token::Word(word) = &token.token else { return false };
        word.keyword == keyword
    };
    let count = |keyword| tokens.iter().filter(|token| is(token, keyword)).count();
    let first = tokens.iter().find(|token| is(token, Keyword::CASE))?;
    let problem = "`case` has no `end`: write case when … then … else … end".to_owned();
    (count(Keyword::CASE) > count(Keyword::END))
        .then(|| ExpressionError::Syntax { place: place_of(first), problem })
}

/// Behind the last token: sqlparser has no place for the end.
fn end_of(tokens: &[TokenWithSpan]) -> Arc<Place> {
    let end = tokens.last().and_then(|last| position(last.span.end));
    Arc::new(Place { token: String::new(), position: end })
}

/// The token that starts at a location.
pub(crate) fn place_at(start: Location, tokens: &[TokenWithSpan]) -> Arc<Place> {
    tokens.iter().find(|token| token.span.start == start).map(place_of).unwrap_or_default()
}

fn place_of(token: &TokenWithSpan) -> Arc<Place> {
    Arc::new(Place { token: token.token.to_string(), position: position(token.span.start) })
}

/// A location as line and column, if it is known: sqlparser's empty spans have line 0.
pub(crate) fn position(location: Location) -> Option<(u32, u32)> {
    let line = u32::try_from(location.line).ok().filter(|line| *line > 0)?;
    Some((line, u32::try_from(location.column).ok()?))
}

fn lower_first(message: &str) -> String {
    let mut rest = message.chars();
    match rest.next() {
        Some(first) => first.to_lowercase().chain(rest).collect(),
        None => String::new(),
    }
}
