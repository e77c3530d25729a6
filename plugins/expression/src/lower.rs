//! From sqlparser's tree to [`Ast`]: keeps what the language has, refuses the rest by name.

use std::fmt::{self, Write};
use std::sync::Arc;

use sqlparser::ast::{
    BinaryOperator, CaseWhen, CastKind, CeilFloorKind, Expr, Ident, InTarget, Spanned,
    TrimWhereField, UnaryOperator,
};
use sqlparser::tokenizer::{Span, TokenWithSpan};

use crate::error::{ExpressionError, Place};
use crate::functions::{Function, Part, Side, resolve};
use crate::parse::{place_at, position};
use crate::sql_types;
use crate::syntax::{Arithmetic, Ast, AstKind, Comparison, Logic, SNIPPET_CHARS_MAX};

mod call;
mod literal;

/// Depth of the tree; every later step recurses this deep, in half of a small thread's stack.
const DEPTH_MAX: usize = 128;

type Lowered<T> = Result<T, ExpressionError>;

/// Lowers a whole expression.
pub(crate) fn lower(expression: &Expr, tokens: &[TokenWithSpan]) -> Lowered<Ast> {
    Lowering { depth: 0, tokens }.lower(expression)
}

struct Lowering<'t> {
    depth: usize,
    tokens: &'t [TokenWithSpan],
}

impl Lowering<'_> {
    fn lower(&mut self, expression: &Expr) -> Lowered<Ast> {
        if let Expr::Nested(inner) = expression {
            return self.lower(inner);
        }
        if self.depth == DEPTH_MAX {
            let what = "operators in a row or nested";
            return Err(ExpressionError::TooLarge { what, limit: DEPTH_MAX });
        }
        self.depth += 1;
        let (kind, place) = self.lower_kind(expression)?;
        self.depth -= 1;
        Ok(Ast { kind, place, snippet: snippet(expression) })
    }

    fn boxed(&mut self, expression: &Expr) -> Lowered<Box<Ast>> {
        self.lower(expression).map(Box::new)
    }

    fn all<'e>(&mut self, list: impl IntoIterator<Item = &'e Expr>) -> Lowered<Vec<Ast>> {
        list.into_iter().map(|expression| self.lower(expression)).collect()
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "most of SQL is not in the language")]
    fn lower_kind(&mut self, expression: &Expr) -> Lowered<(AstKind, Arc<Place>)> {
        match expression {
            Expr::Identifier(name) => {
                Ok((AstKind::Column(name.value.clone()), place(name, name.span)))
            }
            Expr::Value(value) => self.lower_value(value, expression),
            Expr::TypedString(typed) => self.lower_typed(typed, expression),
            Expr::UnaryOp { op, expr } => self.lower_unary(op, expr, expression),
            Expr::BinaryOp { left, op, right } => self.lower_binary(left, op, right, expression),
            Expr::IsNull(value) => self.test(value, AstKind::IsNull),
            Expr::IsNotNull(value) => self.inverse(value, AstKind::IsNull),
            Expr::IsTrue(value) => self.test(value, |value| AstKind::IsBoolean(value, true)),
            Expr::IsNotTrue(value) => self.inverse(value, |value| AstKind::IsBoolean(value, true)),
            Expr::IsFalse(value) => self.test(value, |value| AstKind::IsBoolean(value, false)),
            Expr::IsNotFalse(value) => {
                self.inverse(value, |value| AstKind::IsBoolean(value, false))
            }
            Expr::In { expr, target: InTarget::List(list), negated, global: false } => {
                let list = self.all(list)?;
                self.negatable(*negated, expr, |value| AstKind::In(value, list))
            }
            Expr::Between { expr, negated, low, high } => {
                let (low, high) = (self.boxed(low)?, self.boxed(high)?);
                self.negatable(*negated, expr, |value| AstKind::Between(value, low, high))
            }
            Expr::Like { negated, any: false, expr, pattern, escape_char } => {
                self.lower_like(*negated, expr, pattern, escape_char.as_deref(), false)
            }
            Expr::ILike { negated, any: false, expr, pattern, escape_char } => {
                self.lower_like(*negated, expr, pattern, escape_char.as_deref(), true)
            }
            Expr::Case { case_token, operand, conditions, else_result, .. } => {
                let place = place(&case_token.0.token, case_token.0.span);
                let kind =
                    self.lower_case(operand.as_deref(), conditions, else_result.as_deref())?;
                Ok((kind, place))
            }
            Expr::Cast { kind, expr, data_type, format: None } => {
                let target = sql_types::from_sql(data_type)
                    .ok_or_else(|| self.unsupported(expression, sql_types::help(data_type)))?;
                let lenient = matches!(kind, CastKind::TryCast | CastKind::SafeCast);
                self.test(expr, |value| AstKind::Cast { value, target, lenient })
            }
            _ => self.lower_call(expression),
        }
    }

    fn test(
        &mut self,
        value: &Expr,
        f: impl FnOnce(Box<Ast>) -> AstKind,
    ) -> Lowered<(AstKind, Arc<Place>)> {
        self.negatable(false, value, f)
    }

    fn inverse(
        &mut self,
        value: &Expr,
        f: impl FnOnce(Box<Ast>) -> AstKind,
    ) -> Lowered<(AstKind, Arc<Place>)> {
        self.negatable(true, value, f)
    }

    /// A test of one value, which `not` may turn round (`x is not null`, `x not in (…)`).
    fn negatable(
        &mut self,
        negated: bool,
        value: &Expr,
        test: impl FnOnce(Box<Ast>) -> AstKind,
    ) -> Lowered<(AstKind, Arc<Place>)> {
        let value = self.boxed(value)?;
        let (place, snippet) = (Arc::clone(&value.place), value.snippet.clone());
        let kind = test(value);
        match negated {
            false => Ok((kind, place)),
            true => {
                let inner = Ast { kind, place: Arc::clone(&place), snippet };
                Ok((AstKind::Not(Box::new(inner)), place))
            }
        }
    }

    fn lower_unary(
        &mut self,
        op: &UnaryOperator,
        operand: &Expr,
        whole: &Expr,
    ) -> Lowered<(AstKind, Arc<Place>)> {
        let operand = self.lower(operand)?;
        let place = Arc::clone(&operand.place);
        let kind = match (op, operand.kind) {
            (UnaryOperator::Plus, kind) => kind,
            // A number keeps its text, so that `-1.10` is exact beside a decimal.
            (UnaryOperator::Minus, AstKind::Number(text)) if !text.starts_with('-') => {
                AstKind::Number(format!("-{text}"))
            }
            (UnaryOperator::Minus, kind) => AstKind::Negate(Box::new(Ast { kind, ..operand })),
            (UnaryOperator::Not, kind) => AstKind::Not(Box::new(Ast { kind, ..operand })),
            _ => return Err(self.unsupported(whole, "its prefix operators are -, + and not")),
        };
        Ok((kind, place))
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "PostgreSQL has dozens of operators")]
    fn lower_binary(
        &mut self,
        left: &Expr,
        op: &BinaryOperator,
        right: &Expr,
        whole: &Expr,
    ) -> Lowered<(AstKind, Arc<Place>)> {
        let (left, right) = (self.boxed(left)?, self.boxed(right)?);
        let place = Arc::clone(&left.place);
        let kind = match op {
            BinaryOperator::Plus => AstKind::Arithmetic(Arithmetic::Add, left, right),
            BinaryOperator::Minus => AstKind::Arithmetic(Arithmetic::Subtract, left, right),
            BinaryOperator::Multiply => AstKind::Arithmetic(Arithmetic::Multiply, left, right),
            BinaryOperator::Divide => AstKind::Arithmetic(Arithmetic::Divide, left, right),
            BinaryOperator::Modulo => AstKind::Arithmetic(Arithmetic::Remainder, left, right),
            BinaryOperator::Eq => AstKind::Compare(Comparison::Equal, left, right),
            BinaryOperator::NotEq => AstKind::Compare(Comparison::NotEqual, left, right),
            BinaryOperator::Lt => AstKind::Compare(Comparison::Less, left, right),
            BinaryOperator::LtEq => AstKind::Compare(Comparison::LessOrEqual, left, right),
            BinaryOperator::Gt => AstKind::Compare(Comparison::Greater, left, right),
            BinaryOperator::GtEq => AstKind::Compare(Comparison::GreaterOrEqual, left, right),
            BinaryOperator::And => AstKind::Logic(Logic::And, left, right),
            BinaryOperator::Or => AstKind::Logic(Logic::Or, left, right),
            BinaryOperator::StringConcat => AstKind::Call(Function::Join, vec![*left, *right]),
            _ => return Err(self.unsupported(whole, OPERATORS_HELP)),
        };
        Ok((kind, place))
    }

    /// The refusal of something that SQL has and the language has not.
    fn unsupported(&self, expression: &Expr, help: &'static str) -> ExpressionError {
        let place = place_at(expression.span().start, self.tokens);
        ExpressionError::Unsupported { place, snippet: snippet(expression), help }
    }

    fn lower_like(
        &mut self,
        negated: bool,
        value: &Expr,
        pattern: &Expr,
        escape: Option<&Expr>,
        fold_case: bool,
    ) -> Lowered<(AstKind, Arc<Place>)> {
        let pattern = self.boxed(pattern)?;
        let escape = escape.map(|escape| self.lower_escape(escape)).transpose()?;
        self.negatable(negated, value, |value| AstKind::Like { value, pattern, escape, fold_case })
    }

    fn lower_case(
        &mut self,
        operand: Option<&Expr>,
        conditions: &[CaseWhen],
        otherwise: Option<&Expr>,
    ) -> Lowered<AstKind> {
        let operand = operand.map(|operand| self.boxed(operand)).transpose()?;
        let mut branches = Vec::with_capacity(conditions.len());
        for CaseWhen { condition, result } in conditions {
            branches.push((self.lower(condition)?, self.lower(result)?));
        }
        let otherwise = otherwise.map(|result| self.boxed(result)).transpose()?;
        Ok(AstKind::Case { operand, branches, otherwise })
    }
}

const OPERATORS_HELP: &str =
    "its operators are + - * / % || = <> < <= > >= and or not, for powers use power(x, y)";

fn place(token: &impl fmt::Display, span: Span) -> Arc<Place> {
    Arc::new(Place { token: token.to_string(), position: position(span.start) })
}

/// The text of an expression, without the cost of writing all of a long one.
fn snippet(expression: &Expr) -> String {
    let mut bounded = Bounded { text: String::new(), left: SNIPPET_CHARS_MAX };
    match write!(bounded, "{expression}") {
        Ok(()) => bounded.text,
        Err(fmt::Error) => bounded.text + "…",
    }
}

struct Bounded {
    text: String,
    left: usize,
}

impl Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            self.left = self.left.checked_sub(1).ok_or(fmt::Error)?;
            self.text.push(c);
        }
        Ok(())
    }
}
