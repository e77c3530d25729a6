//! `supervision: Supervisor( … )`: who watches over the workers, and what it does when they end.

mod names;
mod read;
mod show;
mod supervisor;

pub(super) use self::read::read;
pub use self::supervisor::{ChildScene, SupervisorScene};
