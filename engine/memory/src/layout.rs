//! How the buffers of the types that cross lie in memory.

use arrow::datatypes::{DataType, FieldRef, Fields, TimeUnit};

/// Elements of an array at most, in a batch that crosses. Bounds what an array without memory of
/// its own can claim.
pub const ELEMENTS_MAX: u64 = i32::MAX as u64;

/// Types inside types at most.
pub const DEPTH_MAX: usize = 32;

/// How the buffers of a type lie in memory, beside its validity bitmap.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Layout<'a> {
    /// No buffer at all, not even a validity bitmap.
    Nothing,
    /// Values of so many bytes.
    Fixed(usize),
    /// One bit a value.
    Bits,
    /// Offsets into bytes.
    Bytes(Width),
    /// Offsets into a child.
    List(Width, &'a FieldRef),
    /// So many elements of a child for each.
    FixedList(usize, &'a FieldRef),
    /// Children side by side.
    Struct(&'a Fields),
    /// Keys of so many bytes into values of the type.
    Dictionary(usize, &'a DataType),
}

/// Width of offsets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Width {
    /// `i32`.
    Four,
    /// `i64`.
    Eight,
}

impl Width {
    pub(crate) fn bytes(self) -> usize {
        match self {
            Self::Four => 4,
            Self::Eight => 8,
        }
    }
}

/// The layout of a type, or none if it does not cross (its children are not looked at).
#[expect(clippy::wildcard_enum_match_arm, reason = "what is not listed is refused")]
pub(crate) fn layout(data_type: &DataType) -> Option<Layout<'_>> {
    use DataType as T;
    Some(match data_type {
        T::Null => Layout::Nothing,
        T::Boolean => Layout::Bits,
        T::Utf8 | T::Binary => Layout::Bytes(Width::Four),
        T::LargeUtf8 | T::LargeBinary => Layout::Bytes(Width::Eight),
        T::List(item) => Layout::List(Width::Four, item),
        T::LargeList(item) => Layout::List(Width::Eight, item),
        T::FixedSizeList(item, size) => Layout::FixedList(usize::try_from(*size).ok()?, item),
        T::FixedSizeBinary(size) => Layout::Fixed(usize::try_from(*size).ok()?),
        T::Struct(fields) => Layout::Struct(fields),
        T::Dictionary(key, values) => match **values {
            T::Utf8 | T::LargeUtf8 if key.is_dictionary_key_type() => {
                Layout::Dictionary(key.primitive_width()?, values)
            }
            _ => return None,
        },
        T::Time32(TimeUnit::Microsecond | TimeUnit::Nanosecond) => return None,
        T::Time64(TimeUnit::Second | TimeUnit::Millisecond) => return None,
        T::Duration(_) | T::Interval(_) => return None,
        _ => Layout::Fixed(data_type.primitive_width()?),
    })
}

/// Whether arrays of a type can cross a process border.
///
/// Carried are nulls, integers, floats, booleans, utf8 and binary with their large and fixed forms,
/// dates, times, timestamps, decimals, dictionaries of utf8, and lists and structs of these, at
/// most [`DEPTH_MAX`] inside each other.
pub fn is_supported(data_type: &DataType) -> bool {
    is_supported_to(data_type, DEPTH_MAX)
}

fn is_supported_to(data_type: &DataType, depth: usize) -> bool {
    let inside = |field: &FieldRef| depth > 0 && is_supported_to(field.data_type(), depth - 1);
    match layout(data_type) {
        None => false,
        Some(Layout::List(_, item) | Layout::FixedList(_, item)) => inside(item),
        Some(Layout::Struct(fields)) => fields.iter().all(inside),
        Some(Layout::Nothing | Layout::Fixed(_) | Layout::Bits) => true,
        Some(Layout::Bytes(_) | Layout::Dictionary(..)) => true,
    }
}
