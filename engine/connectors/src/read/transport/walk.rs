//! All files that a glob means, or why they cannot all be found.
//!
//! Nothing is left out in silence: a folder that may not be searched and a link that leads nowhere
//! are errors, for behind them there may be files that are meant.

use std::fs::{self, DirEntry, FileType};
use std::io;
use std::path::{Path, PathBuf};

use crate::read::error::ReadError;
use tanda_scene::glob::{Glob, Part};

use super::missing::cannot_find;
use super::shown::shown;

/// Paths that `glob` means, folders among them, sorted level by level and byte by byte.
///
/// Cost: one look at every entry of the folders that the glob goes through.
pub(super) fn walk(glob: &Glob) -> Result<Vec<PathBuf>, ReadError> {
    walk_levels(glob, glob.parts.len())
}

/// Folders in which `glob` looks for names that fit its last part.
///
/// Cost: one look at each name of each folder on the way, but not of the last ones.
///
/// # Errors
/// If one of them cannot be found or searched.
pub fn folders(glob: &Glob) -> Result<Vec<PathBuf>, ReadError> {
    let found = walk_levels(glob, glob.parts.len().saturating_sub(1))?;
    Ok(found.iter().map(|folder| or_here(folder).to_owned()).collect())
}

fn walk_levels(glob: &Glob, count: usize) -> Result<Vec<PathBuf>, ReadError> {
    let mut places = vec![PathBuf::from(if glob.is_absolute { "/" } else { "" })];
    for (index, part) in glob.parts.iter().take(count).enumerate() {
        let is_last = index + 1 == glob.parts.len();
        let mut next = Vec::new();
        for place in places {
            match part {
                Part::Name(name) => next.extend(named(&place, name)?),
                Part::Fitting(_) => next.extend(entries(&place, part, |it| is_last || leads(it))?),
                Part::Folders => next.extend(folders_below(place)?),
            }
        }
        // Two ways through the folders may lead to one place.
        next.sort_unstable();
        next.dedup();
        places = next;
    }
    Ok(places)
}

/// The path, if there is something of this name in `folder`.
fn named(folder: &Path, name: &str) -> Result<Option<PathBuf>, ReadError> {
    let path = folder.join(name);
    match fs::symlink_metadata(&path) {
        Ok(_) => Ok(Some(path)),
        Err(error) if !is_absence(&error) => Err(cannot_find(&path, error)),
        Err(_) => match fs::metadata(or_here(folder)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(cannot_find(folder, error))
            }
            Ok(_) | Err(_) => Ok(None),
        },
    }
}

fn or_here(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

/// May a folder be behind an entry of this type?
fn leads(kind: FileType) -> bool {
    kind.is_dir() || kind.is_symlink()
}

/// The folder and all that are below it, hidden ones and those behind links aside.
fn folders_below(folder: PathBuf) -> Result<Vec<PathBuf>, ReadError> {
    let mut found = vec![folder];
    let mut listed = 0;
    while let Some(folder) = found.get(listed) {
        let below = entries(folder, &Part::Folders, |kind| kind.is_dir())?;
        found.extend(below);
        listed += 1;
    }
    Ok(found)
}

/// Entries of `folder` of a kind and a name that fit; none if it is no folder.
fn entries(
    folder: &Path,
    part: &Part,
    is_kind: impl Fn(FileType) -> bool,
) -> Result<Vec<PathBuf>, ReadError> {
    let here = or_here(folder);
    let listing = match fs::read_dir(here) {
        Ok(listing) => listing,
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Ok(Vec::new()),
        Err(error) => return Err(cannot_list(here, error)),
    };
    let take = |entry: io::Result<DirEntry>| -> io::Result<Option<PathBuf>> {
        let entry = entry?;
        let name = entry.file_name();
        let fits = part.fits(&name) && is_kind(entry.file_type()?);
        Ok(fits.then(|| folder.join(name)))
    };
    let found = listing.filter_map(|entry| take(entry).transpose()).collect::<io::Result<_>>();
    found.map_err(|error| cannot_list(here, error))
}

fn cannot_list(folder: &Path, error: io::Error) -> ReadError {
    if error.kind() == io::ErrorKind::PermissionDenied {
        return match fs::metadata(folder) {
            Ok(_) => ReadError::FolderDenied { path: shown(folder).into_owned() },
            // Not the folder itself, but one on the way to it.
            Err(error) => cannot_find(folder, error),
        };
    }
    if is_absence(&error) {
        return cannot_find(folder, error);
    }
    ReadError::io(&shown(folder), "listing", error)
}

/// Whether there is nothing of this name, which no right and no repair would change.
fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
