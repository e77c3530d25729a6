//! Memory for the lists of one tick, so that a steady tick asks nothing of the heap.
//!
//! Only [`reset_arena`], the first system of a tick, frees it; nothing in it outlives the tick.

use bevy_ecs::prelude::*;
use bevy_platform::cell::SyncCell;
use bumpalo::Bump;

/// Memory for the candidate lists and sort keys of one tick: taken by bumping a pointer, given back
/// all at once when the next tick begins. It keeps its chunk, so a steady tick makes no heap
/// allocation.
#[derive(Resource)]
pub struct TickArena(SyncCell<Bump>);

impl Default for TickArena {
    fn default() -> Self {
        Self(SyncCell::new(Bump::new()))
    }
}

impl TickArena {
    /// The arena of this tick.
    pub fn get(&mut self) -> &Bump {
        self.0.get()
    }
}

/// Forgets what the last tick took.
pub(crate) fn reset_arena(mut arena: ResMut<TickArena>) {
    arena.0.get().reset();
}
