//! Landlock: which files can be opened.
//!
//! All accesses of version 1 are denied but for the rules, whatever the kernel; what newer versions
//! know (truncation, devices, TCP, abstract sockets, signals to others) is denied where it is
//! known. The filter of system calls denies those on every kernel.

use std::io;
use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, LandlockStatus,
    PathBeneath, PathFd, PathFdError, Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr,
    RulesetStatus, Scope,
};

use super::error::SandboxError;
use super::policy::Policy;

/// Where the loader finds what a library is linked with; not every system has all.
const LIBC: [&str; 5] = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache"];

/// The newest version whose accesses were looked at.
const NEWEST: ABI = ABI::V10;

/// Leaves the library, what it is linked with, and the declared files. Returns the version in use.
///
/// Nothing may be executed: mapping a library's code needs the right to read it only.
pub(super) fn allow_loading(policy: &Policy) -> Result<u32, SandboxError> {
    let mut rules = denied()?;
    for path in LIBC.map(Path::new).into_iter().filter(|path| path.exists()) {
        rules = readable(rules, path)?;
    }
    rules = readable(rules, &policy.library)?;
    for path in &policy.read {
        rules = readable(rules, path)?;
    }
    restrict(rules)
}

/// Leaves nothing.
pub(super) fn allow_nothing() -> Result<(), SandboxError> {
    restrict(denied()?).map(drop)
}

/// Denies all that can be denied.
fn denied() -> Result<RulesetCreated, SandboxError> {
    let promised = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V1))?;
    let beside = promised
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?;
    Ok(beside.create()?)
}

/// Adds a file, or a folder and all below it.
fn readable(rules: RulesetCreated, path: &Path) -> Result<RulesetCreated, SandboxError> {
    let failed = |source| SandboxError::File { path: path.to_owned(), source };
    let folder = path.metadata().map_err(failed)?.is_dir();
    let opened = PathFd::new(path).map_err(|error| failed(cause(error)))?;
    let list = if folder { AccessFs::ReadDir.into() } else { BitFlags::<AccessFs>::EMPTY };
    Ok(rules.add_rule(PathBeneath::new(opened, list | AccessFs::ReadFile))?)
}

fn cause(error: PathFdError) -> io::Error {
    match error {
        PathFdError::OpenCall { source, .. } => source,
        other => io::Error::other(other),
    }
}

fn restrict(rules: RulesetCreated) -> Result<u32, SandboxError> {
    let status = rules.restrict_self()?;
    if status.ruleset == RulesetStatus::NotEnforced {
        return Err(SandboxError::LandlockIdle);
    }
    match status.landlock {
        LandlockStatus::Available { effective_abi, kernel_abi } => {
            Ok(kernel_abi.unwrap_or(effective_abi as i32).unsigned_abs())
        }
        LandlockStatus::NotEnabled | LandlockStatus::NotImplemented => {
            Err(SandboxError::LandlockIdle)
        }
    }
}
