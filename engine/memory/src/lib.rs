//! Shared segments, arenas, and batches that cross a process border.
//!
//! A segment is a file in memory with one writer; all others map it read-only. A batch crosses as a
//! description: small private bytes that say where in which segment each Arrow buffer lies.
//!
//! This is one of the crates that may use `unsafe`. It relies on these invariants:
//!
//! - **M1** A segment has one writer: the process that maps it writable, once, before it is sealed
//!   against all other writing. Ids of segments are never used again.
//! - **M2** A segment never changes its size while it is mapped: it is sealed against that from the
//!   start, and a file from elsewhere without the seals is refused.
//! - **M3** An extent belongs to one owner until it is frozen; from then on nobody writes to it,
//!   and its range is given away again only after the last buffer over it is gone.
//! - **M4** Every buffer keeps the mapping that it lies in, and its range inside it was checked.
//! - **M5** Memory whose writer is not trusted is touched by copying raw bytes and nothing else: no
//!   reference, slice or value of it exists. What is decided, is decided on the copy.
//! - **M6** Whoever describes memory in place keeps it unchanged until the owner of the description
//!   is dropped, and the data inside obeys the Arrow format. Ranges, lengths, alignment and the
//!   ends of offsets are checked all the same.
#![allow(unsafe_code, reason = "the fence around shared memory")]

mod arena;
mod blocks;
mod books;
mod copier;
mod describe;
mod extent;
mod layout;
mod rebuild;
mod recent;
mod seal;
mod segment;
mod segments;
#[cfg(test)]
mod tests;
mod wire;

pub use arena::{Arena, ArenaFull};
pub use blocks::Blocks;
pub use books::ALIGNMENT;
pub use describe::{DescribeError, describe};
pub use extent::Extent;
pub use layout::{DEPTH_MAX, ELEMENTS_MAX, is_supported};
pub use rebuild::{
    ColumnFault, RangeFault, RebuildError, Rebuilt, Trust, copy_into, copy_out, rebuild,
};
pub use seal::{SealError, is_sealed, seal};
pub use segment::{ReaderMap, SegmentError, SegmentFile, SegmentId, WriterMap};
pub use segments::Segments;
