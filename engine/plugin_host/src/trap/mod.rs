//! The last word of a process that made a system call which its sandbox denies.
//!
//! The filter raises `SIGSYS`; the handler writes one line and lets the signal end the process, so
//! that the exit status says it too. Invariants:
//!
//! - **T1** The handler calls only what is safe in a signal handler, allocates nothing and locks
//!   nothing.
//! - **T2** The handler is used once: the kernel resets it as it enters (`SA_RESETHAND`), so the
//!   signal that it raises ends the process without a call that a plugin could also make.

mod names;

use std::io::Write;

use nix::errno::Errno;
use nix::libc::{self, c_int, c_void};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

/// From now on a denied system call is named on descriptor 2 before it ends the process:
/// `denied system call 41 (socket)`. Costs nothing while nothing is denied.
///
/// # Errors
/// The kernel refuses the handler; nothing is changed.
pub fn report_denied_calls() -> Result<(), Errno> {
    let flags = SaFlags::SA_RESETHAND | SaFlags::SA_NODEFER | SaFlags::SA_ONSTACK;
    let action = SigAction::new(SigHandler::SigAction(on_denied), flags, SigSet::empty());
    // SAFETY: the handler is safe to run between any two instructions (T1).
    unsafe { sigaction(Signal::SIGSYS, &action) }.map(drop)
}

extern "C" fn on_denied(_: c_int, info: *mut libc::siginfo_t, _: *mut c_void) {
    // SAFETY: the kernel passes a valid siginfo to a handler with SA_SIGINFO.
    let number = unsafe { denied_number(info) };
    if let Some(number) = number {
        report(number);
    }
    // SAFETY: no memory is involved; the disposition is the default again (T2), so it ends here.
    unsafe {
        libc::raise(libc::SIGSYS);
        libc::_exit(128 + libc::SIGSYS);
    }
}

/// The number of the denied call, if the filter sent the signal.
///
/// # Safety
/// `info` is what the kernel passed to a handler of `SIGSYS`.
unsafe fn denied_number(info: *const libc::siginfo_t) -> Option<c_int> {
    /// What a filter's signal carries; the layout is the kernel's.
    #[repr(C)]
    struct Denied {
        head: [c_int; 3],
        address: *const c_void,
        number: c_int,
        architecture: u32,
    }
    const SYS_SECCOMP: c_int = 1;
    const _: () = assert!(size_of::<Denied>() <= size_of::<libc::siginfo_t>());
    // SAFETY: valid by the contract; the struct is a prefix of siginfo, with the same alignment.
    let denied = unsafe { info.cast::<Denied>().read() };
    let Denied { head: [_, _, code], address: _, number, architecture: _ } = denied;
    (code == SYS_SECCOMP).then_some(number)
}

/// Writes the line, in one call, from the stack (T1). A failure cannot be helped.
fn report(number: c_int) {
    let mut line = [0_u8; 64];
    let mut rest = &mut line[..];
    let _ = match names::name(number.into()) {
        Some(name) => writeln!(rest, "denied system call {number} ({name})"),
        None => writeln!(rest, "denied system call {number}"),
    };
    let written = 64 - rest.len();
    // SAFETY: the bytes are on this stack.
    let _ = unsafe { libc::write(libc::STDERR_FILENO, line.as_ptr().cast(), written) };
}
