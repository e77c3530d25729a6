//! Segments: files in memory, sealed and mapped.

mod error;
mod file;
pub(crate) mod map;

pub use error::SegmentError;
pub use file::SegmentFile;
pub use map::{ReaderMap, WriterMap};

/// Names a segment in a run. Never used again, so a stale description names nothing (M1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SegmentId(pub u32);
