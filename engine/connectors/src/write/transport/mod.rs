//! Where bytes go: a file that takes its name when all is well, a pipe, a device, standard output.
//!
//! | module | knows |
//! |---|---|
//! | `target` | what a path names, and whether it may be written |
//! | `part` | the unfinished file beside it, and its lock |
//! | `output` | compression, buffer, the open file |
//! | `publish` | how all outputs of a run take their names, or none |

mod output;
mod part;
mod publish;
mod target;

pub(crate) use self::output::Output;
#[cfg(test)]
pub(crate) use self::publish::publish_by;
pub use self::publish::{Staged, publish};
pub(crate) use self::target::{Target, TargetKind};
