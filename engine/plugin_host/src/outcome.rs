//! What the status of a call means.

use tanda_plugin::abi::{RawError, STATUS_ERROR, STATUS_OK, STATUS_PANIC};

use crate::{Call, CallError};

/// The result of a call that is over; its error, if it left one, is taken.
pub(crate) fn outcome(
    plugin: &str,
    call: Call,
    status: i32,
    mut error: RawError,
) -> Result<(), CallError> {
    if status == STATUS_OK && error.release.is_none() {
        return Ok(());
    }
    // SAFETY: filled by the call, or by an emit inside it that the plugin chose to ignore (S1).
    let error = unsafe { error.take() };
    let plugin = plugin.to_owned();
    Err(match status {
        STATUS_OK => return Ok(()),
        STATUS_PANIC => CallError::Panicked { plugin, call, message: error.message().to_owned() },
        STATUS_ERROR => CallError::Failed { plugin, call, error },
        _ => CallError::UnknownStatus { plugin, call, status, error },
    })
}
