//! The segments that a process can read.

use std::sync::Arc;

use crate::segment::map::offset_in;
use crate::{Arena, ReaderMap, SegmentId};

/// The segments that a process can read: its own arena and the mapped ones.
///
/// Few, so that looking one up by its id goes through all.
#[derive(Clone, Debug, Default)]
pub struct Segments {
    /// Ascending by address.
    known: Vec<Known>,
}

/// One segment and what keeps it mapped.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    id: SegmentId,
    map: Map,
}

#[derive(Clone, Debug)]
enum Map {
    Own(Arena),
    Reader(Arc<ReaderMap>),
}

impl Known {
    pub(crate) fn base(&self) -> *const u8 {
        match &self.map {
            Map::Own(arena) => arena.base(),
            Map::Reader(map) => map.base(),
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        match &self.map {
            Map::Own(arena) => arena.segment_bytes(),
            Map::Reader(map) => map.bytes(),
        }
    }

    /// The address of a range, if the range lies in the segment.
    pub(crate) fn at(&self, offset: u64, bytes: u64) -> Option<*const u8> {
        let end = offset.checked_add(bytes)?;
        (end <= self.bytes() as u64).then(|| self.base().wrapping_add(offset as usize))
    }

    /// Gives back the pages through which a range of another process's segment was seen.
    pub(crate) fn look_away(&self, offset: u64, bytes: usize) {
        if let Map::Reader(map) = &self.map {
            map.look_away(offset as usize, bytes);
        }
    }

    pub(crate) fn offset_of(&self, pointer: *const u8, bytes: usize) -> Option<u64> {
        offset_in((self.base(), self.bytes()), pointer, bytes)
    }
}

impl Segments {
    /// Adds the segment that this process writes.
    pub fn add_own(&mut self, arena: Arena) {
        self.add(Known { id: arena.id(), map: Map::Own(arena) });
    }

    /// Adds the segment of another process. One that had the same id is replaced.
    pub fn add_reader(&mut self, id: SegmentId, map: Arc<ReaderMap>) {
        self.add(Known { id, map: Map::Reader(map) });
    }

    /// Forgets a segment. Buffers over it stay good: they keep the mapping.
    pub fn remove(&mut self, id: SegmentId) {
        self.known.retain(|known| known.id != id);
    }

    /// Whether a segment is known.
    pub fn contains(&self, id: SegmentId) -> bool {
        self.find(id).is_some()
    }

    /// The segment that a range of memory lies in, and its offset there.
    pub fn locate(&self, pointer: *const u8, bytes: usize) -> Option<(SegmentId, u64)> {
        let after = self.known.partition_point(|known| known.base() <= pointer);
        let known = self.known.get(after.checked_sub(1)?)?;
        Some((known.id, known.offset_of(pointer, bytes)?))
    }

    pub(crate) fn find(&self, id: SegmentId) -> Option<&Known> {
        self.known.iter().find(|known| known.id == id)
    }

    fn add(&mut self, known: Known) {
        self.remove(known.id);
        let at = self.known.partition_point(|other| other.base() < known.base());
        self.known.insert(at, known);
    }
}
