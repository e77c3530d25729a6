//! The program that workers are: this one, if it serves as one when asked.

use std::env;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

/// The argument with which a worker is started.
pub(crate) const WORKER_ARGUMENT: &str = "worker";

/// This program whatever has become of its path: both sides of the protocol are of one build.
const THIS: &str = "/proc/self/exe";

static SERVES: AtomicBool = AtomicBool::new(false);

/// Runs a worker and ends the process, if this process was started to be one.
///
/// Call it first in the `main` of a program that runs scenes: isolated plugins then run in
/// processes of this same program. A program that never calls it needs a `tanda` executable beside
/// itself.
pub fn serve_if_asked() {
    SERVES.store(true, Ordering::Relaxed);
    if env::args_os().nth(1).is_some_and(|argument| argument == WORKER_ARGUMENT)
        && env::args_os().len() == 2
    {
        let code = tanda_worker::main();
        std::process::exit(i32::from(code != ExitCode::SUCCESS));
    }
}

/// The path still leads to this program: it may have been replaced while it runs.
fn is_this(path: &Path) -> bool {
    let file = |path: &Path| path.metadata().map(|data| (data.dev(), data.ino()));
    file(path).is_ok_and(|found| file(THIS.as_ref()).is_ok_and(|this| this == found))
}

/// The executable of workers; where it was looked for, if there is none.
pub(super) fn worker_executable() -> Result<PathBuf, String> {
    let this = env::current_exe()
        .map_err(|error| format!("the path of this program cannot be read: {error}"))?;
    if SERVES.load(Ordering::Relaxed) {
        return Ok(if is_this(&this) { this } else { PathBuf::from(THIS) });
    }
    let folder = this.parent().unwrap_or(Path::new("/"));
    // Test programs and examples stand one folder below the executables.
    let folders = [Some(folder), folder.parent()];
    let candidates: Vec<PathBuf> =
        folders.into_iter().flatten().map(|folder| folder.join("tanda")).collect();
    candidates.iter().find(|path| path.is_file()).cloned().ok_or_else(|| {
        let looked = candidates.iter().map(|path| path.display().to_string());
        let looked: Vec<String> = looked.collect();
        format!(
            "this program does not run workers, and there is no {}; call \
             `tanda::serve_if_asked()` first in its `main`, build `tanda` beside it (`cargo build`), \
             or give the stage `isolation: InProcess`",
            looked.join(" and no ")
        )
    })
}
