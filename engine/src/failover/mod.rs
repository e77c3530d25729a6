//! Batches that fail, dealt with as the failure policy of their stage says: given to a fallback,
//! passed on, or searched for the rows that the plugin fails at.
//!
//! All of it happens on a thread per stage with a policy, beside the stage's instances: what fails
//! holds up nobody. The world decides what is done (`tanda_systems::remedy`); the thread does it
//! with a plugin of its own, which may die as often as it takes.

mod dead_letter;
mod sole;
mod thread;

pub(crate) use dead_letter::dead_letter_schema;
pub(crate) use sole::{Fault, Reopen, Sole, SoleOf};
pub(crate) use thread::{FailoverParts, FailoverThread, FailureJob, Outcome};
