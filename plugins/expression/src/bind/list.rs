//! `in (…)`: constants become one set, anything else a comparison of its own.

use arrow::array::{Array, ArrayRef};
use arrow::compute::concat;

use super::{Ast, AstKind, Binder, Bound, Comparison, Kind, Logic, Node, boolean};
use crate::members::Members;

impl Binder<'_> {
    pub(super) fn bind_in(&mut self, value: &Ast, list: &[Ast], ast: &Ast) -> Bound<Node> {
        let (constants, others): (Vec<&Ast>, Vec<&Ast>) =
            list.iter().partition(|item| is_constant(item));
        let mut found: Option<Node> = None;
        if !constants.is_empty() {
            found = Some(self.bind_members(value, &constants, ast)?);
        }
        for item in others {
            let next = self.bind_compare(Comparison::Equal, value, item, ast)?;
            found = Some(match found {
                None => next,
                Some(found) => or(found, next, ast),
            });
        }
        Ok(found.expect("the grammar has no empty list"))
    }

    fn bind_members(&mut self, value: &Ast, constants: &[&Ast], ast: &Ast) -> Bound<Node> {
        let operands: Vec<&Ast> = [value].into_iter().chain(constants.iter().copied()).collect();
        let mut nodes = self.bind_comparable_all(&operands, ast)?.into_iter();
        let value = nodes.next().expect("the value was pushed first");
        let literals: Vec<ArrayRef> =
            nodes.filter_map(|node| node.as_literal().map(|it| it.value.clone())).collect();
        let arrays: Vec<&dyn Array> = literals.iter().map(AsRef::as_ref).collect();
        let constants = concat(&arrays).expect("the literals have one type");
        let members = Members::new(&constants);
        let nullable = value.nullable || members.has_null();
        Ok(boolean(Kind::In(Box::new(value), members), nullable, ast))
    }
}

fn or(left: Node, right: Node, ast: &Ast) -> Node {
    let nullable = left.nullable || right.nullable;
    boolean(Kind::Logic(Logic::Or, Box::new(left), Box::new(right)), nullable, ast)
}

fn is_constant(item: &Ast) -> bool {
    match &item.kind {
        AstKind::Null
        | AstKind::Boolean(_)
        | AstKind::Number(_)
        | AstKind::Text(_)
        | AstKind::Typed(..) => true,
        AstKind::Negate(inner) => is_constant(inner),
        AstKind::Column(_)
        | AstKind::Not(_)
        | AstKind::Arithmetic(..)
        | AstKind::Compare(..)
        | AstKind::Logic(..)
        | AstKind::IsNull(_)
        | AstKind::IsBoolean(..)
        | AstKind::In(..)
        | AstKind::Between(..)
        | AstKind::Like { .. }
        | AstKind::Case { .. }
        | AstKind::Cast { .. }
        | AstKind::Call(..) => false,
    }
}
