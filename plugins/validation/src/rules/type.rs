//! `Type`: can the value be read as a type without loss?

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::buffer::BooleanBuffer;
use arrow::compute::kernels::cmp;
use arrow::datatypes::{DataType, Schema};
use arrow::error::ArrowError;
use tanda_expression::{can_cast, try_cast};
use tanda_spelling::{among, parse_simple_type, simple_types, type_name};

use super::rule::{Draft, Rows, Test, settle};
use crate::columns::Column;
use crate::config::{Nulls, Type};
use crate::error::{BindError, JudgeError};
use crate::floats::settled;

pub(super) fn bind(rule: &Type, schema: &Schema) -> Result<Draft, BindError> {
    let column = Column::find(&rule.column, schema)?;
    let wanted = named(&rule.r#type)?;
    if !can_be(&column.data_type, &wanted) {
        let (found, wanted) = (type_name(&column.data_type), type_name(&wanted));
        return Err(BindError::NeverOfType { column: rule.column.clone(), found, wanted });
    }
    let test = Readable { column, wanted, nulls: rule.nulls };
    Ok(Draft::of_column(test, rule.reason.as_ref(), &rule.column))
}

fn named(name: &str) -> Result<DataType, BindError> {
    parse_simple_type(name).ok_or_else(|| BindError::UnknownType {
        name: name.to_owned(),
        hint: among(name, simple_types()),
    })
}

/// Texts can be any type, numbers other numbers; the rest only what it is.
fn can_be(found: &DataType, wanted: &DataType) -> bool {
    found == wanted
        || found.is_numeric() && wanted.is_numeric()
        || is_text(found) && can_cast(found, wanted)
}

fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8)
}

struct Readable {
    column: Column,
    wanted: DataType,
    nulls: Nulls,
}

impl Test for Readable {
    fn failures(&self, rows: &mut Rows<'_>) -> Result<Option<BooleanBuffer>, JudgeError> {
        let array = self.column.of(rows.batch)?;
        let bad = if self.column.data_type == self.wanted {
            BooleanBuffer::new_unset(array.len())
        } else {
            self.unreadable(&array)?
        };
        Ok(settle(bad, array.nulls(), self.nulls))
    }
}

impl Readable {
    /// What a null gets is undefined.
    fn unreadable(&self, array: &ArrayRef) -> Result<BooleanBuffer, ArrowError> {
        let read = try_cast(array, &self.wanted)?;
        let mut bad = BooleanBuffer::new_unset(array.len());
        if let Some(nulls) = read.nulls() {
            bad |= &!nulls.inner();
        }
        if is_text(array.data_type()) {
            bad |= &misspelt(array, &self.wanted);
        } else {
            let back = settled(&try_cast(&read, array.data_type())?)?;
            bad |= &cmp::neq(&back, &settled(array)?)?.into_parts().0;
        }
        Ok(bad)
    }
}

/// Texts that the cast may read, but not as they stand.
fn misspelt(texts: &ArrayRef, wanted: &DataType) -> BooleanBuffer {
    let text = |row| match texts.as_string_opt::<i32>() {
        Some(texts) => texts.value(row),
        None => texts.as_string::<i64>().value(row),
    };
    BooleanBuffer::collect_bool(texts.len(), |row| !is_spelt(text(row), wanted))
}

/// Is the text written as a value of the type is? The cast takes more: spaces around a value, a
/// date with a time behind it, decimals of a second that it rounds.
#[expect(clippy::wildcard_enum_match_arm, reason = "the cast is strict about the others")]
fn is_spelt(text: &str, wanted: &DataType) -> bool {
    let bytes = text.as_bytes();
    match wanted {
        DataType::Utf8 | DataType::LargeUtf8 => true,
        DataType::Boolean => ["true", "false"].iter().any(|word| text.eq_ignore_ascii_case(word)),
        DataType::Date32 => bytes.len() == 10 && bytes[4] == b'-' && bytes[7] == b'-',
        DataType::Timestamp(..) | DataType::Time64(_) => text.trim() == text && is_whole(text),
        other if other.is_integer() => {
            let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
            !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
        }
        _ => text.trim() == text,
    }
}

/// No decimals of a second are beyond microseconds, save zeros.
fn is_whole(text: &str) -> bool {
    let decimals = text.split_once('.').map_or("", |(_, decimals)| decimals);
    let digits = decimals.bytes().take_while(u8::is_ascii_digit);
    digits.skip(6).all(|digit| digit == b'0')
}
