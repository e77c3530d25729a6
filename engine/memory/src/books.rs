//! The books of an arena: what of its segment is given out, and what was given back lately.
//!
//! They are private memory of the process that writes the segment: no other process can damage
//! them, and nothing of them has to be mended when another process dies.

use std::sync::Mutex;

use offset_allocator::{Allocation, Allocator};

use crate::recent::{Recent, class_of};
use crate::{SegmentId, WriterMap};

/// Everything in a segment begins at a multiple of so many bytes: as Arrow has its buffers begin.
pub const ALIGNMENT: usize = 128;

/// Extents that one arena can have at a time; its books take 32 bytes for each.
const EXTENTS_MAX: u32 = 1 << 16;

/// A segment and its ranges. An extent gives its range back to them, whether an
/// [`Arena`](crate::Arena) is left or not.
pub(crate) struct Books {
    id: SegmentId,
    map: WriterMap,
    ranges: Mutex<Ranges>,
}

struct Ranges {
    /// In units of [`ALIGNMENT`].
    allocator: Allocator<u32>,
    recent: Recent,
    used_bytes: u64,
    peak_bytes: u64,
}

impl Books {
    /// Nothing of the segment is given out.
    pub(crate) fn new(id: SegmentId, map: WriterMap) -> Self {
        let units = u32::try_from(map.bytes() / ALIGNMENT).unwrap_or(u32::MAX);
        let allocator = Allocator::with_max_allocs(units, units.saturating_add(4).min(EXTENTS_MAX));
        let recent = Recent::default();
        let ranges = Mutex::new(Ranges { allocator, recent, used_bytes: 0, peak_bytes: 0 });
        Self { id, map, ranges }
    }

    pub(crate) fn id(&self) -> SegmentId {
        self.id
    }

    pub(crate) fn base(&self) -> *mut u8 {
        self.map.base()
    }

    pub(crate) fn segment_bytes(&self) -> usize {
        self.map.bytes()
    }

    pub(crate) fn used_bytes(&self) -> u64 {
        self.ranges.lock().map_or(0, |ranges| ranges.used_bytes)
    }

    pub(crate) fn peak_bytes(&self) -> u64 {
        self.ranges.lock().map_or(0, |ranges| ranges.peak_bytes)
    }

    /// Gives out a range of so many units. None also after a panic inside the allocator: books that
    /// may be wrong give out nothing.
    pub(crate) fn reserve(&self, units: u32) -> Option<Allocation<u32>> {
        let mut ranges = self.ranges.lock().ok()?;
        // The allocator does not look for more than it ever had.
        if u64::from(units) * ALIGNMENT as u64 > self.segment_bytes() as u64 {
            return None;
        }
        let found = ranges.find(units)?;
        ranges.used_bytes += u64::from(units) * ALIGNMENT as u64;
        ranges.peak_bytes = ranges.peak_bytes.max(ranges.used_bytes);
        Some(found)
    }

    /// Takes a range back that was reserved for so many bytes.
    pub(crate) fn release(&self, allocation: Allocation<u32>, bytes: usize) {
        // After a panic inside the allocator the range is lost, which is safe.
        if let Ok(mut ranges) = self.ranges.lock() {
            let units = bytes.div_ceil(ALIGNMENT) as u32;
            ranges.used_bytes -= u64::from(units) * ALIGNMENT as u64;
            ranges.keep(units, allocation);
        }
    }
}

impl Ranges {
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
