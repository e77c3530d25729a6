//! Plugins in processes of their own: the same bytes as in the engine's, whatever dies.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

mod faulty;
mod levels;
mod room;
mod steps;
mod supervision;
mod traces;
