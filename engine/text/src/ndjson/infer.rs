//! Columns of NDJSON from its first records.

use super::scan::Scanner;
use super::seen::Members;
use super::split::found_instead;

/// The first records: their keys in the order in which they first occur, and the values.
#[derive(Debug, Default)]
pub struct NdjsonSample {
    pub(super) members: Members,
    pub(crate) records: usize,
    /// All bytes that were looked at.
    pub(crate) bytes: usize,
    /// What the first line that is not empty has instead of a record, if it is none.
    pub(crate) refusal: Option<String>,
}

impl NdjsonSample {
    /// Takes the records of `text` into account; broken ones are left for decoding to refuse.
    pub(crate) fn take(&mut self, text: &[u8]) {
        for line in text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
            let whole = Scanner::new(line, 0).object();
            if let Err(broken) = whole
                && self.records == 0
            {
                self.refusal.get_or_insert_with(|| found_instead(line, &(0..line.len()), broken));
            }
            if whole.is_ok() && std::str::from_utf8(line).is_ok() {
                self.records += 1;
                let mut scanner = Scanner::new(line, 0);
                let taken = scanner.open().and_then(|_| self.members.take(&mut scanner));
                taken.expect("the line was found to be an object");
            }
        }
    }
}
