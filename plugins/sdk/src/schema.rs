//! Columns by name, and the column types that Tanda carries.

use arrow::datatypes::{DataType, Field, Schema};

use tanda_spelling::nearest;

use crate::PluginError;

/// Index of the column of this name.
///
/// # Errors
/// There is none: names the nearest column, or all of them. The error is about `name`.
pub fn find_column(schema: &Schema, name: &str) -> Result<usize, PluginError> {
    if let Some((index, _)) = schema.column_with_name(name) {
        return Ok(index);
    }
    let names = || schema.fields().iter().map(|field| field.name().as_str());
    let hint = match nearest(name, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the input has `{}`", names().collect::<Vec<_>>().join("`, `")),
    };
    Err(PluginError::new(format!("unknown column `{name}`: {hint}")).about(name))
}

/// How the buffers of a supported type lie in memory, by the Arrow columnar format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape<'a> {
    /// Values of so many bytes.
    Fixed(usize),
    /// One bit a value.
    Bits,
    /// Offsets of so many bytes into bytes.
    Variable(usize),
    /// Offsets of so many bytes into a child.
    List(usize, &'a Field),
    /// Children side by side.
    Struct(&'a [std::sync::Arc<Field>]),
    /// Keys of so many bytes into values of the second type.
    Dictionary(usize, &'a DataType),
}

/// The shape of a type, or none if Tanda does not carry it (its children are not looked at).
#[expect(clippy::wildcard_enum_match_arm, reason = "what is not listed is refused")]
pub(crate) fn shape(data_type: &DataType) -> Option<Shape<'_>> {
    use DataType as T;
    Some(match data_type {
        T::Boolean => Shape::Bits,
        T::Utf8 | T::Binary => Shape::Variable(4),
        T::LargeUtf8 | T::LargeBinary => Shape::Variable(8),
        T::List(item) => Shape::List(4, item),
        T::LargeList(item) => Shape::List(8, item),
        T::Struct(fields) => Shape::Struct(fields),
        T::Dictionary(key, value) if matches!(**value, T::Utf8 | T::LargeUtf8) => {
            Shape::Dictionary(key.primitive_width()?, value)
        }
        T::Duration(_) | T::Interval(_) => return None,
        _ => Shape::Fixed(data_type.primitive_width()?),
    })
}

/// The first column, or part of one, whose type Tanda does not carry: its dotted path and type.
///
/// Carried are integers, floats, booleans, utf8 and binary with their large forms, dates, times,
/// timestamps, decimals, dictionaries of utf8, and lists and structs of these.
pub fn first_unsupported<'a>(
    fields: impl IntoIterator<Item = &'a Field>,
) -> Option<(String, &'a DataType)> {
    fields.into_iter().find_map(|field| unsupported(field))
}

fn unsupported(field: &Field) -> Option<(String, &DataType)> {
    let inner = match shape(field.data_type()) {
        None => return Some((field.name().clone(), field.data_type())),
        Some(Shape::List(_, item)) => unsupported(item),
        Some(Shape::Struct(fields)) => first_unsupported(fields.iter().map(AsRef::as_ref)),
        Some(Shape::Fixed(_) | Shape::Bits | Shape::Variable(_) | Shape::Dictionary(..)) => None,
    };
    inner.map(|(path, data_type)| (format!("{}.{path}", field.name()), data_type))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::datatypes::{IntervalUnit, TimeUnit};

    use super::*;

    #[test]
    fn unknown_column_names_the_nearest() {
        let schema = Schema::new(vec![Field::new("distance", DataType::Int64, true)]);
        let error = find_column(&schema, "distence").unwrap_err();
        assert_eq!(error.to_string(), "unknown column `distence`: did you mean `distance`?");
        assert_eq!(error.token(), Some("distence"));
        let error = find_column(&schema, "carrier").unwrap_err();
        assert_eq!(error.to_string(), "unknown column `carrier`: the input has `distance`");
    }

    fn path_of(data_type: DataType) -> Option<String> {
        first_unsupported([&Field::new("c", data_type, true)]).map(|(path, _)| path)
    }

    #[test]
    fn listed_types_are_carried() {
        let list = DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true)));
        let dictionary = DataType::Dictionary(DataType::Int32.into(), DataType::Utf8.into());
        for data_type in [
            DataType::Int8,
            DataType::UInt64,
            DataType::Float16,
            DataType::Boolean,
            DataType::LargeBinary,
            DataType::Date32,
            DataType::Time64(TimeUnit::Nanosecond),
            DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            DataType::Decimal256(40, 2),
            DataType::Struct(vec![Field::new("a", list.clone(), true)].into()),
            dictionary,
            list,
        ] {
            assert_eq!(path_of(data_type.clone()), None, "{data_type}");
        }
    }

    #[test]
    fn other_types_are_refused_with_the_path_to_them() {
        assert_eq!(path_of(DataType::Null).as_deref(), Some("c"));
        assert_eq!(path_of(DataType::Utf8View).as_deref(), Some("c"));
        assert_eq!(path_of(DataType::Interval(IntervalUnit::DayTime)).as_deref(), Some("c"));
        let numbers = DataType::Dictionary(DataType::Int8.into(), DataType::Int64.into());
        assert_eq!(path_of(numbers).as_deref(), Some("c"));
        let item = Field::new_list_field(DataType::Duration(TimeUnit::Second), true);
        let fields = vec![Field::new("tags", DataType::List(Arc::new(item)), true)];
        assert_eq!(path_of(DataType::Struct(fields.into())).as_deref(), Some("c.tags.item"));
    }
}
