//! Random expressions give, row by row, what a tiny interpreter of SQL's rules gives.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array};
use arrow::datatypes::{Float64Type, Int64Type};
use arrow::record_batch::RecordBatch;
use proptest::prelude::*;
use tanda_expression::{EvaluateError, Expression};

const ROWS: usize = 7;

/// A number, whose type is that of its columns and literals.
#[derive(Debug, Clone)]
enum Number {
    Int(Option<i64>),
    IntColumn(&'static str),
    Float(f64),
    FloatColumn(&'static str),
    Negate(Box<Number>),
    Binary(char, Box<Number>, Box<Number>),
    Case(Box<Truth>, Box<Number>, Box<Number>),
    Coalesce(Box<Number>, Box<Number>),
}

#[derive(Debug, Clone)]
enum Truth {
    Literal(Option<bool>),
    Column(&'static str),
    Compare(&'static str, Box<Number>, Box<Number>),
    Between(Box<Number>, Box<Number>, Box<Number>),
    In(Box<Number>, Vec<Option<i64>>),
    Not(Box<Truth>),
    And(Box<Truth>, Box<Truth>),
    Or(Box<Truth>, Box<Truth>),
    IsNull(Box<Number>),
    Is(Box<Truth>, bool),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Value {
    Int(i64),
    Float(f64),
}

/// The row fails: an overflow or a division by zero.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Fails;

#[derive(Debug, Clone)]
struct Row {
    ints: [Option<i64>; 2],
    floats: [Option<f64>; 2],
    truths: [Option<bool>; 2],
}

impl Number {
    fn text(&self) -> String {
        match self {
            Self::Int(None) => "null".to_owned(),
            Self::Int(Some(value)) => format!("({value})"),
            // A number with an exponent is a float; without one it would be a decimal.
            Self::Float(value) => format!("({value:e})"),
            Self::IntColumn(name) | Self::FloatColumn(name) => (*name).to_owned(),
            Self::Negate(value) => format!("(- {})", value.text()),
            Self::Binary(op, left, right) => format!("({} {op} {})", left.text(), right.text()),
            Self::Case(test, yes, no) => {
                format!("case when {} then {} else {} end", test.text(), yes.text(), no.text())
            }
            Self::Coalesce(first, second) => {
                format!("coalesce({}, {})", first.text(), second.text())
            }
        }
    }

    fn is_float(&self) -> bool {
        match self {
            Self::Int(_) | Self::IntColumn(_) => false,
            Self::Float(_) | Self::FloatColumn(_) => true,
            Self::Negate(value) => value.is_float(),
            Self::Binary(_, left, right)
            | Self::Case(_, left, right)
            | Self::Coalesce(left, right) => left.is_float() || right.is_float(),
        }
    }

    fn value(&self, row: &Row) -> Result<Option<Value>, Fails> {
        let found = match self {
            Self::Int(value) => value.map(Value::Int),
            Self::Float(value) => Some(Value::Float(*value)),
            Self::IntColumn(name) => row.ints[usize::from(*name == "j")].map(Value::Int),
            Self::FloatColumn(name) => row.floats[usize::from(*name == "g")].map(Value::Float),
            Self::Negate(value) => match value.value(row)? {
                None => None,
                Some(Value::Int(value)) => Some(Value::Int(value.checked_neg().ok_or(Fails)?)),
                Some(Value::Float(value)) => Some(Value::Float(-value)),
            },
            Self::Binary(op, left, right) => match (left.value(row)?, right.value(row)?) {
                (Some(left), Some(right)) => Some(binary(*op, left, right)?),
                _ => None,
            },
            Self::Case(test, yes, no) => match test.value(row)? {
                Some(true) => yes.value(row)?,
                Some(false) | None => no.value(row)?,
            },
            Self::Coalesce(first, second) => match first.value(row)? {
                Some(value) => Some(value),
                None => second.value(row)?,
            },
        };
        Ok(found.map(|value| if self.is_float() { Value::Float(value.as_float()) } else { value }))
    }
}

impl Value {
    fn as_float(self) -> f64 {
        match self {
            Self::Int(value) => value as f64,
            Self::Float(value) => value,
        }
    }
}

fn binary(op: char, left: Value, right: Value) -> Result<Value, Fails> {
    if let (Value::Int(left), Value::Int(right)) = (left, right) {
        let result = match op {
            '+' => left.checked_add(right),
            '-' => left.checked_sub(right),
            '*' => left.checked_mul(right),
            '/' => left.checked_div(right),
            _ if right == 0 => None,
            _ => Some(left.wrapping_rem(right)),
        };
        return result.map(Value::Int).ok_or(Fails);
    }
    let (left, right) = (left.as_float(), right.as_float());
    Ok(Value::Float(match op {
        '+' => left + right,
        '-' => left - right,
        '*' => left * right,
        '/' => left / right,
        _ => left % right,
    }))
}

fn compare(op: &str, left: Value, right: Value) -> bool {
    let order = match (left, right) {
        (Value::Int(left), Value::Int(right)) => Some(left.cmp(&right)),
        (left, right) => left.as_float().partial_cmp(&right.as_float()),
    };
    match op {
        "=" => order.is_some_and(|order| order.is_eq()),
        "<>" => order.is_none_or(|order| order.is_ne()),
        "<" => order.is_some_and(|order| order.is_lt()),
        "<=" => order.is_some_and(|order| order.is_le()),
        ">" => order.is_some_and(|order| order.is_gt()),
        _ => order.is_some_and(|order| order.is_ge()),
    }
}

fn both(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (left, right) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

impl Truth {
    fn text(&self) -> String {
        match self {
            Self::Literal(None) => "null".to_owned(),
            Self::Literal(Some(value)) => value.to_string(),
            Self::Column(name) => (*name).to_owned(),
            Self::Compare(op, left, right) => format!("({} {op} {})", left.text(), right.text()),
            Self::Between(value, low, high) => {
                format!("({} between {} and {})", value.text(), low.text(), high.text())
            }
            Self::In(value, list) => {
                let write =
                    |item: &Option<i64>| item.map_or("null".to_owned(), |it| it.to_string());
                let list: Vec<String> = list.iter().map(write).collect();
                format!("({} in ({}))", value.text(), list.join(", "))
            }
            Self::Not(value) => format!("(not {})", value.text()),
            Self::And(left, right) => format!("({} and {})", left.text(), right.text()),
            Self::Or(left, right) => format!("({} or {})", left.text(), right.text()),
            Self::IsNull(value) => format!("({} is null)", value.text()),
            Self::Is(value, wanted) => format!("({} is {wanted})", value.text()),
        }
    }

    fn value(&self, row: &Row) -> Result<Option<bool>, Fails> {
        Ok(match self {
            Self::Literal(value) => *value,
            Self::Column(name) => row.truths[usize::from(*name == "q")],
            Self::Compare(op, left, right) => {
                let (left, right) = (left.value(row)?, right.value(row)?);
                left.zip(right).map(|(left, right)| compare(op, left, right))
            }
            Self::Between(value, low, high) => {
                let (value, low) = (value.value(row)?, low.value(row)?);
                let above = value.zip(low).map(|(value, low)| compare(">=", value, low));
                if above == Some(false) {
                    return Ok(above);
                }
                let high = high.value(row)?;
                both(above, value.zip(high).map(|(value, high)| compare("<=", value, high)))
            }
            Self::In(value, list) => match value.value(row)? {
                None => None,
                Some(value) => {
                    let found = |item: &Option<i64>| {
                        item.is_some_and(|item| compare("=", value, Value::Int(item)))
                    };
                    match list.iter().any(found) {
                        true => Some(true),
                        false => (!list.contains(&None)).then_some(false),
                    }
                }
            },
            Self::Not(value) => value.value(row)?.map(|value| !value),
            Self::And(left, right) => match left.value(row)? {
                Some(false) => Some(false),
                left => both(left, right.value(row)?),
            },
            Self::Or(left, right) => match left.value(row)? {
                Some(true) => Some(true),
                left => {
                    let not = |value: Option<bool>| value.map(|value| !value);
                    not(both(not(left), not(right.value(row)?)))
                }
            },
            Self::IsNull(value) => Some(value.value(row)?.is_none()),
            Self::Is(value, wanted) => Some(value.value(row)? == Some(*wanted)),
        })
    }
}

fn any_int() -> impl Strategy<Value = i64> {
    prop_oneof![4 => -3..=3i64, 1 => any::<i64>(), 1 => Just(i64::MIN), 1 => Just(i64::MAX)]
}

fn any_float() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (-3..=3i32).prop_map(f64::from),
        2 => any::<f64>(),
        1 => Just(-0.0),
        1 => Just(f64::NAN),
    ]
}

fn any_row() -> impl Strategy<Value = Row> {
    let ints = [proptest::option::of(any_int()), proptest::option::of(any_int())];
    let floats = [proptest::option::of(any_float()), proptest::option::of(any_float())];
    let truths = [any::<Option<bool>>(), any::<Option<bool>>()];
    (ints, floats, truths).prop_map(|(ints, floats, truths)| Row { ints, floats, truths })
}

fn leaf() -> impl Strategy<Value = Number> {
    prop_oneof![
        2 => proptest::option::weighted(0.9, any_int()).prop_map(Number::Int),
        1 => (-8..8i32).prop_map(|value| Number::Float(f64::from(value) / 4.0)),
        4 => prop_oneof![Just("i"), Just("j")].prop_map(Number::IntColumn),
        3 => prop_oneof![Just("f"), Just("g")].prop_map(Number::FloatColumn),
    ]
}

fn op() -> impl Strategy<Value = char> {
    proptest::sample::select(vec!['+', '-', '*', '/', '%'])
}

fn relation() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec!["=", "<>", "<", "<=", ">", ">="])
}

fn number(depth: u32) -> BoxedStrategy<Number> {
    if depth == 0 {
        return leaf().boxed();
    }
    let inner = || number(depth - 1).prop_map(Box::new);
    prop_oneof![
        2 => leaf(),
        1 => inner().prop_map(Number::Negate),
        4 => (op(), inner(), inner()).prop_map(|(op, l, r)| Number::Binary(op, l, r)),
        2 => (truth(depth - 1).prop_map(Box::new), inner(), inner())
            .prop_map(|(test, yes, no)| Number::Case(test, yes, no)),
        1 => (inner(), inner()).prop_map(|(first, second)| Number::Coalesce(first, second)),
    ]
    .boxed()
}

fn truth(depth: u32) -> BoxedStrategy<Truth> {
    let leaf = prop_oneof![
        1 => any::<Option<bool>>().prop_map(Truth::Literal),
        3 => prop_oneof![Just("p"), Just("q")].prop_map(Truth::Column),
    ];
    if depth == 0 {
        return leaf.boxed();
    }
    let inner = || truth(depth - 1).prop_map(Box::new);
    let value = || number(depth - 1).prop_map(Box::new);
    let list = proptest::collection::vec(proptest::option::weighted(0.95, any_int()), 1..14);
    prop_oneof![
        1 => leaf,
        3 => (relation(), value(), value()).prop_map(|(op, l, r)| Truth::Compare(op, l, r)),
        1 => (value(), value(), value()).prop_map(|(v, l, h)| Truth::Between(v, l, h)),
        1 => (value(), list).prop_map(|(value, list)| Truth::In(value, list)),
        1 => inner().prop_map(Truth::Not),
        2 => (inner(), inner()).prop_map(|(left, right)| Truth::And(left, right)),
        2 => (inner(), inner()).prop_map(|(left, right)| Truth::Or(left, right)),
        1 => value().prop_map(Truth::IsNull),
        1 => (inner(), any::<bool>()).prop_map(|(value, wanted)| Truth::Is(value, wanted)),
    ]
    .boxed()
}

fn batch(rows: &[Row]) -> RecordBatch {
    let ints = |index: usize| -> ArrayRef {
        Arc::new(rows.iter().map(|row| row.ints[index]).collect::<Int64Array>())
    };
    let floats = |index: usize| -> ArrayRef {
        Arc::new(rows.iter().map(|row| row.floats[index]).collect::<Float64Array>())
    };
    let truths = |index: usize| -> ArrayRef {
        Arc::new(rows.iter().map(|row| row.truths[index]).collect::<BooleanArray>())
    };
    let columns = [
        ("i", ints(0), true),
        ("j", ints(1), true),
        ("f", floats(0), true),
        ("g", floats(1), true),
        ("p", truths(0), true),
        ("q", truths(1), true),
    ];
    RecordBatch::try_from_iter_with_nullable(columns).expect("columns of equal length")
}

fn evaluate(text: &str, batch: &RecordBatch) -> Result<ArrayRef, EvaluateError> {
    let bound = Expression::parse(text).and_then(|parsed| parsed.bind(&batch.schema()));
    bound.unwrap_or_else(|error| panic!("{text}: {error}")).evaluate(batch)
}

/// Equal bits; one NaN is as good as another.
fn same(left: Option<Value>, right: Option<Value>) -> bool {
    match (left, right) {
        (Some(Value::Float(left)), Some(Value::Float(right))) => {
            left.to_bits() == right.to_bits() || (left.is_nan() && right.is_nan())
        }
        (left, right) => left == right,
    }
}

fn number_at(values: &ArrayRef, row: usize) -> Option<Value> {
    if values.is_null(row) {
        return None;
    }
    Some(match values.as_primitive_opt::<Int64Type>() {
        Some(ints) => Value::Int(ints.value(row)),
        None => Value::Float(values.as_primitive::<Float64Type>().value(row)),
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn numbers_agree_with_the_interpreter(
        number in number(4),
        rows in proptest::collection::vec(any_row(), ROWS),
    ) {
        let text = number.text();
        let expected: Result<Vec<_>, Fails> = rows.iter().map(|row| number.value(row)).collect();
        match (evaluate(&text, &batch(&rows)), expected) {
            (Ok(values), Ok(expected)) => for (row, expected) in expected.into_iter().enumerate() {
                let found = if *values.data_type() == arrow::datatypes::DataType::Null {
                    None
                } else {
                    number_at(&values, row)
                };
                prop_assert!(same(found, expected), "{text}: row {row}: {found:?}, not {expected:?}");
            },
            (
                Err(EvaluateError::Overflow { .. } | EvaluateError::DivideByZero { .. }),
                Err(Fails),
            ) => {}
            (found, expected) => prop_assert!(false, "{text}: {found:?}, not {expected:?}"),
        }
    }

    #[test]
    fn truths_agree_with_the_interpreter(
        truth in truth(4),
        rows in proptest::collection::vec(any_row(), ROWS),
    ) {
        let text = truth.text();
        let batch = batch(&rows);
        let parsed = Expression::parse(&text);
        let bound = parsed.and_then(|parsed| parsed.bind_predicate(&batch.schema()));
        let found = bound.unwrap_or_else(|error| panic!("{text}: {error}")).evaluate_predicate(&batch);
        let expected: Result<Vec<_>, Fails> = rows.iter().map(|row| truth.value(row)).collect();
        match (found, expected) {
            (Ok(found), Ok(expected)) => {
                prop_assert_eq!(found.iter().collect::<Vec<_>>(), expected);
            }
            (
                Err(EvaluateError::Overflow { .. } | EvaluateError::DivideByZero { .. }),
                Err(Fails),
            ) => {}
            (found, expected) => prop_assert!(false, "{text}: {found:?}, not {expected:?}"),
        }
    }
}
