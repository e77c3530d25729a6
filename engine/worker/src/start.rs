//! The start of a worker: from a socket as standard input to an open plugin in its sandbox.

use std::fs::{File, Metadata};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tanda_ipc::{Channel, Frame, WorkerEnd, WorkerFds};
use tanda_memory::{Arena, Blocks, SegmentFile, SegmentId, Segments};
use tanda_plugin_host::{Instance, Library, Memory};

use crate::error::WorkerError;
use crate::fail::Fail;
use crate::protocol::{Ask, Failure, Opened, Reply, Start};
use crate::sandbox::{self, InForce, Policy};
use crate::serve::Server;

/// The whole life of a worker; its exit code is 0 when the engine has closed the channel.
///
/// To be called before the process has another thread or an open file of its own.
#[must_use]
pub fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), WorkerError> {
    let stdin = std::io::stdin().as_fd().try_clone_to_owned();
    let channel = Channel::from_fd(stdin.map_err(|error| prepare(&error))?);
    let frame = channel.receive().map_err(|_| WorkerError::NotAsked)?;
    let (start, fds) = read_start(frame.ok_or(WorkerError::NotAsked)?)?;
    log_to_engine(&start.log);
    let mut server = match open(&start, &channel, fds) {
        Ok((opened, server)) => {
            Reply::Opened(opened).send(&channel)?;
            server
        }
        // Nothing is wrong with the plugin.
        Err(error @ WorkerError::Replaced(_)) => return Err(error),
        Err(error) => {
            let failure = if let WorkerError::Open(call) = &error {
                Failure::from(call.as_ref())
            } else {
                Failure::new(&error)
            };
            // The engine tells it to the user, so the log does not.
            return Ok(Reply::Failed(failure).send(&channel)?);
        }
    };
    server.serve(&channel)
}

fn read_start(frame: Frame) -> Result<(Start, Vec<OwnedFd>), WorkerError> {
    match serde_json::from_slice(&frame.bytes) {
        Ok(Ask::Start(start)) => Ok((*start, frame.fds)),
        Ok(other) => Err(WorkerError::NotUnderstood(format!("{other:?} comes before Start"))),
        Err(error) => Err(WorkerError::NotUnderstood(error.to_string())),
    }
}

/// What the plugin and this crate log goes to the log pipe, a line each: level, then text.
fn log_to_engine(levels: &str) {
    let filter = tracing_subscriber::EnvFilter::try_new(levels)
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    // A worker has one log; only a test that starts two in one process could have set one before.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .without_time()
        .with_target(false)
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .try_init();
}

fn open(
    start: &Start,
    channel: &Channel,
    fds: Vec<OwnedFd>,
) -> Result<(Opened, Server), WorkerError> {
    let [control, wake_engine, wake_worker, engine_file, own_file, library] =
        <[OwnedFd; 6]>::try_from(fds)
            .map_err(|fds| WorkerError::NotUnderstood(format!("Start with {} files", fds.len())))?;
    let end = WorkerEnd::from_fds(WorkerFds { control, wake_engine, wake_worker })
        .map_err(|error| prepare(&error))?;
    let (arena, segments) = map_segments(start, engine_file, own_file)?;
    let library = LibraryFile { path: &start.library, file: File::from(library) };
    let policy = confine(start, channel, &end, &library)?;
    let in_force = sandbox::enter_first(&policy).map_err(|error| prepare(&error))?;
    let (library, instance) = open_plugin(start, &arena, library)?;
    sandbox::enter_second(&policy).map_err(|error| prepare(&error))?;
    let opened = describe(&library, in_force);
    let mut fail = Fail::new(start.fail_point.clone());
    fail.at("opened");
    Ok((opened, Server::new(end, arena, segments, instance, fail)))
}

/// Maps the two segments; their descriptors are closed.
fn map_segments(
    start: &Start,
    engine_file: OwnedFd,
    own_file: OwnedFd,
) -> Result<(Arena, Segments), WorkerError> {
    let map = |file: OwnedFd| SegmentFile::from_fd(file).map_err(|error| prepare(&error));
    let own = map(own_file)?.map_writer().map_err(|error| prepare(&error))?;
    let engine = map(engine_file)?.map_reader().map_err(|error| prepare(&error))?;
    let arena = Arena::new(SegmentId(start.own_segment), own);
    let mut segments = Segments::default();
    segments.add_own(arena.clone());
    segments.add_reader(SegmentId(start.engine_segment), engine);
    Ok((arena, segments))
}

/// Leaves nothing open but what a worker needs, and ties its life to the engine's.
fn confine(
    start: &Start,
    channel: &Channel,
    end: &WorkerEnd,
    library: &LibraryFile<'_>,
) -> Result<Policy, WorkerError> {
    let control_fd = channel.fd().as_raw_fd();
    let [wake_engine, wake_worker] = end.wake_fds();
    let keep_fds = vec![0, 1, 2, control_fd, wake_engine, wake_worker];
    let loading = [&keep_fds[..], &[library.file.as_raw_fd()]].concat();
    tanda_ipc::close_all_but(&loading).map_err(|error| prepare(&error))?;
    match tanda_ipc::die_with_parent(start.engine_pid) {
        Ok(true) => {}
        Ok(false) => return Err(WorkerError::Prepare("the engine has gone already".into())),
        Err(error) => return Err(prepare(&error)),
    }
    Ok(Policy {
        level: start.level,
        memory_limit: start.memory_limit,
        library: library.name(),
        read: start.read.clone(),
        keep_fds,
        control_fd,
    })
}

/// Opens the plugin, with the arena to make its batches in.
fn open_plugin(
    start: &Start,
    arena: &Arena,
    library: LibraryFile<'_>,
) -> Result<(Arc<Library>, Instance), WorkerError> {
    let library = library.link()?;
    let memory = Memory::keep(Blocks::new(arena.clone()));
    let never = Arc::new(AtomicBool::new(false));
    let instance = library.open_instance_in(memory, &start.config, never, &start.stage);
    let instance = instance.map_err(|error| WorkerError::Open(Box::new(error)))?;
    Ok((library, instance))
}

/// The library that the engine has opened.
struct LibraryFile<'a> {
    path: &'a Path,
    file: File,
}

impl LibraryFile<'_> {
    /// The name to open it by: its path, by which it finds what lies beside it, as long as that
    /// leads to it.
    fn name(&self) -> PathBuf {
        if self.is_at_its_path() {
            return self.path.to_owned();
        }
        PathBuf::from(format!("/proc/self/fd/{}", self.file.as_raw_fd()))
    }

    fn is_at_its_path(&self) -> bool {
        let file = |data: Metadata| (data.dev(), data.ino());
        let own = self.file.metadata().map(file);
        own.is_ok_and(|own| self.path.metadata().is_ok_and(|other| file(other) == own))
    }

    fn link(self) -> Result<Arc<Library>, WorkerError> {
        let name = self.name();
        let library = Library::open_as(self.path.to_owned(), &name)?;
        // Its descriptor leads to it for sure, its path perhaps to another by now.
        match name == self.path && !self.is_at_its_path() {
            true => Err(WorkerError::Replaced(self.path.to_owned())),
            false => Ok(library),
        }
    }
}

fn describe(library: &Library, sandbox: InForce) -> Opened {
    Opened {
        name: library.name().to_owned(),
        version: library.version().to_owned(),
        flags: library.flags().bits(),
        sandbox,
    }
}

fn prepare(error: &dyn std::fmt::Display) -> WorkerError {
    WorkerError::Prepare(error.to_string())
}
