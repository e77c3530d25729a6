//! The two units a scene writes as text: bytes (`"512MiB"`) and lengths of time (`"5s"`).

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

/// Bytes, written `"512MiB"`, `"64KiB"`, `"1GB"`, or a plain number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

/// A length of time, written `"5s"`, `"200ms"`, `"1m 30s"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(pub std::time::Duration);

/// Units in the order they are tried for printing: the largest that divides the size wins.
const UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("TB", 1_000_000_000_000),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("KB", 1_000),
    ("B", 1),
];

/// Why a text is no size in bytes.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ByteSizeError {
    /// Neither a number nor a number and a unit.
    #[error(
        "`{0}` is not a size: write a whole number and B, KB, KiB, MB, MiB, GB, GiB, TB or TiB"
    )]
    NotASize(String),
    /// The number is followed by something that is no unit.
    #[error("unknown unit `{0}`: use B, KB, KiB, MB, MiB, GB, GiB, TB or TiB")]
    UnknownUnit(String),
    /// More bytes than 64 bits count.
    #[error("`{0}` is more than 2^64 bytes")]
    TooLarge(String),
}

impl FromStr for ByteSize {
    type Err = ByteSizeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let trimmed = text.trim();
        let digits_end =
            trimmed.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(trimmed.len());
        let (digits, unit) = trimmed.split_at(digits_end);
        let digits = digits.replace('_', "");
        if digits.is_empty() || unit.starts_with(['.', ',']) {
            return Err(ByteSizeError::NotASize(text.to_owned()));
        }
        let factor = unit_bytes(unit.trim())?;
        let count = digits.parse::<u64>().ok();
        let bytes = count.and_then(|count| count.checked_mul(factor));
        bytes.map(Self).ok_or_else(|| ByteSizeError::TooLarge(text.to_owned()))
    }
}

/// Bytes of one `unit`; no unit means bytes, and letter case does not matter.
fn unit_bytes(unit: &str) -> Result<u64, ByteSizeError> {
    if unit.is_empty() {
        return Ok(1);
    }
    let known = UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit));
    known.map(|&(_, bytes)| bytes).ok_or_else(|| ByteSizeError::UnknownUnit(unit.to_owned()))
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole =
            UNITS.iter().find(|(_, bytes)| self.0 >= *bytes && self.0.is_multiple_of(*bytes));
        let (unit, bytes) = whole.copied().unwrap_or(("B", 1));
        write!(f, "{}{unit}", self.0 / bytes)
    }
}

impl<'de> Deserialize<'de> for ByteSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ByteSizeVisitor)
    }
}

struct ByteSizeVisitor;

impl Visitor<'_> for ByteSizeVisitor {
    type Value = ByteSize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a size such as \"512MiB\", \"1GB\" or a whole number of bytes")
    }

    fn visit_u64<E: de::Error>(self, bytes: u64) -> Result<ByteSize, E> {
        Ok(ByteSize(bytes))
    }

    fn visit_i64<E: de::Error>(self, bytes: i64) -> Result<ByteSize, E> {
        let wrong = || E::invalid_value(de::Unexpected::Signed(bytes), &self);
        u64::try_from(bytes).map(ByteSize).map_err(|_| wrong())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<ByteSize, E> {
        text.parse().map_err(E::custom)
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_duration(self.0).fmt(f)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(DurationVisitor)
    }
}

struct DurationVisitor;

impl Visitor<'_> for DurationVisitor {
    type Value = Duration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a length of time such as \"5s\", \"200ms\" or \"1m 30s\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Duration, E> {
        let parsed = humantime::parse_duration(text).map(Duration);
        parsed.map_err(|error| {
            E::custom(format_args!("`{text}` is not a length of time such as \"5s\": {error}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> String {
        text.parse::<ByteSize>().map_or_else(|error| error.to_string(), |size| size.0.to_string())
    }

    #[test]
    fn sizes_are_read_with_binary_and_decimal_units() {
        assert_eq!(bytes("512MiB"), "536870912");
        assert_eq!(bytes("1GB"), "1000000000");
        assert_eq!(bytes("64 kib"), "65536");
        assert_eq!(bytes("1_000"), "1000");
    }

    #[test]
    fn a_size_that_cannot_be_meant_is_refused_with_the_units() {
        assert!(bytes("12 parsecs").starts_with("unknown unit `parsecs`"));
        assert!(bytes("1.5GiB").starts_with("`1.5GiB` is not a size"));
        assert!(bytes("").starts_with("`` is not a size"));
        assert_eq!(bytes("20000000TiB"), "`20000000TiB` is more than 2^64 bytes");
    }

    #[test]
    fn a_size_prints_in_the_largest_unit_that_keeps_it_whole() {
        let printed = |bytes| ByteSize(bytes).to_string();
        assert_eq!(printed(512 << 20), "512MiB");
        assert_eq!(printed(1_000_000_000), "1GB");
        assert_eq!(printed(1_025), "1025B");
        assert_eq!(printed(0), "0B");
    }

    #[test]
    fn both_units_deserialise_from_ron() {
        assert_eq!(ron::from_str::<ByteSize>("4096").ok(), Some(ByteSize(4096)));
        assert_eq!(ron::from_str::<ByteSize>("\"4KiB\"").ok(), Some(ByteSize(4096)));
        assert!(ron::from_str::<ByteSize>("-1").is_err());
        let length = ron::from_str::<Duration>("\"1m 30s\"").ok();
        assert_eq!(length, Some(Duration(std::time::Duration::from_secs(90))));
        assert!(ron::from_str::<Duration>("\"soon\"").is_err());
    }
}
