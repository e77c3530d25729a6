//! `Type`: can the value be read as a type without loss?

use arrow::array::{Array, ArrayRef};
use arrow::buffer::BooleanBuffer;
use arrow::compute::kernels::cmp;
use arrow::compute::{can_cast_types, cast};
use arrow::datatypes::{DataType, Schema};
use arrow::error::ArrowError;

use super::{Draft, Rows, Test, settle};
use crate::columns::Column;
use crate::config::{Nulls, Type};
use crate::error::{BindError, JudgeError};
use crate::types;

pub(super) fn bind(rule: &Type, schema: &Schema) -> Result<Draft, BindError> {
    let column = Column::find(&rule.column, schema)?;
    let wanted = named(&rule.r#type)?;
    if !can_be(&column.data_type, &wanted) {
        let (found, wanted) = (types::name(&column.data_type), types::name(&wanted));
        return Err(BindError::NeverOfType { column: rule.column.clone(), found, wanted });
    }
    let test = Readable { column, wanted, nulls: rule.nulls };
    Ok(Draft::of_column(test, rule.reason.as_ref(), &rule.column))
}

fn named(name: &str) -> Result<DataType, BindError> {
    types::named(name).ok_or_else(|| BindError::UnknownType {
        name: name.to_owned(),
        hint: crate::hint::among(name, types::names()),
    })
}

/// Texts can be any type, numbers other numbers; the rest only what it is.
fn can_be(found: &DataType, wanted: &DataType) -> bool {
    found == wanted
        || found.is_numeric() && wanted.is_numeric()
        || is_text(found) && can_cast_types(found, wanted)
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
        let read = cast(array, &self.wanted)?;
        let mut bad = BooleanBuffer::new_unset(array.len());
        if let Some(nulls) = read.nulls() {
            bad |= &!nulls.inner();
        }
        if !is_text(array.data_type()) {
            let back = cast(&read, array.data_type())?;
            bad |= &cmp::neq(&back, array)?.into_parts().0;
        }
        Ok(bad)
    }
}
