//! The memory that the engine shares with its workers.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use arrow::record_batch::RecordBatch;
use tanda_memory::{
    Arena, Blocks, SealError, SegmentError, SegmentFile, SegmentId, Segments, seal,
};
use tanda_plugin_host::Memory;

/// The engine's own segment is so many times the memory of the batches in flight: it is sparse, so
/// room costs nothing, and what is in use is bounded by admission.
const SEGMENT_TIMES_MEMORY: u64 = 4;
/// Beside that, for descriptions and small scenes.
const SEGMENT_BYTES_MORE: u64 = 64 << 20;

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
        let bytes = memory_bytes
            .saturating_mul(SEGMENT_TIMES_MEMORY)
            .saturating_add(SEGMENT_BYTES_MORE)
            .min(1 << 38);
        let segment_bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        let engine_file = SegmentFile::create(segment_bytes)?;
        let map = engine_file.map_writer()?;
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
        let bytes = bytes.and_then(|bytes| usize::try_from(bytes).ok());
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
