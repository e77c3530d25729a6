//! The bytes of a text table, decompressed by the ending of its name.

use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use tanda_spelling::{Ending, Packing};

use super::error::TableError;
use super::file::open;

/// All bytes of a text table.
pub(super) fn read_bytes(path: &str) -> Result<Vec<u8>, TableError> {
    let mut file = open(path)?;
    let mut bytes = Vec::new();
    let packing = Ending::of(Path::new(path)).packing;
    let read = match packing {
        Packing::None => file.read_to_end(&mut bytes),
        Packing::Gzip => MultiGzDecoder::new(file).read_to_end(&mut bytes),
        Packing::Zstd => {
            zstd::Decoder::new(file).and_then(|mut decoder| decoder.read_to_end(&mut bytes))
        }
    };
    let path = path.to_owned();
    match read {
        Ok(_) => Ok(bytes),
        Err(source) if packing == Packing::None => Err(TableError::Open { path, source }),
        Err(source) => Err(TableError::Packed { path, source }),
    }
}
