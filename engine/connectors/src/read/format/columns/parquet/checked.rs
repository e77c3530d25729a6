//! The file as the decoder sees it: every column chunk is checked when it is first touched, and no
//! read is larger than what is there.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::{ChunkReader, Length};

use crate::read::format::columns::fault::Fault;

use super::chunk::Chunk;
use super::int96;

/// Bytes that are read ahead of the decoder where it wants a page header.
const AHEAD: usize = 1 << 10;

/// A file whose chunks are checked on the way; clones share what they know.
#[derive(Clone)]
pub(super) struct CheckedFile(Arc<Inner>);

struct Inner {
    file: Arc<File>,
    bytes: u64,
    bytes_max: usize,
    metadata: OnceLock<Arc<ParquetMetaData>>,
    /// Chunks (row group, column) that are not checked yet, by where they begin.
    unchecked: Mutex<HashMap<u64, Vec<(usize, usize)>>>,
    /// Why the last read failed: the decoder keeps only the text of an error.
    fault: Mutex<Option<Fault>>,
}

impl CheckedFile {
    pub(super) fn new(file: File, bytes: u64, bytes_max: usize) -> Self {
        Self(Arc::new(Inner {
            file: Arc::new(file),
            bytes,
            bytes_max,
            metadata: OnceLock::new(),
            unchecked: Mutex::default(),
            fault: Mutex::default(),
        }))
    }

    /// From now on the chunks that `metadata` names are checked.
    pub(super) fn watch(&self, metadata: &Arc<ParquetMetaData>) {
        let mut unchecked = self.0.unchecked.lock().unwrap_or_else(PoisonError::into_inner);
        for (group, meta) in metadata.row_groups().iter().enumerate() {
            for (column, chunk) in meta.columns().iter().enumerate() {
                unchecked.entry(chunk.byte_range().0).or_default().push((group, column));
            }
        }
        // A file is opened once.
        let _ = self.0.metadata.set(Arc::clone(metadata));
    }

    /// What made the decoder fail, if it was this file.
    pub(super) fn take_fault(&self) -> Option<Fault> {
        self.0.fault.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(super) fn read_at(&self, at: u64, length: usize) -> Result<Vec<u8>, Fault> {
        let end = at.checked_add(length as u64);
        end.filter(|end| *end <= self.0.bytes).ok_or(Fault::Truncated)?;
        let mut bytes = vec![0; length];
        self.0.file.read_exact_at(&mut bytes, at)?;
        Ok(bytes)
    }

    fn check(&self, at: u64) -> Result<(), Fault> {
        let Some(metadata) = self.0.metadata.get() else { return Ok(()) };
        let chunks = self.0.unchecked.lock().unwrap_or_else(PoisonError::into_inner).remove(&at);
        for (group, column) in chunks.into_iter().flatten() {
            let row_group = metadata.row_group(group);
            let chunk = Chunk {
                file: &self.0.file,
                meta: row_group.column(column),
                group,
                rows: u64::try_from(row_group.num_rows()).unwrap_or(0),
                bytes_max: self.0.bytes_max,
            };
            chunk.check()?;
            int96::check(&chunk, Arc::clone(&self.0.file))?;
        }
        Ok(())
    }

    fn fail(&self, fault: Fault) -> ParquetError {
        *self.0.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
        ParquetError::EOF("reading failed".to_owned())
    }
}

impl Length for CheckedFile {
    fn len(&self) -> u64 {
        self.0.bytes
    }
}

impl ChunkReader for CheckedFile {
    type T = Ahead;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Ahead> {
        self.check(start).map_err(|fault| self.fail(fault))?;
        let file = Arc::clone(&self.0.file);
        Ok(Ahead { file, at: start, end: self.0.bytes, read: Vec::new(), taken: 0 })
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        let read = self.check(start).and_then(|()| self.read_at(start, length));
        read.map(Bytes::from).map_err(|fault| self.fail(fault))
    }
}

/// Reads on from a place, a little ahead.
pub(super) struct Ahead {
    file: Arc<File>,
    at: u64,
    end: u64,
    read: Vec<u8>,
    taken: usize,
}

impl Read for Ahead {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.read.len() {
            let length = self.end.saturating_sub(self.at).min(AHEAD as u64);
            self.read.resize(length as usize, 0);
            self.file.read_exact_at(&mut self.read, self.at)?;
            (self.at, self.taken) = (self.at + length, 0);
        }
        let count = target.len().min(self.read.len() - self.taken);
        target[..count].copy_from_slice(&self.read[self.taken..self.taken + count]);
        self.taken += count;
        Ok(count)
    }
}
