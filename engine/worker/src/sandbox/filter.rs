//! seccomp: the lists of [`super::calls`] as programs of the kernel's filter.

use nix::libc;
use seccompiler::{BpfProgram, SeccompAction, apply_filter_all_threads, sock_filter};

use super::calls;
use super::error::SandboxError;
use super::list::List;
use super::policy::Policy;

/// While the library is loaded and the plugin opens.
pub(super) fn enter_loading(policy: &Policy) -> Result<(), SandboxError> {
    apply_filter_all_threads(&other_tables())?;
    fail(calls::absent(), libc::ENOSYS)?;
    fail(calls::forbidden(), libc::EPERM)?;
    allow_only(calls::while_loading(policy)?)
}

/// While the plugin runs.
pub(super) fn enter_running(policy: &Policy) -> Result<(), SandboxError> {
    fail(calls::quiet()?, libc::EACCES)?;
    allow_only(calls::while_running(policy)?)
}

/// The most severe verdict of all filters holds, so a quiet call must be allowed by the others.
fn fail(list: List, errno: i32) -> Result<(), SandboxError> {
    let action = SeccompAction::Errno(errno.cast_unsigned());
    let program = list.into_program(action, SeccompAction::Allow)?;
    Ok(apply_filter_all_threads(&program)?)
}

fn allow_only(list: List) -> Result<(), SandboxError> {
    let program = list.into_program(SeccompAction::Allow, SeccompAction::Trap)?;
    Ok(apply_filter_all_threads(&program)?)
}

/// Kills what calls by numbers of the x32 table, or -1; the programs of `seccompiler` kill what
/// calls by the table of another architecture.
fn other_tables() -> BpfProgram {
    const LOAD_WORD: u16 = 0x20;
    const JUMP_IF_AT_LEAST: u16 = 0x35;
    const RETURN: u16 = 0x06;
    const NUMBER: u32 = 0;
    const X32_BIT: u32 = 0x4000_0000;
    let step = |code, jf, k| sock_filter { code, jt: 0, jf, k };
    vec![
        step(LOAD_WORD, 0, NUMBER),
        step(JUMP_IF_AT_LEAST, 1, X32_BIT),
        step(RETURN, 0, SeccompAction::KillProcess.into()),
        step(RETURN, 0, SeccompAction::Allow.into()),
    ]
}
