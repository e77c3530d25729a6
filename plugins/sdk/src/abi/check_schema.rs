//! The structure of a foreign schema, so that arrow-rs can read it without a panic.

use std::ffi::CStr;

use super::ArrowSchema;

/// A schema breaks the rules of the C Data Interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaFault {
    /// The schema, its format or one of its children is a null pointer.
    #[error("{0} is a null pointer")]
    Null(&'static str),
    /// A format or name is not UTF-8.
    #[error("{0} is not UTF-8")]
    NotUtf8(&'static str),
    /// The number of children is not what the format asks for.
    #[error("it has {0} children, which does not fit its format")]
    Children(i64),
    /// Types inside types beyond 64.
    #[error("its types are nested deeper than 64 levels")]
    Deep,
}

/// Checks the pointers, counts and texts of a schema, so that arrow-rs can read it.
///
/// # Errors
/// The first fault found.
///
/// # Safety
/// The pointer is null or to a schema whose own pointers are null or valid (S1).
pub unsafe fn check_schema(schema: *const ArrowSchema) -> Result<(), SchemaFault> {
    // SAFETY: by the contract of this function.
    unsafe { check_schema_at(schema, 0) }
}

unsafe fn check_schema_at(schema: *const ArrowSchema, depth: usize) -> Result<(), SchemaFault> {
    if depth > 64 {
        return Err(SchemaFault::Deep);
    }
    // SAFETY: by the contract of `check_schema`.
    unsafe {
        let schema = schema.as_ref().ok_or(SchemaFault::Null("the schema"))?;
        if schema.format.is_null() {
            return Err(SchemaFault::Null("the format"));
        }
        let format = CStr::from_ptr(schema.format);
        format.to_str().map_err(|_| SchemaFault::NotUtf8("the format"))?;
        if !schema.name.is_null() {
            let name = CStr::from_ptr(schema.name);
            name.to_str().map_err(|_| SchemaFault::NotUtf8("the name of a field"))?;
        }
        let children = usize::try_from(schema.n_children)
            .map_err(|_| SchemaFault::Children(schema.n_children))?;
        if children < least_children(format.to_bytes()) {
            return Err(SchemaFault::Children(schema.n_children));
        }
        if children > 0 && schema.children.is_null() {
            return Err(SchemaFault::Null("the list of children"));
        }
        if !schema.dictionary.is_null() {
            check_schema_at(schema.dictionary, depth + 1)?;
        }
        (0..children).try_for_each(|index| check_schema_at(*schema.children.add(index), depth + 1))
    }
}

/// Children that a format needs at least.
fn least_children(format: &[u8]) -> usize {
    match format {
        [b'+', b'r', ..] => 2,
        [b'+', b'l' | b'L' | b'v' | b'w' | b'm', ..] => 1,
        _ => 0,
    }
}
