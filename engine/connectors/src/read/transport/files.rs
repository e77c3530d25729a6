//! The inputs of a source, and whether they stay the same.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tanda_spelling::{Ending, Packing};

use crate::read::error::ReadError;

use super::shown::shown;

/// One input of a source, shared by the pieces that are cut from it.
pub(crate) type FileRef = Arc<InputFile>;

/// Device and inode of a file.
pub(crate) type FileId = (u64, u64);

/// A file, a named pipe or the standard input.
#[derive(Debug)]
pub(crate) struct InputFile {
    /// As errors and rejected rows name it, where that is not the path itself.
    shown: Option<Box<str>>,
    /// None is the standard input.
    path: Option<PathBuf>,
    /// None for what has no fixed content: pipes, terminals, devices.
    identity: Option<Identity>,
    /// Place among the files of the source.
    pub(crate) index: usize,
}

/// What tells two states of one path apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
}

impl Identity {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }

    fn difference(&self, now: &Self) -> Option<String> {
        if (self.device, self.inode) != (now.device, now.inode) {
            return Some("another file took its name".to_owned());
        }
        if self.bytes != now.bytes {
            return Some(format!("it had {} bytes and has {} now", self.bytes, now.bytes));
        }
        (self.modified != now.modified).then(|| "it was written to".to_owned())
    }
}

/// Whether what this is about ends by its kind: it is on disk, or holds nothing.
fn has_end(metadata: &Metadata) -> bool {
    let kind = metadata.file_type();
    let is_null = || fs::metadata("/dev/null").is_ok_and(|null| null.rdev() == metadata.rdev());
    kind.is_file() || kind.is_block_device() || (kind.is_char_device() && is_null())
}

impl InputFile {
    /// The standard input.
    pub(crate) fn standard_input() -> Self {
        Self { shown: Some("standard input".into()), path: None, identity: None, index: 0 }
    }

    /// The input at `path`, of which `metadata` tells; what is no pipe or device must stay so.
    pub(crate) fn new(path: PathBuf, metadata: &Metadata, index: usize) -> Self {
        let kind = metadata.file_type();
        let endless = kind.is_fifo() || kind.is_char_device() || kind.is_socket();
        let identity = (!endless).then(|| Identity::of(metadata));
        let shown = path.to_str().is_none().then(|| shown(&path).into());
        Self { shown, path: Some(path), identity, index }
    }

    /// The path as it was given (bytes that are not UTF-8 as `\xNN`), or `standard input`.
    pub(crate) fn path(&self) -> &str {
        let path = || self.path.as_deref().and_then(Path::to_str);
        self.shown.as_deref().or_else(path).unwrap_or_default()
    }

    /// Bytes on disk; none for a pipe.
    pub(crate) fn bytes(&self) -> Option<u64> {
        self.identity.map(|identity| identity.bytes)
    }

    /// Device and inode; none for a pipe.
    pub(crate) fn identity(&self) -> Option<FileId> {
        self.identity.map(|identity| (identity.device, identity.inode))
    }

    /// Whether it can be opened again and read from its start.
    pub(crate) fn is_regular(&self) -> bool {
        self.identity.is_some()
    }

    /// Whether nobody knows that it ends: a pipe, a terminal, a socket, a device but `/dev/null`.
    pub(crate) fn is_endless(&self) -> bool {
        let metadata = match &self.path {
            _ if self.is_regular() => return false,
            None => io::stdin().as_fd().try_clone_to_owned().map(File::from),
            Some(path) => return fs::metadata(path).is_ok_and(|it| !has_end(&it)),
        };
        metadata.and_then(|file| file.metadata()).is_ok_and(|it| !has_end(&it))
    }

    /// Whether it is the standard input.
    pub(crate) fn is_nameless(&self) -> bool {
        self.path.is_none()
    }

    /// How it is compressed, by the ending of its name.
    pub(crate) fn packing(&self) -> Packing {
        self.path.as_deref().map_or(Packing::None, |path| Ending::of(path).packing)
    }

    /// Opens the file, which must be the one that was found when the source was opened.
    pub(crate) fn open(&self) -> Result<File, ReadError> {
        let opened = match &self.path {
            None => io::stdin().as_fd().try_clone_to_owned().map(File::from),
            Some(path) => File::open(path),
        };
        let file = opened.map_err(|error| ReadError::io(self.path(), "opening", error))?;
        self.check_unchanged(&file)?;
        Ok(file)
    }

    /// Fails when the open file, or what its path names now, is not what it was.
    pub(crate) fn check_unchanged(&self, file: &File) -> Result<(), ReadError> {
        let Some(before) = self.identity else { return Ok(()) };
        let metadata = file.metadata().map_err(|e| ReadError::io(self.path(), "stat", e))?;
        self.compare(&before, &metadata)?;
        match self.path.as_deref().map(fs::metadata) {
            Some(Ok(metadata)) => self.compare(&before, &metadata),
            // A file that was removed meanwhile was still read to its end.
            Some(Err(_)) | None => Ok(()),
        }
    }

    fn compare(&self, before: &Identity, now: &Metadata) -> Result<(), ReadError> {
        let difference = before.difference(&Identity::of(now));
        difference.map_or(Ok(()), |what| Err(self.changed(what)))
    }

    /// The error for a file that differs from what it was when the source was opened.
    pub(crate) fn changed(&self, what: String) -> ReadError {
        ReadError::Changed { path: self.path().to_owned(), what }
    }
}
