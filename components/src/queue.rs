//! The two borders of a tick: facts in, intents out.
//!
//! Invariant: both keep their order and their bound, so a tick takes a bounded time and no memory.
//! The platform fills the inbox and ingest drains it; systems fill the outbox, the engine drains
//! it.

use alloc::vec::Vec;

use bevy_ecs::resource::Resource;

use crate::{
    Effect, Input,
    limits::{INBOX_MAX, OUTBOX_MAX},
};

/// The inbox holds [`INBOX_MAX`] inputs already; the platform keeps this one for the next tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InboxFull;

/// Facts for this tick, in the order in which they happened; bounded by [`INBOX_MAX`].
#[derive(Resource, Debug)]
pub struct Inbox(Vec<Input>);

impl Default for Inbox {
    fn default() -> Self {
        Self(Vec::with_capacity(INBOX_MAX))
    }
}

impl Inbox {
    /// Adds a fact.
    ///
    /// # Errors
    /// [`InboxFull`]: nothing was added.
    pub fn push(&mut self, input: Input) -> Result<(), InboxFull> {
        if self.0.len() >= INBOX_MAX {
            return Err(InboxFull);
        }
        self.0.push(input);
        Ok(())
    }

    /// How many more it takes.
    #[must_use]
    pub fn free_count(&self) -> usize {
        INBOX_MAX - self.0.len()
    }

    /// No fact waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The facts in order.
    #[must_use]
    pub fn as_slice(&self) -> &[Input] {
        &self.0
    }

    /// Takes all facts out, in order.
    pub fn drain(&mut self) -> impl Iterator<Item = Input> + '_ {
        self.0.drain(..)
    }
}

/// Intents of this tick, in order; bounded by [`OUTBOX_MAX`]. Systems look at the room before they
/// act.
#[derive(Resource, Debug)]
pub struct Outbox(Vec<Effect>);

impl Default for Outbox {
    fn default() -> Self {
        Self(Vec::with_capacity(OUTBOX_MAX))
    }
}

impl Outbox {
    /// Adds an intent.
    ///
    /// # Panics
    /// Beyond [`OUTBOX_MAX`]: the system did not look at [`free_count`](Self::free_count).
    pub fn push(&mut self, effect: Effect) {
        assert!(self.0.len() < OUTBOX_MAX, "outbox is full");
        self.0.push(effect);
    }

    /// How many more it takes.
    #[must_use]
    pub fn free_count(&self) -> usize {
        OUTBOX_MAX - self.0.len()
    }

    /// The intents in order.
    #[must_use]
    pub fn as_slice(&self) -> &[Effect] {
        &self.0
    }

    /// Takes all intents out, in order.
    pub fn drain(&mut self) -> impl Iterator<Item = Effect> + '_ {
        self.0.drain(..)
    }
}
