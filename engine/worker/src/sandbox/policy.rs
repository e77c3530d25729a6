//! What a worker's process may do, and what of it is in force.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

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
