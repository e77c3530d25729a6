//! Limits on what the process may use.

use nix::sys::resource::{Resource, getrlimit, rlim_t, setrlimit};

use super::error::SandboxError;

/// Descriptors that a worker may have open at a time.
pub const OPEN_FILES_MAX: u64 = 256;

/// The stack is private memory that `RLIMIT_DATA` does not count.
const STACK_BYTES_MAX: u64 = 8 << 20;

/// Lowers the limits for good; one that is lower already stays.
pub(super) fn lower(memory: Option<u64>) -> Result<(), SandboxError> {
    set(Resource::RLIMIT_CORE, "core files", 0)?;
    set(Resource::RLIMIT_NOFILE, "open files", OPEN_FILES_MAX)?;
    set(Resource::RLIMIT_STACK, "stack", STACK_BYTES_MAX)?;
    match memory {
        Some(bytes) => set(Resource::RLIMIT_DATA, "memory", bytes),
        None => Ok(()),
    }
}

fn set(resource: Resource, name: &'static str, wanted: rlim_t) -> Result<(), SandboxError> {
    let failed = |source| SandboxError::Limit { resource: name, source };
    let (soft, hard) = getrlimit(resource).map_err(failed)?;
    setrlimit(resource, wanted.min(soft), wanted.min(hard)).map_err(failed)
}
