//! The expression language as a tree, free of SQL that it leaves out and not yet typed.

use std::sync::Arc;

use arrow::datatypes::DataType;

use crate::error::Place;
use crate::functions::Function;

/// One node, with what an error about it has to say.
#[derive(Debug, Clone)]
pub(crate) struct Ast {
    pub(crate) kind: AstKind,
    /// Its first token.
    pub(crate) place: Arc<Place>,
    /// Its text, cut to [`SNIPPET_CHARS_MAX`].
    pub(crate) snippet: String,
}

/// Characters of a sub-expression that an error shows.
pub(crate) const SNIPPET_CHARS_MAX: usize = 60;

#[derive(Debug, Clone)]
pub(crate) enum AstKind {
    Column(String),
    Null,
    Boolean(bool),
    /// Kept as text: the type of the other side decides how it is read.
    Number(String),
    Text(String),
    /// `date '2013-01-01'`
    Typed(DataType, String),
    Negate(Box<Ast>),
    Not(Box<Ast>),
    Arithmetic(Arithmetic, Box<Ast>, Box<Ast>),
    Compare(Comparison, Box<Ast>, Box<Ast>),
    Logic(Logic, Box<Ast>, Box<Ast>),
    IsNull(Box<Ast>),
    /// `is true`, `is false`: never null.
    IsBoolean(Box<Ast>, bool),
    In(Box<Ast>, Vec<Ast>),
    Between(Box<Ast>, Box<Ast>, Box<Ast>),
    Like {
        value: Box<Ast>,
        pattern: Box<Ast>,
        escape: Option<char>,
        fold_case: bool,
    },
    Case {
        /// `case x when 1 …` compares with this.
        operand: Option<Box<Ast>>,
        branches: Vec<(Ast, Ast)>,
        otherwise: Option<Box<Ast>>,
    },
    Cast {
        value: Box<Ast>,
        target: DataType,
        /// `try_cast`: a value that does not convert becomes null.
        lenient: bool,
    },
    Call(Function, Vec<Ast>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Logic {
    And,
    Or,
}

impl Ast {
    /// Calls `visit` on each operand, in the order of the text.
    pub(crate) fn for_each_operand(&self, visit: &mut dyn FnMut(&Self)) {
        match &self.kind {
            AstKind::Column(_)
            | AstKind::Null
            | AstKind::Boolean(_)
            | AstKind::Number(_)
            | AstKind::Text(_)
            | AstKind::Typed(..) => {}
            AstKind::Negate(value)
            | AstKind::Not(value)
            | AstKind::IsNull(value)
            | AstKind::IsBoolean(value, _)
            | AstKind::Cast { value, .. } => visit(value),
            AstKind::Arithmetic(_, left, right)
            | AstKind::Compare(_, left, right)
            | AstKind::Logic(_, left, right)
            | AstKind::Like { value: left, pattern: right, .. } => {
                visit(left);
                visit(right);
            }
            AstKind::Between(value, low, high) => {
                [value, low, high].into_iter().for_each(|operand| visit(operand));
            }
            AstKind::In(value, list) => {
                visit(value);
                list.iter().for_each(visit);
            }
            AstKind::Case { operand, branches, otherwise } => {
                operand.iter().for_each(|operand| visit(operand));
                for (condition, result) in branches {
                    visit(condition);
                    visit(result);
                }
                otherwise.iter().for_each(|result| visit(result));
            }
            AstKind::Call(_, operands) => operands.iter().for_each(visit),
        }
    }
}
