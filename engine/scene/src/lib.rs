//! Scenes: what the user writes in RON, checked before anything runs.
//!
//! It never looks at anything but the scene's own text ([`load`] reads that one file): whether
//! inputs are there, what columns they have and what plugins say of their configs is asked later,
//! by whoever runs the scene, and told in the same form, at [`Places`] in the file.
//!
//! Begin at [`load`]. A file goes through these steps, each in its own module: `ron` judges the
//! syntax (`typed`), the text is cut into values that know their place (`outline`), parameters are
//! filled in (`params`, `expanded`), every stage and field is read on its own (`reader`, `draft`,
//! `on_failure_reader`, `supervision`), dead letters are joined to their sinks (`dead_letters`),
//! single values are checked (`values`), then what lies between stages (`checks`). Every step adds
//! to one list of problems, so that all faults of a file are reported at once. What comes out is
//! the [`model`].

mod checks;
mod dead_letters;
mod draft;
mod draw;
mod expanded;
mod fault;
pub mod glob;
mod graph;
pub mod hints;
mod isolation;
mod load;
pub mod model;
pub mod on_failure;
mod on_failure_reader;
mod outline;
mod params;
pub mod paths;
mod places;
mod problem;
mod reader;
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
pub use load::{SCENE_BYTES_MAX, examine, load, parse};
pub use model::*;
pub use on_failure::{BreakerSettings, DEAD_LETTER_PORT, Fallback, LastResort, OnFailure, Retry};
pub use paths::{of_read as read_path, of_write as written_path};
pub use places::Places;
pub use supervision::{ChildScene, SupervisorScene};
pub use text::Place;
pub use tokens::texts;
