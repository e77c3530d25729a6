//! From the path in the scene to the files behind it.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tanda_spelling::NamedFormat;

use crate::read::error::ReadError;
use tanda_scene::glob::{Glob, is_glob};

use super::files::{FileRef, InputFile};
use super::missing::cannot_find;
use super::walk::walk;

/// All inputs that `path` names: one file, a glob in the order of its names, or `-`.
///
/// `format` is what they are read as, for hints.
pub(crate) fn find_files(path: &str, format: NamedFormat) -> Result<Vec<FileRef>, ReadError> {
    if path == "-" {
        return Ok(vec![Arc::new(InputFile::standard_input())]);
    }
    if is_glob(path) && fs::symlink_metadata(path).is_err() {
        return find_glob(path);
    }
    let metadata = fs::metadata(path).map_err(|error| cannot_find(Path::new(path), error))?;
    if metadata.is_dir() {
        let path = path.trim_end_matches('/').to_owned();
        return Err(ReadError::Directory { path, ending: format.ending() });
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
