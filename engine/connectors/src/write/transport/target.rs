//! Where a sink writes: standard output, a pipe or device, or a file that is renamed when complete.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::unistd::{AccessFlags, eaccess, geteuid};

use crate::write::error::WriteError;

use super::part;

/// Links followed before a path is given up; Linux itself stops at 40.
const LINKS_MAX: usize = 40;

/// Only owners rename or remove files in such a folder.
const STICKY: u32 = 0o1000;

/// The place behind a sink's path.
#[derive(Debug)]
pub(crate) struct Target {
    /// The path as the scene gives it, or `standard output`.
    pub(crate) shown: String,
    pub(crate) kind: TargetKind,
}

#[derive(Debug)]
pub(crate) enum TargetKind {
    Stdout,
    /// A character device: written in place.
    Device(PathBuf),
    /// A named pipe: written in place, opened with the first byte as that waits for a reader.
    Fifo(PathBuf),
    /// `part` is written, then renamed to `path`. Links are resolved, so that a link stays one.
    File {
        path: PathBuf,
        part: PathBuf,
    },
}

impl Target {
    /// Finds out what `path` names and whether it may be written; touches nothing.
    pub(crate) fn check(path: &str) -> Result<Self, WriteError> {
        if path.is_empty() {
            return Err(WriteError::EmptyPath);
        }
        if path == "-" || path == "/dev/stdout" {
            return Ok(Self { shown: "standard output".to_owned(), kind: TargetKind::Stdout });
        }
        let kind = find_kind(path)?;
        check_access(path, &kind)?;
        Ok(Self { shown: path.to_owned(), kind })
    }

    pub(crate) fn part(&self) -> Option<&Path> {
        match &self.kind {
            TargetKind::File { part, .. } => Some(part),
            TargetKind::Stdout | TargetKind::Device(_) | TargetKind::Fifo(_) => None,
        }
    }

    /// The error for a failed call to the system; the unfinished file is named if there is one.
    pub(crate) fn fault(&self, action: &str, bytes: u64, source: io::Error) -> WriteError {
        let part = self.part().filter(|part| part.exists());
        WriteError::from_system(&self.shown, action, part, bytes, source)
    }
}

fn find_kind(path: &str) -> Result<TargetKind, WriteError> {
    let shown = || path.to_owned();
    let not_a_file = |found| Err(WriteError::NotAFile { path: shown(), found });
    let found = match fs::metadata(path) {
        Ok(found) => found.file_type(),
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return new_file(path);
        }
        Err(source) => return Err(io_error(path, "looking at it", source)),
    };
    if found.is_dir() {
        Err(WriteError::Folder { path: shown() })
    } else if found.is_file() {
        new_file(path)
    } else if found.is_fifo() {
        Ok(TargetKind::Fifo(path.into()))
    } else if found.is_char_device() {
        Ok(TargetKind::Device(path.into()))
    } else if found.is_block_device() {
        not_a_file("block device")
    } else {
        not_a_file("socket")
    }
}

fn new_file(path: &str) -> Result<TargetKind, WriteError> {
    if path.ends_with('/') {
        return Err(WriteError::Folder { path: path.to_owned() });
    }
    let path = follow_links(PathBuf::from(path));
    let mut part = path.clone().into_os_string();
    part.push(".part");
    Ok(TargetKind::File { path, part: part.into() })
}

/// Follows links by hand, because the file that the last one names may not exist yet.
fn follow_links(mut path: PathBuf) -> PathBuf {
    for _ in 0..LINKS_MAX {
        let Ok(next) = fs::read_link(&path) else { break };
        path = folder_of(&path).join(next);
    }
    path
}

pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    }
}

fn check_access(shown: &str, kind: &TargetKind) -> Result<(), WriteError> {
    match kind {
        TargetKind::Stdout => Ok(()),
        TargetKind::Device(path) | TargetKind::Fifo(path) => may(shown, path, AccessFlags::W_OK),
        TargetKind::File { path, part } => {
            if path.exists() {
                may(shown, path, AccessFlags::W_OK)?;
            }
            check_folder(shown, folder_of(path))?;
            check_sticky(shown, path)?;
            part::check(shown, part)
        }
    }
}

fn may(shown: &str, place: &Path, flags: AccessFlags) -> Result<(), WriteError> {
    eaccess(place, flags).map_err(|errno| WriteError::Forbidden {
        path: shown.to_owned(),
        place: place.to_owned(),
        source: errno.into(),
    })
}

/// In a folder such as `/tmp` a file is only replaced by its owner or the folder's, or by root,
/// whoever may write into it: the renaming would be refused when all is done.
fn check_sticky(shown: &str, path: &Path) -> Result<(), WriteError> {
    let (Ok(file), Ok(folder)) = (fs::symlink_metadata(path), fs::metadata(folder_of(path))) else {
        return Ok(());
    };
    if !keeps_its_files(folder.mode(), [file.uid(), folder.uid()], geteuid().as_raw()) {
        return Ok(());
    }
    let (path, place) = (shown.to_owned(), path.to_owned());
    Err(WriteError::Forbidden { path, place, source: Errno::EPERM.into() })
}

fn keeps_its_files(mode: u32, owners: [u32; 2], user: u32) -> bool {
    mode & STICKY != 0 && user != 0 && !owners.contains(&user)
}

/// Checks the nearest folder that exists: the ones below it are still to be created.
fn check_folder(shown: &str, folder: &Path) -> Result<(), WriteError> {
    for place in folder.ancestors() {
        let place = if place.as_os_str().is_empty() { Path::new(".") } else { place };
        match fs::metadata(place) {
            Ok(found) if found.is_dir() => {
                return may(shown, place, AccessFlags::W_OK | AccessFlags::X_OK);
            }
            Ok(_) => {
                let parent = place.to_owned();
                return Err(WriteError::ParentNotFolder { path: shown.to_owned(), parent });
            }
            Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
            Err(source) => {
                return Err(io_error(shown, &format!("looking at {}", place.display()), source));
            }
        }
    }
    Ok(())
}

fn io_error(shown: &str, action: &str, source: io::Error) -> WriteError {
    WriteError::from_system(shown, action, None, 0, source)
}

/// Creates the folders and the empty unfinished file, which no other run writes.
pub(super) fn create_part(shown: &str, path: &Path, part: &Path) -> Result<File, WriteError> {
    let folder = folder_of(path);
    fs::create_dir_all(folder)
        .map_err(|e| io_error(shown, &format!("creating the folder {}", folder.display()), e))?;
    part::create(shown, path, part)
}

#[cfg(test)]
mod tests {
    use super::keeps_its_files;

    #[test]
    fn sticky_folder_keeps_the_files_of_others() {
        assert!(keeps_its_files(0o41777, [8, 9], 7));
        assert!(!keeps_its_files(0o40777, [8, 9], 7), "it is not sticky");
        assert!(!keeps_its_files(0o41777, [7, 9], 7), "the file is the user's");
        assert!(!keeps_its_files(0o41777, [8, 7], 7), "the folder is the user's");
        assert!(!keeps_its_files(0o41777, [8, 9], 0), "root may");
    }
}
