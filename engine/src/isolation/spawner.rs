//! The one thread that starts processes.
//!
//! A worker asks the kernel to be killed when its parent ends, and the kernel takes the *thread*
//! that started it for the parent. So it has to be one that lives as long as the engine's process.

use std::io;
use std::process::{Child, Command};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

use crate::platform::os::block_stop_signals;

type Wish = (Command, mpsc::Sender<io::Result<Child>>);

/// Starts `command` from the spawner's thread.
///
/// # Errors
/// The process, or the thread, cannot be started.
pub(super) fn spawn(command: Command) -> io::Result<Child> {
    let (answer, answered) = mpsc::channel();
    let gone = || io::Error::other("the thread that starts processes has ended");
    wishes()?.send((command, answer)).map_err(|_| gone())?;
    answered.recv().map_err(|_| gone())?
}

/// The way to the thread, which is started at the first use that the system lets it.
fn wishes() -> io::Result<mpsc::Sender<Wish>> {
    static SPAWNER: Mutex<Option<mpsc::Sender<Wish>>> = Mutex::new(None);
    let mut spawner = SPAWNER.lock().unwrap_or_else(PoisonError::into_inner);
    match &*spawner {
        Some(wishes) => Ok(wishes.clone()),
        None => Ok(spawner.insert(start()?).clone()),
    }
}

/// Leaves SIGINT, SIGTERM and SIGHUP to the threads that take them as a wish to drain, or end the
/// process. This thread may have been started before those were decided.
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
