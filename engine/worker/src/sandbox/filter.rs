//! seccomp: the lists of [`super::calls`] as programs of the kernel's filter.

use std::collections::BTreeMap;
use std::env::consts::ARCH;

use nix::libc;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, apply_filter_all_threads, sock_filter,
};

use super::{Policy, SandboxError, calls};

/// System calls by number; each with the conditions of which one must hold, or with none.
#[derive(Debug, Default)]
pub(super) struct List(BTreeMap<i64, Vec<SeccompRule>>);

/// What an argument must be.
pub(super) type Condition = Result<SeccompCondition, seccompiler::BackendError>;

impl List {
    /// Adds calls whatever their arguments.
    pub(super) fn always(&mut self, numbers: &[i64]) {
        for &number in numbers {
            self.0.insert(number, Vec::new());
        }
    }

    /// Adds a call when all of these hold. Called again, one or the other set must hold.
    pub(super) fn when<const N: usize>(
        &mut self,
        number: i64,
        conditions: [Condition; N],
    ) -> Result<(), SandboxError> {
        let conditions = conditions.into_iter().collect::<Result<_, _>>()?;
        self.0.entry(number).or_default().push(SeccompRule::new(conditions)?);
        Ok(())
    }

    fn into_program(
        self,
        listed: SeccompAction,
        others: SeccompAction,
    ) -> Result<BpfProgram, SandboxError> {
        let filter = SeccompFilter::new(self.0, others, listed, ARCH.try_into()?)?;
        Ok(filter.try_into()?)
    }
}

/// The argument of this index, an `int`, has this value.
pub(super) fn int(index: u8, value: i32) -> Condition {
    // The kernel ignores the upper half of such an argument: so does the comparison.
    let value = u64::from(value.cast_unsigned());
    SeccompCondition::new(index, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value)
}

/// The argument of this index, an `int`, has these bits of a mask and no others of it.
pub(super) fn int_bits(index: u8, mask: i32, bits: i32) -> Condition {
    let mask = u64::from(mask.cast_unsigned());
    let bits = u64::from(bits.cast_unsigned());
    SeccompCondition::new(index, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(mask), bits)
}

/// The argument of this index, a word or a pointer, has this value.
pub(super) fn word(index: u8, value: u64) -> Condition {
    SeccompCondition::new(index, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, value)
}

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
