//! The bytes of a snapshot: what the `Unique` rules remember.
//!
//! Version (1 byte, 2), then for each `Unique` rule: rows judged (u64), keys (u64), and each key as
//! its length (u32) and its bytes, or as a length of `u32::MAX` for a row without one; all little
//! end first. A key is in the row format of Arrow.

use std::sync::Arc;

use crate::rules::Seen;

const VERSION: u8 = 2;

/// In place of the length of a key: the row has none.
const NO_KEY: u32 = u32::MAX;

/// Why bytes are no snapshot. The state is unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum SnapshotError {
    /// Written by a plugin of another version.
    #[error("the snapshot has format version {0}, this plugin reads version {VERSION}")]
    Version(u8),
    /// The bytes end in the middle, or there are more than the rules account for.
    #[error(
        "the snapshot does not fit the {rules} Unique rules of this configuration; \
         it was taken with another one or is damaged"
    )]
    Shape { rules: usize },
}

/// Writes the windows; nothing at all for a stateless plugin.
pub(crate) fn write(windows: &[Seen]) -> Vec<u8> {
    if windows.is_empty() {
        return Vec::new();
    }
    let mut bytes = vec![VERSION];
    for window in windows {
        let (count, keys) = window.parts();
        bytes.extend(count.to_le_bytes());
        bytes.extend((keys.len() as u64).to_le_bytes());
        for key in keys {
            let length = key.map_or(NO_KEY, |key| key.len() as u32);
            bytes.extend(length.to_le_bytes());
            bytes.extend(key.unwrap_or_default());
        }
    }
    bytes
}

/// Reads as many windows as there are rules.
pub(crate) fn read(bytes: &[u8], rules: usize) -> Result<Vec<Seen>, SnapshotError> {
    let shape = SnapshotError::Shape { rules };
    let mut rest = match bytes.split_first() {
        None if rules == 0 => return Ok(Vec::new()),
        None => return Err(shape),
        Some((&VERSION, rest)) => rest,
        Some((version, _)) => return Err(SnapshotError::Version(*version)),
    };
    let windows = (0..rules).map(|_| window(&mut rest).ok_or(shape));
    let windows = windows.collect::<Result<_, _>>()?;
    if rest.is_empty() { Ok(windows) } else { Err(shape) }
}

fn window(rest: &mut &[u8]) -> Option<Seen> {
    let count = u64::from_le_bytes(*take(rest)?);
    let keys = u64::from_le_bytes(*take(rest)?);
    let keys = (0..keys).map(|_| key(rest)).collect::<Option<Vec<_>>>()?;
    Seen::from_parts(count, keys)
}

fn key(rest: &mut &[u8]) -> Option<Option<Arc<[u8]>>> {
    let len = u32::from_le_bytes(*take(rest)?);
    if len == NO_KEY {
        return Some(None);
    }
    let (key, after) = rest.split_at_checked(len as usize)?;
    *rest = after;
    Some(Some(key.into()))
}

fn take<'a, const N: usize>(rest: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (head, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(head)
}
