//! The first bytes of a text input: they tell its columns.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use crate::connectors::error::ReadError;

use super::bytes::{Bytes, Step};
use super::cut::{Cutter, Dialect};
use super::files::FileRef;
use super::stop::Stop;

/// Bytes of the first file that are looked at.
pub(crate) const SAMPLE_BYTES: usize = 1 << 20;
/// Bytes of every further file that are looked at.
pub(crate) const SAMPLE_MORE_BYTES: usize = 64 << 10;
/// Records of the first file that are looked at.
pub(crate) const SAMPLE_RECORDS: usize = 10_000;
/// Bytes read at a time.
const READ_BYTES: usize = 64 << 10;

/// How a head is read.
pub(crate) struct HeadPlan<'a> {
    pub(crate) dialect: Option<Dialect>,
    /// Records without which there is nothing to tell: the header and one more.
    pub(crate) records_min: usize,
    pub(crate) record_bytes_max: usize,
    /// How long to wait for more when the first records are there.
    pub(crate) linger: Duration,
    pub(crate) stop: &'a Stop,
    pub(crate) progress: &'a Arc<AtomicU64>,
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

impl HeadPlan<'_> {
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
        Err(ReadError::RecordTooLong { path, line, bytes_max })
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
    /// The whole records from byte `from` on, at most [`SAMPLE_RECORDS`].
    pub(crate) fn records(&self, from: usize, dialect: Option<Dialect>) -> &[u8] {
        let text = &self.bytes[from..];
        let mut cutter = Cutter::new(dialect);
        cutter.scan(text, SAMPLE_RECORDS);
        let all = self.ended && cutter.records() < SAMPLE_RECORDS;
        if all { text } else { &text[..cutter.end()] }
    }

    /// Bytes of the mark that some programs put before UTF-8 text.
    pub(crate) fn mark_bytes(&self) -> usize {
        if self.bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 }
    }

    /// Fails when there is nothing, or when the bytes are of a format that is no text.
    pub(crate) fn check_is_text(&self, format: &'static str) -> Result<(), ReadError> {
        let path = self.file.path().to_owned();
        if self.bytes.is_empty() {
            return Err(ReadError::Empty { path, expected: format });
        }
        let found = SIGNATURES.iter().find(|(start, _)| self.bytes.starts_with(start));
        let Some((_, signature)) = found else { return Ok(()) };
        let found = match signature {
            Signature::Other(found) => (*found).to_owned(),
            // A name gives the ending; what has none comes through a pipe.
            Signature::Packed { name, tool, .. } if self.file.is_nameless() => {
                format!("{name} data (decompress it in front: `{tool} -dc FILE | tanda run …`)")
            }
            Signature::Packed { name, ending, .. } => {
                format!("{name} data (name it with the ending `{ending}` to have it decompressed)")
            }
        };
        Err(ReadError::WrongFormat { path, found, expected: format })
    }
}

/// What a file is that is often mistaken for text.
enum Signature {
    Other(&'static str),
    Packed { name: &'static str, tool: &'static str, ending: &'static str },
}

const GZIP: Signature = Signature::Packed { name: "gzip", tool: "gzip", ending: ".gz" };
const ZSTD: Signature = Signature::Packed { name: "zstd", tool: "zstd", ending: ".zst" };

/// How such files begin.
const SIGNATURES: [(&[u8], Signature); 6] = [
    (b"PAR1", Signature::Other("a Parquet file")),
    (b"ARROW1", Signature::Other("an Arrow file")),
    (b"\x1f\x8b", GZIP),
    (b"\x28\xb5\x2f\xfd", ZSTD),
    (b"\xff\xfe", Signature::Other("UTF-16 text (convert it to UTF-8)")),
    (b"\xfe\xff", Signature::Other("UTF-16 text (convert it to UTF-8)")),
];
