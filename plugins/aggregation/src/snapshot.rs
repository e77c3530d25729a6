//! The envelope of a snapshot: magic, format, fingerprint, state, checksum.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `TANDAAGG` |
//! | 2 | format, little-endian like every number |
//! | 8 | fingerprint of the configuration and of the types of its columns |
//! | n | state |
//! | 8 | XXH64 of everything before |

use twox_hash::XxHash64;

use crate::bytes::{Reader, SnapshotError, Writer};

const MAGIC: &[u8; 8] = b"TANDAAGG";
const FORMAT: u16 = 2;

/// What a snapshot must agree on with its reader; `text` says it all, in any form.
pub(crate) fn fingerprint(text: &str) -> u64 {
    XxHash64::oneshot(0, text.as_bytes())
}

/// Seals a state.
pub(crate) fn seal(fingerprint: u64, write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut out = Writer::default();
    out.raw(MAGIC);
    out.u16(FORMAT);
    out.u64(fingerprint);
    write(&mut out);
    let mut bytes = out.into_bytes();
    let checksum = XxHash64::oneshot(0, &bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    bytes
}

/// Checks the envelope, then reads the state; nothing of it may be left.
///
/// # Errors
/// Foreign, of another format or configuration, damaged, or not what `read` expects. Only in the
/// last case was `read` called.
pub(crate) fn open(
    bytes: &[u8],
    fingerprint: u64,
    read: impl FnOnce(&mut Reader<'_>) -> Result<(), SnapshotError>,
) -> Result<(), SnapshotError> {
    let mut from = Reader::new(bytes);
    if from.raw(MAGIC.len()) != Ok(MAGIC.as_slice()) {
        return Err(SnapshotError::Foreign);
    }
    let format = from.u16()?;
    if format != FORMAT {
        return Err(SnapshotError::Format { found: format, expected: FORMAT });
    }
    let body = bytes.len().checked_sub(8).ok_or(SnapshotError::Truncated { at: bytes.len() })?;
    let mut checksum = Reader::new(&bytes[body..]);
    if checksum.u64()? != XxHash64::oneshot(0, &bytes[..body]) {
        return Err(SnapshotError::Checksum);
    }
    let mut from = Reader::new(&bytes[..body]);
    from.raw(MAGIC.len() + size_of::<u16>())?;
    if from.u64()? != fingerprint {
        return Err(SnapshotError::Configuration);
    }
    read(&mut from)?;
    from.end()
}
