//! The bound on one record of text.

use tanda_text::PIECE_BYTES_MAX;

use crate::read::error::ReadError;
use tanda_scene::model::ByteSize;

/// Default of `record_bytes_max`.
const RECORD_BYTES_MAX: u64 = 16 << 20;

/// The bound on one record, in bytes.
pub(crate) fn record_bytes_max(setting: Option<ByteSize>) -> Result<usize, ReadError> {
    let bytes = setting.map_or(RECORD_BYTES_MAX, |setting| setting.0);
    let fits = usize::try_from(bytes).ok().filter(|n| (1..=PIECE_BYTES_MAX / 2).contains(n));
    fits.ok_or_else(|| ReadError::Setting {
        setting: "record_bytes_max",
        found: bytes.to_string(),
        expected: "1B to 512MiB",
    })
}
