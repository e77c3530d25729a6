//! A list of system calls, and conditions on their arguments.

use std::collections::BTreeMap;
use std::env::consts::ARCH;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};

use super::error::SandboxError;

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

    /// A filter with one verdict for the calls of the list, and another for all others.
    pub(super) fn into_program(
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
