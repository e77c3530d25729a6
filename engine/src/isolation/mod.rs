//! Plugins in processes of their own: started, fed over shared memory, seen to die.
//!
//! A [`WorkerProcess`] is one running process with one open instance. While the scene is typed, it
//! is asked over its control channel like an instance here is asked by a call; when the run starts
//! it is handed to a [`WorkerThread`], which takes its answers, sees its end, and starts the next
//! one when the world says so. The tick feeds it through the thread's `Feed`.
//!
//! What a worker says is never trusted further than its sandbox: see [`answers`].

mod answers;
mod exe;
mod feed;
mod handle;
mod life;
mod log;
mod patience;
mod process;
mod recipe;
mod serving;
mod shared;
mod spares;
mod spawner;
mod thread;

pub use exe::serve_if_asked;
pub(crate) use handle::{Handle, in_words};
pub(crate) use process::{StartFault, WorkerProcess};
pub(crate) use recipe::{Recipe, fail_point};
pub(crate) use shared::{Shared, of_segment};
pub(crate) use spares::Spares;
pub(crate) use thread::{Given, Told, WorkerThread};
