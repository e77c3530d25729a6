use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
};

use bevy_ecs::entity::Entity;
use tanda_components::{ExitReason, Input};

/// What will happen at some moment.
pub(super) enum Event {
    /// An answer comes in, all of it or nothing.
    Answer(Vec<Input>),
    /// A worker does something, unless it has died since.
    Act { instance: Entity, life: u64, act: Act },
    /// A worker's exit is noticed.
    Exit { instance: Entity, reason: ExitReason },
    /// A worker ends, whatever it is doing.
    Strike { instance: Entity, reason: ExitReason },
    /// The finish of an isolated stage goes on, unless it was given up since.
    Finish { stage: Entity, attempt: u64, step: usize },
}

/// What a worker does.
pub(super) enum Act {
    /// It is done with the first of its tasks.
    Task,
    /// It is ready.
    Start,
    /// The signal reaches it.
    Die,
    /// It sees that it is to go.
    Leave,
}

/// Events to come, by the time at which they are due.
#[derive(Default)]
pub(super) struct Agenda {
    due: BinaryHeap<Reverse<(u64, u64)>>,
    waiting: BTreeMap<u64, Event>,
    count: u64,
}

impl Agenda {
    pub(super) fn push(&mut self, due: u64, event: Event) {
        self.count += 1;
        self.due.push(Reverse((due, self.count)));
        self.waiting.insert(self.count, event);
    }

    pub(super) fn next_due(&self) -> Option<u64> {
        self.due.peek().map(|Reverse((due, _))| *due)
    }

    /// The next event that is due by `now`.
    pub(super) fn pop_due(&mut self, now: u64) -> Option<Event> {
        let &Reverse((due, id)) = self.due.peek()?;
        if due > now {
            return None;
        }
        self.due.pop();
        self.waiting.remove(&id)
    }
}
