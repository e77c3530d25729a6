//! The memory of the batches, behind handles with generations.

use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use tanda_components::BufferHandle;

use crate::connectors::RawPiece;

/// What a buffer holds.
pub(super) enum Content {
    /// A piece of a source, not decoded yet.
    Piece(RawPiece),
    /// A record batch.
    Batch(RecordBatch),
    /// Bytes for a sink's writer.
    Bytes(Vec<u8>),
}

impl Content {
    /// The record batch.
    ///
    /// # Panics
    /// When it is none: only batches are sent to plugins.
    pub(super) fn batch(&self) -> &RecordBatch {
        match self {
            Self::Batch(batch) => batch,
            Self::Piece(_) | Self::Bytes(_) => unreachable!("plugins are sent batches"),
        }
    }

    /// Memory it holds, bytes. Columns that two batches share count in both.
    pub(super) fn bytes(&self) -> u64 {
        match self {
            Self::Piece(piece) => piece.bytes() as u64,
            Self::Batch(batch) => batch.get_array_memory_size() as u64,
            Self::Bytes(bytes) => bytes.capacity() as u64,
        }
    }
}

/// Slots for the contents; the world's books say how long each lives.
#[derive(Default)]
pub(super) struct BufferPool {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

#[derive(Default)]
struct Slot {
    generation: u32,
    content: Option<Arc<Content>>,
}

impl BufferPool {
    pub(super) fn insert(&mut self, content: Content) -> BufferHandle {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            u32::try_from(self.slots.len() - 1).expect("batches in flight are far below 2^32")
        });
        let slot = &mut self.slots[index as usize];
        slot.content = Some(Arc::new(content));
        BufferHandle { index, generation: slot.generation }
    }

    /// # Panics
    /// When the handle is stale: the world names memory that it has released.
    pub(super) fn get(&self, handle: BufferHandle) -> Arc<Content> {
        let slot = &self.slots[handle.index as usize];
        assert_eq!(slot.generation, handle.generation, "stale handle {handle:?}");
        Arc::clone(slot.content.as_ref().expect("a slot of this generation is full"))
    }

    /// # Panics
    /// As [`get`](Self::get).
    pub(super) fn release(&mut self, handle: BufferHandle) {
        let slot = &mut self.slots[handle.index as usize];
        assert_eq!(slot.generation, handle.generation, "stale handle {handle:?}");
        slot.content = None;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(handle.index);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "stale handle")]
    fn released_handle_names_nothing_even_when_its_slot_is_taken_again() {
        let mut pool = BufferPool::default();
        let old = pool.insert(Content::Bytes(vec![1]));
        pool.release(old);
        let new = pool.insert(Content::Bytes(vec![2]));
        assert_eq!(new.index, old.index);
        pool.get(old);
    }
}
