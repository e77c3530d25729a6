//! Confines the worker's process before it runs code of a plugin.
//!
//! Two stages, because a library has to be loaded and may read files while it opens:
//! [`enter_first`] before the library is loaded (its constructors run then), [`enter_second`] when
//! the plugin is open. What each level takes away:
//!
//! | | `Off` | `Basic` | `Strict` |
//! |---|---|---|---|
//! | core files, open files over 256, memory over the limit | | no | no |
//! | privileges by `exec` of a set-user-id file | | no | no |
//! | capabilities, even those of root | | | no |
//! | files beside the library, libc and `read`, until open | | | no |
//! | any file, after open | | | no |
//! | network, other processes, threads, new programs, new executable memory | | | no |
//!
//! Every step is verified or fails: a sandbox is never weaker than its level. [`InForce`] says what
//! the kernel gave beyond what the level promises.
//!
//! The two stages trust each other to a degree that must be known. Code that runs while the library
//! is loaded shares the process with the code that enters the second stage, and can keep it from
//! doing so. It gains what the first stage allows and the second does not: the declared files and
//! the folders of libc stay readable, and `stat` tells of any path. All the rest is denied from the
//! first stage on, by the kernel, whatever code runs.
//!
//! A denied system call does not happen. It ends the process with `SIGSYS`, after one line on the
//! log pipe, `denied system call 41 (socket)`; the line is a courtesy of the process, the denial is
//! not, and a plugin that blocks the signal loses the line. Some calls fail with an error instead,
//! because libc and Rust's runtime try them and go on: `clone3` with `ENOSYS`, then `clone` with
//! `EPERM`, so that the plugin's own error says that it gets no thread and no process; after the
//! open also opening for reading and asking for metadata by path, with `EACCES`.
//!
//! What the worker itself calls after the open must fit: the size of a file is asked by the call
//! `fstat` alone, which rustix makes and libc and `File::metadata` do not.

mod calls;
mod descriptors;
mod enter;
mod error;
mod files;
mod filter;
mod limits;
mod list;
mod policy;
mod privileges;

pub use enter::{enter_first, enter_second};
pub use error::SandboxError;
pub use limits::OPEN_FILES_MAX;
pub use policy::{InForce, Level, Policy};
