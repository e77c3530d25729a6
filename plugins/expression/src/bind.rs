//! From [`Ast`] to [`Node`]: finds the columns, settles the types, folds what is constant.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, StringArray, new_null_array};
use arrow::datatypes::{DataType, Schema};
use tanda_spelling::type_name;

use crate::cast::can_cast;
use crate::coerce;
use crate::error::ExpressionError;
use crate::eval::{self, Rows};
use crate::hint::hint;
use crate::plan::{Kind, Node};
use crate::syntax::{Arithmetic, Ast, AstKind, Comparison, Logic};

mod call;
mod list;
mod number;
mod pattern;
mod unify;

/// Nodes that one expression may come to; nesting `case x when …` in itself multiplies them.
const BOUND_MAX: usize = 1 << 18;

type Bound<T> = Result<T, ExpressionError>;

/// Binds a whole expression; gives the tree and the schema's columns that it reads.
pub(crate) fn bind(ast: &Ast, schema: &Schema) -> Bound<(Node, Vec<usize>)> {
    let mut binder = Binder { schema, columns: Vec::new(), bound: 0 };
    let node = binder.bind(ast)?;
    Ok((node, binder.columns))
}

struct Binder<'s> {
    schema: &'s Schema,
    /// Indices of the columns read so far; a [`Kind::Column`] is an index into this.
    columns: Vec<usize>,
    /// Nodes bound so far; `between`, `in` and `case x` bind their value once for each item.
    bound: usize,
}

/// What [`finish`] cannot see from the operands.
struct Outcome {
    data_type: DataType,
    nullable: bool,
    fallible: bool,
}

impl Binder<'_> {
    fn bind(&mut self, ast: &Ast) -> Bound<Node> {
        self.bound += 1;
        if self.bound > BOUND_MAX {
            return Err(ExpressionError::TooLarge {
                what: "steps once it is typed",
                limit: BOUND_MAX,
            });
        }
        match &ast.kind {
            AstKind::Column(name) => self.bind_column(name, ast),
            AstKind::Null => Ok(constant(new_null_array(&DataType::Null, 1), ast)),
            AstKind::Boolean(value) => {
                Ok(constant(Arc::new(BooleanArray::from(vec![*value])), ast))
            }
            AstKind::Number(text) => number::bind_number(text, ast),
            AstKind::Text(text) => {
                Ok(constant(Arc::new(StringArray::from(vec![text.as_str()])), ast))
            }
            AstKind::Typed(target, text) => {
                let text: ArrayRef = Arc::new(StringArray::from(vec![text.as_str()]));
                unify::recast(constant(text, ast), target, ast)
            }
            AstKind::Negate(value) => self.bind_negate(value, ast),
            AstKind::Not(value) => {
                let value = self.bind_boolean(value, ast)?;
                let nullable = value.nullable;
                Ok(boolean(Kind::Not(Box::new(value)), nullable, ast))
            }
            AstKind::Arithmetic(op, left, right) => self.bind_arithmetic(*op, left, right, ast),
            AstKind::Compare(op, left, right) => self.bind_compare(*op, left, right, ast),
            AstKind::Logic(op, left, right) => self.bind_logic(*op, left, right, ast),
            AstKind::IsNull(value) => {
                let value = self.bind(value)?;
                Ok(boolean(Kind::IsNull(Box::new(value)), false, ast))
            }
            AstKind::IsBoolean(value, wanted) => {
                let value = self.bind_boolean(value, ast)?;
                Ok(boolean(Kind::IsBoolean(Box::new(value), *wanted), false, ast))
            }
            AstKind::In(value, list) => self.bind_in(value, list, ast),
            AstKind::Between(value, low, high) => self.bind_between(value, low, high, ast),
            AstKind::Like { value, pattern, escape, fold_case } => {
                self.bind_like(value, pattern, *escape, *fold_case, ast)
            }
            AstKind::Case { operand, branches, otherwise } => {
                self.bind_case(operand.as_deref(), branches, otherwise.as_deref(), ast)
            }
            AstKind::Cast { value, target, lenient } => {
                self.bind_cast(value, target, *lenient, ast)
            }
            AstKind::Call(function, operands) => self.bind_call(*function, operands, ast),
        }
    }

    fn bind_column(&mut self, name: &str, ast: &Ast) -> Bound<Node> {
        let index = self.find_column(name, ast)?;
        let field = self.schema.field(index);
        let known = self.columns.iter().position(|column| *column == index);
        let slot = known.unwrap_or_else(|| {
            self.columns.push(index);
            self.columns.len() - 1
        });
        Ok(Node {
            kind: Kind::Column(slot),
            data_type: field.data_type().clone(),
            nullable: field.is_nullable(),
            fallible: false,
            text: ast.snippet.as_str().into(),
        })
    }

    fn find_column(&self, name: &str, ast: &Ast) -> Bound<usize> {
        let place = Arc::clone(&ast.place);
        let fields = self.schema.fields();
        let mut found = (0..fields.len()).filter(|index| fields[*index].name() == name);
        match (found.next(), found.count()) {
            (Some(index), 0) => Ok(index),
            (Some(_), more) => {
                let (name, count) = (name.to_owned(), more + 1);
                Err(ExpressionError::AmbiguousColumn { place, name, count })
            }
            (None, _) => {
                let names: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
                let hint = hint(name, "columns", &names);
                Err(ExpressionError::UnknownColumn { place, name: name.to_owned(), hint })
            }
        }
    }

    fn bind_negate(&mut self, value: &Ast, ast: &Ast) -> Bound<Node> {
        let operand = self.bind_number_operand(value, ast)?;
        let (target, _) = coerce::arithmetic(&operand.data_type, &DataType::Null)
            .ok_or_else(|| wrong_type(value, ast, "a number", &operand.data_type))?;
        let target = if target == DataType::UInt64 { DataType::Int64 } else { target };
        let operand = unify::recast(operand, &target, value)?;
        let result = Outcome {
            nullable: operand.nullable,
            fallible: !target.is_floating(),
            data_type: target,
        };
        Ok(finish(Kind::Negate(Box::new(operand)), result, ast))
    }

    fn bind_arithmetic(
        &mut self,
        op: Arithmetic,
        left_ast: &Ast,
        right_ast: &Ast,
        ast: &Ast,
    ) -> Bound<Node> {
        let (left, right) = (self.bind(left_ast)?, self.bind(right_ast)?);
        let (left, right) = number::literals_for_arithmetic(op, left, right);
        let mismatch = || mismatch(ast, &left.data_type, &right.data_type);
        let (left_type, right_type) =
            coerce::arithmetic(&left.data_type, &right.data_type).ok_or_else(mismatch)?;
        let data_type = eval::arithmetic_type(op, &left_type, &right_type).ok_or_else(mismatch)?;
        let left = unify::recast(left, &left_type, left_ast)?;
        let right = unify::recast(right, &right_type, right_ast)?;
        let result = Outcome {
            nullable: left.nullable || right.nullable,
            fallible: !data_type.is_floating(),
            data_type,
        };
        Ok(finish(Kind::Arithmetic(op, Box::new(left), Box::new(right)), result, ast))
    }

    fn bind_compare(&mut self, op: Comparison, left: &Ast, right: &Ast, ast: &Ast) -> Bound<Node> {
        let [left, right] = self.bind_comparable([left, right], ast)?;
        let nullable = left.nullable || right.nullable;
        Ok(boolean(Kind::Compare(op, Box::new(left), Box::new(right)), nullable, ast))
    }

    fn bind_between(&mut self, value: &Ast, low: &Ast, high: &Ast, ast: &Ast) -> Bound<Node> {
        let above = self.bind_compare(Comparison::GreaterOrEqual, value, low, ast)?;
        let below = self.bind_compare(Comparison::LessOrEqual, value, high, ast)?;
        let nullable = above.nullable || below.nullable;
        if let (Kind::Compare(_, value, low), Kind::Compare(_, same, high)) =
            (&above.kind, &below.kind)
            && value.data_type == same.data_type
            && !high.fallible
        {
            // One type, and no row on which `high` must not be asked: the value is evaluated once.
            let kind = Kind::Between(value.clone(), low.clone(), high.clone());
            return Ok(boolean(kind, nullable, ast));
        }
        let kind = Kind::Logic(Logic::And, Box::new(above), Box::new(below));
        Ok(boolean(kind, nullable, ast))
    }

    fn bind_logic(&mut self, op: Logic, left: &Ast, right: &Ast, ast: &Ast) -> Bound<Node> {
        let (left, right) = (self.bind_boolean(left, ast)?, self.bind_boolean(right, ast)?);
        let nullable = left.nullable || right.nullable;
        Ok(boolean(Kind::Logic(op, Box::new(left), Box::new(right)), nullable, ast))
    }

    fn bind_case(
        &mut self,
        operand: Option<&Ast>,
        branches: &[(Ast, Ast)],
        otherwise: Option<&Ast>,
        ast: &Ast,
    ) -> Bound<Node> {
        let mut conditions = Vec::with_capacity(branches.len());
        for (condition, _) in branches {
            conditions.push(match operand {
                None => self.bind_boolean(condition, ast)?,
                Some(value) => self.bind_compare(Comparison::Equal, value, condition, condition)?,
            });
        }
        let null =
            Ast { kind: AstKind::Null, place: Arc::clone(&ast.place), snippet: "null".into() };
        let results = branches.iter().map(|(_, result)| result);
        let results: Vec<&Ast> = results.chain([otherwise.unwrap_or(&null)]).collect();
        let (mut results, data_type) = self.bind_alike(&results, ast)?;
        let nullable = results.iter().any(|result| result.nullable);
        let otherwise = results.pop().expect("`otherwise` was pushed last");
        let branches = conditions.into_iter().zip(results).collect();
        let kind = Kind::Case { branches, otherwise: Box::new(otherwise) };
        Ok(finish(kind, Outcome { data_type, nullable, fallible: false }, ast))
    }

    fn bind_cast(
        &mut self,
        value: &Ast,
        target: &DataType,
        lenient: bool,
        ast: &Ast,
    ) -> Bound<Node> {
        let operand = self.bind(value)?;
        if !can_cast(&operand.data_type, target) {
            return Err(mismatch(ast, &operand.data_type, target));
        }
        unify::check_place(&operand, target, value)?;
        Ok(unify::cast_node(operand, target, lenient, ast))
    }

    fn bind_boolean(&mut self, operand: &Ast, whole: &Ast) -> Bound<Node> {
        let node = self.bind(operand)?;
        match is_boolean(&node.data_type) {
            true => unify::recast(node, &DataType::Boolean, operand),
            false => Err(wrong_type(operand, whole, "a boolean", &node.data_type)),
        }
    }

    fn bind_number_operand(&mut self, operand: &Ast, whole: &Ast) -> Bound<Node> {
        let node = self.bind(operand)?;
        let is_number = coerce::is_number(&node.data_type) || node.data_type == DataType::Null;
        match is_number {
            true => Ok(node),
            false => Err(wrong_type(operand, whole, "a number", &node.data_type)),
        }
    }
}

/// Checks that a bound expression can be a predicate.
pub(crate) fn predicate(node: Node, ast: &Ast) -> Bound<Node> {
    match is_boolean(&node.data_type) {
        true => unify::recast(node, &DataType::Boolean, ast),
        false => Err(ExpressionError::NotBoolean {
            place: Arc::clone(&ast.place),
            snippet: ast.snippet.clone(),
            found: type_name(&node.data_type),
        }),
    }
}

fn is_boolean(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Boolean | DataType::Null)
}

fn constant(value: ArrayRef, ast: &Ast) -> Node {
    Node::literal(value, ast.snippet.as_str())
}

fn boolean(kind: Kind, nullable: bool, ast: &Ast) -> Node {
    finish(kind, Outcome { data_type: DataType::Boolean, nullable, fallible: false }, ast)
}

/// Makes the node, or its value if every operand is a literal.
///
/// A constant that fails (`1 / 0`) stays a node: it is an error only for a row that needs it.
fn finish(kind: Kind, result: Outcome, ast: &Ast) -> Node {
    let Outcome { data_type, nullable, mut fallible } = result;
    let text: Arc<str> = ast.snippet.as_str().into();
    let mut node = Node { kind, data_type, nullable, fallible, text };
    let mut constant = true;
    let mut written = matches!(node.kind, Kind::Arithmetic(..) | Kind::Negate(_));
    node.for_each_operand(&mut |operand| {
        fallible |= operand.fallible;
        constant &= operand.as_literal().is_some();
        written &= operand.as_literal().is_some_and(|literal| literal.written);
    });
    node.fallible = fallible;
    if !constant {
        return node;
    }
    match eval::evaluate(&node, &Rows::one()) {
        Ok(value) if value.data_type() == &node.data_type => {
            Node::literal(value.into_array(1), node.text).written(written)
        }
        Ok(_) | Err(_) => node,
    }
}

fn mismatch(whole: &Ast, left: &DataType, right: &DataType) -> ExpressionError {
    ExpressionError::Mismatch {
        place: Arc::clone(&whole.place),
        snippet: whole.snippet.clone(),
        left: type_name(left),
        right: type_name(right),
    }
}

fn wrong_type(
    operand: &Ast,
    whole: &Ast,
    expected: &'static str,
    found: &DataType,
) -> ExpressionError {
    ExpressionError::WrongType {
        place: Arc::clone(&operand.place),
        snippet: whole.snippet.clone(),
        operand: operand.snippet.clone(),
        expected,
        found: type_name(found),
    }
}
