//! Ranges of a segment, given out and taken back.

use std::fmt;
use std::sync::{Arc, Mutex};

use offset_allocator::{Allocation, Allocator};

use crate::recent::{Recent, class_of};
use crate::segment::map::offset_in;
use crate::{ALIGNMENT, Extent, SegmentId, WriterMap};

/// Extents that one arena can have at a time; its books take 32 bytes for each.
const EXTENTS_MAX: u32 = 1 << 16;

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
/// Its books are private memory: no other process can damage them, and nothing of them has to be
/// mended when another process dies. A size is rounded up to its class, at most an eighth more; a
/// range freed lately is given out before a new one, since its memory is there and in the cache.
/// Constant time, under a lock, but when the arena is full: then all ranges freed lately grow
/// together first.
#[derive(Clone)]
pub struct Arena(Arc<Inner>);

struct Inner {
    id: SegmentId,
    map: WriterMap,
    books: Mutex<Books>,
}

struct Books {
    /// In units of [`ALIGNMENT`].
    allocator: Allocator<u32>,
    recent: Recent,
    used_bytes: u64,
    peak_bytes: u64,
}

impl Arena {
    /// An arena over a whole segment. Of a segment beyond 512 GiB, the rest is not used.
    pub fn new(id: SegmentId, map: WriterMap) -> Self {
        let units = u32::try_from(map.bytes() / ALIGNMENT).unwrap_or(u32::MAX);
        let allocator = Allocator::with_max_allocs(units, units.saturating_add(4).min(EXTENTS_MAX));
        let recent = Recent::default();
        let books = Mutex::new(Books { allocator, recent, used_bytes: 0, peak_bytes: 0 });
        Self(Arc::new(Inner { id, map, books }))
    }

    /// The segment that it is over.
    pub fn id(&self) -> SegmentId {
        self.0.id
    }

    /// Size of the segment.
    pub fn segment_bytes(&self) -> usize {
        self.0.map.bytes()
    }

    /// Gives out a range, aligned to [`ALIGNMENT`]. It holds what was there before; no bytes take
    /// no memory.
    ///
    /// # Errors
    /// There is no free range of that size. Nothing has changed.
    pub fn allocate(&self, bytes: usize) -> Result<Extent, ArenaFull> {
        if bytes == 0 {
            return Ok(Extent::new(self.clone(), None, 0));
        }
        let units = u32::try_from(bytes.div_ceil(ALIGNMENT)).map_err(|_| self.full(bytes))?;
        let found = self.reserve(units).ok_or_else(|| self.full(bytes))?;
        Ok(Extent::new(self.clone(), Some(found), bytes))
    }

    /// Bytes in use, each extent rounded up to [`ALIGNMENT`].
    pub fn used_bytes(&self) -> u64 {
        self.0.books.lock().map_or(0, |books| books.used_bytes)
    }

    /// The most bytes that were in use at once.
    pub fn peak_bytes(&self) -> u64 {
        self.0.books.lock().map_or(0, |books| books.peak_bytes)
    }

    /// The offset in the segment of a range of memory, if the range lies in it.
    pub fn locate(&self, pointer: *const u8, bytes: usize) -> Option<u64> {
        offset_in((self.base(), self.segment_bytes()), pointer, bytes)
    }

    pub(crate) fn base(&self) -> *mut u8 {
        self.0.map.base()
    }

    /// None also after a panic inside the allocator: books that may be wrong give out nothing.
    fn reserve(&self, units: u32) -> Option<Allocation<u32>> {
        let mut books = self.0.books.lock().ok()?;
        // The allocator does not look for more than it ever had.
        if u64::from(units) * ALIGNMENT as u64 > self.segment_bytes() as u64 {
            return None;
        }
        let found = books.find(units)?;
        books.used_bytes += u64::from(units) * ALIGNMENT as u64;
        books.peak_bytes = books.peak_bytes.max(books.used_bytes);
        Some(found)
    }

    pub(crate) fn release(&self, allocation: Allocation<u32>, bytes: usize) {
        // After a panic inside the allocator the range is lost, which is safe.
        if let Ok(mut books) = self.0.books.lock() {
            let units = bytes.div_ceil(ALIGNMENT) as u32;
            books.used_bytes -= u64::from(units) * ALIGNMENT as u64;
            books.keep(units, allocation);
        }
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

impl Books {
    fn find(&mut self, units: u32) -> Option<Allocation<u32>> {
        let class = class_of(units)?;
        if let Some(found) = self.recent.take(class) {
            return Some(found);
        }
        if let Some(found) = self.allocator.allocate(class.units()) {
            return Some(found);
        }
        self.free_recent();
        self.allocator.allocate(class.units())
    }

    fn keep(&mut self, units: u32, allocation: Allocation<u32>) {
        let class = class_of(units).expect("it was found by its class");
        if !self.recent.keep(class, allocation) {
            self.free_recent();
        }
    }

    fn free_recent(&mut self) {
        self.recent.take_all().for_each(|range| self.allocator.free(range));
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
