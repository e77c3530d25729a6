//! The first bytes of a text input: they tell its columns.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use tanda_text::{Beginning, ColumnPlan, Cutter, Dialect, TextError};

use crate::read::error::ReadError;
use crate::read::opening::Opening;
use crate::read::transport::{Bytes, FileRef, Step, Stop};

/// Bytes of the first file that are looked at.
pub(crate) const SAMPLE_BYTES: usize = 1 << 20;
/// Bytes of every further file that are looked at.
pub(crate) const SAMPLE_MORE_BYTES: usize = 64 << 10;
/// Records of every file that are looked at.
pub(crate) const SAMPLE_RECORDS: usize = 10_000;
/// Bytes read at a time.
const READ_BYTES: usize = 64 << 10;

/// How a head is read.
pub(crate) struct HeadPlan<'a> {
    dialect: Option<Dialect>,
    /// Records without which there is nothing to tell: the header and one more.
    records_min: usize,
    record_bytes_max: usize,
    /// How long to wait for more when the first records are there.
    linger: Duration,
    stop: &'a Stop,
    progress: &'a Arc<AtomicU64>,
}

/// What an input begins with.
pub(crate) struct Head {
    pub(crate) file: FileRef,
    pub(crate) bytes: Vec<u8>,
    /// Whether these are all the bytes of the input.
    pub(crate) ended: bool,
    /// The rest of an input that cannot be opened again.
    pub(crate) rest: Option<Bytes>,
}

impl<'a> HeadPlan<'a> {
    pub(crate) fn new(
        opening: &Opening<'a>,
        dialect: Option<Dialect>,
        records_min: usize,
        record_bytes_max: usize,
    ) -> Self {
        let &Opening { limits, stop, progress } = opening;
        let linger = limits.linger;
        Self { dialect, records_min, record_bytes_max, linger, stop, progress }
    }

    /// Reads some `bytes_wanted` bytes of `file`, more if the first records are longer.
    pub(crate) fn read(&self, file: &FileRef, bytes_wanted: usize) -> Result<Head, ReadError> {
        let discarded = Arc::default();
        let progress = if file.is_regular() { &discarded } else { self.progress };
        let mut input = Bytes::open(file, progress)?;
        let (mut bytes, mut ended) = (Vec::new(), false);
        let mut cutter = Cutter::new(self.dialect);
        let mut until = None;
        while !ended && (bytes.len() < bytes_wanted || cutter.records() < self.records_min) {
            match grow(&mut bytes, &mut input, self.stop, until)? {
                Step::Bytes(_) => {}
                Step::End => ended = true,
                Step::TimedOut => break,
                Step::Stopped if cutter.records() >= self.records_min => break,
                Step::Stopped => return Err(ReadError::Stopped { path: file.path().to_owned() }),
            }
            cutter.scan(&bytes, usize::MAX);
            self.check_length(file, &bytes, &cutter)?;
            if cutter.records() >= self.records_min {
                until = until.or_else(|| Some(Instant::now() + self.linger));
            }
        }
        let rest = (!file.is_regular()).then_some(input);
        Ok(Head { file: Arc::clone(file), bytes, ended, rest })
    }

    fn check_length(&self, file: &FileRef, bytes: &[u8], cut: &Cutter) -> Result<(), ReadError> {
        let bytes_max = self.record_bytes_max;
        // Behind the first records the reader looks after it.
        if cut.records() >= self.records_min || bytes.len() - cut.end() <= bytes_max {
            return Ok(());
        }
        let (path, line) = (file.path().to_owned(), 1 + cut.end_lines());
        Err(TextError::RecordTooLong { path, line, bytes_max }.into())
    }
}

fn grow(
    bytes: &mut Vec<u8>,
    input: &mut Bytes,
    stop: &Stop,
    until: Option<Instant>,
) -> Result<Step, ReadError> {
    let length = bytes.len();
    bytes.resize(length + READ_BYTES, 0);
    let step = input.read(&mut bytes[length..], stop, until);
    let count = if let Ok(Step::Bytes(count)) = step { count } else { 0 };
    bytes.truncate(length + count);
    step
}

impl Head {
    /// What the columns are told by.
    pub(crate) fn beginning(&self) -> Beginning<'_> {
        let (path, nameless) = (self.file.path(), self.file.is_nameless());
        Beginning { path, bytes: &self.bytes, ended: self.ended, nameless }
    }
}

/// Names of the columns of which the first records had no value.
pub(crate) fn unseen(columns: &[ColumnPlan]) -> Vec<String> {
    columns.iter().filter(|plan| plan.unseen).map(|plan| plan.name.clone()).collect()
}
