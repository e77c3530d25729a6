//! What the kernel promises of sealed segments, and what is refused.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use memmap2::MmapOptions;
use nix::errno::Errno;
use nix::fcntl::{FallocateFlags, FcntlArg, SealFlag, fallocate, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};

use crate::{Arena, SegmentError, SegmentFile, SegmentId};

const BYTES: usize = 1 << 16;

fn memory(bytes: u64) -> File {
    let flags = MFdFlags::MFD_ALLOW_SEALING | MFdFlags::MFD_CLOEXEC;
    let file = File::from(memfd_create(c"test", flags).unwrap());
    file.set_len(bytes).unwrap();
    file
}

fn file_of(segment: &SegmentFile) -> File {
    File::from(segment.fd().try_clone_to_owned().unwrap())
}

#[track_caller]
fn assert_eperm<T>(result: std::io::Result<T>) {
    assert_eq!(result.err().and_then(|error| error.raw_os_error()), Some(Errno::EPERM as i32));
}

#[test]
fn full_write_seal_is_refused_while_a_writer_has_mapped() {
    let segment = SegmentFile::create(BYTES).unwrap();
    let map = segment.map_writer().unwrap();
    let seal = || fcntl(file_of(&segment), FcntlArg::F_ADD_SEALS(SealFlag::F_SEAL_WRITE));
    assert_eq!(seal(), Err(Errno::EBUSY));
    drop(map);
    assert!(seal().is_ok());
    assert!(segment.map_reader().is_ok());
}

#[test]
fn sealed_segment_is_written_through_the_mapping_that_was_and_by_nothing_else() {
    let segment = SegmentFile::create(BYTES).unwrap();
    let map = segment.map_writer().unwrap();
    segment.seal_writes().unwrap();

    let arena = Arena::new(SegmentId(0), map);
    let mut extent = arena.allocate(4).unwrap();
    extent.as_mut_slice().copy_from_slice(b"text");
    let reader = segment.map_reader().unwrap();
    // SAFETY: the mapping has the bytes; the only writer is this thread.
    let seen =
        unsafe { std::slice::from_raw_parts(reader.base().add(extent.offset() as usize), 4) };
    assert_eq!(seen, b"text");

    let mut file = file_of(&segment);
    assert_eperm(MmapOptions::new().len(BYTES).map_raw(&file));
    assert_eperm(file.write_all(b"x"));
    assert_eperm(file.set_len(0));
    assert_eperm(file.set_len(2 * BYTES as u64));
    let punch = FallocateFlags::FALLOC_FL_PUNCH_HOLE | FallocateFlags::FALLOC_FL_KEEP_SIZE;
    assert_eq!(fallocate(&file, punch, 0, 4096), Err(Errno::EPERM));
    let again = OpenOptions::new()
        .read(true)
        .write(true)
        .open(format!("/proc/self/fd/{}", file.as_raw_fd()))
        .and_then(|mut file| file.write_all(b"x"));
    assert_eperm(again);
    assert!(matches!(segment.seal_writes(), Err(SegmentError::Seal(Errno::EPERM))));
    assert_eq!(seen, b"text");
}

#[test]
fn reopening_an_unsealed_file_gives_write_access() {
    // Why a descriptor that was opened for reading protects nothing.
    let file = memory(BYTES as u64);
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    let reader = OpenOptions::new().read(true).open(&path).unwrap();
    let path = format!("/proc/self/fd/{}", reader.as_raw_fd());
    let mut writer = OpenOptions::new().read(true).write(true).open(path).unwrap();
    assert!(writer.write_all(b"x").is_ok());
}

#[test]
fn new_segment_keeps_its_size_and_is_closed_on_exec() {
    let segment = SegmentFile::create(BYTES).unwrap();
    assert_eq!(segment.bytes(), BYTES);
    let file = file_of(&segment);
    assert_eperm(file.set_len(0));
    assert_eperm(file.set_len(2 * BYTES as u64));
    let flags = fcntl(segment.fd(), FcntlArg::F_GETFD).unwrap();
    assert_eq!(flags & 1, 1, "FD_CLOEXEC");
}

#[test]
fn large_segment_takes_no_memory_until_it_is_written() {
    let segment = SegmentFile::create(64 << 30).unwrap();
    let _arena = Arena::new(SegmentId(0), segment.map_writer().unwrap());
    let _reader = segment.map_reader().unwrap();
    let blocks = std::os::unix::fs::MetadataExt::blocks(&file_of(&segment).metadata().unwrap());
    assert_eq!(blocks, 0);
}

#[test]
fn segment_of_no_bytes_is_refused() {
    assert!(matches!(SegmentFile::create(0), Err(SegmentError::Size { bytes: 0 })));
    assert!(matches!(SegmentFile::create(usize::MAX), Err(SegmentError::Size { .. })));
}

#[test]
fn segment_has_one_writer() {
    let segment = SegmentFile::create(BYTES).unwrap();
    let _map = segment.map_writer().unwrap();
    assert!(matches!(segment.map_writer(), Err(SegmentError::HasWriter)));
    segment.seal_writes().unwrap();
    let other = SegmentFile::from_fd(segment.fd().try_clone_to_owned().unwrap()).unwrap();
    match other.map_writer() {
        Err(SegmentError::Map(error)) => assert_eq!(error.kind(), ErrorKind::PermissionDenied),
        other => panic!("{other:?}"),
    }
}

#[test]
fn received_segment_has_the_size_of_the_file() {
    let segment = SegmentFile::create(BYTES).unwrap();
    let received = SegmentFile::from_fd(segment.fd().try_clone_to_owned().unwrap()).unwrap();
    assert_eq!(received.bytes(), BYTES);
    assert!(received.map_reader().is_ok());
}

#[test]
fn received_file_whose_size_can_change_is_refused() {
    let add = |file: &File, seals| fcntl(file, FcntlArg::F_ADD_SEALS(seals)).map(drop).unwrap();
    for seals in [SealFlag::empty(), SealFlag::F_SEAL_SHRINK, SealFlag::F_SEAL_GROW] {
        let file = memory(BYTES as u64);
        add(&file, seals);
        let taken = SegmentFile::from_fd(OwnedFd::from(file));
        assert!(matches!(taken, Err(SegmentError::NotSealed)), "{seals:?}: {taken:?}");
    }
    let file = memory(0);
    add(&file, SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW);
    let taken = SegmentFile::from_fd(OwnedFd::from(file));
    assert!(matches!(taken, Err(SegmentError::Size { bytes: 0 })), "{taken:?}");
}

#[test]
fn received_descriptor_that_is_no_memory_is_refused() {
    let directory = File::open("/").unwrap();
    let program = File::open("/proc/self/exe").unwrap();
    let device = File::open("/dev/null").unwrap();
    let (pipe, _writer) = std::io::pipe().unwrap();
    for fd in [directory.into(), program.into(), device.into(), OwnedFd::from(pipe)] {
        let what = format!("{fd:?}");
        let taken = SegmentFile::from_fd(fd);
        let refused = matches!(taken, Err(SegmentError::NotMemory | SegmentError::NotSealed));
        assert!(refused, "{what}: {taken:?}");
    }
    let unsealable = memfd_create(c"test", MFdFlags::MFD_CLOEXEC).unwrap();
    let taken = SegmentFile::from_fd(unsealable.as_fd().try_clone_to_owned().unwrap());
    assert!(matches!(taken, Err(SegmentError::NotSealed)), "{taken:?}");
}
