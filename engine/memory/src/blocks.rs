//! Memory of an arena by its address alone, for whoever cannot hold an [`Extent`].

use std::collections::HashMap;
use std::fmt;
use std::ptr::NonNull;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{ALIGNMENT, Arena, Extent};

/// Blocks of an arena that are given back by their address, as those of `malloc` are.
///
/// Their books lie beside the arena, not in it, so who writes to a block cannot damage them. They
/// may fill half of the arena: the other half is left to who uses the arena itself, whatever is
/// kept in blocks. Constant time, under a lock.
pub struct Blocks {
    arena: Arena,
    given: Mutex<Given>,
}

#[derive(Default)]
struct Given {
    by_address: HashMap<usize, Extent>,
    bytes: usize,
}

impl Blocks {
    /// Blocks of this arena.
    pub fn new(arena: Arena) -> Self {
        Self { arena, given: Mutex::default() }
    }

    /// The memory in which all blocks lie: where it begins, and its bytes.
    pub fn range(&self) -> (*mut u8, usize) {
        (self.arena.base(), self.arena.segment_bytes())
    }

    /// A block that belongs to the caller alone, until it is freed; it holds what was there before.
    ///
    /// None if there is no room, for no bytes, and for more than [`ALIGNMENT`]: no buffer asks for
    /// that.
    pub fn allocate(&self, bytes: usize, align: usize) -> Option<NonNull<u8>> {
        let mut given = self.given();
        let fits = given.bytes.checked_add(bytes)? <= self.arena.segment_bytes() / 2;
        if bytes == 0 || align > ALIGNMENT || !fits {
            return None;
        }
        let extent = self.arena.allocate(bytes).ok()?;
        let block = extent.pointer();
        given.bytes += bytes;
        given.by_address.insert(block.addr().get(), extent);
        Some(block)
    }

    /// Takes a block back, on any thread; false if there is none at this address.
    pub fn free(&self, block: *const u8) -> bool {
        let mut given = self.given();
        let Some(extent) = given.by_address.remove(&block.addr()) else { return false };
        given.bytes -= extent.bytes();
        true
    }

    fn given(&self) -> MutexGuard<'_, Given> {
        // Nothing panics between two changes that belong together.
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Blocks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Blocks").field("arena", &self.arena).finish_non_exhaustive()
    }
}
