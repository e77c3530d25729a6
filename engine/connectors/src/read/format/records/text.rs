//! Cuts text inputs into pieces of whole records.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use tanda_text::{Cutter, Dialect, OnBad, TextError, has_open_quote, shown_part};

use crate::read::error::ReadError;
use crate::read::opening::Limits;
use crate::read::piece::{Piece, RawPiece};
use crate::read::reader::Reader;
use crate::read::transport::{ALIGN, Bytes, FileRef, Pool, PooledBuffer, Step, Stop};

use super::head::Head;

/// Bytes read at a time at most: what is read is counted while it is in the cache.
const READ_BYTES: usize = 256 << 10;
/// Bytes read at a time at least.
const READ_BYTES_MIN: usize = 4 << 10;

/// One input and where its records begin.
pub(crate) struct Body {
    pub(crate) file: FileRef,
    /// Bytes before the first record: mark, header.
    pub(crate) skip: usize,
    /// Line of the first record, from 1.
    pub(crate) line: u64,
    /// What was already read of an input that cannot be opened again, and the rest of it.
    pub(crate) kept: Option<Box<(Vec<u8>, Bytes)>>,
}

impl Body {
    pub(crate) fn new(head: Head, skip: usize, line: u64) -> Self {
        let kept = head.rest.map(|rest| Box::new((head.bytes, rest)));
        Self { file: head.file, skip, line, kept }
    }
}

/// Reads inputs one after the other; a piece never holds records of two of them.
pub(crate) struct TextReader {
    bodies: VecDeque<Body>,
    open: Option<Open>,
    shape: Shape,
    progress: Arc<AtomicU64>,
}

/// How pieces are cut.
struct Shape {
    limits: Limits,
    dialect: Option<Dialect>,
    record_bytes_max: usize,
    on_bad: OnBad,
    /// Bytes of a record so far, on the average.
    record_bytes: usize,
    pool: Arc<Pool>,
}

impl Shape {
    /// Bytes that `rows` records will take, with one eighth to spare.
    fn expect_bytes(&self, rows: usize) -> usize {
        let bytes = rows.saturating_mul(self.record_bytes);
        bytes.saturating_add(bytes / 8).clamp(READ_BYTES_MIN, self.limits.batch_bytes)
    }
}

impl TextReader {
    /// `record_bytes` is a first guess at the length of a record.
    pub(crate) fn new(
        bodies: Vec<Body>,
        limits: &Limits,
        dialect: Option<Dialect>,
        record_bytes_max: usize,
        record_bytes: usize,
        on_bad: OnBad,
        progress: Arc<AtomicU64>,
    ) -> Self {
        let (limits, pool) = (limits.clone(), Pool::new());
        let shape = Shape { limits, dialect, record_bytes_max, on_bad, record_bytes, pool };
        Self { bodies: bodies.into(), open: None, shape, progress }
    }

    /// The input that is being read, or else the next one.
    fn take_open(&mut self) -> Result<Option<Open>, ReadError> {
        if self.open.is_some() {
            return Ok(self.open.take());
        }
        let next = self.bodies.pop_front();
        next.map(|body| Open::new(body, &self.shape, &self.progress)).transpose()
    }
}

impl Reader for TextReader {
    fn next(&mut self, stop: &Stop) -> Result<Option<Piece>, ReadError> {
        loop {
            let Some(mut open) = self.take_open()? else { return Ok(None) };
            match open.next_piece(&mut self.shape, stop)? {
                Cut::Piece(piece) => {
                    self.open = Some(open);
                    return Ok(Some(Piece::Raw(piece)));
                }
                Cut::Stopped => {
                    self.open = Some(open);
                    return Ok(None);
                }
                Cut::End => open.input.check_unchanged()?,
            }
        }
    }
}

enum Cut {
    Piece(RawPiece),
    Stopped,
    End,
}

/// The input that is being read, and its bytes that are not handed out yet.
struct Open {
    input: Bytes,
    file: FileRef,
    /// Bytes that were read before the run.
    kept: std::io::Cursor<Vec<u8>>,
    /// Bytes to drop before the first record.
    skip: usize,
    buffer: PooledBuffer,
    start: usize,
    filled: usize,
    cutter: Cutter,
    offset: u64,
    line: u64,
    /// The beginning of a record over the bound, whose end is looked for.
    long: Option<Long>,
    ended: bool,
}

/// What is kept of a record over the bound.
struct Long {
    /// The part of it that is shown.
    shown: Vec<u8>,
    /// Where it begins.
    offset: u64,
}

impl Open {
    fn new(body: Body, shape: &Shape, progress: &Arc<AtomicU64>) -> Result<Self, ReadError> {
        let (kept, input) = match body.kept {
            Some(kept) => *kept,
            None => (Vec::new(), Bytes::open(&body.file, progress)?),
        };
        Ok(Self {
            input,
            file: body.file,
            kept: std::io::Cursor::new(kept),
            skip: body.skip,
            buffer: shape.pool.take(shape.expect_bytes(shape.limits.batch_rows) + body.skip),
            start: 0,
            filled: 0,
            cutter: Cutter::new(shape.dialect),
            offset: body.skip as u64,
            line: body.line,
            long: None,
            ended: false,
        })
    }

    fn text(&self) -> &[u8] {
        &self.buffer.as_slice()[self.start..self.filled]
    }

    fn next_piece(&mut self, shape: &mut Shape, stop: &Stop) -> Result<Cut, ReadError> {
        let linger = shape.limits.linger;
        let mut until = (self.start < self.filled).then(|| Instant::now() + linger);
        loop {
            if self.long.is_some() {
                if let Some(piece) = self.pass_long(shape) {
                    return Ok(Cut::Piece(piece));
                }
            } else {
                self.scan(shape);
                if self.is_closed(shape) {
                    return Ok(Cut::Piece(self.cut(shape)));
                }
                if self.is_long(shape)? {
                    if self.cutter.end() > 0 {
                        return Ok(Cut::Piece(self.cut(shape)));
                    }
                    let shown = shown_part(self.text()).to_vec();
                    self.long = Some(Long { shown, offset: self.offset });
                    continue;
                }
                if self.ended {
                    return Ok(if self.text().is_empty() {
                        Cut::End
                    } else {
                        self.cut_last(shape)
                    });
                }
            }
            match self.fill(shape, stop, until)? {
                Step::Bytes(_) => until = until.or_else(|| Some(Instant::now() + linger)),
                Step::End => self.ended = true,
                Step::Stopped | Step::TimedOut if self.cutter.end() > 0 => {
                    return Ok(Cut::Piece(self.cut(shape)));
                }
                Step::Stopped => return Ok(Cut::Stopped),
                Step::TimedOut => until = None,
            }
        }
    }

    fn scan(&mut self, shape: &Shape) {
        if self.skip == 0 {
            let text = &self.buffer.as_slice()[self.start..self.filled];
            self.cutter.scan(text, shape.limits.batch_rows);
        }
    }

    fn is_closed(&self, shape: &Shape) -> bool {
        let is_long = self.text().len() >= shape.limits.batch_bytes && self.cutter.end() > 0;
        is_long || self.cutter.records() == shape.limits.batch_rows
    }

    /// Whether the record behind the last whole one is over the bound, and can be passed over.
    fn is_long(&self, shape: &Shape) -> Result<bool, ReadError> {
        let bytes_max = shape.record_bytes_max;
        let record = &self.text()[self.cutter.end()..];
        // A carriage return may belong to the line end.
        let length = record.strip_suffix(b"\r").map_or(record.len(), <[u8]>::len);
        if self.skip > 0 || length <= bytes_max {
            return Ok(false);
        }
        if shape.on_bad == OnBad::Reject && !has_open_quote(record, shape.dialect, bytes_max) {
            return Ok(true);
        }
        let (path, line) = (self.file.path().to_owned(), self.line + self.cutter.end_lines());
        Err(TextError::RecordTooLong { path, line, bytes_max }.into())
    }

    /// Passes over a record that is too long; at its end gives its beginning as a piece.
    fn pass_long(&mut self, shape: &Shape) -> Option<RawPiece> {
        let text = &self.buffer.as_slice()[self.start..self.filled];
        self.cutter.scan(text, 1);
        let is_whole = self.cutter.records() > 0;
        if !is_whole && !self.ended {
            // The last byte tells whether a quote behind it begins a field.
            let passed = text.len().saturating_sub(1);
            self.cutter.forget(passed);
            self.start += passed;
            self.offset += passed as u64;
            return None;
        }
        let length = if is_whole { self.cutter.end() } else { text.len() };
        let Long { shown, offset } = self.long.take()?;
        let mut buffer = shape.pool.take(shown.len());
        buffer.as_slice_mut()[..shown.len()].copy_from_slice(&shown);
        let (first_line, file) = (self.line, Arc::clone(&self.file));
        self.line += self.cutter.end_lines();
        self.start += length;
        self.offset += length as u64;
        self.cutter = Cutter::new(shape.dialect);
        let range = 0..shown.len();
        Some(RawPiece { buffer, range, file, rows: 1, first_line, offset, is_long: true })
    }

    /// Reads more behind what is there.
    fn fill(
        &mut self,
        shape: &Shape,
        stop: &Stop,
        until: Option<Instant>,
    ) -> Result<Step, ReadError> {
        let wanted = self.wanted(shape);
        if self.buffer.len() - self.filled < wanted {
            self.grow(shape, wanted);
        }
        let target = &mut self.buffer.as_slice_mut()[self.filled..][..wanted];
        let step = match std::io::Read::read(&mut self.kept, target) {
            Ok(count) if count > 0 => Step::Bytes(count),
            Ok(_) | Err(_) => self.input.read(target, stop, until)?,
        };
        if let Step::Bytes(count) = step {
            self.filled += count;
            self.drop_skipped();
        }
        Ok(step)
    }

    fn drop_skipped(&mut self) {
        let dropped = self.skip.min(self.filled - self.start);
        self.start += dropped;
        self.skip -= dropped;
    }

    /// Bytes to read now: what is missing to close the piece, and not so much that the next piece
    /// would begin with a long copy.
    fn wanted(&self, shape: &Shape) -> usize {
        let rows = shape.limits.batch_rows - self.cutter.records();
        let expected = shape.expect_bytes(rows) + self.skip;
        let room = match shape.limits.batch_bytes.checked_sub(self.text().len()) {
            None | Some(0) => READ_BYTES,
            Some(room) => room,
        };
        expected.min(READ_BYTES).min(room).next_multiple_of(ALIGN)
    }

    fn grow(&mut self, shape: &Shape, wanted: usize) {
        let used = self.filled - self.start;
        self.move_to(shape.pool.take(2 * (used + wanted) + ALIGN), used);
    }

    /// Makes `next` the buffer and copies the last `length` bytes there, so that they end on a
    /// multiple of 64 and the next read is aligned. Gives the old buffer.
    fn move_to(&mut self, mut next: PooledBuffer, length: usize) -> PooledBuffer {
        let from = self.filled - length;
        self.filled = length.next_multiple_of(ALIGN);
        self.start = self.filled - length;
        let tail = &self.buffer.as_slice()[from..from + length];
        next.as_slice_mut()[self.start..self.filled].copy_from_slice(tail);
        std::mem::replace(&mut self.buffer, next)
    }

    /// Hands out the whole records and carries the rest into a new buffer.
    fn cut(&mut self, shape: &mut Shape) -> RawPiece {
        let (length, rows) = (self.cutter.end(), self.cutter.records());
        shape.record_bytes = (length / rows).max(1);
        let range = self.start..self.start + length;
        let tail = self.filled - range.end;
        let bytes = tail + shape.expect_bytes(shape.limits.batch_rows) + READ_BYTES_MIN;
        let buffer = self.move_to(shape.pool.take(bytes), tail);
        let (first_line, offset) = (self.line, self.offset);
        self.line += self.cutter.end_lines();
        self.offset += length as u64;
        self.cutter = Cutter::new(shape.dialect);
        let file = Arc::clone(&self.file);
        RawPiece { buffer, range, file, rows, first_line, offset, is_long: false }
    }

    /// Hands out everything: the last record may have no line end.
    fn cut_last(&mut self, shape: &Shape) -> Cut {
        let range = self.start..self.filled;
        let rows = self.cutter.records() + usize::from(self.cutter.end() < range.len());
        let buffer = std::mem::replace(&mut self.buffer, shape.pool.take(1));
        (self.start, self.filled) = (0, 0);
        self.cutter = Cutter::new(shape.dialect);
        let (file, first_line, offset) = (Arc::clone(&self.file), self.line, self.offset);
        let is_long = false;
        Cut::Piece(RawPiece { buffer, range, file, rows, first_line, offset, is_long })
    }
}
