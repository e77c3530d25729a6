//! A ring as it lies in shared memory.

use crate::sync::{AtomicU32, AtomicU64, Ordering, Witness};

/// Slots of a ring, a power of two.
pub const RING_SLOTS: usize = if cfg!(loom) { 2 } else { 64 };

/// Words of a slot. The model checker has two, to have fewer interleavings that say the same.
const SLOT_WORDS: usize = if cfg!(loom) { 2 } else { 8 };

/// A slot as the ring sees it.
pub(crate) type Words = [u64; SLOT_WORDS];

const _: () = assert!(RING_SLOTS.is_power_of_two());
pub(super) const CAPACITY: u64 = RING_SLOTS as u64;

/// What the consumer says of itself in `parked`.
pub(super) const AWAKE: u32 = 0;
pub(super) const PARKED: u32 = 1;

/// Keeps what two sides write apart.
#[repr(C, align(128))]
pub(super) struct Line<T>(pub(super) T);

/// Where a slot lies.
#[repr(C)]
struct Place {
    words: [AtomicU64; SLOT_WORDS],
    witness: Witness,
}

const _: () = assert!(cfg!(loom) || size_of::<Place>() == 64);

/// A ring as it lies in shared memory. All zeros is an empty ring.
#[repr(C)]
pub(crate) struct Ring {
    pub(super) tail: Line<AtomicU64>,
    pub(super) head: Line<AtomicU64>,
    pub(super) parked: Line<AtomicU32>,
    slots: [Place; RING_SLOTS],
}

impl Ring {
    /// An empty ring in private memory whose first index is `start`.
    #[cfg(test)]
    pub(crate) fn starting_at(start: u64) -> Self {
        let place = |_| Place {
            words: std::array::from_fn(|_| AtomicU64::new(0)),
            witness: Witness::default(),
        };
        Self {
            tail: Line(AtomicU64::new(start)),
            head: Line(AtomicU64::new(start)),
            parked: Line(AtomicU32::new(AWAKE)),
            slots: std::array::from_fn(place),
        }
    }

    #[inline]
    fn place(&self, index: u64) -> &Place {
        &self.slots[(index % CAPACITY) as usize]
    }

    #[inline]
    pub(super) fn write_slot(&self, index: u64, words: &Words) {
        let place = self.place(index);
        place.witness.writes();
        for (to, word) in place.words.iter().zip(words) {
            to.store(*word, Ordering::Relaxed);
        }
    }

    #[inline]
    pub(super) fn read_slot(&self, index: u64) -> Words {
        let place = self.place(index);
        place.witness.reads();
        std::array::from_fn(|word| place.words[word].load(Ordering::Relaxed))
    }
}
