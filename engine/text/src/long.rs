//! Records over `record_bytes_max`: which of them can be passed over, and what is kept of them.

use crate::cut::{Cutter, Dialect};

/// Bytes of such a record that the rejected row shows.
const SHOWN_BYTES: usize = 1 << 10;

/// Why it is rejected.
pub(crate) fn reason(bytes_max: usize) -> String {
    format!(
        "record of more than {bytes_max} bytes, of which the first are shown; to read it raise `record_bytes_max`"
    )
}

/// The part of it that is shown.
#[must_use]
pub fn shown_part(record: &[u8]) -> &[u8] {
    &record[..record.len().min(SHOWN_BYTES)]
}

/// Whether a quote is open where the bound is. Then the record is most likely one whose quote was
/// never closed: its end is unknown, and to look for it might pass over all that is left.
///
/// Decided by the first `bytes_max` bytes alone, so that it does not depend on how the input came.
#[must_use]
pub fn has_open_quote(record: &[u8], dialect: Option<Dialect>, bytes_max: usize) -> bool {
    let mut cutter = Cutter::new(dialect);
    cutter.scan(&record[..record.len().min(bytes_max)], usize::MAX);
    cutter.is_quoted()
}
