//! The process that is confined and runs the hostile plugin.

use std::collections::BTreeMap;
use std::env;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;

use arrow::datatypes::Schema;
use nix::libc;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};
use tanda_plugin_host::Library;
use tanda_worker::sandbox::{self, Level, Policy};

use crate::rust;

/// Bytes of private memory that the plugin gets.
const MEMORY_LIMIT: u64 = 256 << 20;

/// Runs one probe: the folder, the library, what to pretend, and `place probe`.
pub(crate) fn main(folder: &Path, library: &Path, pretend: &str, probe: &str) {
    let policy = pretended(pretend, folder, library);
    let in_force = match sandbox::enter_first(&policy) {
        Ok(in_force) => in_force,
        Err(error) => {
            eprintln!("refused: {error}");
            return;
        }
    };
    eprintln!("in force: {in_force:?}");
    if probe == "rust" {
        rust::while_loading(folder);
    }
    let library = Library::open(&policy.library).expect("the fixture is a plugin");
    let cancel = Arc::new(AtomicBool::new(false));
    let mut plugin = library.open_instance(probe, cancel, "test").expect("it always opens");
    sandbox::enter_second(&policy).expect("what was given first is given again");
    if probe == "rust" {
        rust::while_running(folder);
    }
    plugin.bind(&Arc::new(Schema::empty()), None).expect_err("it only probes");
}

/// The policy under which, and the kernel on which, this pretends to run.
fn pretended(what: &str, folder: &Path, library: &Path) -> Policy {
    let mut policy = Policy {
        level: Level::Strict,
        memory_limit: Some(MEMORY_LIMIT),
        library: library.to_owned(),
        read: vec![folder.join("declared")],
        keep_fds: vec![0, 2],
        control_fd: 0,
    };
    match what {
        "nothing" => {}
        "off" => policy.level = Level::Off,
        "basic" => policy.level = Level::Basic,
        "missing file" => policy.read.push(folder.join("missing")),
        "missing library" => policy.library = folder.join("missing.so"),
        "two threads" => drop(thread::spawn(thread::park)),
        kernel => pretend_kernel(kernel),
    }
    policy
}

/// A kernel that lacks something: a call that it does not make and answers with this error, 0 for
/// success.
fn pretend_kernel(what: &str) {
    let (call, errno) = match what {
        // The rules are taken and not enforced: what is left is the filter of calls alone.
        "landlock off" => (libc::SYS_landlock_restrict_self, 0),
        "no landlock" => (libc::SYS_landlock_create_ruleset, libc::ENOSYS),
        "landlock disabled" => (libc::SYS_landlock_create_ruleset, libc::EOPNOTSUPP),
        "no rules" => (libc::SYS_landlock_add_rule, libc::EINVAL),
        "no restriction" => (libc::SYS_landlock_restrict_self, libc::E2BIG),
        "no seccomp" => (libc::SYS_seccomp, libc::EINVAL),
        "capabilities kept" => (libc::SYS_capset, 0),
        "no capset" => (libc::SYS_capset, libc::EPERM),
        "no limits" => (libc::SYS_prlimit64, libc::EPERM),
        "no handler" => (libc::SYS_rt_sigaction, libc::EINVAL),
        "no threads" => (libc::SYS_getdents64, libc::EACCES),
        other => panic!("nobody can pretend {other}"),
    };
    let action = SeccompAction::Errno(errno.cast_unsigned());
    let arch = env::consts::ARCH.try_into().expect("a supported architecture");
    let filter =
        SeccompFilter::new(BTreeMap::from([(call, vec![])]), SeccompAction::Allow, action, arch)
            .expect("a valid filter");
    let program: BpfProgram = filter.try_into().expect("a valid filter");
    apply_filter(&program).expect("it can be installed");
}
