//! The byte side of a sink: compression, buffer, and the file.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::os::fd::AsFd;
use std::path::PathBuf;

use flate2::write::GzEncoder;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tanda_spelling::Packing;

use crate::write::error::WriteError;
use crate::write::writer::Closed;

use super::publish::Staged;
use super::target::{Target, TargetKind, create_part};

/// Small writes (a header, Parquet pages) are gathered up to this; larger ones pass through.
const BUFFER_BYTES: usize = 256 << 10;

/// Zstandard level: the library's own default.
const ZSTD_LEVEL: i32 = 3;

/// A sink's file while it is written.
///
/// As an [`io::Write`] it serves encoders of other crates; [`Output::fault`] then turns their
/// errors into one that names the place.
pub(crate) struct Output {
    codec: Codec,
    target: Target,
}

enum Codec {
    Plain(BufWriter<Counted>),
    Gzip(GzEncoder<BufWriter<Counted>>),
    Zstd(zstd::Encoder<'static, BufWriter<Counted>>),
}

impl Output {
    /// Creates folders and the unfinished file; writes nothing yet.
    pub(crate) fn create(target: Target, packing: Packing) -> Result<Self, WriteError> {
        let counted = Counted::open(&target)?;
        let buffer = BufWriter::with_capacity(BUFFER_BYTES, counted);
        let codec = Codec::new(buffer, packing)
            .map_err(|e| target.fault("preparing the compression", 0, e))?;
        Ok(Self { codec, target })
    }

    pub(crate) fn shown(&self) -> &str {
        &self.target.shown
    }

    pub(crate) fn write_bytes(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        self.write_all(bytes).map_err(|e| self.target.fault("writing", self.written(), e))
    }

    /// Gives the batch that was written to whoever waits for it at the other end of a pipe or sits
    /// at a terminal; a file keeps its buffer.
    pub(crate) fn hand_over(&mut self) -> Result<(), WriteError> {
        match self.target.kind {
            TargetKind::File { .. } => Ok(()),
            TargetKind::Stdout | TargetKind::Device(_) | TargetKind::Fifo(_) => {
                self.hand_over_now()
            }
        }
    }

    /// Brings what was written to where others see it.
    pub(crate) fn hand_over_now(&mut self) -> Result<(), WriteError> {
        self.flush().map_err(|e| self.target.fault("writing", self.written(), e))
    }

    /// The system's error behind a failure of an encoder that writes here, if there was one.
    pub(crate) fn fault(&self) -> Option<WriteError> {
        let errno = self.codec.counted().errno?;
        let source = io::Error::from_raw_os_error(errno);
        Some(self.target.fault("writing", self.written(), source))
    }

    /// Completes the output: a file is on the disk then, and waits for its name.
    pub(crate) fn close(&mut self) -> Result<Closed, WriteError> {
        let finished = self.codec.finish();
        finished.map_err(|e| self.target.fault("writing", self.written(), e))?;
        let bytes = self.written();
        let TargetKind::File { path, part } = &self.target.kind else {
            return Ok(Closed { bytes, staged: None });
        };
        let fault = |e| self.target.fault("writing to the disk", bytes, e);
        let file = self.codec.counted_mut().file.take().map_err(fault)?;
        file.sync_all().map_err(fault)?;
        let (shown, path, part) = (self.target.shown.clone(), path.clone(), part.clone());
        Ok(Closed { bytes, staged: Some(Staged { shown, path, part, bytes, file }) })
    }

    /// Leaves the unfinished file as readable as it can be.
    pub(crate) fn abandon(&mut self) {
        self.codec.counted_mut().file.give_up_waiting();
        // The reason for abandoning is already on its way to the user; this one would add nothing.
        let _ = self.codec.finish();
    }

    fn written(&self) -> u64 {
        self.codec.counted().bytes
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.codec {
            Codec::Plain(out) => out.write(bytes),
            Codec::Gzip(out) => out.write(bytes),
            Codec::Zstd(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.codec {
            Codec::Plain(out) => out.flush(),
            Codec::Gzip(out) => out.flush(),
            Codec::Zstd(out) => out.flush(),
        }
    }
}

impl Codec {
    fn new(buffer: BufWriter<Counted>, packing: Packing) -> io::Result<Self> {
        Ok(match packing {
            Packing::None => Self::Plain(buffer),
            Packing::Gzip => Self::Gzip(GzEncoder::new(buffer, flate2::Compression::default())),
            Packing::Zstd => Self::Zstd(zstd::Encoder::new(buffer, ZSTD_LEVEL)?),
        })
    }

    fn finish(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(out) => out.flush(),
            Self::Gzip(out) => {
                out.try_finish()?;
                out.get_mut().flush()
            }
            Self::Zstd(out) => {
                out.do_finish()?;
                out.get_mut().flush()
            }
        }
    }

    fn counted_mut(&mut self) -> &mut Counted {
        match self {
            Self::Plain(out) => out.get_mut(),
            Self::Gzip(out) => out.get_mut().get_mut(),
            Self::Zstd(out) => out.get_mut().get_mut(),
        }
    }

    fn counted(&self) -> &Counted {
        match self {
            Self::Plain(out) => out.get_ref(),
            Self::Gzip(out) => out.get_ref().get_ref(),
            Self::Zstd(out) => out.get_ref().get_ref(),
        }
    }
}

/// The file itself, which knows how many bytes it took and how it failed.
struct Counted {
    file: Lazy,
    bytes: u64,
    errno: Option<i32>,
}

enum Lazy {
    Open(File),
    /// A named pipe nobody has written to yet.
    Pipe(PathBuf),
    /// A named pipe that was abandoned before anybody read it, or a file that is closed.
    Gone,
}

impl Counted {
    fn open(target: &Target) -> Result<Self, WriteError> {
        let opening = |e| target.fault("opening it", 0, e);
        let file = match &target.kind {
            TargetKind::Stdout => {
                let stdout = io::stdout().as_fd().try_clone_to_owned().map_err(opening)?;
                Lazy::Open(File::from(stdout))
            }
            TargetKind::Device(path) => {
                Lazy::Open(OpenOptions::new().write(true).open(path).map_err(opening)?)
            }
            TargetKind::Fifo(path) => Lazy::Pipe(path.clone()),
            TargetKind::File { path, part } => Lazy::Open(create_part(&target.shown, path, part)?),
        };
        Ok(Self { file, bytes: 0, errno: None })
    }

    fn write_once(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            let file = self.file.opened()?;
            match file.write(bytes) {
                // Standard output shared with a program that made it non-blocking.
                Err(e) if e.kind() == ErrorKind::WouldBlock => wait_until_writable(file)?,
                done => return done,
            }
        }
    }
}

impl Lazy {
    fn opened(&mut self) -> io::Result<&mut File> {
        if let Self::Pipe(path) = self {
            *self = Self::Open(OpenOptions::new().write(true).open(path)?);
        }
        match self {
            Self::Open(file) => Ok(file),
            Self::Pipe(_) | Self::Gone => Err(ErrorKind::NotConnected.into()),
        }
    }

    fn take(&mut self) -> io::Result<File> {
        match std::mem::replace(self, Self::Gone) {
            Self::Open(file) => Ok(file),
            Self::Pipe(_) | Self::Gone => Err(ErrorKind::NotConnected.into()),
        }
    }

    fn give_up_waiting(&mut self) {
        if matches!(self, Self::Pipe(_)) {
            *self = Self::Gone;
        }
    }
}

fn wait_until_writable(file: &File) -> io::Result<()> {
    poll(&mut [PollFd::new(file.as_fd(), PollFlags::POLLOUT)], PollTimeout::NONE)?;
    Ok(())
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.write_once(bytes);
        match &written {
            Ok(count) => self.bytes += *count as u64,
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => self.errno = e.raw_os_error(),
        }
        written
    }

    /// Opens a pipe that got no byte, so that its reader sees the end.
    fn flush(&mut self) -> io::Result<()> {
        self.file.opened().map(drop)
    }
}
