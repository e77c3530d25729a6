//! The control segment: a sealed memfd that holds the two rings.

use std::fs::File;
use std::io;
use std::ops::Deref;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use memmap2::{MmapOptions, MmapRaw};
use rustix::fs::{MemfdFlags, SealFlags};
use rustix::io::Errno;

use super::error::ConnectError;
use crate::ring::Ring;

/// What lies in the segment. All zeros, as a new memfd is, are two empty rings.
#[repr(C)]
struct Control {
    submissions: Ring,
    completions: Ring,
}

/// Index of the first slot: a new segment is all zeros.
pub(crate) const START: u64 = 0;

pub(crate) const SEGMENT_BYTES: usize = size_of::<Control>();

/// Without these a peer could cut the file under a mapping, or take the seals' promise back.
const SEALS: SealFlags = SealFlags::SHRINK.union(SealFlags::GROW).union(SealFlags::SEAL);

/// Makes a sealed segment, all zeros.
pub(crate) fn create() -> io::Result<OwnedFd> {
    let file = File::from(create_memfd()?);
    file.set_len(SEGMENT_BYTES as u64)?;
    rustix::fs::fcntl_add_seals(&file, SEALS)?;
    Ok(file.into())
}

/// Not executable where the kernel knows how to say so (since 6.3).
fn create_memfd() -> io::Result<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    match rustix::fs::memfd_create("tanda-control", flags | MemfdFlags::NOEXEC_SEAL) {
        Err(Errno::INVAL) => Ok(rustix::fs::memfd_create("tanda-control", flags)?),
        made => Ok(made?),
    }
}

/// The mapped control segment. It stays mapped while a ring of it is held.
pub(crate) struct Segment(Arc<MmapRaw>);

impl Segment {
    /// Checks size and seals, then maps (R1). The descriptor may be closed afterwards.
    pub(crate) fn map(fd: BorrowedFd<'_>) -> Result<Self, ConnectError> {
        check(fd)?;
        let options = MmapOptions::new().len(SEGMENT_BYTES).populate().to_owned();
        let map = options.map_raw(fd.as_raw_fd()).map_err(ConnectError::Map)?;
        Ok(Self(Arc::new(map)))
    }

    pub(crate) fn submissions(&self) -> RingInSegment {
        RingInSegment { map: self.0.clone(), is_completions: false }
    }

    pub(crate) fn completions(&self) -> RingInSegment {
        RingInSegment { map: self.0.clone(), is_completions: true }
    }
}

fn check(fd: BorrowedFd<'_>) -> Result<(), ConnectError> {
    let inspect = |errno: Errno| ConnectError::Inspect(errno.into());
    let seals = rustix::fs::fcntl_get_seals(fd).map_err(inspect)?;
    if !seals.contains(SEALS) {
        return Err(ConnectError::Unsealed { found: seals.bits(), expected: SEALS.bits() });
    }
    // After the seals: now the size cannot change any more.
    let found = rustix::fs::fstat(fd).map_err(inspect)?.st_size as u64;
    let expected = SEGMENT_BYTES as u64;
    if found == expected { Ok(()) } else { Err(ConnectError::Size { found, expected }) }
}

/// One of the two rings, with its mapping.
pub(crate) struct RingInSegment {
    map: Arc<MmapRaw>,
    is_completions: bool,
}

impl Deref for RingInSegment {
    type Target = Ring;

    fn deref(&self) -> &Ring {
        let control = self.map.as_ptr().cast::<Control>();
        // SAFETY: the mapping is SEGMENT_BYTES long, begins at a page, lives as long as `self` and
        // cannot lose its memory (R1); a `Control` is atomics only, valid whatever the bits (R2).
        let control = unsafe { &*control };
        if self.is_completions { &control.completions } else { &control.submissions }
    }
}
