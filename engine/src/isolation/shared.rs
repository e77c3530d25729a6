//! The memory that the engine shares with its workers.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use arrow::record_batch::RecordBatch;
use nix::errno::Errno;
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};
use tanda_memory::{
    Arena, Blocks, SealError, SegmentError, SegmentFile, SegmentId, Segments, WriterMap, seal,
};
use tanda_plugin_host::Memory;

use crate::refused::advice_on;

/// A segment is so many times the memory of the batches in flight: it is sparse, so room costs
/// nothing, and what is in use is bounded by admission.
const SEGMENT_TIMES_MEMORY: u64 = 4;
/// Beside that, for descriptions and small scenes.
const SEGMENT_BYTES_MORE: u64 = 64 << 20;
/// No smaller than this if addresses are free: one batch, which is always admitted, and what is
/// made of it may be far larger than all the memory of the batches in flight.
const SEGMENT_BYTES_ROOMY: u64 = 16 << 30;
/// With less no batch of the usual size crosses.
const SEGMENT_BYTES_LEAST: u64 = 16 << 20;

/// The engine's arena, and every segment that a batch can lie in.
pub(crate) struct Shared {
    arena: Arena,
    /// The arena, for the program's allocator, if that can use it.
    memory: Option<&'static Memory>,
    engine_file: SegmentFile,
    segment_bytes: usize,
    segments: RwLock<Segments>,
    /// Segments of workers in which batches lie, with the file for other workers.
    foreign: RwLock<BTreeMap<SegmentId, Arc<SegmentFile>>>,
    next_id: AtomicU32,
    bytes_copied: AtomicU64,
}

impl Shared {
    /// Shared memory for a run whose batches take `memory_bytes`. Only addresses are taken yet.
    ///
    /// # Errors
    /// The system refuses the segment.
    pub(crate) fn new(memory_bytes: u64) -> Result<Arc<Self>, SegmentError> {
        let (engine_file, map) = roomiest(memory_bytes)?;
        let segment_bytes = engine_file.bytes();
        engine_file.seal_writes()?;
        let arena = Arena::new(SegmentId(0), map);
        let mut segments = Segments::default();
        segments.add_own(arena.clone());
        let memory = Memory::for_this_program(|| Blocks::new(arena.clone()));
        Ok(Arc::new(Self {
            arena,
            memory,
            engine_file,
            segment_bytes,
            segments: RwLock::new(segments),
            foreign: RwLock::default(),
            next_id: AtomicU32::new(1),
            bytes_copied: AtomicU64::new(0),
        }))
    }

    /// Runs `make`, whose large blocks lie in the engine's segment if the program's allocator can
    /// do that: then they need not be copied there.
    pub(crate) fn lend<T>(&self, make: impl FnOnce() -> T) -> T {
        match self.memory {
            Some(memory) => memory.lend(make),
            None => make(),
        }
    }

    /// Moves what of the batch is not in shared memory yet into the engine's segment.
    ///
    /// # Errors
    /// There is no room, or a column cannot cross.
    pub(crate) fn seal(&self, batch: &RecordBatch) -> Result<RecordBatch, SealError> {
        let (sealed, copied) = seal(batch, &self.arena, &self.segments())?;
        self.count_copied(copied);
        Ok(sealed)
    }

    /// Bytes copied into the engine's segment so far.
    pub(crate) fn bytes_copied(&self) -> u64 {
        self.bytes_copied.load(Ordering::Relaxed)
    }

    pub(super) fn count_copied(&self, bytes: u64) {
        self.bytes_copied.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn arena(&self) -> &Arena {
        &self.arena
    }

    pub(super) fn engine_file(&self) -> &SegmentFile {
        &self.engine_file
    }

    pub(super) fn segments(&self) -> RwLockReadGuard<'_, Segments> {
        self.segments.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn segments_mut(&self) -> RwLockWriteGuard<'_, Segments> {
        self.segments.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// A segment for a worker to write; not mapped here yet.
    pub(super) fn new_segment(
        &self,
        bytes: Option<u64>,
    ) -> Result<(SegmentId, SegmentFile), SegmentError> {
        let id = SegmentId(self.next_id.fetch_add(1, Ordering::Relaxed));
        let bytes = bytes.and_then(|bytes| usize::try_from(bytes.min(file_bytes_max())).ok());
        Ok((id, SegmentFile::create(bytes.unwrap_or(self.segment_bytes))?))
    }

    /// Maps a worker's segment, which the worker has mapped: from now on nobody else can write it.
    pub(super) fn adopt(
        self: &Arc<Self>,
        id: SegmentId,
        file: SegmentFile,
        others_read: bool,
    ) -> Result<Arc<WorkerSegment>, SegmentError> {
        file.seal_writes()?;
        let map = file.map_reader()?;
        self.segments_mut().add_reader(id, map);
        if others_read {
            self.foreign_mut().insert(id, Arc::new(file));
        }
        Ok(Arc::new(WorkerSegment { id, shared: Arc::clone(self) }))
    }

    fn foreign_mut(&self) -> RwLockWriteGuard<'_, BTreeMap<SegmentId, Arc<SegmentFile>>> {
        self.foreign.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The segments of workers that other workers may have to read.
    pub(super) fn foreign(&self) -> RwLockReadGuard<'_, BTreeMap<SegmentId, Arc<SegmentFile>>> {
        self.foreign.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The largest segment that the limits allow, down to what the scene asks for.
fn roomiest(memory_bytes: u64) -> Result<(SegmentFile, WriterMap), SegmentError> {
    let needed = memory_bytes
        .saturating_mul(SEGMENT_TIMES_MEMORY)
        .saturating_add(SEGMENT_BYTES_MORE)
        .min(1 << 38);
    // Every worker takes as many addresses again, in its process and in this one.
    let roomy = if limit(Resource::RLIMIT_AS) == RLIM_INFINITY { SEGMENT_BYTES_ROOMY } else { 0 };
    let most = file_bytes_max();
    if most < SEGMENT_BYTES_LEAST {
        return Err(SegmentError::Resize(io::Error::from(Errno::EFBIG)));
    }
    let mut bytes = needed.max(roomy).min(most);
    loop {
        let file = SegmentFile::create(usize::try_from(bytes).unwrap_or(usize::MAX))?;
        match file.map_writer() {
            Ok(map) => return Ok((file, map)),
            Err(_) if bytes / 2 >= needed.min(most) => bytes /= 2,
            Err(error) => return Err(error),
        }
    }
}

/// A file in memory is a file: this limit is on it, too.
fn file_bytes_max() -> u64 {
    limit(Resource::RLIMIT_FSIZE)
}

fn limit(resource: Resource) -> u64 {
    getrlimit(resource).map_or(RLIM_INFINITY, |(soft, _)| soft)
}

/// Why there is no segment, with what can be done about it.
pub(crate) fn of_segment(error: &SegmentError) -> String {
    match error.errno().and_then(|errno| advice_on(errno as i32)) {
        Some(advice) => format!("{error}; {advice}"),
        None => error.to_string(),
    }
}

/// The engine's use of a worker's segment. It outlives the worker, as long as a batch lies in it.
pub(super) struct WorkerSegment {
    pub(super) id: SegmentId,
    shared: Arc<Shared>,
}

impl Drop for WorkerSegment {
    fn drop(&mut self) {
        self.shared.segments_mut().remove(self.id);
        self.shared.foreign_mut().remove(&self.id);
    }
}
