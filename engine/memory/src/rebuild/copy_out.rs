//! Raw bytes out of a segment: descriptions, snapshots, texts.

use std::ptr;

use super::error::RebuildError;
use super::source;
use crate::{SegmentId, Segments};

/// Copies a range of raw bytes out of a segment, whoever writes there: a description, a snapshot, a
/// text. `max` bounds it.
///
/// # Errors
/// The segment is not known, the range does not lie in it, or there are more than `max` bytes.
pub fn copy_out(
    segments: &Segments,
    id: SegmentId,
    offset: u64,
    bytes: u64,
    max: usize,
) -> Result<Vec<u8>, RebuildError> {
    let mut copy = Vec::new();
    copy_into(segments, id, offset, bytes, max, &mut copy)?;
    Ok(copy)
}

/// As [`copy_out`], in place of what `copy` holds, whose memory is used again. Of a long range no
/// more than a part is in this process twice at a time.
///
/// # Errors
/// As there; `copy` then holds what it held.
pub fn copy_into(
    segments: &Segments,
    id: SegmentId,
    offset: u64,
    bytes: u64,
    max: usize,
    copy: &mut Vec<u8>,
) -> Result<(), RebuildError> {
    const PART_BYTES: usize = 16 << 20;
    if bytes > max as u64 {
        return Err(RebuildError::TooLarge { bytes, max });
    }
    let (known, from) = source::find(segments, id, offset, bytes)?;
    let bytes = bytes as usize;
    copy.clear();
    copy.reserve_exact(bytes);
    for start in (0..bytes).step_by(PART_BYTES) {
        let part = PART_BYTES.min(bytes - start);
        // SAFETY: the range lies in a mapping that `segments` keeps, the vector has room for all of
        // it, and nothing of the source is looked at (M4, M5).
        unsafe {
            ptr::copy_nonoverlapping(from.add(start), copy.as_mut_ptr().add(start), part);
            copy.set_len(start + part);
        }
        if bytes > PART_BYTES {
            known.look_away(offset + start as u64, part);
        }
    }
    Ok(())
}
