//! The bytes of a text table, decompressed by the ending of its name.

use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::error::TableError;
use super::file::open;

/// How a table is compressed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Packing {
    Plain,
    Gzip,
    Zstd,
}

/// How the table at `path` is compressed, and its path without that ending.
fn packing(path: &Path) -> (Packing, &Path) {
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    let inner = || path.file_stem().map_or(path, Path::new);
    match ending.as_str() {
        "gz" => (Packing::Gzip, inner()),
        "zst" => (Packing::Zstd, inner()),
        _ => (Packing::Plain, path),
    }
}

/// The ending that tells the format, in lower case: `csv` of `a.csv` and of `a.csv.gz`.
pub(super) fn format_ending(path: &str) -> String {
    let (_, inner) = packing(Path::new(path));
    inner.extension().unwrap_or_default().to_string_lossy().to_lowercase()
}

/// Is the table compressed as a whole?
pub(super) fn is_packed(path: &str) -> bool {
    packing(Path::new(path)).0 != Packing::Plain
}

/// All bytes of a text table.
pub(super) fn read_bytes(path: &str) -> Result<Vec<u8>, TableError> {
    let mut file = open(path)?;
    let mut bytes = Vec::new();
    let packing = packing(Path::new(path)).0;
    let read = match packing {
        Packing::Plain => file.read_to_end(&mut bytes),
        Packing::Gzip => MultiGzDecoder::new(file).read_to_end(&mut bytes),
        Packing::Zstd => {
            zstd::Decoder::new(file).and_then(|mut decoder| decoder.read_to_end(&mut bytes))
        }
    };
    let path = path.to_owned();
    match read {
        Ok(_) => Ok(bytes),
        Err(source) if packing == Packing::Plain => Err(TableError::Open { path, source }),
        Err(source) => Err(TableError::Packed { path, source }),
    }
}
