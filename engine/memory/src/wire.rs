//! The description of a batch as bytes.
//!
//! ```text
//! Header, then for each column a Tag
//!   of a column of the input   Tag = its index
//!   of another column          Tag = OWN, then a node:
//!     length (U64), and if it is not 0:
//!       Span of the validity bitmap, unless the type has none; no bytes = no nulls
//!       Spans of the type's buffers
//!       nodes of the type's children, or of the values of a dictionary
//! ```
//! Types are not written: both sides know the schema. All numbers are little-endian and unaligned.

use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Begins every description; changes with its form.
pub(crate) const MAGIC: u32 = u32::from_le_bytes(*b"TdB1");

/// Tag of a column that is not one of the input.
pub(crate) const OWN: u32 = u32::MAX;

/// What a description begins with.
#[derive(Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct Header {
    pub(crate) magic: U32,
    pub(crate) columns: U32,
    pub(crate) rows: U64,
}

/// Where a buffer lies. All zeros if it has no bytes.
#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct Span {
    pub(crate) segment: U32,
    /// Of a bitmap: bits in front of the first element, 0 to 7.
    pub(crate) bits: U32,
    pub(crate) offset: U64,
    pub(crate) bytes: U64,
}

impl Span {
    pub(crate) const EMPTY: Self =
        Self { segment: U32::ZERO, bits: U32::ZERO, offset: U64::ZERO, bytes: U64::ZERO };
}

/// The bytes of a description end before it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Short;

/// Takes the parts of a description, front to back.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl Reader<'_> {
    pub(crate) fn take<T: FromBytes>(&mut self) -> Result<T, Short> {
        let (value, rest) = T::read_from_prefix(self.0).map_err(|_| Short)?;
        self.0 = rest;
        Ok(value)
    }
}
