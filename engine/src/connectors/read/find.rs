//! From the path in the scene to the files behind it.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tanda_text::nearest;

use crate::connectors::error::ReadError;
use crate::scene::glob::{Glob, is_glob};

use super::files::{FileRef, InputFile};
use super::walk::walk;

/// Links followed to explain a refusal; Linux itself stops at 40.
const LINKS_MAX: usize = 40;

/// All inputs that `path` names: one file, a glob in the order of its names, or `-`.
///
/// `ending` is the usual ending of the format, for hints.
pub(crate) fn find_files(path: &str, ending: &'static str) -> Result<Vec<FileRef>, ReadError> {
    if path == "-" {
        return Ok(vec![Arc::new(InputFile::standard_input())]);
    }
    if is_glob(path) && fs::symlink_metadata(path).is_err() {
        return find_glob(path);
    }
    let metadata = fs::metadata(path).map_err(|error| cannot_find(Path::new(path), error))?;
    if metadata.is_dir() {
        let path = path.trim_end_matches('/').to_owned();
        return Err(ReadError::Directory { path, ending });
    }
    Ok(vec![Arc::new(InputFile::new(PathBuf::from(path), &metadata, 0))])
}

/// The files that a glob means, each once, whatever links lead to it: under its first name.
fn find_glob(pattern: &str) -> Result<Vec<FileRef>, ReadError> {
    let glob = Glob::parse(pattern).map_err(|bad| ReadError::BadGlob {
        pattern: pattern.to_owned(),
        reason: bad.reason,
        position: bad.position,
    })?;
    let (mut files, mut known) = (Vec::new(), HashSet::new());
    for path in walk(&glob)? {
        let metadata = fs::metadata(&path).map_err(|error| cannot_find(&path, error))?;
        if !metadata.is_dir() && known.insert((metadata.dev(), metadata.ino())) {
            files.push(Arc::new(InputFile::new(path, &metadata, files.len())));
        }
    }
    if files.is_empty() {
        return Err(ReadError::NoMatch { pattern: pattern.to_owned() });
    }
    Ok(files)
}

/// What it means that the system could not look at `path`.
#[expect(clippy::wildcard_enum_match_arm, reason = "the other kinds need no words of their own")]
pub(super) fn cannot_find(path: &Path, error: io::Error) -> ReadError {
    let name = shown(path).into_owned();
    match error.kind() {
        io::ErrorKind::NotFound => match fs::read_link(path) {
            Ok(target) => ReadError::DeadLink { path: name, target: shown(&target).into_owned() },
            Err(_) => ReadError::NoSuchFile { path: name, hint: nearest_sibling(path) },
        },
        // A file can be looked at without any right to it, but not without the right to its folder.
        io::ErrorKind::PermissionDenied => {
            ReadError::FolderDenied { path: shown(&closed_folder(path)).into_owned() }
        }
        _ => ReadError::io(&name, "opening", error),
    }
}

/// The first folder on the way to `path`, or to what it is a link to, that may not be searched.
fn closed_folder(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..LINKS_MAX {
        let folders = path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
        let folders = folders.collect::<Vec<_>>().into_iter().rev();
        let mut closed = folders.filter(|folder| fs::metadata(folder.join(".")).is_err());
        if let Some(folder) = closed.next() {
            return folder.to_owned();
        }
        let Ok(target) = fs::read_link(&path) else { break };
        path = path.parent().unwrap_or(Path::new("")).join(target);
    }
    path
}

/// Another file of the same folder with nearly this name.
fn nearest_sibling(path: &Path) -> Option<String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let entries = fs::read_dir(folder.unwrap_or(Path::new("."))).ok()?;
    let wanted = path.file_name()?.to_str()?;
    // A folder of very many files is not worth the time of a hint.
    let names = entries.take(10_000).flatten().map(|entry| entry.file_name());
    let names = names.filter_map(|name| name.into_string().ok()).filter(|name| name != wanted);
    let names = names.collect::<Vec<_>>();
    let found = nearest(wanted, names.iter().map(String::as_str))?;
    Some(folder.map_or(found.clone(), |folder| folder.join(found).to_string_lossy().into_owned()))
}

/// A path for people: bytes that are not UTF-8 as `\xNN`.
pub(super) fn shown(path: &Path) -> Cow<'_, str> {
    if let Some(text) = path.to_str() {
        return Cow::Borrowed(text);
    }
    let mut text = String::new();
    for chunk in path.as_os_str().as_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    Cow::Owned(text)
}
