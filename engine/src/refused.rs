//! What the system refuses, with what can be done about it: most often a limit is in force that
//! somebody set around the program.

use std::io;

use nix::errno::Errno;

/// The error, and how to get round it where that is known.
pub(crate) fn in_words(error: &io::Error) -> String {
    match error.raw_os_error().and_then(advice_on) {
        Some(advice) => format!("{error}; {advice}"),
        None => error.to_string(),
    }
}

/// What can be done when the system answers with this code.
pub(crate) fn advice_on(code: i32) -> Option<&'static str> {
    let code = Errno::from_raw(code);
    ADVICE.iter().find(|(known, _)| *known == code).map(|(_, advice)| *advice)
}

const ADVICE: [(Errno, &str); 5] = [
    (
        Errno::EAGAIN,
        "no more threads or processes are allowed, or there is no memory for them: raise the limit \
         on them (`ulimit -u`, the container's pids) or on memory, or lower `engine.threads` and \
         `instances`",
    ),
    (
        Errno::ENOMEM,
        "no more memory is allowed: raise the limit on it (`ulimit -v`, `ulimit -d`, the \
         container's memory), or lower `engine.memory`, `engine.threads` and `instances`",
    ),
    (Errno::EMFILE, "no more open files are allowed: raise the limit (`ulimit -n`)"),
    (Errno::ENFILE, "the system has no more open files: raise `fs.file-max`"),
    (
        Errno::EFBIG,
        "files may not be longer, nor the memory that is shared with workers, which counts as one: \
         raise the limit (`ulimit -f`)",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusal_names_the_limit() {
        let words = |code| in_words(&io::Error::from_raw_os_error(code as i32));
        assert!(words(Errno::EMFILE).contains("Too many open files"));
        assert!(words(Errno::EMFILE).contains("`ulimit -n`"));
        assert!(words(Errno::EFBIG).contains("`ulimit -f`"));
        assert_eq!(words(Errno::EIO), io::Error::from(Errno::EIO).to_string());
    }
}
