//! What a plugin is and what it promises.

use std::fmt;
use std::ops::BitOr;

/// A set of properties of a plugin or an instance.
///
/// Exactly one of `STATELESS`, `MERGEABLE` and `EXCLUSIVE` describes an instance; a plugin lists
/// all that its instances can be. The others are promises that the host relies on and checks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Flags(u64);

impl Flags {
    /// Any instance may take any batch.
    pub const STATELESS: Self = Self(1);
    /// Each instance keeps a partial state; before `finish` all are merged into one.
    pub const MERGEABLE: Self = Self(1 << 1);
    /// There is one instance, and it sees the batches in the order of the source.
    pub const EXCLUSIVE: Self = Self(1 << 2);
    /// Rows are neither made nor absorbed: each `process` emits as many, over all ports, as it
    /// took.
    pub const CONSERVES: Self = Self(1 << 8);
    /// Only wanted columns are emitted; without it all are, and the host drops the unwanted.
    pub const PROJECTS: Self = Self(1 << 9);

    /// Every flag and its name, in the order of their bits.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::STATELESS, "STATELESS"),
        (Self::MERGEABLE, "MERGEABLE"),
        (Self::EXCLUSIVE, "EXCLUSIVE"),
        (Self::CONSERVES, "CONSERVES"),
        (Self::PROJECTS, "PROJECTS"),
    ];

    /// The empty set.
    pub const fn empty() -> Self {
        Self(0)
    }

    /// Flags of both sets; use this in constants, where `|` is not available.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Flags of this set that are not in the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Are all flags of `other` in this set?
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The bits that stand for no flag.
    #[must_use]
    pub fn unknown(self) -> Self {
        Self::ALL.iter().fold(self, |rest, (flag, _)| rest.without(*flag))
    }

    /// The flags among `STATELESS`, `MERGEABLE` and `EXCLUSIVE`.
    #[must_use]
    pub const fn kind(self) -> Self {
        Self(self.0 & (Self::STATELESS.0 | Self::MERGEABLE.0 | Self::EXCLUSIVE.0))
    }

    /// Is this set the kind of one instance: exactly one of the three?
    pub const fn is_one_kind(self) -> bool {
        self.kind().0.count_ones() == 1
    }

    /// The bits as they cross the C ABI.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Flags from the bits of the C ABI; unknown bits are kept and printed as a number.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }
}

impl BitOr for Flags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.union(other)
    }
}

impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = *self;
        let mut separator = "";
        for (flag, name) in Self::ALL {
            if self.contains(flag) {
                write!(f, "{separator}{name}")?;
                separator = " | ";
                rest = rest.without(flag);
            }
        }
        match (rest.0, separator) {
            (0, "") => f.write_str("(none)"),
            (0, _) => Ok(()),
            (unknown, _) => write!(f, "{separator}{unknown:#x}"),
        }
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_printed_by_name_and_unknown_bits_as_a_number() {
        let flags = Flags::MERGEABLE | Flags::PROJECTS | Flags::from_bits(1 << 40);
        assert_eq!(flags.to_string(), "MERGEABLE | PROJECTS | 0x10000000000");
        assert_eq!(Flags::empty().to_string(), "(none)");
    }

    #[test]
    fn an_instance_is_of_exactly_one_kind() {
        assert!((Flags::STATELESS | Flags::CONSERVES).is_one_kind());
        assert!(!Flags::CONSERVES.is_one_kind());
        assert!(!(Flags::STATELESS | Flags::MERGEABLE).is_one_kind());
    }
}
