//! `like`, `ilike` and `regexp_like`: patterns are checked and compiled once, here.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::DataType;
use regex::{Regex, RegexBuilder};

use super::{Ast, Binder, Bound, Kind, Node, boolean, wrong_type};
use crate::coerce::is_text;
use crate::error::ExpressionError;
use crate::plan::Literal;

/// Bytes that one compiled regular expression may take.
const REGEX_BYTES_MAX: usize = 10 << 20;

impl Binder<'_> {
    pub(super) fn bind_like(
        &mut self,
        value: &Ast,
        pattern: &Ast,
        escape: Option<char>,
        fold_case: bool,
        ast: &Ast,
    ) -> Bound<Node> {
        let [bound, mut patterns] = self.bind_comparable([value, pattern], ast)?;
        for (node, operand) in [(&bound, value), (&patterns, pattern)] {
            if !is_text(&node.data_type) && node.data_type != DataType::Null {
                return Err(wrong_type(operand, ast, "text", &node.data_type));
            }
        }
        if let Some(escape) = escape.filter(|escape| *escape != '\\') {
            patterns = translate(&patterns, escape, pattern, ast)?;
        }
        let nullable = bound.nullable || patterns.nullable;
        let (value, pattern) = (Box::new(bound), Box::new(patterns));
        Ok(boolean(Kind::Like { value, pattern, fold_case }, nullable, ast))
    }

    /// `regexp_like(text, pattern [, flags])`; the flag `i` ignores case.
    pub(super) fn bind_regexp(&mut self, operands: &[Ast], ast: &Ast) -> Bound<Node> {
        let value = self.bind_text(&operands[0], ast)?;
        let pattern = self.bind_constant_text(&operands[1], ast)?;
        let flags = match operands.get(2) {
            Some(flags) => self.bind_constant_text(flags, ast)?,
            None => String::new(),
        };
        let regex = compile(&pattern, &flags, &operands[1])?;
        let nullable = value.nullable;
        Ok(boolean(Kind::Matches(Box::new(value), regex), nullable, ast))
    }

    fn bind_constant_text(&mut self, operand: &Ast, whole: &Ast) -> Bound<String> {
        let node = self.bind_text(operand, whole)?;
        let text = node.as_literal().and_then(text_of);
        text.ok_or_else(|| wrong_type(operand, whole, "a text literal", &node.data_type))
    }
}

fn compile(pattern: &str, flags: &str, ast: &Ast) -> Bound<Regex> {
    let invalid = |problem: String| ExpressionError::Literal {
        place: Arc::clone(&ast.place),
        literal: ast.snippet.clone(),
        wanted: "regular expression".to_owned(),
        problem,
    };
    if let Some(flag) = flags.chars().find(|flag| *flag != 'i') {
        return Err(invalid(format!("unknown flag `{flag}`, the only one is `i`")));
    }
    RegexBuilder::new(pattern)
        .case_insensitive(flags.contains('i'))
        .size_limit(REGEX_BYTES_MAX)
        .build()
        .map_err(|error| invalid(last_line(&error.to_string())))
}

/// The regex crate draws the pattern with a caret first; the last line says what is wrong.
fn last_line(message: &str) -> String {
    message.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

/// The pattern with `escape` replaced by the kernels' own escape character, the backslash.
fn translate(pattern: &Node, escape: char, ast: &Ast, whole: &Ast) -> Bound<Node> {
    let literal = pattern.as_literal();
    let literal = literal
        .ok_or_else(|| wrong_type(ast, whole, "a literal before `escape`", &pattern.data_type))?;
    let Some(text) = text_of(literal) else { return Ok(pattern.clone()) };
    let mut translated = String::with_capacity(text.len() + 8);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let escaped = (c == escape).then(|| chars.next()).flatten();
        // A backslash stands for itself here, but not for the kernels.
        if escaped.is_some() || c == '\\' {
            translated.push('\\');
        }
        translated.push(escaped.unwrap_or(c));
    }
    Ok(text_like(pattern, &translated))
}

fn text_like(node: &Node, text: &str) -> Node {
    let value: ArrayRef = Arc::new(StringArray::from(vec![text]));
    let value = crate::cast::cast_array(&value, &node.data_type, false).unwrap_or(value);
    Node::literal(value, Arc::clone(&node.text))
}

fn text_of(literal: &Literal) -> Option<String> {
    let value = &literal.value;
    if value.is_null(0) {
        return None;
    }
    if let Some(text) = value.as_string_opt::<i32>() {
        return Some(text.value(0).to_owned());
    }
    value.as_string_opt::<i64>().map(|text| text.value(0).to_owned())
}
