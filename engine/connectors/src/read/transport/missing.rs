//! Why there is no file at a path, or nobody may know: with the link, the folder or the near miss
//! that explains it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tanda_spelling::nearest;

use crate::read::error::ReadError;

use super::shown::shown;

/// Links followed to explain a refusal; Linux itself stops at 40.
const LINKS_MAX: usize = 40;

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
    Some(
        folder.map_or(found.to_owned(), |folder| folder.join(found).to_string_lossy().into_owned()),
    )
}
