//! Everything that meets the outside world: what sources read and what sinks write.
//!
//! `read` cuts files, pipes and generators into pieces and decodes them; `write` encodes batches
//! into files that appear complete or not at all. Neither knows the world, the tick or a stage.

mod columnar_format;
mod extension;
mod places;
pub mod read;
mod rebuild;
pub mod write;

pub(crate) use places::places;
