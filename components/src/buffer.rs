//! Names for memory that the platform keeps, and the books over them.
//!
//! Invariant: a buffer lives exactly as long as a batch names it. Ingest enters what the platform
//! hands in, `retire` takes names off; who takes off the last one tells the platform to free the
//! memory.

use alloc::vec::Vec;

use bevy_ecs::{component::Component, resource::Resource};

/// Names the memory of a batch, which the platform keeps. A handle whose generation is not the
/// slot's is stale: it names nothing, whatever the slot holds now.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct BufferHandle {
    /// Slot in the platform's pool.
    pub index: u32,
    /// How often the slot had been taken before.
    pub generation: u32,
}

/// The engine's books over all buffers: who is alive, how often named, how large.
///
/// A buffer lives exactly as long as its count is above 0. Memory is bounded by the batches in
/// flight.
#[derive(Resource, Debug, Default)]
pub struct Buffers {
    slots: Vec<Slot>,
    live_count: u32,
    live_bytes: u64,
    peak_bytes: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    generation: u32,
    names: u32,
    bytes: u64,
}

impl Buffers {
    /// Enters a new buffer that `names` batches name (at least 1).
    ///
    /// # Panics
    /// When the slot is still alive, or `names` is 0: the platform handed out one slot twice.
    pub fn enter(&mut self, handle: BufferHandle, names: u32, bytes: u64) {
        let index = handle.index as usize;
        if index >= self.slots.len() {
            self.slots.resize(index + 1, Slot::default());
        }
        assert!(names > 0 && self.slots[index].names == 0, "buffer {handle:?} entered while alive");
        self.slots[index] = Slot { generation: handle.generation, names, bytes };
        self.live_count += 1;
        self.live_bytes += bytes;
        self.peak_bytes = self.peak_bytes.max(self.live_bytes);
    }

    /// Takes one name off; true when it was the last and the platform may free the memory.
    ///
    /// # Panics
    /// When the handle is stale or dead: something was retired twice.
    pub fn leave(&mut self, handle: BufferHandle) -> bool {
        assert!(self.is_live(handle), "buffer {handle:?} left twice");
        let slot = &mut self.slots[handle.index as usize];
        slot.names -= 1;
        if slot.names > 0 {
            return false;
        }
        self.live_count -= 1;
        self.live_bytes -= slot.bytes;
        true
    }

    /// True while some batch names it.
    #[must_use]
    pub fn is_live(&self, handle: BufferHandle) -> bool {
        self.names(handle) > 0
    }

    /// How many batches name it; 0 for a stale handle.
    #[must_use]
    pub fn names(&self, handle: BufferHandle) -> u32 {
        match self.slots.get(handle.index as usize) {
            Some(slot) if slot.generation == handle.generation => slot.names,
            _ => 0,
        }
    }

    /// Buffers alive.
    #[must_use]
    pub fn live_count(&self) -> u32 {
        self.live_count
    }

    /// Bytes of the buffers alive.
    #[must_use]
    pub fn live_bytes(&self) -> u64 {
        self.live_bytes
    }

    /// Most bytes that were ever alive at once.
    #[must_use]
    pub fn peak_bytes(&self) -> u64 {
        self.peak_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: BufferHandle = BufferHandle { index: 3, generation: 7 };

    #[test]
    fn buffer_dies_with_its_last_name() {
        let mut buffers = Buffers::default();
        buffers.enter(A, 2, 100);
        assert!(!buffers.leave(A));
        assert!(buffers.is_live(A));
        assert!(buffers.leave(A));
        assert!(!buffers.is_live(A));
        assert_eq!((buffers.live_bytes(), buffers.peak_bytes()), (0, 100));
    }

    #[test]
    fn stale_handle_names_nothing() {
        let mut buffers = Buffers::default();
        buffers.enter(A, 1, 1);
        assert!(!buffers.is_live(BufferHandle { generation: 6, ..A }));
    }

    #[test]
    #[should_panic(expected = "left twice")]
    fn leaving_twice_is_caught() {
        let mut buffers = Buffers::default();
        buffers.enter(A, 1, 1);
        buffers.leave(A);
        buffers.leave(A);
    }
}
