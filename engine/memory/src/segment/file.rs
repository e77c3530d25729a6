//! The file of a segment: made, received, sealed.

use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::statfs::{TMPFS_MAGIC, fstatfs};

use super::{ReaderMap, SegmentError, WriterMap};

/// Not executable, and sealed so: Linux 6.3, not yet named by nix.
const MFD_NOEXEC_SEAL: MFdFlags = MFdFlags::from_bits_retain(0x8);

/// A file in memory of fixed size, not mapped.
///
/// It has no name anywhere: it is gone with its last descriptor and mapping, whoever dies. Its
/// pages take memory when they are first written.
#[derive(Debug)]
pub struct SegmentFile {
    file: File,
    bytes: usize,
    has_writer: AtomicBool,
}

impl SegmentFile {
    /// Makes a segment of so many bytes, sealed against shrinking and growing (M2).
    ///
    /// Costs three system calls; no page is touched.
    ///
    /// # Errors
    /// The size is zero or too large, or the system has no descriptor or memory left.
    pub fn create(bytes: usize) -> Result<Self, SegmentError> {
        check_size(bytes as u64)?;
        let file = File::from(create_memory().map_err(SegmentError::Create)?);
        file.set_len(bytes as u64).map_err(SegmentError::Resize)?;
        let file = Self { file, bytes, has_writer: AtomicBool::new(false) };
        file.add_seals(SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW)?;
        Ok(file)
    }

    /// Takes a segment that was received from another process.
    ///
    /// # Errors
    /// It is not a file in memory, it is empty, or its size can still change. The descriptor is
    /// closed.
    pub fn from_fd(fd: OwnedFd) -> Result<Self, SegmentError> {
        // Not one of huge pages, which can run out when they are touched: a fault in the reader.
        let is_memory = fstatfs(&fd).is_ok_and(|stat| stat.filesystem_type() == TMPFS_MAGIC);
        if !is_memory {
            return Err(SegmentError::NotMemory);
        }
        // Only files of memory have seals: no folder, pipe or device gets further.
        let mut file = File::from(fd);
        let seals = fcntl(&file, FcntlArg::F_GET_SEALS).map_err(|_| SegmentError::NotMemory)?;
        let needed = SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW;
        if !SealFlag::from_bits_retain(seals).contains(needed) {
            return Err(SegmentError::NotSealed);
        }
        // Looked at after the seals are known to be there: from now on it cannot change. By
        // seeking, because a strict sandbox denies every call that tells of files by their path.
        let length = file.seek(SeekFrom::End(0)).map_err(SegmentError::Inspect)?;
        let bytes = check_size(length)?;
        Ok(Self { file, bytes, has_writer: AtomicBool::new(false) })
    }

    /// Its size.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Its descriptor, to be sent to another process.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// Forbids every writing but through mappings that exist, and every further seal.
    ///
    /// To be called after the writer has mapped, and before any other process gets the file that
    /// must not write.
    ///
    /// # Errors
    /// The kernel refused, for instance because it was sealed before.
    pub fn seal_writes(&self) -> Result<(), SegmentError> {
        self.add_seals(SealFlag::F_SEAL_FUTURE_WRITE | SealFlag::F_SEAL_SEAL)
    }

    /// Maps it for its one writer (M1); only once.
    ///
    /// # Errors
    /// It was mapped for writing before, or is sealed against that, or there is no memory.
    pub fn map_writer(&self) -> Result<WriterMap, SegmentError> {
        if self.has_writer.swap(true, Ordering::Relaxed) {
            return Err(SegmentError::HasWriter);
        }
        WriterMap::new(&self.file, self.bytes).inspect_err(|_| {
            self.has_writer.store(false, Ordering::Relaxed);
        })
    }

    /// Maps it for reading, at any time: a reader needs no seal but those against another size.
    ///
    /// # Errors
    /// There is no memory.
    pub fn map_reader(&self) -> Result<Arc<ReaderMap>, SegmentError> {
        ReaderMap::new(&self.file, self.bytes).map(Arc::new)
    }

    fn add_seals(&self, seals: SealFlag) -> Result<(), SegmentError> {
        fcntl(&self.file, FcntlArg::F_ADD_SEALS(seals)).map(drop).map_err(SegmentError::Seal)
    }
}

fn create_memory() -> Result<OwnedFd, Errno> {
    let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
    match memfd_create(c"tanda-segment", flags | MFD_NOEXEC_SEAL) {
        // An older kernel does not know the flag.
        Err(Errno::EINVAL) => memfd_create(c"tanda-segment", flags),
        made => made,
    }
}

fn check_size(bytes: u64) -> Result<usize, SegmentError> {
    match isize::try_from(bytes) {
        Ok(1..) => Ok(bytes as usize),
        Ok(_) | Err(_) => Err(SegmentError::Size { bytes }),
    }
}
