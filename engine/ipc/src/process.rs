//! System calls of a process's start and end that have no safe wrapper elsewhere.

use std::io;
use std::os::fd::{OwnedFd, RawFd};

use rustix::process::{Pid, PidfdFlags, Signal};

/// A descriptor of a process: readable when the process has ended. Close-on-exec.
///
/// Call it for a child that has not been waited for, else the number may be another process's.
///
/// # Errors
/// There is no such process (`ESRCH`), or no descriptor is free.
pub fn pidfd_open(pid: u32) -> io::Result<OwnedFd> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let pid = pid.ok_or(io::Error::from(rustix::io::Errno::SRCH))?;
    Ok(rustix::process::pidfd_open(pid, PidfdFlags::empty())?)
}

/// Closes every descriptor of this process but those in `keep` (any order, repeats are fine).
///
/// For the first lines of a worker's `main`: whoever made a descriptor before the call and is not
/// in `keep` holds a dead number afterwards, so nothing may have opened one yet.
///
/// # Errors
/// The kernel refuses (before 5.9 it has no such call); some descriptors may be closed by then.
pub fn close_all_but(keep: &[RawFd]) -> io::Result<()> {
    let mut keep: Vec<u32> = keep.iter().filter_map(|fd| u32::try_from(*fd).ok()).collect();
    keep.sort_unstable();
    let mut first = 0;
    for kept in keep {
        if kept > first {
            close_range(first, kept - 1)?;
        }
        first = first.max(kept + 1);
    }
    close_range(first, u32::MAX)
}

fn close_range(first: u32, last: u32) -> io::Result<()> {
    // SAFETY: touches no memory; that nobody owns these descriptors is the caller's stated duty.
    let result = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Asks the kernel to kill this process (SIGKILL) when its parent ends, then looks whether the
/// parent is still `expected_parent`. False: it had died before the request, so nobody will kill
/// us; exit.
///
/// "Parent" is the *thread* that started this process: start workers from a thread that lives as
/// long as the engine. The request is lost by running a set-user-id program, and kept by `exec`.
///
/// # Errors
/// The kernel refuses the request.
pub fn die_with_parent(expected_parent: u32) -> io::Result<bool> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    let parent = rustix::process::getppid().map(Pid::as_raw_nonzero);
    Ok(parent.is_some_and(|parent| parent.get().unsigned_abs() == expected_parent))
}
