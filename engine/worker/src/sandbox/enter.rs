//! The two stages, step by step.

use super::error::SandboxError;
use super::policy::{InForce, Level, Policy};
use super::{descriptors, files, filter, limits, privileges};

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
