//! Literals.

use std::sync::Arc;

use sqlparser::ast::{TypedString, Value, ValueWithSpan};

use super::{AstKind, Expr, Lowered, Lowering, Place, place};
use crate::sql_types;

impl Lowering<'_> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "SQL has a dozen other kinds of literal")]
    pub(super) fn lower_value(
        &self,
        value: &ValueWithSpan,
        whole: &Expr,
    ) -> Lowered<(AstKind, Arc<Place>)> {
        let kind = match &value.value {
            Value::Number(text, false) => AstKind::Number(text.clone()),
            Value::SingleQuotedString(text) | Value::EscapedStringLiteral(text) => {
                AstKind::Text(text.clone())
            }
            Value::Boolean(value) => AstKind::Boolean(*value),
            Value::Null => AstKind::Null,
            _ => {
                return Err(self.unsupported(whole, "write numbers as 1 or 1.5 and text as 'text'"));
            }
        };
        Ok((kind, place(value, value.span)))
    }

    pub(super) fn lower_typed(
        &self,
        typed: &TypedString,
        whole: &Expr,
    ) -> Lowered<(AstKind, Arc<Place>)> {
        let target = sql_types::from_sql(&typed.data_type)
            .ok_or_else(|| self.unsupported(whole, sql_types::help(&typed.data_type)))?;
        let Value::SingleQuotedString(text) = &typed.value.value else {
            return Err(self.unsupported(whole, "write it as date '2013-01-31'"));
        };
        Ok((AstKind::Typed(target, text.clone()), place(&typed.value, typed.value.span)))
    }

    pub(super) fn lower_escape(&self, escape: &Expr) -> Lowered<char> {
        let mut chars = quoted(escape).unwrap_or_default().chars();
        match (chars.next(), chars.next()) {
            (Some(escape), None) => Ok(escape),
            _ => Err(self
                .unsupported(escape, "`escape` takes one character, as in like '10!%' escape '!'")),
        }
    }
}

fn quoted(expression: &Expr) -> Option<&str> {
    let Expr::Value(value) = expression else { return None };
    if let Value::SingleQuotedString(text) = &value.value { Some(text) } else { None }
}
