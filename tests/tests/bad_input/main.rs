//! Whatever is wrong with an input, an output, a scene or a plugin: the run says where, what was
//! found and what to do, and nothing is lost or left half done under its final name.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test ends where it fails")]

mod bench;
mod changing;
mod csv;
mod files;
mod ndjson;
mod on_failure;
mod outputs;
mod overlaps;
mod packed;
mod plugins;
mod rejected;
mod scenes;
