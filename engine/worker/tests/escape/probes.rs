//! What the hostile plugin tries, and how it must end.

use nix::libc::{EACCES, EBADF, EINVAL, EISCONN, EMFILE, ENOMEM, ENOSYS, EPERM};
use nix::sys::signal::Signal::{self, SIGABRT, SIGFPE, SIGSEGV};

/// How a probe ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// `SIGSYS`, and the log names this call.
    Denied(&'static str),
    /// `SIGSYS` and nothing in the log: the kernel ends it where no handler can run.
    Killed,
    /// The call fails with this error, and the plugin goes on.
    Fails(i32),
    /// It ends by this signal.
    Dies(Signal),
    /// It computes for ever, until the engine kills it.
    Spins,
    /// Nobody has anything against it.
    Succeeds,
}
use End::{Denied, Dies, Fails, Killed, Spins, Succeeds};

/// One attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Probe {
    /// Its name in `hostile.c`.
    pub(crate) name: &'static str,
    /// How it ends once the plugin is open.
    pub(crate) running: End,
    /// How it ends while the library is loaded and the plugin opens.
    pub(crate) loading: End,
    /// Is it Landlock alone that decides while loading?
    pub(crate) by_landlock: bool,
}

const fn probe(name: &'static str, running: End) -> Probe {
    Probe { name, running, loading: running, by_landlock: false }
}

/// One that is denied by seccomp under its own name.
const fn denied(name: &'static str) -> Probe {
    probe(name, Denied(name))
}

impl Probe {
    const fn loading(self, loading: End) -> Self {
        Self { loading, ..self }
    }

    /// While loading, Landlock lets the call fail.
    const fn by_landlock(self) -> Self {
        Self { loading: Fails(EACCES), by_landlock: true, ..self }
    }
}

/// The whole suite.
pub(crate) fn all() -> impl Iterator<Item = Probe> {
    let groups = [FILES, NETWORK, PROCESSES, MEMORY, KERNEL, DESCRIPTORS, SIGNALS, USE];
    let old = if cfg!(target_arch = "x86_64") { OLD } else { &[] };
    groups.into_iter().chain([old]).flatten().copied()
}

const FILES: &[Probe] = &[
    probe("read_declared", Fails(EACCES)).loading(Succeeds),
    probe("read_file", Fails(EACCES)).by_landlock(),
    probe("read_kept", Denied("read")).loading(Fails(EBADF)),
    probe("map_kept", Fails(EBADF)),
    probe("list_folder", Fails(EACCES)).by_landlock(),
    probe("write_file", Denied("openat")),
    probe("write_declared", Denied("openat")),
    probe("create_file", Denied("openat")),
    probe("truncate_by_open", Denied("openat")),
    probe("nameless_file", Denied("openat")),
    probe("memory_of_parent", Fails(EACCES)).by_landlock(),
    probe("environment_of_parent", Fails(EACCES)).by_landlock(),
    probe("descriptor_of_parent", Fails(EACCES)).by_landlock(),
    probe("descriptor_again", Denied("openat")),
    probe("sysctl", Denied("openat")),
    probe("terminal", Denied("openat")),
    denied("openat2"),
    probe("status_of_path", Fails(EACCES)).loading(Succeeds),
    probe("statx_of_path", Fails(EACCES)).loading(Succeeds),
    probe("access_of_path", Fails(EACCES)).loading(Succeeds),
    probe("read_link", Fails(EACCES)).loading(Succeeds),
    probe("working_folder", Fails(EACCES)).loading(Succeeds),
    denied("truncate"),
    denied("ftruncate"),
    denied("fallocate"),
    denied("unlinkat"),
    denied("linkat"),
    denied("symlinkat"),
    denied("renameat2"),
    denied("mkdirat"),
    denied("mknodat"),
    denied("fchmodat"),
    denied("fchmod"),
    denied("fchownat"),
    denied("utimensat"),
    denied("setxattr"),
    denied("name_to_handle_at"),
    denied("open_by_handle_at"),
    denied("chdir"),
    denied("inotify_init1"),
    denied("fanotify_init"),
    denied("pwrite64"),
    denied("copy_file_range"),
    denied("sendfile"),
];

const NETWORK: &[Probe] = &[
    probe("tcp", Denied("socket")),
    probe("tcp6", Denied("socket")),
    probe("mptcp", Denied("socket")),
    probe("udp", Denied("socket")),
    probe("unix_path", Denied("socket")),
    probe("netlink", Denied("socket")),
    probe("vsock", Denied("socket")),
    probe("raw_ip", Denied("socket")),
    probe("packet", Denied("socket")),
    probe("abstract", Denied("sendto")),
    probe("abstract_by_message", Fails(EISCONN)),
    probe("send_elsewhere", Denied("sendmsg")),
    probe("receive_elsewhere", Denied("recvmsg")),
    denied("socketpair"),
    denied("bind"),
    denied("connect"),
    denied("listen"),
    denied("accept4"),
    denied("setsockopt"),
];

const PROCESSES: &[Probe] = &[
    denied("execve"),
    denied("execveat"),
    probe("fork_by_clone", Fails(EPERM)),
    probe("thread", Fails(EPERM)),
    probe("clone3", Fails(ENOSYS)),
    probe("ptrace_parent", Denied("ptrace")),
    probe("ptrace_me", Denied("ptrace")),
    denied("process_vm_readv"),
    denied("process_vm_writev"),
    probe("kill_parent", Denied("kill")),
    probe("kill_all", Denied("kill")),
    probe("tgkill_parent", Denied("tgkill")),
    probe("tkill_parent", Denied("tkill")),
    probe("queue_to_parent", Denied("rt_sigqueueinfo")),
    denied("pidfd_open"),
    denied("pidfd_send_signal"),
    denied("pidfd_getfd"),
    denied("process_madvise"),
    denied("wait4"),
    denied("setns"),
    denied("unshare"),
    denied("setsid"),
    denied("setpriority"),
    denied("sched_setaffinity"),
    denied("sched_setscheduler"),
    probe("raise_limit", Denied("prlimit64")),
    probe("set_limit", Denied("setrlimit")),
    probe("limit_of_parent", Denied("prlimit64")),
];

const MEMORY: &[Probe] = &[
    probe("map_code", Denied("mmap")),
    probe("map_file_code", Denied("mmap")),
    probe("make_code", Denied("mprotect")),
    probe("map_uncounted", Denied("mmap")),
    probe("map_a_stack", Denied("mmap")),
    probe("map_too_much", Fails(ENOMEM)),
    probe("allocate", Fails(ENOMEM)),
    denied("pkey_mprotect"),
    denied("memfd_create"),
    denied("memfd_secret"),
    denied("userfaultfd"),
    denied("mlockall"),
    denied("mlock"),
    denied("remap_file_pages"),
    denied("shmget"),
    denied("mbind"),
];

const KERNEL: &[Probe] = &[
    denied("io_uring_setup"),
    denied("io_uring_enter"),
    denied("bpf"),
    denied("perf_event_open"),
    denied("add_key"),
    denied("request_key"),
    denied("keyctl"),
    denied("personality"),
    denied("mount"),
    denied("umount2"),
    denied("fsopen"),
    denied("open_tree"),
    denied("move_mount"),
    denied("pivot_root"),
    denied("chroot"),
    denied("swapon"),
    denied("quotactl"),
    denied("reboot"),
    denied("kexec_load"),
    denied("init_module"),
    denied("finit_module"),
    denied("delete_module"),
    denied("settimeofday"),
    denied("clock_settime"),
    denied("sethostname"),
    denied("acct"),
    denied("syslog"),
    denied("capset"),
    denied("setuid"),
    denied("setgroups"),
    probe("fake_input", Denied("ioctl")),
    probe("outlive_engine", Denied("prctl")),
    probe("dumpable", Denied("prctl")),
    probe("another_filter", Denied("seccomp")).loading(Fails(EINVAL)),
    probe("filter_listener", Denied("seccomp")),
    probe("strict_filter", Denied("prctl")),
    denied("landlock_create_ruleset").loading(Succeeds),
];

const DESCRIPTORS: &[Probe] = &[
    denied("dup"),
    denied("dup3"),
    denied("pipe2"),
    denied("eventfd2"),
    denied("timerfd_create"),
    denied("signalfd4"),
    probe("duplicate_all", Denied("fcntl")).loading(Fails(EMFILE)),
    probe("asynchronous", Denied("fcntl")),
    probe("signals_to_parent", Denied("fcntl")),
    probe("write_elsewhere", Denied("write")).loading(Succeeds),
];

const SIGNALS: &[Probe] = &[
    probe("handle_sigsys", Denied("rt_sigaction")),
    probe("ignore_sigkill", Denied("rt_sigaction")),
    probe("handle_sigterm", Denied("rt_sigaction")),
    probe("block_sigsys", Killed),
    probe("tiny_stack", Dies(SIGSEGV)),
    probe("x32", Killed),
    probe("int80", Killed),
    probe("number_minus_one", Killed),
    probe("number_unknown", Denied("")),
    probe("stack_overflow", Dies(SIGABRT)),
    probe("null_pointer", Dies(SIGSEGV)),
    probe("divide_by_zero", Dies(SIGFPE)),
    probe("abort", Dies(SIGABRT)),
    probe("free_what_is_not_mine", Dies(SIGABRT)),
    probe("spin", Spins),
];

/// What a plugin may do.
const USE: &[Probe] = &[probe("use_a_little", Succeeds), probe("handle_segv", Succeeds)];

/// Calls that newer architectures do not have.
const OLD: &[Probe] = &[
    denied("fork"),
    denied("vfork"),
    denied("iopl"),
    denied("ioperm"),
    denied("modify_ldt"),
    denied("arch_prctl"),
];
