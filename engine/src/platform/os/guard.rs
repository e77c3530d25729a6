//! A panic on another thread becomes a fault of its stage: nobody waits for an answer that never
//! comes.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Does `work`; an error or a panic of it comes back as text.
///
/// What `work` touches is given up with the stage when it panics, so its state is not looked at
/// again.
pub(super) fn guarded<T, E: ToString>(work: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
            let text = text.unwrap_or_else(|| "no text".to_owned());
            Err(format!("the engine panicked, which is a defect of the engine: {text}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panic_becomes_text() {
        let result = guarded(|| -> Result<(), String> { panic!("no {}", "way") });
        assert!(result.unwrap_err().ends_with("no way"));
    }
}
