//! Which system calls a worker may make in `Strict`.
//!
//! All that is not listed ends the process. What a list holds, and why:
//!
//! - memory: private mappings, which the memory limit counts, and shared ones of a descriptor that
//!   it has. No anonymous shared memory and no second stack, which no limit counts; nothing that
//!   can be executed, but code of a file while libraries are loaded.
//! - descriptors: read and written only those of the policy, once the plugin is open.
//! - signals: to its own process only, which is how `abort` ends. Handlers can be set for faults
//!   of its own (Rust's runtime resets them to end), not for `SIGSYS`.
//! - other processes, threads, sockets, devices, clocks, the kernel's own matters: nothing.

use std::process;

use nix::libc::{self, c_int, c_long};

use super::error::SandboxError;
use super::list::{Condition, List, int, int_bits, word};
use super::policy::Policy;

/// Harmless whatever the arguments: memory already owned, time, waiting, facts of the process.
const HARMLESS: [c_long; 37] = [
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_close,
    libc::SYS_lseek,
    libc::SYS_fstat,
    libc::SYS_fstatfs,
    libc::SYS_ppoll,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_gettimeofday,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_restart_syscall,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_getcpu,
    libc::SYS_getrusage,
    libc::SYS_times,
    libc::SYS_sysinfo,
    libc::SYS_getrandom,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_getppid,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_futex_waitv,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// Some more in the first table that an architecture had.
#[cfg(target_arch = "x86_64")]
const HARMLESS_OLD: [c_long; 3] = [libc::SYS_poll, libc::SYS_epoll_wait, libc::SYS_time];
#[cfg(not(target_arch = "x86_64"))]
const HARMLESS_OLD: [c_long; 0] = [];

/// Reading what Landlock allows, until the plugin is open.
const LOADING: [c_long; 11] = [
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_fadvise64,
    libc::SYS_getdents64,
    libc::SYS_getcwd,
    libc::SYS_epoll_create1,
    libc::SYS_landlock_create_ruleset,
    libc::SYS_landlock_restrict_self,
];

/// Metadata by path; seccomp cannot see the path, Landlock does not care.
const METADATA: [c_long; 6] = [
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_readlinkat,
    libc::SYS_getcwd,
];
#[cfg(target_arch = "x86_64")]
const METADATA_OLD: [c_long; 4] =
    [libc::SYS_stat, libc::SYS_lstat, libc::SYS_access, libc::SYS_readlink];
#[cfg(not(target_arch = "x86_64"))]
const METADATA_OLD: [c_long; 0] = [];

/// Operations of `futex` that need no more than memory of its own; the others have a long history
/// of faults in kernels.
const FUTEX: [c_int; 6] = [
    libc::FUTEX_WAIT,
    libc::FUTEX_WAKE,
    libc::FUTEX_REQUEUE,
    libc::FUTEX_CMP_REQUEUE,
    libc::FUTEX_WAIT_BITSET,
    libc::FUTEX_WAKE_BITSET,
];

/// Signals whose handler may be set: faults of its own, and those by which libc prepares a thread,
/// before it hears that there is none.
const HANDLED: [c_int; 4] = [libc::SIGSEGV, libc::SIGBUS, 32, 33];

/// Questions about a descriptor.
const FCNTL: [c_int; 3] = [libc::F_GETFD, libc::F_GETFL, libc::F_GET_SEALS];

/// `prctl` that gives an anonymous mapping a name; allocators do that.
const NAME_A_MAPPING: [c_int; 2] = [0x53_56_4d_41, 0];

/// Calls that this kernel is said not to have: libc then takes the old one.
pub(super) fn absent() -> List {
    let mut list = List::default();
    list.always(&[libc::SYS_clone3]);
    list
}

/// Calls that this process is said to have no right to. libc blocks all signals around `clone`, so
/// no handler could name it; with an error the plugin itself says that it gets no thread.
pub(super) fn forbidden() -> List {
    let mut list = List::default();
    list.always(&[libc::SYS_clone]);
    list
}

/// Calls that fail without a word once the plugin is open: opening for reading, metadata by path.
pub(super) fn quiet() -> Result<List, SandboxError> {
    let mut list = List::default();
    add_quiet(&mut list)?;
    Ok(list)
}

/// Until the plugin is open: what it takes to run, to load a library and to read files.
pub(super) fn while_loading(policy: &Policy) -> Result<List, SandboxError> {
    let mut list = List::default();
    add_common(&mut list, policy)?;
    list.always(&LOADING);
    add_quiet(&mut list)?;
    let private = libc::MAP_PRIVATE;
    let kind = libc::MAP_TYPE | libc::MAP_ANONYMOUS | libc::MAP_GROWSDOWN;
    let code = int_bits(2, libc::PROT_WRITE | libc::PROT_EXEC, libc::PROT_EXEC);
    list.when(libc::SYS_mmap, [code, int_bits(3, kind, private)])?;
    list.when(libc::SYS_fcntl, [int(1, libc::F_DUPFD_CLOEXEC)])?;
    // The way into the second stage.
    list.when(libc::SYS_prctl, [int(0, libc::PR_SET_NO_NEW_PRIVS)])?;
    let set_filter = int(0, libc::SECCOMP_SET_MODE_FILTER as c_int);
    list.when(libc::SYS_seccomp, [set_filter, word(1, libc::SECCOMP_FILTER_FLAG_TSYNC)])?;
    Ok(list)
}

/// Once the plugin is open: computing, and what it was given.
pub(super) fn while_running(policy: &Policy) -> Result<List, SandboxError> {
    let mut list = List::default();
    add_common(&mut list, policy)?;
    add_quiet(&mut list)?;
    for &fd in &policy.keep_fds {
        for call in [libc::SYS_read, libc::SYS_write, libc::SYS_writev] {
            list.when(call, [int(0, fd)])?;
        }
    }
    Ok(list)
}

fn add_common(list: &mut List, policy: &Policy) -> Result<(), SandboxError> {
    list.always(&HARMLESS);
    list.always(&HARMLESS_OLD);
    // Allowed here, answered with an error by another filter.
    list.always(&[libc::SYS_clone3, libc::SYS_clone]);
    add_memory(list)?;
    add_signals(list)?;
    let ignored = libc::FUTEX_PRIVATE_FLAG | libc::FUTEX_CLOCK_REALTIME;
    for operation in FUTEX {
        list.when(libc::SYS_futex, [int_bits(1, !ignored, operation)])?;
    }
    for question in FCNTL {
        list.when(libc::SYS_fcntl, [int(1, question)])?;
    }
    let [set_vma, name] = NAME_A_MAPPING;
    list.when(libc::SYS_prctl, [int(0, set_vma), word(1, u64::from(name.cast_unsigned()))])?;
    list.when(libc::SYS_prlimit64, [int(0, 0), word(2, 0)])?;
    let control = policy.control_fd;
    for call in [libc::SYS_recvmsg, libc::SYS_recvfrom, libc::SYS_sendmsg] {
        list.when(call, [int(0, control)])?;
    }
    list.when(libc::SYS_sendto, [int(0, control), word(4, 0)])
}

fn add_memory(list: &mut List) -> Result<(), SandboxError> {
    let data = || int_bits(2, libc::PROT_EXEC, 0);
    let private = libc::MAP_TYPE | libc::MAP_GROWSDOWN;
    let of_a_file = libc::MAP_ANONYMOUS | libc::MAP_GROWSDOWN;
    list.when(libc::SYS_mmap, [data(), int_bits(3, private, libc::MAP_PRIVATE)])?;
    list.when(libc::SYS_mmap, [data(), int_bits(3, of_a_file, 0)])?;
    list.when(libc::SYS_mprotect, [data()])
}

fn add_signals(list: &mut List) -> Result<(), SandboxError> {
    let own: Condition = int(0, process::id().cast_signed());
    list.when(libc::SYS_tgkill, [own])?;
    for signal in HANDLED {
        list.when(libc::SYS_rt_sigaction, [int(0, signal)])?;
    }
    Ok(())
}

/// Opening for reading, and metadata by path.
fn add_quiet(list: &mut List) -> Result<(), SandboxError> {
    list.always(&METADATA);
    list.always(&METADATA_OLD);
    let changes = libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC | libc::O_APPEND;
    #[cfg(target_arch = "x86_64")]
    list.when(libc::SYS_open, [int_bits(1, changes, libc::O_RDONLY)])?;
    list.when(libc::SYS_openat, [int_bits(2, changes, libc::O_RDONLY)])
}
