//! The pages of one column in one row group, compared with what the footer says of them.
//!
//! The decoder reserves memory by the page headers and stops at the row count of the footer, so
//! both are checked before it sees them. Cost: one small read a page.

use std::fs::File;
use std::os::unix::fs::FileExt;

use parquet::basic::CompressionCodec;
use parquet::file::metadata::ColumnChunkMetaData;

use crate::read::format::columns::fault::Fault;
use crate::read::format::columns::inflate::Codec;

use super::header::{PageHead, PageKind};
use super::thrift::Unread;

/// Bytes in which most page headers fit.
const HEADER_BYTES: u64 = 512;
/// Statistics make headers longer; nothing makes them so long.
const HEADER_BYTES_MAX: u64 = 16 << 20;
/// Bytes that a value of a nested column takes while decoded: two levels and an offset, twice.
const NESTED_VALUE_BYTES: u64 = 16;

/// A column chunk that is about to be decoded.
pub(super) struct Chunk<'a> {
    pub(super) file: &'a File,
    pub(super) meta: &'a ColumnChunkMetaData,
    pub(super) group: usize,
    /// Rows of the row group.
    pub(super) rows: u64,
    pub(super) bytes_max: usize,
}

/// What the data pages of a chunk say that they hold.
#[derive(Default)]
struct Held {
    values: u64,
    rows: u64,
    /// Pages that do not say their rows.
    unsure: u64,
}

impl Chunk<'_> {
    /// Fails if a page cannot hold what it says, or all of them not what the footer says.
    pub(super) fn check(&self) -> Result<(), Fault> {
        let (mut at, mut left) = self.meta.byte_range();
        let mut held = Held::default();
        while left > 0 {
            let head = self.head(at, left)?;
            let size = head.bytes.saturating_add(head.stored);
            if size > left {
                return Err(self.damage("a page reaches beyond the column's end"));
            }
            self.check_page(&head, at + head.bytes)?;
            held.add(&head);
            at += size;
            left -= size;
        }
        self.check_held(&held)
    }

    fn head(&self, at: u64, left: u64) -> Result<PageHead, Fault> {
        let mut length = HEADER_BYTES;
        loop {
            let mut bytes = vec![0; length.min(left) as usize];
            self.file.read_exact_at(&mut bytes, at)?;
            match PageHead::read(&bytes) {
                Ok(head) => return Ok(head),
                Err(Unread::Short) if length < left.min(HEADER_BYTES_MAX) => length *= 8,
                Err(_) => return Err(self.damage("a page without a header")),
            }
        }
    }

    fn check_page(&self, head: &PageHead, at: u64) -> Result<(), Fault> {
        if head.kind == PageKind::Dictionary && head.values > head.unpacked {
            return Err(self.damage("a dictionary of more values than bytes"));
        }
        let nested = self.meta.column_descr().max_rep_level() > 0;
        let bytes = head.values.saturating_mul(NESTED_VALUE_BYTES);
        if nested && bytes > self.bytes_max as u64 && head.values / 64 > head.stored {
            return Err(self.damage(&format!("{} bytes with {} values", head.stored, head.values)));
        }
        let Some(codec) = self.codec().filter(|_| head.is_compressed) else { return Ok(()) };
        let levels = if head.kind == PageKind::DataV2 { head.levels } else { 0 };
        let Some(claimed) = head.unpacked.checked_sub(levels) else {
            return Err(self.damage("a page of more levels than bytes"));
        };
        let stored = head.stored.checked_sub(levels);
        let stored = stored.ok_or_else(|| self.damage("a page of more levels than bytes"))?;
        let read = || {
            let mut bytes = vec![0; stored as usize];
            self.file.read_exact_at(&mut bytes, at + levels)?;
            Ok(bytes)
        };
        codec.check_claim(claimed, stored, self.bytes_max, read).map_err(|fault| self.place(fault))
    }

    fn codec(&self) -> Option<Codec> {
        match self.meta.compression_codec() {
            CompressionCodec::UNCOMPRESSED | CompressionCodec::LZO => None,
            CompressionCodec::SNAPPY => Some(Codec::Snappy),
            CompressionCodec::GZIP => Some(Codec::Gzip),
            CompressionCodec::BROTLI => Some(Codec::Brotli),
            CompressionCodec::LZ4 | CompressionCodec::LZ4_RAW => Some(Codec::Lz4),
            CompressionCodec::ZSTD => Some(Codec::Zstd),
        }
    }

    fn check_held(&self, held: &Held) -> Result<(), Fault> {
        let (said, found) = (self.meta.num_values(), held.values);
        if u64::try_from(said) != Ok(found) {
            let what = format!("the footer says {said} values, the pages hold {found}");
            return Err(self.damage(&what));
        }
        let is_flat = self.meta.column_descr().max_rep_level() == 0;
        let rows = if is_flat { Some(found) } else { (held.unsure == 0).then_some(held.rows) };
        match rows {
            Some(found) if found != self.rows => {
                let said = self.rows;
                Err(self.damage(&format!("the footer says {said} rows, the pages hold {found}")))
            }
            Some(_) | None => Ok(()),
        }
    }

    pub(super) fn damage(&self, what: &str) -> Fault {
        Fault::Damage(format!("{}: {what}", self.name()))
    }

    /// Says where a fault is.
    fn place(&self, fault: Fault) -> Fault {
        match fault {
            Fault::Damage(what) => self.damage(&what),
            Fault::Refused { found, remedy } => {
                Fault::Refused { found: format!("{}: {found}", self.name()), remedy }
            }
            other @ (Fault::Truncated | Fault::Io(_) | Fault::Stopped | Fault::Panic) => other,
        }
    }

    /// Names the column and, from 0 as all Parquet tools do, its row group.
    pub(super) fn name(&self) -> String {
        format!("column `{}` of row group {}", self.meta.column_path().string(), self.group)
    }
}

impl Held {
    fn add(&mut self, head: &PageHead) {
        if matches!(head.kind, PageKind::Dictionary | PageKind::Index) {
            return;
        }
        self.values = self.values.saturating_add(head.values);
        self.rows = self.rows.saturating_add(head.rows.unwrap_or(0));
        self.unsure += u64::from(head.rows.is_none());
    }
}
