//! Printing: streams may be closed or full, and neither may end the program.

use std::{
    fmt::Display,
    io::{self, ErrorKind, Write as _},
};

use super::Exit;

/// Prints `text` on standard output; a command that ended as `exit` ends as this says.
///
/// A reader that has gone wanted no more of it, so a broken pipe changes nothing. Any other error
/// is said, and makes a failure of what was none.
pub(super) fn print(text: &str, exit: Exit) -> Exit {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            say(format_args!("error: cannot write standard output: {error}\n"));
            if exit == Exit::Refused { exit } else { Exit::Failed }
        }
        Ok(()) | Err(_) => exit,
    }
}

/// Prints `text` on standard error. Where it cannot be written nobody can be told.
pub(super) fn say(text: impl Display) {
    let text = text.to_string();
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Prints a refusal or a failure.
pub(super) fn complain(error: impl Display, exit: Exit) -> Exit {
    let text = error.to_string();
    // Faults of a scene begin with their place, as a compiler's do.
    let prefix = if text.contains(": error: ") { "" } else { "error: " };
    say(format_args!("{prefix}{text}\n"));
    exit
}
