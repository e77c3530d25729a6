//! Privileges that the process gives up, and what must hold before.

use std::fs;

use caps::{CapSet, Capability};
use nix::sys::prctl;

use super::error::SandboxError;

/// Before version 8 Landlock restricts the calling thread only.
pub(super) fn check_one_thread() -> Result<(), SandboxError> {
    let tasks = fs::read_dir("/proc/self/task").and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match tasks.map_err(SandboxError::UncountedThreads)?.len() {
        1 => Ok(()),
        found => Err(SandboxError::Threads { found }),
    }
}

/// No program run from here on gets more privileges than this process has.
pub(super) fn give_up_new() -> Result<(), SandboxError> {
    prctl::set_no_new_privs().map_err(SandboxError::NoNewPrivs)
}

/// Empties every set, and looks.
pub(super) fn drop_capabilities() -> Result<(), SandboxError> {
    // The bounding set needs a capability, so it goes first. Without it nothing can be gained from
    // that set: no_new_privs is on.
    if caps::has_cap(None, CapSet::Effective, Capability::CAP_SETPCAP)? {
        empty(CapSet::Bounding, "bounding")?;
    }
    empty(CapSet::Ambient, "ambient")?;
    empty(CapSet::Effective, "effective")?;
    empty(CapSet::Permitted, "permitted")?;
    empty(CapSet::Inheritable, "inheritable")
}

fn empty(set: CapSet, name: &'static str) -> Result<(), SandboxError> {
    caps::clear(None, set)?;
    match caps::read(None, set)?.len() {
        0 => Ok(()),
        count => Err(SandboxError::CapabilitiesLeft { set: name, count }),
    }
}
