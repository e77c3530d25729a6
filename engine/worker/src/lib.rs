//! What runs inside an isolated process, and its sandbox.
//!
//! A worker is the engine's own executable, started anew with a socket as its standard input. It
//! enters its sandbox, opens one plugin and serves one instance of it: batches come as descriptions
//! of memory that it maps read-only, and leave as descriptions of memory that it alone writes. It
//! knows no world and no scene.

mod error;
mod fail;
pub mod protocol;
pub mod sandbox;
mod serve;
mod start;

pub use start::main;
