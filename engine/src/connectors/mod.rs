//! Everything that meets the outside world: what sources read and what sinks write.
//!
//! `read` cuts files, pipes and generators into pieces and decodes them; `write` encodes batches
//! into files that appear complete or not at all. Neither knows the world, the tick or a stage.

pub mod error;
mod extension;
pub mod read;
mod rebuild;
pub mod write;
