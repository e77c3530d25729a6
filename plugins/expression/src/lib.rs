//! Typed, vectorised SQL expressions over Arrow record batches.
//!
//! An expression is parsed once, bound once to a schema, which settles every type, and then
//! evaluated on any number of batches with arrow's kernels: a column at a time, with literals
//! kept as scalars.
//!
//! ```
//! # use std::sync::Arc;
//! # use arrow::array::{ArrayRef, AsArray, Int64Array};
//! # use arrow::datatypes::Float64Type;
//! # use arrow::record_batch::RecordBatch;
//! use tanda_expression::Expression;
//!
//! let distance: ArrayRef = Arc::new(Int64Array::from(vec![1400, 200]));
//! let air_time: ArrayRef = Arc::new(Int64Array::from(vec![Some(227), None]));
//! let batch = RecordBatch::try_from_iter([("distance", distance), ("air_time", air_time)])?;
//!
//! let speed = Expression::parse("distance / (air_time / 60.0)")?.bind(&batch.schema())?;
//! let speeds = speed.evaluate(&batch)?;
//! assert_eq!(speeds.as_primitive::<Float64Type>().value(0), 1400.0 / (227.0 / 60.0));
//! assert!(speeds.is_null(1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The language
//!
//! SQL as PostgreSQL writes it:
//! - literals `1`, `1.5`, `1e3`, `'text'`, `true`, `false`, `null`, `date '2013-01-31'`,
//!   `timestamp '2013-01-31 05:00:00'`; columns `distance` and `"any name"`, in the case of the
//!   schema;
//! - `+ - * / %`, `||`, `= <> < <= > >=`, `and or not`, `is [not] null`, `is [not] true|false`,
//!   `[not] in (…)`, `[not] between … and …`, `[not] like`, `[not] ilike … [escape '!']`,
//!   `case [x] when … then … else … end`, `cast(x as type)`, `x::type`, `try_cast(x as type)`;
//! - `abs ceil floor round sqrt ln exp power`, `coalesce nullif least greatest`, `length lower
//!   upper trim ltrim rtrim substr concat replace starts_with ends_with contains regexp_like`,
//!   `year month day hour minute second` and `extract(year from x)`.
//!
//! # The rules
//!
//! - A null operand makes the result null, but for `and`, `or` (three-valued), `is`, `coalesce`,
//!   `concat`, `least` and `greatest`.
//! - Arithmetic on integers is in `int64` (of two `uint64`, and of one beside a number that is
//!   written, in `uint64`) and checked: an overflow or a division by zero is an
//!   error. `/` on integers cuts towards zero. An integer beside a float becomes `float64`, and
//!   floats follow IEEE 754, in comparisons too (NaN equals nothing).
//! - A number that is written with a point is a decimal of its digits, with an exponent a float64.
//!   Decimals are exact; a quotient has 16 decimals, or those of its operands if they have more.
//!   `x / 60.0` is a `float64` where `x` is an integer.
//! - `cast` is checked: a value that does not fit is an error, with `try_cast` a null. It rounds as
//!   PostgreSQL does: floats half to even, decimals half away from zero.
//! - A row sees only what it needs: a failing branch that `case`, `coalesce`, `and` or `or` do
//!   not take for a row is no error for that row.
//! - `like` and `=` compare text byte by byte; `length` and `substr` count characters.

use arrow::array::{ArrayRef, AsArray, BooleanArray};
use arrow::datatypes::{DataType, Schema};
use arrow::record_batch::RecordBatch;
use tanda_spelling::type_name;

use crate::eval::Rows;
use crate::plan::Node;
use crate::syntax::{Ast, AstKind};

mod bind;
mod cast;
mod coerce;
mod error;
mod eval;
mod functions;
mod hint;
mod lower;
mod members;
mod order;
pub mod packed;
mod parse;
mod plan;
mod sql_types;
mod syntax;

#[cfg(test)]
mod families;

pub use cast::{can_cast, try_cast};
pub use coerce::value_type;
pub use error::{EvaluateError, ExpressionError, Place};

/// An expression that was parsed but not bound: its columns have names and no types.
#[derive(Debug, Clone)]
pub struct Unbound {
    ast: Ast,
    columns: Vec<String>,
}

impl Unbound {
    /// Names of the columns that it reads, each once, in the order of the text.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Finds the columns in a schema and settles every type. Costs microseconds.
    ///
    /// # Errors
    /// An unknown column, or types that do not combine. The expression may be bound again to
    /// another schema.
    pub fn bind(&self, schema: &Schema) -> Result<Expression, ExpressionError> {
        let (node, columns) = bind::bind(&self.ast, schema)?;
        Ok(Expression::new(node, columns, schema))
    }

    /// As [`bind`](Self::bind), for an expression that has to be true or false.
    ///
    /// # Errors
    /// As [`bind`](Self::bind), and if the result is not boolean.
    pub fn bind_predicate(&self, schema: &Schema) -> Result<Expression, ExpressionError> {
        let (node, columns) = bind::bind(&self.ast, schema)?;
        let node = bind::predicate(node, &self.ast)?;
        Ok(Expression::new(node, columns, schema))
    }
}

/// An expression bound to a schema. Evaluation keeps no state: any number of threads may share one.
#[derive(Debug, Clone)]
pub struct Expression {
    node: Node,
    columns: Vec<usize>,
    /// Types of the columns, to refuse a batch of another schema.
    types: Vec<DataType>,
}

impl Expression {
    /// Parses a text of at most 1 MiB. Knows no column and no type yet.
    ///
    /// # Errors
    /// A text that is not SQL, SQL that the language leaves out, an unknown function, or an
    /// expression that is too large.
    pub fn parse(text: &str) -> Result<Unbound, ExpressionError> {
        let (expression, tokens) = parse::parse(text)?;
        let ast = lower::lower(&expression, &tokens)?;
        let mut columns = Vec::new();
        collect_columns(&ast, &mut columns);
        Ok(Unbound { ast, columns })
    }

    fn new(node: Node, columns: Vec<usize>, schema: &Schema) -> Self {
        let types = columns.iter().map(|index| schema.field(*index).data_type().clone()).collect();
        Self { node, columns, types }
    }

    /// Type of the result.
    pub fn data_type(&self) -> &DataType {
        &self.node.data_type
    }

    /// Whether a result may be null, as far as the schema tells.
    pub fn nullable(&self) -> bool {
        self.node.nullable
    }

    /// Indices of the columns that it reads, into the bound schema, each once.
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// One value for each row of a batch that has the bound schema.
    ///
    /// Cost: one pass over a column for each operator, and as much memory as its result.
    ///
    /// # Errors
    /// A row that overflows, divides by zero or does not convert; a batch of another schema.
    pub fn evaluate(&self, batch: &RecordBatch) -> Result<ArrayRef, EvaluateError> {
        let rows = self.rows(batch)?;
        let value = eval::evaluate(&self.node, &rows)?;
        Ok(value.into_array(batch.num_rows()))
    }

    /// As [`evaluate`](Self::evaluate), for a boolean expression; what null means is the caller's.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate), and if the expression is not boolean.
    pub fn evaluate_predicate(&self, batch: &RecordBatch) -> Result<BooleanArray, EvaluateError> {
        let result = self.evaluate(batch)?;
        let not_boolean = || EvaluateError::NotBoolean { found: type_name(result.data_type()) };
        result.as_boolean_opt().cloned().ok_or_else(not_boolean)
    }

    fn rows(&self, batch: &RecordBatch) -> Result<Rows, EvaluateError> {
        let mut columns = Vec::with_capacity(self.columns.len());
        for (index, expected) in self.columns.iter().zip(&self.types) {
            let column = batch.columns().get(*index);
            let fits = column.filter(|column| column.data_type() == expected);
            columns.push(ArrayRef::clone(fits.ok_or_else(|| EvaluateError::Batch {
                index: *index,
                found: column.map_or("missing".to_owned(), |it| type_name(it.data_type())),
                expected: type_name(expected),
            })?));
        }
        Ok(Rows::new(columns, batch.num_rows()))
    }
}

fn collect_columns(ast: &Ast, columns: &mut Vec<String>) {
    if let AstKind::Column(name) = &ast.kind
        && !columns.contains(name)
    {
        columns.push(name.clone());
    }
    ast.for_each_operand(&mut |operand| collect_columns(operand, columns));
}
