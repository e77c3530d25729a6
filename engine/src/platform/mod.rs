//! The shell around the world: where facts come from and intents go.

pub mod os;
pub mod sim;

use bevy_ecs::{entity::Entity, world::World};
use tanda_components::{Effect, EngineTime, Inbox};

/// How long a platform may sleep while nothing happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sleep {
    /// Not at all: there is something to do.
    No,
    /// Until this moment, at which a worker is overdue.
    Until(EngineTime),
    /// Until something happens.
    Forever,
}

/// What the engine needs of the outside.
///
/// Every [`Effect`] is answered by the [`Input`](tanda_components::Input) it names, exactly once
/// and in finite time; that is the platform's whole duty, and what lets the systems stay pure.
pub trait Platform {
    /// Called once, before the first tick: `stages` are the stages' entities by index.
    fn attach(&mut self, world: &mut World, stages: &[Entity]);

    /// Sleeps until something has happened, or as long as it may, puts what has happened into
    /// `inbox`, and tells the time.
    fn wait(&mut self, inbox: &mut Inbox, until: Sleep) -> EngineTime;

    /// Carries out an intent, or begins to. Never blocks.
    fn execute(&mut self, effect: Effect);
}
