//! A typed expression tree, ready to be evaluated.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::DataType;

use crate::functions::Function;
use crate::members::Members;
use crate::syntax::{Arithmetic, Comparison, Logic};

/// One node: what to compute, and what is known about the result before any row is seen.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) data_type: DataType,
    pub(crate) nullable: bool,
    /// Whether a row can make it fail (overflow, a cast, a division by zero). Such a node is
    /// evaluated only on the rows that need its value.
    pub(crate) fallible: bool,
    /// The text of the operation, for errors.
    pub(crate) text: Arc<str>,
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    /// Index into the columns that the expression reads.
    Column(usize),
    Literal(Literal),
    Cast {
        value: Box<Node>,
        lenient: bool,
    },
    Negate(Box<Node>),
    Not(Box<Node>),
    Arithmetic(Arithmetic, Box<Node>, Box<Node>),
    Compare(Comparison, Box<Node>, Box<Node>),
    Logic(Logic, Box<Node>, Box<Node>),
    IsNull(Box<Node>),
    IsBoolean(Box<Node>, bool),
    In(Box<Node>, Members),
    Between(Box<Node>, Box<Node>, Box<Node>),
    Like {
        value: Box<Node>,
        pattern: Box<Node>,
        fold_case: bool,
    },
    Matches(Box<Node>, regex::Regex),
    Case {
        branches: Vec<(Node, Node)>,
        otherwise: Box<Node>,
    },
    Call(Function, Vec<Node>),
}

/// A constant: an array of one value.
#[derive(Debug, Clone)]
pub(crate) struct Literal {
    pub(crate) value: ArrayRef,
    /// A number as it is written, or computed of such: it gives way to the type beside it.
    pub(crate) written: bool,
}

impl Node {
    pub(crate) fn literal(value: ArrayRef, text: impl Into<Arc<str>>) -> Self {
        Self {
            data_type: value.data_type().clone(),
            nullable: value.logical_null_count() > 0,
            fallible: false,
            text: text.into(),
            kind: Kind::Literal(Literal { value, written: false }),
        }
    }

    /// Marks a literal as a number that is written.
    pub(crate) fn written(mut self, is_written: bool) -> Self {
        if let Kind::Literal(literal) = &mut self.kind {
            literal.written = is_written;
        }
        self
    }

    pub(crate) fn as_literal(&self) -> Option<&Literal> {
        if let Kind::Literal(literal) = &self.kind { Some(literal) } else { None }
    }

    /// Calls `visit` on each operand.
    pub(crate) fn for_each_operand<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        match &self.kind {
            Kind::Column(_) | Kind::Literal(_) => {}
            Kind::Cast { value, .. }
            | Kind::Negate(value)
            | Kind::Not(value)
            | Kind::IsNull(value)
            | Kind::IsBoolean(value, _)
            | Kind::In(value, _)
            | Kind::Matches(value, _) => visit(value),
            Kind::Arithmetic(_, left, right)
            | Kind::Compare(_, left, right)
            | Kind::Logic(_, left, right)
            | Kind::Like { value: left, pattern: right, .. } => {
                visit(left);
                visit(right);
            }
            Kind::Between(value, low, high) => {
                [value, low, high].into_iter().for_each(|operand| visit(operand));
            }
            Kind::Case { branches, otherwise } => {
                for (condition, result) in branches {
                    visit(condition);
                    visit(result);
                }
                visit(otherwise);
            }
            Kind::Call(_, operands) => operands.iter().for_each(visit),
        }
    }

    /// Marks the columns that the tree reads.
    pub(crate) fn mark_columns(&self, read: &mut [bool]) {
        if let Kind::Column(slot) = self.kind {
            read[slot] = true;
        }
        self.for_each_operand(&mut |operand| operand.mark_columns(read));
    }
}
