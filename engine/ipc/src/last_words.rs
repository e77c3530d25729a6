//! Signals by which the system ends a process that it refuses something.

use std::io;
use std::ptr;
use std::sync::OnceLock;

/// Has writing beyond the limit on the size of files (`RLIMIT_FSIZE`) fail with `EFBIG`, instead of
/// ending the process by `SIGXFSZ`. Processes that are started from now on inherit it.
///
/// # Errors
/// The kernel refuses.
pub fn ignore_file_size_signal() -> io::Result<()> {
    set(libc::SIGXFSZ, libc::SIG_IGN)
}

static WORDS: OnceLock<&str> = OnceLock::new();

/// Has an abort, which is how Rust ends a process that is refused memory, say `words` and end the
/// process with code 1, instead of a signal that says nothing. The first call counts.
///
/// # Errors
/// The kernel refuses.
pub fn end_in_words_on_abort(words: &'static str) -> io::Result<()> {
    WORDS.get_or_init(|| words);
    let handler: extern "C" fn(libc::c_int) = say_and_end;
    set(libc::SIGABRT, handler as *const () as libc::sighandler_t)
}

extern "C" fn say_and_end(_signal: libc::c_int) {
    let words = WORDS.get().copied().unwrap_or_default();
    // SAFETY: both calls may be made in a handler; the words live as long as the process.
    unsafe {
        libc::write(libc::STDERR_FILENO, words.as_ptr().cast(), words.len());
        libc::_exit(1);
    }
}

fn set(signal: libc::c_int, handler: libc::sighandler_t) -> io::Result<()> {
    // SAFETY: plain data, of which zero is a valid value: no flags, an empty mask.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handler;
    // SAFETY: a valid action; the handler does only what a handler may.
    match unsafe { libc::sigaction(signal, &raw const action, ptr::null_mut()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
