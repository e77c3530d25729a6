use tanda_components::BufferHandle;

use super::Content;

/// Slots with generations, as the real pool has them: a stale or doubled release panics.
#[derive(Default)]
pub(super) struct Pool {
    slots: Vec<(u32, Option<Content>)>,
    free: Vec<u32>,
}

impl Pool {
    pub(super) fn live_count(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub(super) fn insert(&mut self, content: Content) -> BufferHandle {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push((0, None));
            self.slots.len() as u32 - 1
        });
        let slot = &mut self.slots[index as usize];
        slot.1 = Some(content);
        BufferHandle { index, generation: slot.0 }
    }

    pub(super) fn get(&self, handle: BufferHandle) -> Content {
        let slot = self.slots[handle.index as usize];
        assert_eq!(slot.0, handle.generation, "stale handle {handle:?}");
        slot.1.expect("a live handle names a full slot")
    }

    pub(super) fn release(&mut self, handle: BufferHandle) {
        self.get(handle);
        self.slots[handle.index as usize] = (handle.generation + 1, None);
        self.free.push(handle.index);
    }
}
