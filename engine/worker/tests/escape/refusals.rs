//! Policies and kernels with which the sandbox must refuse, because it would be weaker; and the
//! levels that confine less.

use nix::libc::ENOMEM;
use nix::unistd::geteuid;

use super::Hostile;
use super::probes::End;

/// What is pretended, and words of the refusal.
const REFUSED: [(&str, &str); 12] = [
    ("two threads", "with one thread, but the process has 2"),
    ("no threads", "/proc/self/task cannot be read"),
    ("no limits", "the limit on core files cannot be set"),
    ("no handler", "the handler of SIGSYS cannot be installed"),
    ("no capset", "capabilities cannot be dropped"),
    ("no landlock", "Landlock (Linux 5.13, enabled at boot) is needed"),
    ("landlock disabled", "Landlock (Linux 5.13, enabled at boot) is needed"),
    ("no rules", "Landlock (Linux 5.13, enabled at boot) is needed"),
    ("no restriction", "Landlock (Linux 5.13, enabled at boot) is needed"),
    ("no seccomp", "system calls cannot be filtered"),
    ("missing file", "/missing cannot be made readable for the plugin: No such file"),
    ("missing library", "/missing.so cannot be made readable for the plugin: No such file"),
];

/// Without a capability, none can be left.
const REFUSED_TO_ROOT: (&str, &str) = ("capabilities kept", "capabilities in its effective set");

/// What is pretended, the probe, words of the log before it, and its end.
const TAKEN: [(&str, &str, &str, End); 5] = [
    ("off", "run tcp", "level: Off", End::Succeeds),
    ("off", "open execve_nothing", "no_new_privs: false", End::Fails(2)),
    ("basic", "run tcp", "level: Basic", End::Succeeds),
    ("basic", "run allocate", "no_new_privs: true", End::Fails(ENOMEM)),
    ("nothing", "rust", "level: Strict", End::Succeeds),
];

/// Those that were not refused, or with other words, or not taken.
pub(crate) fn faults(plugin: &Hostile) -> Vec<String> {
    let of_root = geteuid().is_root().then_some(REFUSED_TO_ROOT);
    let refused = REFUSED.into_iter().chain(of_root).filter_map(|(pretend, words)| {
        let outcome = plugin.run(pretend, "constructor use_a_little", |_| false);
        let right = outcome.log.starts_with("refused: ") && outcome.log.contains(words);
        (!right).then(|| format!("pretend {pretend}: expected `{words}`, found {outcome:?}"))
    });
    let taken = TAKEN.into_iter().filter_map(|(pretend, probe, words, end)| {
        let outcome = plugin.run(pretend, probe, |_| false);
        let right = outcome.log.contains(words) && outcome.end() == Some(end);
        (!right).then(|| format!("pretend {pretend}, {probe}: expected {end:?}, found {outcome:?}"))
    });
    refused.chain(taken).collect()
}
