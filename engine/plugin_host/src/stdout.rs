//! Was standard output open when the process began? It stands here because it needs `unsafe`.
//!
//! Before `main` the Rust runtime opens `/dev/null` where a standard stream is closed, so what is
//! written there vanishes without an error. Only what the loader runs before that can tell.

use std::sync::atomic::{AtomicBool, Ordering};

use nix::libc;

static WAS_CLOSED: AtomicBool = AtomicBool::new(false);

#[used]
// SAFETY: the loader calls what stands in this section once, with the C convention, before `main`
// and before there are threads; `look` makes one system call and uses nothing of the runtime.
#[unsafe(link_section = ".init_array")]
static LOOK: extern "C" fn() = look;

extern "C" fn look() {
    // SAFETY: it asks for the flags of a descriptor by its number, which need not be open.
    let flags = unsafe { libc::fcntl(libc::STDOUT_FILENO, libc::F_GETFD) };
    WAS_CLOSED.store(flags == -1, Ordering::Relaxed);
}

/// Was standard output closed when the process began? What is written to it now goes nowhere.
#[must_use]
pub fn stdout_was_closed() -> bool {
    // Named here, so that whoever links this function links what the loader runs.
    std::hint::black_box(&LOOK);
    WAS_CLOSED.load(Ordering::Relaxed)
}
