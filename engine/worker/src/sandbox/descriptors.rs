//! What stays open when the plugin runs.

use nix::unistd::close;

use super::limits::OPEN_FILES_MAX;
use super::policy::Policy;

/// Closes what is open beside the descriptors of the policy: files that the plugin kept open could
/// still be mapped. None can be higher than the limit.
pub(super) fn close_others(policy: &Policy) {
    let limit = i32::try_from(OPEN_FILES_MAX).expect("the limit is a small constant");
    let kept = |fd: &i32| *fd == policy.control_fd || policy.keep_fds.contains(fd);
    for fd in (0..limit).filter(|fd| !kept(fd)) {
        // It fails for those that are not open, which are most.
        let _ = close(fd);
    }
}
