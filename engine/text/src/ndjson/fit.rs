//! Which JSON values may stand in a column, the same at the top and inside arrays and objects.

use arrow::datatypes::DataType;
use tanda_spelling::type_name;

use crate::numbers::{Form, is_exact, is_integer};
use crate::rejects::shown;

use super::token::Kind;

/// Whether a value, written as `text`, may stand where `data_type` is expected: its kind fits. Only
/// where the scene asks for text does any value become text, arrays and objects as they are
/// written; and a string never becomes a number.
#[inline(always)]
#[expect(clippy::wildcard_enum_match_arm, reason = "arrow has far more types than text has")]
pub(super) fn fits(data_type: &DataType, form: Form, kind: Kind, text: &[u8]) -> bool {
    let is_string = matches!(kind, Kind::Text | Kind::Escaped);
    match data_type {
        DataType::Utf8 => is_string || form == Form::Any,
        DataType::Boolean => kind == Kind::Bool,
        DataType::Date32 | DataType::Time64(_) | DataType::Timestamp(_, _) => is_string,
        DataType::Decimal128(_, _) => is_string || kind == Kind::Number,
        DataType::List(_) => kind == Kind::Array,
        DataType::Struct(_) => kind == Kind::Object,
        DataType::Float64 if form == Form::Plain => kind == Kind::Number && is_kept(text),
        _ => kind == Kind::Number,
    }
}

/// Whether a double tells the number from its neighbours, if it is an integer. Up to 15 digits it
/// does.
#[inline(always)]
fn is_kept(text: &[u8]) -> bool {
    text.len() <= 15 || !is_integer(text) || is_exact(text)
}

/// What an error says about a value that does not fit.
#[cold]
pub(super) fn found(data_type: &DataType, kind: Kind, text: &[u8]) -> String {
    let (found, expected) = (shown(text), type_name(data_type));
    if *data_type == DataType::Float64 && kind == Kind::Number {
        return format!("found {found}, which float64 does not hold exactly, expected {expected}");
    }
    format!("found {}, {found}, expected {expected}", kind.name())
}
