//! What a decoder of columns did instead of an answer, and what it means to the user.

use std::cell::Cell;
use std::fs::File;
use std::io;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use arrow::error::ArrowError;
use parquet::errors::ParquetError;

use crate::columnar_format::ColumnarFormat;
use crate::read::error::ReadError;
use crate::read::transport::InputFile;

/// Why an input gives no more batches.
#[derive(Debug)]
pub(super) enum Fault {
    /// The bytes contradict their format, or each other.
    Damage(String),
    /// The bytes end before the format says so.
    Truncated,
    /// The operating system refused to read.
    Io(io::Error),
    /// The bytes are sound and of a kind that is not read.
    Refused { found: String, remedy: &'static str },
    /// A stop was asked while a pipe had nothing to read.
    Stopped,
    /// Damaged bytes can trip an assertion of the decoder.
    Panic,
}

impl Fault {
    pub(super) fn damage(detail: impl Into<String>) -> Self {
        Self::Damage(detail.into())
    }

    /// Says what it means for `file`: a change of the file explains everything.
    pub(super) fn explain(
        self,
        format: ColumnarFormat,
        file: &InputFile,
        handle: &File,
    ) -> ReadError {
        if let Err(changed) = file.check_unchanged(handle) {
            return changed;
        }
        let (path, format) = (file.path().to_owned(), format.name());
        match self {
            Self::Damage(detail) => ReadError::Corrupt { path, format, detail },
            Self::Truncated => ReadError::Truncated { path, format },
            Self::Io(error) => ReadError::io(&path, "reading", error),
            Self::Refused { found, remedy } => ReadError::NotRead { path, found, remedy },
            Self::Stopped => ReadError::Stopped { path },
            Self::Panic => {
                let detail = "its parts contradict each other".to_owned();
                ReadError::Corrupt { path, format, detail }
            }
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        match error.kind() == io::ErrorKind::UnexpectedEof {
            true => Self::Truncated,
            false => Self::Io(error),
        }
    }
}

impl From<ArrowError> for Fault {
    #[expect(clippy::wildcard_enum_match_arm, reason = "whatever else a decoder says is damage")]
    fn from(error: ArrowError) -> Self {
        match error {
            ArrowError::IoError(_, error) => error.into(),
            ArrowError::NotYetImplemented(what) => not_implemented(&what),
            other => Self::Damage(without_names(&other.to_string())),
        }
    }
}

impl From<ParquetError> for Fault {
    #[expect(clippy::wildcard_enum_match_arm, reason = "whatever else a decoder says is damage")]
    fn from(error: ParquetError) -> Self {
        match error {
            ParquetError::NYI(what) => not_implemented(&what),
            other => Self::Damage(without_names(&other.to_string())),
        }
    }
}

fn not_implemented(what: &str) -> Fault {
    let remedy = "write the file again without it";
    Fault::Refused { found: format!("something that is not implemented ({what})"), remedy }
}

/// The libraries name themselves in front of what they say, some of them twice.
fn without_names(text: &str) -> String {
    const NAMES: [&str; 6] = [
        "Parquet argument error: ",
        "Parquet error: ",
        "Invalid argument error: ",
        "Ipc error: ",
        "Parser error: ",
        "Arrow: ",
    ];
    let mut text = text;
    while let Some(rest) = NAMES.iter().find_map(|name| text.strip_prefix(name)) {
        text = rest;
    }
    text.to_owned()
}

thread_local! {
    /// Whether this thread is inside [`guarded`].
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Does a step of a decoder; a panic of it becomes a fault, and its text is not printed.
pub(super) fn guarded<T>(step: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    quieten();
    let before = IS_GUARDED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(step));
    IS_GUARDED.set(before);
    result.unwrap_or(Err(Fault::Panic))
}

/// Once a process: whoever hears of panics hears of all but those that [`guarded`] catches.
fn quieten() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !IS_GUARDED.try_with(Cell::get).unwrap_or(false) {
                hook(panic);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    #[ignore = "panics on the way: run by the test below"]
    fn planted_panics() {
        let caught = guarded(|| -> Result<(), Fault> { panic!("a planted panic, caught") });
        assert!(matches!(caught, Err(Fault::Panic)));
        let _ = catch_unwind(|| panic!("a planted panic, heard"));
    }

    #[test]
    fn only_a_panic_that_becomes_an_error_is_silent() {
        let this = std::env::current_exe().unwrap();
        let (_crate, module) = module_path!().split_once("::").unwrap();
        let planted = format!("{module}::planted_panics");
        let planted = [planted.as_str(), "--exact", "--ignored", "--nocapture", "--test-threads=1"];
        let done = Command::new(this).args(planted).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{said}");
        assert!(said.contains("a planted panic, heard"), "{said}");
        assert!(!said.contains("a planted panic, caught"), "{said}");
    }
}
