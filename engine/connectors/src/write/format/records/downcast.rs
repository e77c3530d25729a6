//! From an arrow array to the [`Cells`] of its type, once a batch.

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, OffsetSizeTrait, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, FieldRef,
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, Schema,
    Time32MillisecondType, Time32SecondType, Time64MicrosecondType, Time64NanosecondType, TimeUnit,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};

use crate::write::error::WriteError;

use super::cells::{Cells, Column, Fields};
use super::style::Style;
use super::text_form::text_form_of;
use super::texts::Texts;

/// Brings the columns into the types that [`Cells::new`] knows: a copy of the references, and a
/// conversion only for the rarer types.
pub(super) fn prepare(batch: &RecordBatch, declared: &Schema) -> Result<Vec<ArrayRef>, WriteError> {
    batch.columns().iter().zip(declared.fields()).map(prepare_one).collect()
}

fn prepare_one((array, field): (&ArrayRef, &FieldRef)) -> Result<ArrayRef, WriteError> {
    match text_form_of(field) {
        Some(form) if form != *array.data_type() => Ok(cast(array, &form)?),
        Some(_) | None => Ok(array.clone()),
    }
}

impl<'a> Cells<'a> {
    /// The cells of an array in one of the types that [`text_form_of`] returns.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others are told apart further down")]
    pub(super) fn new(array: &'a dyn Array, style: &impl Style) -> Self {
        match array.data_type() {
            DataType::Boolean => Self::Bool(array.as_boolean().values()),
            DataType::Int8 => Self::Int8(values::<Int8Type>(array)),
            DataType::Int16 => Self::Int16(values::<Int16Type>(array)),
            DataType::Int32 => Self::Int32(values::<Int32Type>(array)),
            DataType::Int64 => Self::Int64(values::<Int64Type>(array)),
            DataType::UInt8 => Self::UInt8(values::<UInt8Type>(array)),
            DataType::UInt16 => Self::UInt16(values::<UInt16Type>(array)),
            DataType::UInt32 => Self::UInt32(values::<UInt32Type>(array)),
            DataType::UInt64 => Self::UInt64(values::<UInt64Type>(array)),
            DataType::Float16 => Self::Float16(array.as_primitive()),
            DataType::Float32 => Self::Float32(values::<Float32Type>(array)),
            DataType::Float64 => Self::Float64(values::<Float64Type>(array)),
            DataType::Decimal32(_, scale) => {
                Self::Decimal32(values::<Decimal32Type>(array), *scale)
            }
            DataType::Decimal64(_, scale) => {
                Self::Decimal64(values::<Decimal64Type>(array), *scale)
            }
            DataType::Decimal128(_, scale) => {
                Self::Decimal128(values::<Decimal128Type>(array), *scale)
            }
            DataType::Decimal256(..) => Self::Decimal256(array.as_primitive()),
            _ => Self::texts(array, style),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the others are told apart further down")]
    fn texts(array: &'a dyn Array, style: &impl Style) -> Self {
        match array.data_type() {
            DataType::Utf8 => Self::Text(strings(array, style)),
            DataType::LargeUtf8 => Self::LargeText(strings(array, style)),
            DataType::Dictionary(..) => {
                let dictionary = array.as_dictionary::<Int32Type>();
                let texts = strings(dictionary.values().as_ref(), style);
                Self::Dictionary(dictionary.keys().values(), texts)
            }
            DataType::Binary => Self::Binary(binary(array)),
            DataType::FixedSizeBinary(_) => Self::Uuid(array.as_fixed_size_binary().value_data()),
            DataType::LargeBinary => Self::LargeBinary(binary(array)),
            DataType::List(_) => {
                let list = array.as_list::<i32>();
                Self::List(list.offsets(), Box::new(Column::new(list.values(), style)))
            }
            DataType::LargeList(_) => {
                let list = array.as_list::<i64>();
                Self::LargeList(list.offsets(), Box::new(Column::new(list.values(), style)))
            }
            DataType::Struct(fields) => {
                let names = fields.iter().map(|field| field.name().as_str());
                Self::Struct(Fields::new(names, array.as_struct().columns(), style))
            }
            _ => Self::times(array),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "types that were refused at open")]
    fn times(array: &'a dyn Array) -> Self {
        match array.data_type() {
            DataType::Date32 => Self::Date32(values::<Date32Type>(array)),
            DataType::Date64 => Self::Date64(values::<Date64Type>(array)),
            DataType::Time32(unit @ TimeUnit::Second) => {
                Self::Time32(values::<Time32SecondType>(array), *unit)
            }
            DataType::Time32(unit) => Self::Time32(values::<Time32MillisecondType>(array), *unit),
            DataType::Time64(unit @ TimeUnit::Microsecond) => {
                Self::Time64(values::<Time64MicrosecondType>(array), *unit)
            }
            DataType::Time64(unit) => Self::Time64(values::<Time64NanosecondType>(array), *unit),
            DataType::Timestamp(unit, zone) => {
                Self::Timestamp(timestamps(array, *unit), *unit, zone.is_some())
            }
            // Every row of a column of type Null is missing.
            _ => Self::Null,
        }
    }
}

fn values<T: ArrowPrimitiveType>(array: &dyn Array) -> &[T::Native] {
    array.as_primitive::<T>().values()
}

fn timestamps(array: &dyn Array, unit: TimeUnit) -> &[i64] {
    match unit {
        TimeUnit::Second => values::<TimestampSecondType>(array),
        TimeUnit::Millisecond => values::<TimestampMillisecondType>(array),
        TimeUnit::Microsecond => values::<TimestampMicrosecondType>(array),
        TimeUnit::Nanosecond => values::<TimestampNanosecondType>(array),
    }
}

fn strings<'a, O: OffsetSizeTrait>(array: &'a dyn Array, style: &impl Style) -> Texts<'a, O> {
    let strings = array.as_string::<O>();
    Texts::new(strings.offsets(), strings.value_data(), style)
}

fn binary<O: OffsetSizeTrait>(array: &dyn Array) -> Texts<'_, O> {
    let binary = array.as_binary::<O>();
    Texts::unscanned(binary.offsets(), binary.value_data())
}
