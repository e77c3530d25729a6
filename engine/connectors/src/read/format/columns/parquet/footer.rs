//! The footer: what it says before a column is read, compared with the file and with itself.

use parquet::basic::CompressionCodec;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};

use crate::read::format::columns::fault::Fault;

use super::checked::CheckedFile;
use super::header::is_encrypted;

/// What a file begins and ends with.
pub(in super::super) const MAGIC: &[u8] = b"PAR1";
/// What it ends with, and begins with, if the footer is encrypted, too.
const MAGIC_ENCRYPTED: &[u8] = b"PARE";
/// Length of the footer and the magic.
const TAIL_BYTES: usize = 8;

/// Refuses a file that cannot be read without a key; gives where its footer begins.
pub(super) fn check_open(file: &CheckedFile, bytes: u64) -> Result<u64, Fault> {
    let at = bytes.checked_sub(TAIL_BYTES as u64).ok_or(Fault::Truncated)?;
    let tail = file.read_at(at, TAIL_BYTES)?;
    let (length, magic) = tail.split_at(4);
    if magic == MAGIC_ENCRYPTED {
        return Err(encrypted());
    }
    if magic != MAGIC {
        return Err(Fault::Truncated);
    }
    let length = u32::from_le_bytes([length[0], length[1], length[2], length[3]]);
    let start = at
        .checked_sub(u64::from(length))
        .ok_or_else(|| Fault::Damage(format!("a footer of {length} bytes in a file of {bytes}")))?;
    match is_encrypted(&file.read_at(start, length as usize)?) {
        true => Err(encrypted()),
        false => Ok(start),
    }
}

fn encrypted() -> Fault {
    let remedy = "write the file again without encryption";
    Fault::Refused { found: "encrypted Parquet data".to_owned(), remedy }
}

/// Checks that rows and places are possible, in a file whose footer begins at `end`.
pub(super) fn check_metadata(metadata: &ParquetMetaData, end: u64) -> Result<(), Fault> {
    let mut rows = 0_i64;
    for (group, meta) in metadata.row_groups().iter().enumerate() {
        let sum = rows.checked_add(meta.num_rows()).filter(|_| meta.num_rows() >= 0);
        rows = sum.ok_or_else(|| Fault::Damage(format!("row group {group} of impossible size")))?;
        for chunk in meta.columns() {
            check_chunk(chunk, end).map_err(|fault| place(fault, chunk, group))?;
        }
    }
    let said = metadata.file_metadata().num_rows();
    if said != rows {
        let what = format!("the footer says {said} rows, its row groups have {rows}");
        return Err(Fault::Damage(what));
    }
    Ok(())
}

fn place(fault: Fault, chunk: &ColumnChunkMetaData, group: usize) -> Fault {
    let column = format!("column `{}` of row group {group}", chunk.column_path().string());
    match fault {
        Fault::Damage(what) => Fault::Damage(format!("{column}: {what}")),
        Fault::Refused { found, remedy } => {
            Fault::Refused { found: format!("{column}: {found}"), remedy }
        }
        other @ (Fault::Truncated | Fault::Io(_) | Fault::Stopped | Fault::Panic) => other,
    }
}

fn check_chunk(chunk: &ColumnChunkMetaData, end: u64) -> Result<(), Fault> {
    let start = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
    let places = (u64::try_from(start).ok(), u64::try_from(chunk.compressed_size()).ok());
    let last = places.0.zip(places.1).and_then(|(start, bytes)| start.checked_add(bytes));
    if chunk.file_path().is_some_and(|path| !path.is_empty()) {
        let found = "a column whose values are in another file".to_owned();
        return Err(Fault::Refused { found, remedy: "write the columns into one file" });
    }
    if last.is_none_or(|last| last > end) {
        let bytes = chunk.compressed_size();
        return Err(Fault::Damage(format!("{bytes} bytes at {start} of {end}")));
    }
    match chunk.compression_codec() {
        CompressionCodec::LZO => {
            let found = "pages compressed by LZO".to_owned();
            let remedy = "write the file again compressed by zstd, snappy, gzip, brotli or lz4";
            Err(Fault::Refused { found, remedy })
        }
        CompressionCodec::UNCOMPRESSED
        | CompressionCodec::SNAPPY
        | CompressionCodec::GZIP
        | CompressionCodec::BROTLI
        | CompressionCodec::LZ4
        | CompressionCodec::LZ4_RAW
        | CompressionCodec::ZSTD => Ok(()),
    }
}
