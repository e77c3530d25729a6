//! Finished outputs take their names, all of them or none.
//!
//! Every new file changes places with the old one of its name, in one step of the system, so the
//! old one comes back in one step too if a later output cannot be published. Old files are removed
//! only when all new ones stand and their folders are on the disk. A run that is killed in between
//! leaves each name with one whole file, old or new, and beside it the other one as `.part`.

use std::collections::BTreeSet;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process;

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag, RenameFlags, renameat2};

use crate::write::error::WriteError;

use super::part::{is_same, lock, stands_at};
use super::target::folder_of;

/// Times that a name is taken again because a file came or went there in between.
const ATTEMPTS_MAX: usize = 8;

/// A complete output on the disk that still has the name of the unfinished file, and keeps it when
/// this is dropped.
#[derive(Debug)]
pub struct Staged {
    /// The path as the scene gives it.
    pub(super) shown: String,
    pub(super) path: PathBuf,
    pub(super) part: PathBuf,
    pub(super) bytes: u64,
    /// Holds the lock.
    pub(super) file: File,
}

/// Gives all `outputs` their names, or none: then each has its `.part` name again, and what stood
/// at its path stands there.
///
/// # Errors
/// The index of the first output that cannot take its name, and why. If even going back failed, the
/// error says of which file.
pub fn publish(outputs: &[Staged]) -> Result<(), (usize, WriteError)> {
    publish_by(outputs, exchange)
}

/// How two names change places.
type Exchange = fn(&Path, &Path) -> io::Result<()>;

pub(crate) fn publish_by(
    outputs: &[Staged],
    exchange: Exchange,
) -> Result<(), (usize, WriteError)> {
    let mut named = Vec::new();
    let mut all = || {
        for (index, output) in outputs.iter().enumerate() {
            take_name(output, exchange, &mut named).map_err(|error| (index, error))?;
        }
        sync_folders(outputs)
    };
    match all() {
        Ok(()) => {
            named.iter().for_each(Named::forget_old);
            Ok(())
        }
        Err((index, error)) => Err((index, give_back(named, exchange, error))),
    }
}

/// An output that has its name, or is about to.
struct Named<'a> {
    output: &'a Staged,
    old: Old,
}

/// Where the file is that had the name before.
enum Old {
    None,
    /// At the name of the unfinished file; held, so that no other run takes it for a leftover.
    AtPart {
        there: Metadata,
        _held: Option<File>,
    },
    /// Under a name of its own: the file system cannot exchange two names.
    Beside(PathBuf),
}

fn take_name<'a>(
    output: &'a Staged,
    exchange: Exchange,
    named: &mut Vec<Named<'a>>,
) -> Result<(), WriteError> {
    let Staged { path, part, file, .. } = output;
    let renaming = |e| output.fault("renaming the finished file", e);
    for _ in 0..ATTEMPTS_MAX {
        if !stands_at(file, part).map_err(renaming)? {
            let (path, part) = (output.shown.clone(), part.clone());
            return Err(WriteError::PartLost { path, part });
        }
        let renamed = match old_file(output)? {
            None => rename_to_free(part, path).map(|()| Old::None),
            Some(there) => {
                let held = hold(path);
                exchange(part, path).map(|()| Old::AtPart { there, _held: held })
            }
        };
        match renamed {
            Ok(old) => {
                named.push(Named { output, old });
                return Ok(());
            }
            // Somebody made or removed a file of this name just now.
            Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::AlreadyExists) => {}
            Err(e) if cannot(&e) => return rename_by_steps(output, named).map_err(renaming),
            Err(e) => return Err(renaming(e)),
        }
    }
    Err(renaming(ErrorKind::ResourceBusy.into()))
}

/// What stands at the path of `output` and can be replaced.
fn old_file(output: &Staged) -> Result<Option<Metadata>, WriteError> {
    match fs::symlink_metadata(&output.path) {
        Ok(there) if there.is_file() || there.is_symlink() => Ok(Some(there)),
        Ok(there) if there.is_dir() => Err(WriteError::Folder { path: output.shown.clone() }),
        Ok(_) => {
            let path = output.shown.clone();
            Err(WriteError::NotAFile { path, found: "pipe, device or socket by now" })
        }
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(output.fault("looking at it", e)),
    }
}

/// Where names cannot be exchanged: the old file gets another name, then the new one takes its own.
fn rename_by_steps<'a>(output: &'a Staged, named: &mut Vec<Named<'a>>) -> io::Result<()> {
    let Staged { path, part, .. } = output;
    if fs::symlink_metadata(path).is_err() {
        fs::rename(part, path)?;
        named.push(Named { output, old: Old::None });
        return Ok(());
    }
    // A name of this process: another may hold the only copy of what a killed run replaced.
    let mut beside = part.clone().into_os_string();
    beside.push(format!(".old-{}", process::id()));
    let beside = PathBuf::from(beside);
    if fs::symlink_metadata(&beside).is_ok() {
        return Err(ErrorKind::AlreadyExists.into());
    }
    // With a second name for the old file the path is never without one.
    fs::hard_link(path, &beside).or_else(|_| fs::rename(path, &beside))?;
    named.push(Named { output, old: Old::Beside(beside) });
    fs::rename(part, path)
}

/// Takes back what was renamed, the last first; the error tells, too, what could not be.
fn give_back(named: Vec<Named<'_>>, exchange: Exchange, error: WriteError) -> WriteError {
    named.into_iter().rev().fold(error, |error, named| match named.take_back(exchange) {
        Ok(()) => error,
        Err(source) => {
            let Staged { shown, part, .. } = named.output;
            let part = if let Old::Beside(beside) = &named.old { beside } else { part };
            let (path, error) = (shown.clone(), Box::new(error));
            WriteError::NotTakenBack { path, part: part.clone(), source, error }
        }
    })
}

impl Named<'_> {
    fn take_back(&self, exchange: Exchange) -> io::Result<()> {
        let Staged { path, part, file, .. } = self.output;
        let stands = stands_at(file, path)?;
        match &self.old {
            Old::None | Old::AtPart { .. } if !stands => Err(ErrorKind::NotFound.into()),
            Old::None => fs::rename(path, part),
            Old::AtPart { .. } => exchange(part, path),
            Old::Beside(beside) => {
                if stands {
                    fs::rename(path, part)?;
                }
                // Two names of one file stay two: the second is not needed any more.
                fs::rename(beside, path)?;
                let _ = fs::remove_file(beside);
                Ok(())
            }
        }
    }

    /// Removes the old file. If that fails it is left as `.part`, which the next run sees to.
    fn forget_old(&self) {
        let _ = match &self.old {
            Old::None => Ok(()),
            Old::AtPart { there, .. } => {
                let part = &self.output.part;
                let is_old = fs::symlink_metadata(part).is_ok_and(|now| is_same(there, &now));
                if is_old { fs::remove_file(part) } else { Ok(()) }
            }
            Old::Beside(beside) => fs::remove_file(beside),
        };
    }
}

impl Staged {
    fn fault(&self, action: &str, source: io::Error) -> WriteError {
        WriteError::from_system(&self.shown, action, Some(&self.part), self.bytes, source)
    }
}

/// Makes the renames survive a power failure.
fn sync_folders(outputs: &[Staged]) -> Result<(), (usize, WriteError)> {
    let mut synced = BTreeSet::new();
    for (index, output) in outputs.iter().enumerate() {
        let folder = folder_of(&output.path);
        if synced.insert(folder) {
            let written = File::open(folder).and_then(|folder| folder.sync_all());
            match written {
                // Some file systems have nothing to do for a folder, and say it so.
                Err(e) if !cannot(&e) => {
                    return Err((index, output.fault("writing its folder to the disk", e)));
                }
                Ok(()) | Err(_) => {}
            }
        }
    }
    Ok(())
}

/// Locks the old file before it moves; without the lock it is only less protected.
fn hold(path: &Path) -> Option<File> {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let file = OpenOptions::new().write(true).custom_flags(flags.bits()).open(path).ok()?;
    lock(&file).then_some(file)
}

fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    Ok(renameat2(AT_FDCWD, one, AT_FDCWD, other, RenameFlags::RENAME_EXCHANGE)?)
}

fn rename_to_free(from: &Path, to: &Path) -> io::Result<()> {
    Ok(renameat2(AT_FDCWD, from, AT_FDCWD, to, RenameFlags::RENAME_NOREPLACE)?)
}

/// Does the file system, or the kernel, not know the call?
fn cannot(error: &io::Error) -> bool {
    let unknown = [Errno::EINVAL, Errno::ENOSYS, Errno::EOPNOTSUPP];
    unknown.iter().any(|&errno| error.raw_os_error() == Some(errno as i32))
}
