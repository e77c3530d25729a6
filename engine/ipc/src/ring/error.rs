//! What can go wrong in a ring.

/// The other side's index in shared memory is impossible: its memory is damaged, or it lies. The
/// end that found it stays corrupt for ever: it takes and publishes nothing more. Give up the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Corrupt {
    /// The producer's index left the range that our own books allow, or went back.
    #[error("the ring's producer says {found}, expected {from} to {to}")]
    Published {
        /// What shared memory says.
        found: u64,
        /// The last value seen.
        from: u64,
        /// The highest possible value (indices wrap, so it may be below `from`).
        to: u64,
    },
    /// The consumer's index left the range that our own books allow, or went back.
    #[error("the ring's consumer says {found}, expected {from} to {to}")]
    Consumed {
        /// What shared memory says.
        found: u64,
        /// The last value seen.
        from: u64,
        /// The highest possible value (indices wrap, so it may be below `from`).
        to: u64,
    },
}

/// The ring has no free slot, or its consumer is [`Corrupt`]. Nothing was written. A retry helps
/// once the other side has taken a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the ring is full")]
pub struct RingFull;
