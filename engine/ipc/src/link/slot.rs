//! What a ring carries.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use crate::ring::Words;

/// One slot of a ring: 64 bytes of plain data, one cache line.
///
/// The rings give no meaning to any field; what a slot from the other side says is to be checked
/// by who reads it.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
pub struct Slot {
    /// What is asked or answered.
    pub kind: u32,
    /// Bits that belong to the kind.
    pub flags: u32,
    /// Names the exchange: an answer carries the token of what it answers.
    pub token: u64,
    /// Index of the segment that `offset` is in.
    pub segment: u32,
    /// Port of the plugin, for outputs.
    pub port: u32,
    /// Bytes from the segment's begin.
    pub offset: u64,
    /// Length in bytes of what is at `offset`.
    pub bytes: u64,
    /// Words that belong to the kind.
    pub extra: [u64; 3],
}

const _: () = assert!(size_of::<Slot>() == 64 && align_of::<Slot>() == 8);

impl Slot {
    pub(crate) fn to_words(self) -> Words {
        zerocopy::transmute!(self)
    }

    pub(crate) fn from_words(words: Words) -> Self {
        zerocopy::transmute!(words)
    }
}
