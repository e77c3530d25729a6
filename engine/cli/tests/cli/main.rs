//! The program `tanda` as its users meet it: arguments, streams, exit codes and signals.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test ends where it fails")]

mod commands;
mod endless;
mod idle;
mod limits;
mod new_plugin;
mod replaced;
mod runs;
mod signals;
mod streams;
mod support;
