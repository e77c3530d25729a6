//! From the path in the scene to the files behind it, and whether they stay the same.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::connectors::error::ReadError;
use crate::scene::paths;

use super::hint::nearest;

/// One input of a source, shared by the pieces that are cut from it.
pub(crate) type FileRef = Arc<InputFile>;

/// A file, a named pipe or the standard input.
#[derive(Debug)]
pub(crate) struct InputFile {
    /// As errors and rejected rows name it.
    name: String,
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

impl InputFile {
    fn new(name: String, path: Option<PathBuf>, identity: Option<Identity>) -> Self {
        Self { name, path, identity, index: 0 }
    }

    /// The path as it was given, or `standard input`.
    pub(crate) fn path(&self) -> &str {
        &self.name
    }

    /// Bytes on disk; none for a pipe.
    pub(crate) fn bytes(&self) -> Option<u64> {
        self.identity.map(|identity| identity.bytes)
    }

    /// Whether it can be opened again and read from its start.
    pub(crate) fn is_regular(&self) -> bool {
        self.identity.is_some()
    }

    /// Whether it is the standard input.
    pub(crate) fn is_nameless(&self) -> bool {
        self.path.is_none()
    }

    /// Whether its name ends with `ending`, letter case aside.
    pub(crate) fn ends_with(&self, ending: &str) -> bool {
        let extension = self.path.as_deref().and_then(Path::extension);
        extension.is_some_and(|found| found.eq_ignore_ascii_case(ending))
    }

    /// Opens the file, which must be the one that was found when the source was opened.
    pub(crate) fn open(&self) -> Result<File, ReadError> {
        let opened = match &self.path {
            None => io::stdin().as_fd().try_clone_to_owned().map(File::from),
            Some(path) => File::open(path),
        };
        let file = opened.map_err(|error| ReadError::io(&self.name, "opening", error))?;
        self.check_unchanged(&file)?;
        Ok(file)
    }

    /// Fails when the open file, or what its path names now, is not what it was.
    pub(crate) fn check_unchanged(&self, file: &File) -> Result<(), ReadError> {
        let Some(before) = self.identity else { return Ok(()) };
        let metadata = file.metadata().map_err(|e| ReadError::io(&self.name, "stat", e))?;
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
        ReadError::Changed { path: self.name.clone(), what }
    }
}

/// All inputs that `path` names: one file, a glob in the order of its names, or `-`.
///
/// `ending` is the usual ending of the format, for hints.
pub(crate) fn find_files(path: &str, ending: &'static str) -> Result<Vec<FileRef>, ReadError> {
    if path == "-" {
        let file = InputFile::new("standard input".to_owned(), None, None);
        return Ok(vec![Arc::new(file)]);
    }
    if paths::is_glob(path) && !Path::new(path).exists() {
        return find_glob(path);
    }
    Ok(vec![Arc::new(find_file(PathBuf::from(path), ending, 0)?)])
}

fn find_glob(pattern: &str) -> Result<Vec<FileRef>, ReadError> {
    let paths = glob::glob(pattern).map_err(|error| ReadError::BadGlob {
        pattern: pattern.to_owned(),
        reason: error.msg,
        position: error.pos + 1,
    })?;
    let means = paths::matcher(pattern);
    let mut found = Vec::new();
    for path in paths {
        let path = path.map_err(|error| {
            let place = error.path().to_string_lossy().into_owned();
            ReadError::io(&place, "listing", error.into())
        })?;
        // The walk itself leaves hidden files out altogether, or takes them all.
        if means(&path.to_string_lossy()) && !path.is_dir() {
            found.push(path);
        }
    }
    found.sort();
    if found.is_empty() {
        return Err(ReadError::NoMatch { pattern: pattern.to_owned() });
    }
    let entry = |(index, path)| find_file(path, "", index).map(Arc::new);
    found.into_iter().enumerate().map(entry).collect()
}

fn find_file(path: PathBuf, ending: &'static str, index: usize) -> Result<InputFile, ReadError> {
    let name = path.to_string_lossy().into_owned();
    let metadata = fs::metadata(&path).map_err(|error| missing(&name, &path, error))?;
    if metadata.is_dir() {
        let path = name.trim_end_matches('/').to_owned();
        return Err(ReadError::Directory { path, ending });
    }
    let kind = metadata.file_type();
    let endless = kind.is_fifo() || kind.is_char_device() || kind.is_socket();
    let identity = (!endless).then(|| Identity::of(&metadata));
    Ok(InputFile { index, ..InputFile::new(name, Some(path), identity) })
}

/// Adds to "no such file" the file of the same folder whose name is nearest.
fn missing(name: &str, path: &Path, error: io::Error) -> ReadError {
    if error.kind() == io::ErrorKind::NotFound {
        return ReadError::NoSuchFile { path: name.to_owned(), hint: nearest_sibling(path) };
    }
    ReadError::io(name, "opening", error)
}

fn nearest_sibling(path: &Path) -> Option<String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let entries = fs::read_dir(folder.unwrap_or(Path::new("."))).ok()?;
    // A folder of very many files is not worth the time of a hint.
    let names = entries.take(10_000).flatten().map(|entry| entry.file_name());
    let names = names.filter_map(|name| name.into_string().ok()).collect::<Vec<_>>();
    let found = nearest(path.file_name()?.to_str()?, names.iter().map(String::as_str))?;
    Some(folder.map_or(found.clone(), |folder| folder.join(found).to_string_lossy().into_owned()))
}
