//! The unfinished file of a sink: made afresh, locked while it is written, never anybody else's.
//!
//! The lock tells a file that a run writes from one that a run left behind when it was killed: the
//! system drops it with the last descriptor.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use nix::fcntl::OFlag;
use nix::unistd::geteuid;

use crate::write::error::WriteError;

/// Times that the file is made again because others came in between.
const ATTEMPTS_MAX: usize = 8;

/// Permissions that a new file may take over: no set-user-id, set-group-id or sticky bit.
const PERMISSIONS: u32 = 0o777;

/// Makes the unfinished file and locks it. What an earlier run left there is removed.
///
/// It takes over the permissions of the file at `path`, which it will replace.
///
/// # Errors
/// If another run writes it, if what stands there is not ours to remove, or the system refuses.
pub(super) fn create(shown: &str, path: &Path, part: &Path) -> Result<File, WriteError> {
    let creating = |e| failed(shown, part, "creating", e);
    let replaced = fs::metadata(path).ok().map(|replaced| replaced.mode() & PERMISSIONS);
    for _ in 0..ATTEMPTS_MAX {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).custom_flags(OFlag::O_NOFOLLOW.bits());
        if let Some(mode) = replaced {
            options.mode(mode);
        }
        let file = match options.open(part) {
            Ok(file) => file,
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {
                remove_leftover(shown, part)?;
                continue;
            }
            Err(e) => return Err(creating(e)),
        };
        // Without the lock others may take it for a leftover.
        if lock(&file) && stands_at(&file, part).map_err(creating)? {
            if let Some(mode) = replaced {
                file.set_permissions(fs::Permissions::from_mode(mode)).map_err(creating)?;
            }
            return Ok(file);
        }
    }
    Err(busy(shown, part))
}

/// Looks whether the name of the unfinished file is free, or taken by what may be removed.
///
/// # Errors
/// If something else stands there.
pub(super) fn check(shown: &str, part: &Path) -> Result<(), WriteError> {
    let Ok(there) = fs::symlink_metadata(part) else { return Ok(()) };
    match not_ours(&there) {
        None => Ok(()),
        Some(found) => {
            let (path, part) = (shown.to_owned(), part.to_owned());
            Err(WriteError::PartTaken { path, part, found })
        }
    }
}

/// Does `path` name the open `file`?
pub(super) fn stands_at(file: &File, path: &Path) -> io::Result<bool> {
    let ours = file.metadata()?;
    Ok(fs::symlink_metadata(path).is_ok_and(|there| is_same(&ours, &there)))
}

pub(super) fn is_same(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Locks `file` until it is closed; false if somebody else holds it.
pub(super) fn lock(file: &File) -> bool {
    match file.try_lock() {
        // A file system without locks still writes files.
        Ok(()) | Err(TryLockError::Error(_)) => true,
        Err(TryLockError::WouldBlock) => false,
    }
}

/// Removes what a run left behind that was killed: a file of ours that nobody holds.
fn remove_leftover(shown: &str, part: &Path) -> Result<(), WriteError> {
    check(shown, part)?;
    // A pipe may have taken the place of what was checked: it is not waited for.
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let file = match OpenOptions::new().write(true).custom_flags(flags.bits()).open(part) {
        Ok(file) => file,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(failed(shown, part, "opening", e)),
    };
    if !lock(&file) {
        return Err(busy(shown, part));
    }
    let removing = |e| failed(shown, part, "removing", e);
    // Whoever held the lock may have renamed the file meanwhile: then it is a finished output.
    if stands_at(&file, part).map_err(removing)? {
        check(shown, part)?;
        fs::remove_file(part).map_err(removing)?;
    }
    Ok(())
}

/// Why what stands there must not be removed; none for a file of this user without another name.
fn not_ours(there: &Metadata) -> Option<String> {
    let kind = there.file_type();
    let kind = match kind {
        _ if kind.is_file() => None,
        _ if kind.is_dir() => Some("it is a folder"),
        _ if kind.is_symlink() => Some("it is a symbolic link"),
        _ if kind.is_fifo() => Some("it is a named pipe"),
        _ => Some("it is no regular file"),
    };
    if let Some(kind) = kind {
        return Some(kind.to_owned());
    }
    if there.uid() != geteuid().as_raw() {
        return Some(format!("it belongs to another user (uid {})", there.uid()));
    }
    (there.nlink() > 1).then(|| format!("it is a file of {} names", there.nlink()))
}

fn busy(shown: &str, part: &Path) -> WriteError {
    WriteError::Busy { path: shown.to_owned(), part: part.to_owned() }
}

fn failed(shown: &str, part: &Path, action: &str, source: io::Error) -> WriteError {
    WriteError::from_system(shown, &format!("{action} {}", part.display()), None, 0, source)
}
