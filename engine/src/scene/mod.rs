//! The scene: what the user writes, checked before anything runs.
//!
//! A scene file goes through these steps, each in its own module:
//! `ron` judges the syntax (`typed`), the text is cut into values that know their place
//! (`outline`), parameters are filled in (`params`), every stage and field is read on its own
//! (`draft`), single values are checked (`values`), then what lies between stages (`checks`). Every
//! step adds to one list of problems, so that all faults of a file are reported at once. `places`
//! keeps where things stood for the errors that only show later, when plugins are bound.

mod checks;
mod draft;
mod draw;
mod fault;
pub(crate) mod glob;
mod graph;
pub mod hints;
mod isolation;
mod load;
pub mod model;
pub mod on_failure;
mod outline;
mod params;
pub(crate) mod paths;
mod places;
mod problem;
mod supervision;
mod text;
mod tokens;
mod typed;
pub mod units;
mod values;

#[cfg(test)]
mod tests;

pub use draw::{dot, mermaid};
pub use fault::{Fault, SceneFaults};
pub use graph::{Edge, Graph};
pub use load::{examine, load, parse};
pub use model::*;
pub use on_failure::{BreakerSettings, DEAD_LETTER_PORT, Fallback, LastResort, OnFailure, Retry};
pub use paths::FileFormat;
pub(crate) use paths::{of_read as read_path, of_write as written_path};
pub use places::Places;
pub use supervision::{ChildScene, SupervisorScene};
pub use text::Place;
pub(crate) use tokens::texts;

/// Most bytes of a scene file.
pub const SCENE_BYTES_MAX: usize = 1 << 20;
