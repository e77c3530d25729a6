//! The structure of a foreign array: counts, lengths and pointers against its type.

use std::ffi::c_void;

use arrow::datatypes::DataType;

use super::ArrowArray;
use crate::schema::{Shape, shape};

/// An array breaks the rules of the C Data Interface, or is not of the bound type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArrayFault {
    /// There is no array, or its `release` is null: it was given away before.
    #[error("the array is missing or released")]
    Released,
    /// A length, offset or count is negative or too large.
    #[error("{what} is {value}")]
    OutOfRange {
        /// Which.
        what: &'static str,
        /// Its value.
        value: i64,
    },
    /// Buffers or children are fewer or more than the type has.
    #[error("it has {found} {what}, its type has {expected}: is it of another type?")]
    Count {
        /// Buffers, children or dictionaries.
        what: &'static str,
        /// How many there are.
        found: i64,
        /// How many there should be.
        expected: i64,
    },
    /// A pointer is null that must not be.
    #[error("{what} is a null pointer")]
    Null {
        /// Which.
        what: &'static str,
    },
    /// The array is shorter than what refers to it.
    #[error("it has {found} elements, {expected} are needed")]
    TooShort {
        /// Elements there are.
        found: i64,
        /// Elements needed.
        expected: i64,
    },
}

/// Elements of an array, offset included, at most; keeps every size in bytes inside 64 bits.
const ELEMENTS_MAX: i64 = 1 << 40;

/// Checks counts, lengths and pointers of an array against its type, children included.
///
/// # Safety
/// As [`import`].
pub(super) unsafe fn check(
    array: &ArrowArray,
    data_type: &DataType,
    needed: i64,
) -> Result<(), ArrayFault> {
    if array.is_released() {
        return Err(ArrayFault::Released);
    }
    in_range("length", array.length)?;
    in_range("offset", array.offset)?;
    if array.length < needed {
        return Err(ArrayFault::TooShort { found: array.length, expected: needed });
    }
    let shape = shape(data_type).expect("bind refused every type without a shape");
    let (buffers, children, dictionary) = match shape {
        Shape::Fixed(_) | Shape::Bits => (2, 0, false),
        Shape::Variable(_) => (3, 0, false),
        Shape::List(..) => (2, 1, false),
        Shape::Struct(fields) => (1, fields.len() as i64, false),
        Shape::Dictionary(..) => (2, 0, true),
    };
    check_count("buffers", array.n_buffers, buffers)?;
    check_count("children", array.n_children, children)?;
    let has_dictionary = i64::from(!array.dictionary.is_null());
    check_count("dictionaries", has_dictionary, i64::from(dictionary))?;
    not_null("the list of buffers", array.buffers)?;
    if children > 0 {
        not_null("the list of children", array.children)?;
    }
    // SAFETY: lists are there and as long as checked (contract of this function).
    unsafe { check_contents(array, shape) }
}

/// Checks the buffers and what is inside, after the counts.
///
/// # Safety
/// As [`import`]; the counts of the array fit the shape.
unsafe fn check_contents(array: &ArrowArray, shape: Shape<'_>) -> Result<(), ArrayFault> {
    let elements = array.length + array.offset;
    // SAFETY: the lists of buffers and children were checked by `check`.
    unsafe {
        if array.null_count > 0 && array.length > 0 {
            not_null("the validity bitmap", buffer(array, 0))?;
        }
        if array.n_buffers > 1 && elements > 0 {
            not_null("buffer 1", buffer(array, 1))?;
        }
        match shape {
            Shape::Fixed(_) | Shape::Bits => Ok(()),
            Shape::Variable(width) => match offset_end(array, width)? {
                0 => Ok(()),
                _ => not_null("buffer 2", buffer(array, 2)),
            },
            Shape::List(width, item) => {
                let end = offset_end(array, width)?;
                check(child(array, 0)?, item.data_type(), end)
            }
            Shape::Struct(fields) => fields.iter().enumerate().try_for_each(|(index, field)| {
                check(child(array, index)?, field.data_type(), elements)
            }),
            Shape::Dictionary(_, values) => check(&*array.dictionary, values, 0),
        }
    }
}

fn in_range(what: &'static str, value: i64) -> Result<(), ArrayFault> {
    if (0..=ELEMENTS_MAX).contains(&value) {
        return Ok(());
    }
    Err(ArrayFault::OutOfRange { what, value })
}

fn check_count(what: &'static str, found: i64, expected: i64) -> Result<(), ArrayFault> {
    if found == expected {
        return Ok(());
    }
    Err(ArrayFault::Count { what, found, expected })
}

fn not_null<T>(what: &'static str, pointer: *const T) -> Result<(), ArrayFault> {
    if pointer.is_null() { Err(ArrayFault::Null { what }) } else { Ok(()) }
}

/// # Safety
/// `index` is below `n_buffers`, and the list of buffers is there.
pub(super) unsafe fn buffer(array: &ArrowArray, index: usize) -> *const c_void {
    // SAFETY: by the contract of this function.
    unsafe { *array.buffers.add(index) }
}

/// # Safety
/// `index` is below `n_children`, and the list of children is there.
pub(super) unsafe fn child(array: &ArrowArray, index: usize) -> Result<&ArrowArray, ArrayFault> {
    // SAFETY: by the contract of this function; a child that is there is valid (S2).
    unsafe { (*array.children.add(index)).as_ref() }.ok_or(ArrayFault::Null { what: "a child" })
}

/// The last offset of a variable-size array: how far it reaches into its data or child.
///
/// # Safety
/// Buffer 1 is there and has `length + offset + 1` offsets of `width` bytes, unless that is 1.
pub(super) unsafe fn offset_end(array: &ArrowArray, width: usize) -> Result<i64, ArrayFault> {
    let elements = (array.length + array.offset) as usize;
    if elements == 0 {
        return Ok(0);
    }
    // SAFETY: by the contract of this function; foreign buffers may be unaligned.
    let end = unsafe {
        let offsets = buffer(array, 1);
        match width {
            4 => i64::from(offsets.cast::<i32>().add(elements).read_unaligned()),
            _ => offsets.cast::<i64>().add(elements).read_unaligned(),
        }
    };
    in_range("the last offset", end).map(|()| end)
}
