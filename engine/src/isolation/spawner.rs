//! The one thread that starts processes.
//!
//! A worker asks the kernel to be killed when its parent ends, and the kernel takes the *thread*
//! that started it for the parent. So it has to be one that lives as long as the engine's process.

use std::io;
use std::process::{Child, Command};
use std::sync::{OnceLock, mpsc};
use std::thread;

use crate::platform::os::block_stop_signals;

type Wish = (Command, mpsc::Sender<io::Result<Child>>);

/// Starts `command` from the spawner's thread.
///
/// # Errors
/// The process, or the thread at its first use, cannot be started.
pub(super) fn spawn(command: Command) -> io::Result<Child> {
    static SPAWNER: OnceLock<Result<mpsc::Sender<Wish>, io::ErrorKind>> = OnceLock::new();
    let spawner = SPAWNER.get_or_init(|| start().map_err(|error| error.kind()));
    let (answer, answered) = mpsc::channel();
    let gone = || io::Error::other("the thread that starts processes has ended");
    let wishes = spawner.as_ref().map_err(|kind| io::Error::from(*kind))?;
    wishes.send((command, answer)).map_err(|_| gone())?;
    answered.recv().map_err(|_| gone())?
}

/// Leaves SIGINT and SIGTERM to the threads that take them as a wish to drain, or end the process.
/// This thread may have been started before those were decided.
pub(super) fn leave_stop_signals() {
    // Refused, the signal ends the process here, as it would without an engine.
    let _ = block_stop_signals();
}

fn start() -> io::Result<mpsc::Sender<Wish>> {
    let (wishes, wished) = mpsc::channel::<Wish>();
    thread::Builder::new().name("tanda-spawner".into()).spawn(move || {
        leave_stop_signals();
        for (mut command, answer) in wished {
            // Who asked may have ended meanwhile; its child then ends with its closed lifeline.
            let _ = answer.send(command.spawn());
        }
    })?;
    Ok(wishes)
}
