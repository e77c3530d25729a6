//! The constants of `in (…)`.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, GenericStringArray, OffsetSizeTrait, Scalar,
};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::compute::take;
use arrow::datatypes::{DataType, Int64Type};
use arrow::error::ArrowError;
use hashbrown::HashSet;

use crate::cast::cast_array;
use crate::coerce::is_text;
use crate::order::equal;

/// Up to so many constants are compared one after the other, each by a vectorised kernel.
const FEW_MAX: usize = 8;

/// A set of constants of one type. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Members {
    set: Set,
    has_null: bool,
}

#[derive(Debug, Clone)]
enum Set {
    Few(Arc<[ArrayRef]>),
    Texts(Arc<HashSet<Box<str>>>),
    Integers(Arc<HashSet<i64>>),
}

impl Members {
    /// The values of an array, which may repeat.
    pub(crate) fn new(values: &ArrayRef) -> Self {
        let valid: Vec<usize> = (0..values.len()).filter(|row| values.is_valid(*row)).collect();
        let set = match valid.len() > FEW_MAX {
            true => hashed(values, &valid),
            false => None,
        };
        let few = || valid.iter().map(|row| values.slice(*row, 1)).collect();
        let set = set.unwrap_or_else(|| Set::Few(few()));
        Self { set, has_null: valid.len() < values.len() }
    }

    pub(crate) fn has_null(&self) -> bool {
        self.has_null
    }

    /// Whether each value is a member; null if it is null, or if only a null could match it.
    pub(crate) fn contain(&self, values: &ArrayRef) -> Result<BooleanArray, ArrowError> {
        if let Some(dictionary) = values.as_any_dictionary_opt() {
            let of_values = self.contain(dictionary.values())?;
            return Ok(take(&of_values, dictionary.keys(), None)?.as_boolean().clone());
        }
        let found = match &self.set {
            Set::Few(constants) => any_equal(values, constants)?,
            Set::Texts(set) => match values.as_string_opt::<i32>() {
                Some(texts) => texts_in(texts, set),
                None => {
                    let texts = cast_array(values, &DataType::LargeUtf8, false)?;
                    texts_in(texts.as_string::<i64>(), set)
                }
            },
            Set::Integers(set) => {
                let integers = cast_array(values, &DataType::Int64, false)?;
                let integers = integers.as_primitive::<Int64Type>().values();
                BooleanBuffer::collect_bool(integers.len(), |row| set.contains(&integers[row]))
            }
        };
        let nulls = match self.has_null {
            false => values.logical_nulls(),
            true => Some(NullBuffer::new(match values.logical_nulls() {
                Some(nulls) => nulls.inner() & &found,
                None => found.clone(),
            })),
        };
        Ok(BooleanArray::new(found, nulls))
    }
}

fn hashed(values: &ArrayRef, valid: &[usize]) -> Option<Set> {
    if is_text(values.data_type()) {
        let texts = cast_array(values, &DataType::LargeUtf8, false).ok()?;
        let texts = texts.as_string::<i64>();
        let set = valid.iter().map(|row| texts.value(*row).into()).collect();
        return Some(Set::Texts(Arc::new(set)));
    }
    if !is_integer_like(values.data_type()) {
        return None;
    }
    let integers = cast_array(values, &DataType::Int64, false).ok()?;
    let integers = integers.as_primitive::<Int64Type>();
    let set = valid.iter().map(|row| integers.value(*row)).collect();
    Some(Set::Integers(Arc::new(set)))
}

/// Types whose casts to `int64` cannot fail and keep every value apart.
fn is_integer_like(data_type: &DataType) -> bool {
    let integer = data_type.is_integer() && *data_type != DataType::UInt64;
    integer || matches!(data_type, DataType::Date32 | DataType::Timestamp(..))
}

fn any_equal(values: &ArrayRef, constants: &[ArrayRef]) -> Result<BooleanBuffer, ArrowError> {
    let mut found = BooleanBuffer::new_unset(values.len());
    for constant in constants {
        let next = equal(values, &Scalar::new(Arc::clone(constant)))?;
        found = &found | next.values();
    }
    Ok(found)
}

fn texts_in<O: OffsetSizeTrait>(
    texts: &GenericStringArray<O>,
    set: &HashSet<Box<str>>,
) -> BooleanBuffer {
    BooleanBuffer::collect_bool(texts.len(), |row| set.contains(texts.value(row)))
}
