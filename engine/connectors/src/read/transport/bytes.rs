//! The bytes of one input, decompressed by the ending of its name.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tanda_spelling::Packing;

use crate::read::error::ReadError;

use super::files::{FileRef, InputFile};
use super::gunzip::Gunzip;
use super::stop::{Stop, Woken};

/// Compressed bytes asked for at a time.
const PACKED_BYTES: usize = 128 << 10;

/// What one read brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// So many bytes, at least one.
    Bytes(usize),
    /// Nothing, and nothing will come.
    End,
    /// Nothing yet: a stop was asked.
    Stopped,
    /// Nothing yet: the time is over.
    TimedOut,
}

/// An open input.
pub(crate) struct Bytes {
    layer: Layer,
    file: FileRef,
}

enum Layer {
    Plain(RawBytes),
    Gzip(Box<Gunzip<BufReader<RawBytes>>>),
    Zstd(Box<zstd::Decoder<'static, BufReader<RawBytes>>>),
}

impl Bytes {
    /// Opens `file`. Bytes that leave the disk (before decompression) are added to `progress`.
    pub(crate) fn open(file: &FileRef, progress: &Arc<AtomicU64>) -> Result<Self, ReadError> {
        let raw = RawBytes::new(file.open()?, file, progress);
        let packed = |raw| BufReader::with_capacity(PACKED_BYTES, raw);
        let layer = match file.packing() {
            Packing::None => Layer::Plain(raw),
            Packing::Gzip => Layer::Gzip(Box::new(Gunzip::new(packed(raw)))),
            Packing::Zstd => {
                let decoder = zstd::Decoder::with_buffer(packed(raw));
                let decoder = decoder.map_err(|e| ReadError::io(file.path(), "opening", e))?;
                Layer::Zstd(Box::new(decoder))
            }
        };
        Ok(Self { layer, file: Arc::clone(file) })
    }

    /// Reads into `target`; a pipe is waited for, but not beyond `until` or a stop.
    pub(crate) fn read(
        &mut self,
        target: &mut [u8],
        stop: &Stop,
        until: Option<Instant>,
    ) -> Result<Step, ReadError> {
        self.raw().wait_at_most(stop, until);
        loop {
            let result = match &mut self.layer {
                Layer::Plain(raw) => raw.read(target),
                Layer::Gzip(gzip) => gzip.read(target),
                Layer::Zstd(zstd) => zstd.read(target),
            };
            match result {
                Ok(0) => return Ok(Step::End),
                Ok(count) => return Ok(Step::Bytes(count)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return self.explain(error),
            }
        }
    }

    /// To be called at the end of the input: fails when it changed meanwhile.
    pub(crate) fn check_unchanged(&mut self) -> Result<(), ReadError> {
        let file = Arc::clone(&self.file);
        file.check_unchanged(&self.raw().file)
    }

    fn raw(&mut self) -> &mut RawBytes {
        match &mut self.layer {
            Layer::Plain(raw) => raw,
            Layer::Gzip(gzip) => gzip.get_mut().get_mut(),
            Layer::Zstd(zstd) => zstd.get_mut().get_mut(),
        }
    }

    /// Turns an error of a layer into what it means.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "whatever else a decompressor says is damage"
    )]
    fn explain(&mut self, error: io::Error) -> Result<Step, ReadError> {
        match self.raw().woken.take() {
            Some(Woken::Stopped) => return Ok(Step::Stopped),
            Some(Woken::TimedOut) => return Ok(Step::TimedOut),
            Some(Woken::Readable) | None => {}
        }
        // A file that was cut short while it is read looks damaged; the cause is the better answer.
        self.check_unchanged()?;
        let path = self.file.path().to_owned();
        let format = match &self.layer {
            Layer::Plain(_) => return Err(ReadError::io(&path, "reading", error)),
            Layer::Gzip(_) => "gzip",
            Layer::Zstd(_) => "zstd",
        };
        Err(match error.kind() {
            _ if error.raw_os_error().is_some() => ReadError::io(&path, "reading", error),
            io::ErrorKind::UnexpectedEof => ReadError::Truncated { path, format },
            _ => ReadError::Corrupt { path, format, detail: error.to_string() },
        })
    }
}

/// The bytes as they stand on disk or come through a pipe.
#[derive(Debug)]
pub(crate) struct RawBytes {
    file: File,
    endless: bool,
    progress: Arc<AtomicU64>,
    /// How long a read may wait: until a stop is asked, or the time is over.
    patience: Option<(Stop, Option<Instant>)>,
    /// Why the last read brought nothing.
    woken: Option<Woken>,
}

impl RawBytes {
    /// The bytes of `handle`, which is `file` opened.
    pub(crate) fn new(handle: File, file: &InputFile, progress: &Arc<AtomicU64>) -> Self {
        let (endless, progress) = (!file.is_regular(), Arc::clone(progress));
        Self { file: handle, endless, progress, patience: None, woken: None }
    }

    /// Whether the last read failed because a stop was asked.
    pub(crate) fn was_stopped(&self) -> bool {
        self.woken == Some(Woken::Stopped)
    }

    /// From now on a read ends with `stop`, or when it is `until`.
    pub(crate) fn wait_at_most(&mut self, stop: &Stop, until: Option<Instant>) {
        self.patience = Some((stop.clone(), until));
    }

    fn wait(&self) -> io::Result<Woken> {
        let Some((stop, until)) = &self.patience else { return Ok(Woken::Readable) };
        if self.endless {
            stop.wait_readable(self.file.as_fd(), *until)
        } else if stop.is_asked() {
            Ok(Woken::Stopped)
        } else {
            Ok(Woken::Readable)
        }
    }
}

impl Read for RawBytes {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let woken = self.wait()?;
        if woken != Woken::Readable {
            self.woken = Some(woken);
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = self.file.read(target)?;
        self.progress.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
