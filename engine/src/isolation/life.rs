//! The process of a worker, from its start to its end.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tanda_components::ExitReason;
use tanda_ipc::pidfd_open;

use super::log::Log;
use super::{Recipe, StartFault, exe, spawner};

/// All that is in the environment of a worker: glibc's heap keeps what is freed, up to 256 MiB, and
/// takes blocks below 32 MiB from it. Another libc takes no notice.
const MALLOC_KEEPS: [(&str, &str); 2] =
    [("MALLOC_TRIM_THRESHOLD_", "268435456"), ("MALLOC_MMAP_THRESHOLD_", "33554432")];

/// The process itself. Killed and reaped when dropped.
pub(super) struct Life {
    child: Arc<Mutex<Child>>,
    pub(super) pidfd: OwnedFd,
    log: Log,
}

impl Life {
    /// Starts a worker that reads `stdin`.
    pub(super) fn begin(recipe: &Recipe, stdin: OwnedFd) -> Result<Self, StartFault> {
        let executable = exe::worker_executable().map_err(StartFault::NoExecutable)?;
        let mut command = Command::new(executable);
        command
            .arg(exe::WORKER_ARGUMENT)
            .env_clear()
            // The columns of one batch are as large as those of the next: what it frees it needs
            // again, and giving it back to the system in between costs a page fault a page.
            .envs(MALLOC_KEEPS)
            // A Ctrl-C at the terminal is for the engine, which drains its workers.
            .process_group(0)
            .stdin(Stdio::from(stdin))
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = spawner::spawn(command)?;
        let pipe = child.stderr.take().expect("its standard error is a pipe");
        let begun = pidfd_open(child.id())
            .and_then(|pidfd| Ok((pidfd, Log::follow(recipe.stage.clone(), pipe)?)));
        let child = Arc::new(Mutex::new(child));
        match begun {
            Ok((pidfd, log)) => Ok(Self { child, pidfd, log }),
            Err(error) => {
                Killer(child).kill_and_reap();
                Err(error.into())
            }
        }
    }

    /// It has not ended, as far as the system knows.
    pub(super) fn is_alive(&self) -> bool {
        let mut fds = [PollFd::new(self.pidfd.as_fd(), PollFlags::POLLIN)];
        poll(&mut fds, PollTimeout::ZERO).is_ok_and(|ended| ended == 0)
    }

    pub(super) fn killer(&self) -> Killer {
        Killer(Arc::clone(&self.child))
    }

    pub(super) fn kill(&self) {
        self.killer().kill();
    }

    /// Kills it, if it lives, and gives how it ended, with the last lines of its log.
    pub(super) fn end(&self) -> (ExitReason, String) {
        self.kill();
        let status = lock(&self.child).wait();
        let (reason, mut how) = match status {
            Ok(status) => how_it_ended(status.code(), status.signal()),
            Err(error) => {
                (ExitReason::Exited { code: -1 }, format!("it cannot be waited for: {error}"))
            }
        };
        let lines = self.log.last_words();
        if !lines.is_empty() {
            how.push_str(&format!("; its last words: {}", lines.join(" | ")));
        }
        (reason, how)
    }

    /// It broke off, or said what makes no sense.
    pub(super) fn died(
        &self,
        what: &'static str,
        error: Option<&dyn std::fmt::Display>,
    ) -> StartFault {
        // Who closed the channel is ending: what it was ending of is not covered up by our kill.
        let ended = wait_a_moment(self.pidfd.as_fd()).unwrap_or(false);
        let (reason, mut how) = self.end();
        let reason = if ended { reason } else { ExitReason::Lied };
        if let Some(error) = error {
            how.push_str(&format!(" ({error})"));
        }
        StartFault::Died { what, reason, how }
    }
}

/// Waits a moment for the end of a process.
fn wait_a_moment(pidfd: BorrowedFd<'_>) -> nix::Result<bool> {
    let mut fds = [PollFd::new(pidfd, PollFlags::POLLIN)];
    Ok(poll(&mut fds, PollTimeout::from(200_u16))? > 0)
}

fn how_it_ended(code: Option<i32>, signal: Option<i32>) -> (ExitReason, String) {
    match (code, signal) {
        (Some(code), _) => (ExitReason::Exited { code }, format!("it exited with code {code}")),
        (None, Some(signal)) => {
            let name =
                nix::sys::signal::Signal::try_from(signal).map_or("?", |signal| signal.as_str());
            (ExitReason::Signalled { signal }, format!("it was killed by {name}"))
        }
        (None, None) => (ExitReason::Exited { code: -1 }, "it ended".to_owned()),
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.killer().kill_and_reap();
        // Its log is read to the end by now or soon, so that nothing of it is left open.
        let _ = self.log.last_words();
    }
}

/// Kills a process, from any thread; harmless when it has been reaped.
#[derive(Clone)]
pub(crate) struct Killer(Arc<Mutex<Child>>);

impl Killer {
    pub(super) fn kill(&self) {
        // An error: it has been reaped.
        let _ = lock(&self.0).kill();
    }

    fn kill_and_reap(&self) {
        let mut child = lock(&self.0);
        let _ = child.kill();
        let _ = child.wait();
    }
}

fn lock(child: &Mutex<Child>) -> MutexGuard<'_, Child> {
    child.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn sleeper() -> (Killer, OwnedFd, u32) {
        let child = Command::new("sleep").arg("60").spawn().expect("there is a sleep");
        let pid = child.id();
        let pidfd = pidfd_open(pid).expect("it lives");
        (Killer(Arc::new(Mutex::new(child))), pidfd, pid)
    }

    fn is_over(pidfd: &OwnedFd) -> bool {
        let mut fds = [PollFd::new(pidfd.as_fd(), PollFlags::POLLIN)];
        poll(&mut fds, PollTimeout::ZERO).is_ok_and(|count| count > 0)
    }

    /// A process that got the number of one that is gone is neither killed for it, nor does its end
    /// seem to be the other's.
    #[test]
    fn process_with_the_number_of_an_old_one_is_another() {
        let (old, old_pidfd, pid) = sleeper();
        old.kill_and_reap();
        // The system gives the number again, if it is told to.
        for _ in 0..50 {
            if fs::write("/proc/sys/kernel/ns_last_pid", (pid - 1).to_string()).is_err() {
                eprintln!("process_with_the_number_of_an_old_one_is_another: SKIPPED: not root");
                return;
            }
            let (new, new_pidfd, new_pid) = sleeper();
            if new_pid == pid {
                assert!(is_over(&old_pidfd) && !is_over(&new_pidfd));
                old.kill();
                let _ = wait_a_moment(new_pidfd.as_fd());
                assert!(!is_over(&new_pidfd), "the new process was killed for the old one");
                new.kill_and_reap();
                assert!(is_over(&new_pidfd));
                return;
            }
            new.kill_and_reap();
        }
        panic!("the number {pid} was never given again");
    }
}
