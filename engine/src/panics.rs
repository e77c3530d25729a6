//! A panic of the engine is a defect, and ends the run in words: on whatever thread it happens, who
//! waits for an answer gets one.

use std::cell::{Cell, RefCell};
use std::io::{self, Write as _};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo, catch_unwind};

thread_local! {
    /// Somebody on this thread catches a panic and tells it.
    static IS_CAUGHT: Cell<bool> = const { Cell::new(false) };
    /// Where the last panic of this thread was.
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Does `work`; an error or a panic of it comes back as text.
///
/// What `work` touches is given up with the stage when it panics, so its state is not looked at
/// again.
///
/// # Errors
/// What `work` gives, or the words of its panic.
pub fn guarded<T, E: ToString>(work: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    let before = IS_CAUGHT.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    IS_CAUGHT.set(before);
    match result {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
            Err(in_words(&text.unwrap_or_else(|| "no text".to_owned()), &PLACE.take()))
        }
    }
}

/// From now on a panic is told in one line, and only where nobody catches it. There is no
/// backtrace: to make one takes memory and a lock, and where memory is refused it never ends.
pub fn tell_in_one_line() {
    panic::set_hook(Box::new(|info: &PanicHookInfo<'_>| {
        let place = info.location().map_or_else(String::new, ToString::to_string);
        if IS_CAUGHT.get() {
            return PLACE.set(place);
        }
        let text = info.payload_as_str().unwrap_or("no text");
        // Where standard error cannot be written, nobody can be told.
        let _ = writeln!(io::stderr(), "error: {}", in_words(text, &place));
    }));
}

fn in_words(text: &str, place: &str) -> String {
    let place = if place.is_empty() { String::new() } else { format!(" (at {place})") };
    format!("the engine panicked, which is a defect of the engine: {text}{place}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panic_becomes_text() {
        let result = guarded(|| -> Result<(), String> { panic!("no {}", "way") });
        assert!(result.unwrap_err().contains("no way"));
    }
}
