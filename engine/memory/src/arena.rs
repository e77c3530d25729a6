//! Ranges of a segment, given out and taken back.

use std::fmt;
use std::sync::Arc;

use crate::books::{ALIGNMENT, Books};
use crate::segment::map::offset_in;
use crate::{Extent, SegmentId, WriterMap};

/// There is no free range of that size, or there are too many extents. Nothing has changed; a later
/// try can help, when extents were freed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "no free range of {wanted_bytes} bytes in segment {}: {used_bytes} of {segment_bytes} bytes \
     are in use; lower `batch_rows` or `batch_bytes`, or raise what bounds it (`memory_limit`, a \
     limit on files or addresses)",
    segment.0
)]
pub struct ArenaFull {
    /// The segment of the arena.
    pub segment: SegmentId,
    /// Bytes that were asked for.
    pub wanted_bytes: usize,
    /// Bytes in use, rounded up extent by extent.
    pub used_bytes: u64,
    /// Size of the segment.
    pub segment_bytes: usize,
}

/// The allocator of a segment, in the process that writes it. A clone is the same arena.
///
/// A size is rounded up to its class, at most an eighth more; a range freed lately is given out
/// before a new one, since its memory is there and in the cache. Constant time, under a lock, but
/// when the arena is full: then all ranges freed lately grow together first.
#[derive(Clone)]
pub struct Arena(Arc<Books>);

impl Arena {
    /// An arena over a whole segment. Of a segment beyond 512 GiB, the rest is not used.
    pub fn new(id: SegmentId, map: WriterMap) -> Self {
        Self(Arc::new(Books::new(id, map)))
    }

    /// The segment that it is over.
    pub fn id(&self) -> SegmentId {
        self.0.id()
    }

    /// Size of the segment.
    pub fn segment_bytes(&self) -> usize {
        self.0.segment_bytes()
    }

    /// Gives out a range, aligned to [`ALIGNMENT`]. It holds what was there before; no bytes take
    /// no memory.
    ///
    /// # Errors
    /// There is no free range of that size. Nothing has changed.
    pub fn allocate(&self, bytes: usize) -> Result<Extent, ArenaFull> {
        if bytes == 0 {
            return Ok(Extent::new(Arc::clone(&self.0), None, 0));
        }
        let units = u32::try_from(bytes.div_ceil(ALIGNMENT)).map_err(|_| self.full(bytes))?;
        let found = self.0.reserve(units).ok_or_else(|| self.full(bytes))?;
        Ok(Extent::new(Arc::clone(&self.0), Some(found), bytes))
    }

    /// Bytes in use, each extent rounded up to [`ALIGNMENT`].
    pub fn used_bytes(&self) -> u64 {
        self.0.used_bytes()
    }

    /// The most bytes that were in use at once.
    pub fn peak_bytes(&self) -> u64 {
        self.0.peak_bytes()
    }

    /// The offset in the segment of a range of memory, if the range lies in it.
    pub fn locate(&self, pointer: *const u8, bytes: usize) -> Option<u64> {
        offset_in((self.base(), self.segment_bytes()), pointer, bytes)
    }

    pub(crate) fn base(&self) -> *mut u8 {
        self.0.base()
    }

    fn full(&self, wanted_bytes: usize) -> ArenaFull {
        ArenaFull {
            segment: self.id(),
            wanted_bytes,
            used_bytes: self.used_bytes(),
            segment_bytes: self.segment_bytes(),
        }
    }
}

impl fmt::Debug for Arena {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Arena")
            .field("id", &self.id())
            .field("used_bytes", &self.used_bytes())
            .finish_non_exhaustive()
    }
}
