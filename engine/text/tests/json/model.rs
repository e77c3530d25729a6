//! A model of JSON values, random ones as text, and what Arrow columns hold.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;

/// A value. Keys whose value is missing are left out, since columns do not tell them apart.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Value>),
    Object(BTreeMap<String, Value>),
}

/// Floats up to here tell every integer from its neighbours.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

impl Value {
    /// A float; one that an integer column may hold, too, is told as an integer.
    pub(crate) fn float(value: f64) -> Self {
        let is_negative_zero = value == 0.0 && value.is_sign_negative();
        if value.trunc() == value && value.abs() <= EXACT_MAX && !is_negative_zero {
            return Self::Int(value as i64);
        }
        Self::Float(value)
    }

    fn object(members: impl IntoIterator<Item = (String, Self)>) -> Self {
        Self::Object(members.into_iter().filter(|(_, value)| *value != Self::Null).collect())
    }

    /// As `serde_json` reads it.
    pub(crate) fn of_json(value: &serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(value) => Self::Bool(*value),
            serde_json::Value::Number(number) => match number.as_i64() {
                Some(value) => Self::Int(value),
                None => Self::float(number.as_f64().unwrap()),
            },
            serde_json::Value::String(text) => Self::Text(text.clone()),
            serde_json::Value::Array(items) => {
                Self::List(items.iter().map(Self::of_json).collect())
            }
            serde_json::Value::Object(members) => {
                Self::object(members.iter().map(|(key, value)| (key.clone(), Self::of_json(value))))
            }
        }
    }

    /// The value at `row`.
    #[expect(clippy::wildcard_enum_match_arm, reason = "arrow has far more types than text has")]
    pub(crate) fn of_array(array: &dyn Array, row: usize) -> Self {
        if array.is_null(row) {
            return Self::Null;
        }
        match array.data_type() {
            DataType::Boolean => Self::Bool(array.as_boolean().value(row)),
            DataType::Int64 => Self::Int(array.as_primitive::<Int64Type>().value(row)),
            DataType::Float64 => Self::float(array.as_primitive::<Float64Type>().value(row)),
            DataType::Utf8 => Self::Text(array.as_string::<i32>().value(row).to_owned()),
            DataType::List(_) => {
                let items = array.as_list::<i32>().value(row);
                Self::List((0..items.len()).map(|item| Self::of_array(&items, item)).collect())
            }
            DataType::Struct(fields) => {
                let columns = fields.iter().zip(array.as_struct().columns());
                Self::object(
                    columns
                        .map(|(field, column)| (field.name().clone(), Self::of_array(column, row))),
                )
            }
            other => panic!("{other} is not inferred"),
        }
    }
}

/// What the values of one place are.
#[derive(Debug, Clone)]
pub(crate) enum Shape {
    Bool,
    Int,
    Float,
    Text,
    List(Box<Shape>),
    Object(BTreeMap<String, Shape>),
}

/// A value and one way to write it.
pub(crate) type Written = (Value, String);

/// Shapes of records, nested to depth 4.
pub(crate) fn record_shapes() -> impl Strategy<Value = Shape> {
    let plain = select(vec![Shape::Bool, Shape::Int, Shape::Float, Shape::Text]);
    let any = plain.prop_recursive(4, 20, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|item| Shape::List(Box::new(item))),
            btree_map(names(), inner, 0..4).prop_map(Shape::Object),
        ]
    });
    btree_map(names(), any, 1..5).prop_map(Shape::Object)
}

fn names() -> impl Strategy<Value = String> {
    select(vec!["a", "b", "id", "two words", "é", "😀", "q\"", "back\\", "a.b", "", "\t"])
        .prop_map(str::to_owned)
}

/// Values of the shape, or a missing one.
pub(crate) fn values(shape: &Shape) -> BoxedStrategy<Written> {
    let missing = Just((Value::Null, "null".to_owned()));
    prop_oneof![1 => missing, 7 => present(shape)].boxed()
}

/// Values of the shape.
pub(crate) fn present(shape: &Shape) -> BoxedStrategy<Written> {
    match shape {
        Shape::Bool => {
            any::<bool>().prop_map(|value| (Value::Bool(value), value.to_string())).boxed()
        }
        Shape::Int => integers(),
        Shape::Float => floats(),
        Shape::Text => texts().prop_map(|(value, text)| (Value::Text(value), text)).boxed(),
        Shape::List(item) => (vec(values(item), 0..4), spaces())
            .prop_map(|(items, space)| {
                let (values, texts): (Vec<_>, Vec<_>) = items.into_iter().unzip();
                let text = format!("[{space}{}{space}]", texts.join(&format!("{space},")));
                (Value::List(values), text)
            })
            .boxed(),
        Shape::Object(members) => object(members),
    }
}

/// Objects with some of the members, in any order.
fn object(members: &BTreeMap<String, Shape>) -> BoxedStrategy<Written> {
    let member = |(name, shape): (&String, &Shape)| {
        let name = name.clone();
        (values(shape), any::<[bool; 2]>(), 0..8_u8)
            .prop_map(move |(value, flags, place)| (place, name.clone(), value, flags))
            .boxed()
    };
    let members = members.iter().map(member).collect::<Vec<_>>();
    (members, spaces())
        .prop_map(|(mut members, space)| {
            members.retain(|(place, ..)| *place > 0);
            members.sort_by_key(|(place, ..)| *place);
            let texts = members.iter().map(|(_, name, (_, text), [is_escaped, _])| {
                format!("{}{space}:{space}{text}", quoted(name, *is_escaped))
            });
            let text = texts.collect::<Vec<_>>().join(&format!("{space},{space}"));
            let values = members.into_iter().map(|(_, name, (value, _), _)| (name, value));
            (Value::object(values), format!("{{{space}{text}{space}}}"))
        })
        .boxed()
}

/// The name as it is, or with every character as an escape.
fn quoted(name: &str, is_escaped: bool) -> String {
    if !is_escaped {
        return serde_json::to_string(name).unwrap();
    }
    let units = name.encode_utf16().map(|unit| format!("\\u{unit:04x}"));
    format!("\"{}\"", units.collect::<String>())
}

fn spaces() -> impl Strategy<Value = &'static str> {
    select(vec!["", "", "", " ", "\t ", "\r"])
}

fn integers() -> BoxedStrategy<Written> {
    let small = -100..100_i64;
    let edges = select(vec![i64::MIN, i64::MAX, 0, 1 << 53, -(1 << 53)]);
    prop_oneof![small, edges, any::<i64>()]
        .prop_map(|value| (Value::Int(value), value.to_string()))
        .boxed()
}

fn floats() -> BoxedStrategy<Written> {
    let forms = [
        "0.5",
        "-0.0",
        "-0",
        "1E+2",
        "1e-7",
        "0e5",
        "1.50",
        "5e-324",
        "1e308",
        "-1.7E308",
        "0.1234567890123456789",
        "123456789012345678901234567890.0",
        "-12",
        "9007199254740991",
    ];
    let any = proptest::num::f64::NORMAL.prop_map(|value| format!("{value:?}"));
    let decimal = "-?(0|[1-9][0-9]{0,17})\\.[0-9]{1,18}([eE][-+]?[0-9]{1,2})?";
    Union::new([select(forms.map(str::to_owned).to_vec()).boxed(), any.boxed(), decimal.boxed()])
        .prop_map(|text| (Value::float(text.parse().unwrap()), text))
        .boxed()
}

fn texts() -> impl Strategy<Value = (String, String)> {
    let pieces = [
        ("a", "a"),
        ("é", "é"),
        ("é", "\\u00E9"),
        ("😀", "😀"),
        ("😀", "\\ud83d\\uDE00"),
        ("𠮷", "\\ud842\\udfb7"),
        ("\"", "\\\""),
        ("\\", "\\\\"),
        ("/", "\\/"),
        ("/", "/"),
        ("\n", "\\n"),
        ("\u{8}\u{c}\r\t", "\\b\\f\\r\\t"),
        ("\0", "\\u0000"),
        ("\u{7f}", "\u{7f}"),
        (" {}[]:,", " {}[]:,"),
        ("null", "null"),
        ("longer than a word", "longer than a word"),
    ];
    vec(select(pieces.to_vec()), 0..5).prop_map(|pieces| {
        let (values, texts): (Vec<_>, Vec<_>) = pieces.into_iter().unzip();
        (values.concat(), format!("\"{}\"", texts.concat()))
    })
}
