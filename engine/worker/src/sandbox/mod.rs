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
mod error;
mod files;
mod filter;
mod limits;
mod privileges;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use error::SandboxError;
pub use limits::OPEN_FILES_MAX;

/// How far a worker's process is confined.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Not at all.
    Off,
    /// Limits on resources, and no way to more privileges.
    Basic,
    /// Nothing but computing on what it is given. Needs Linux 5.13 with Landlock.
    Strict,
}

/// What a worker's process may do.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How far it is confined.
    pub level: Level,
    /// Bytes of private memory, at `Basic` and `Strict`; `None`: as the engine itself.
    ///
    /// Enforced as `RLIMIT_DATA`: the heap and every private writable mapping of the whole process
    /// count, so an allocation beyond it fails; the stack has 8 MiB of its own. Shared segments do
    /// not count. (`Strict` denies those mappings that would escape the count.)
    pub memory_limit: Option<u64>,
    /// The plugin's library.
    pub library: PathBuf,
    /// Files and folders that the plugin may read while it opens, and never after.
    pub read: Vec<PathBuf>,
    /// Descriptors that stay open when the plugin is open, at `Strict`, and the only ones that are
    /// read and written then: log pipe, wake-ups, control socket. What the plugin opened is closed.
    pub keep_fds: Vec<i32>,
    /// The control socket, the only one on which messages are received and sent: a connected stream
    /// socket. (One of datagrams could send to any address. Who listens at the other end must
    /// expect descriptors that it did not ask for.)
    pub control_fd: i32,
}

/// What is really in force.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    /// The level, entirely.
    pub level: Level,
    /// Version of the kernel's Landlock, if it is used. From 4 on it denies TCP, from 6 on abstract
    /// sockets and signals to others, beside seccomp.
    pub landlock_abi: Option<u32>,
    /// System calls are filtered.
    pub seccomp: bool,
    /// No program that it could run gives more privileges.
    pub no_new_privs: bool,
    /// It has no capability, even as root.
    pub capabilities_dropped: bool,
    /// Bytes of private memory.
    pub memory_limit: Option<u64>,
}

/// Enters the first stage; before the library is loaded, while the process has one thread.
///
/// Costs about a millisecond.
///
/// # Errors
/// A step cannot be had on this kernel, or with this policy. The process is then confined in part:
/// it must not load the plugin, and should exit.
pub fn enter_first(policy: &Policy) -> Result<InForce, SandboxError> {
    let mut in_force = InForce {
        level: policy.level,
        landlock_abi: None,
        seccomp: false,
        no_new_privs: false,
        capabilities_dropped: false,
        memory_limit: None,
    };
    if policy.level >= Level::Basic {
        limits::lower(policy.memory_limit)?;
        in_force.memory_limit = policy.memory_limit;
        privileges::give_up_new()?;
        in_force.no_new_privs = true;
    }
    if policy.level == Level::Strict {
        privileges::check_one_thread()?;
        tanda_plugin_host::report_denied_calls().map_err(SandboxError::Handler)?;
        privileges::drop_capabilities()?;
        in_force.capabilities_dropped = true;
        in_force.landlock_abi = Some(files::allow_loading(policy)?);
        filter::enter_loading(policy)?;
        in_force.seccomp = true;
    }
    Ok(in_force)
}

/// Enters the second stage; when the plugin is open. There is no way back.
///
/// # Errors
/// The kernel refuses what it gave for the first stage. The process must not go on.
pub fn enter_second(policy: &Policy) -> Result<(), SandboxError> {
    match policy.level {
        Level::Off | Level::Basic => Ok(()),
        Level::Strict => {
            descriptors::close_others(policy);
            files::allow_nothing()?;
            filter::enter_running(policy)
        }
    }
}
