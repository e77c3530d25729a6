//! The tick's way to a living worker: commands go into the ring, and what was asked is remembered
//! for the answers.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use arrow::array::Array;
use arrow::buffer::Buffer;
use arrow::record_batch::RecordBatch;
use bevy_ecs::entity::Entity;
use tanda_ipc::{Channel, ChannelError, EngineEnd, Slot};
use tanda_memory::{DescribeError, SegmentId, describe};
use tanda_worker::protocol::{Ask, command};

use super::Shared;
use super::life::Killer;
use super::process::say;

/// Slots kept free for commands: no number of releases may hold one back.
const ROOM_FOR_COMMANDS: usize = 16;

/// What was asked of a worker and is not answered yet, oldest first.
pub(super) type Asked = Arc<Mutex<VecDeque<Pending>>>;

/// One command on its way.
pub(super) struct Pending {
    pub(super) token: u64,
    pub(super) what: What,
    pub(super) since: Instant,
    /// Keeps what the command points at.
    _memory: Option<Buffer>,
}

/// What a command is for.
pub(super) enum What {
    /// Process this batch.
    Process { batch: Entity, input: RecordBatch },
    /// Flush the state.
    Finish { attempt: u64 },
    /// Give the state, to be kept for a restart.
    Keep,
    /// Give the state, to be merged into another instance's.
    GiveToMerge { attempt: u64 },
    /// Take this state.
    Restore,
    /// Add this state.
    Merge { attempt: u64 },
}

/// Tokens that the worker may forget.
pub(super) type Releases = Arc<Mutex<Vec<u64>>>;

/// Feeds one living worker.
pub(crate) struct Feed {
    pub(super) end: Arc<Mutex<EngineEnd>>,
    pub(super) asked: Asked,
    pub(super) releases: Releases,
    pub(super) channel: Arc<Channel>,
    pub(super) shared: Arc<Shared>,
    pub(super) killer: Killer,
    pub(super) next_token: u64,
    /// Segments of other workers that it was told of, and how many it ever was.
    pub(super) told: BTreeSet<SegmentId>,
    pub(super) told_count: u64,
    pub(super) scratch: Vec<u8>,
}

impl Feed {
    /// Gives a batch; it is sealed on the way if it is not yet.
    pub(super) fn process(&mut self, batch: Entity, input: RecordBatch) -> Result<(), String> {
        if self.tell_segments(&input).is_err() {
            // It is gone, or reads nothing any more: its end gives the batch back.
            self.killer.kill();
            return Ok(());
        }
        let mut description = std::mem::take(&mut self.scratch);
        let result = self.describe(&input, &mut description).and_then(|sealed| {
            let extra = [self.told_count, 0, 0];
            let input = sealed.unwrap_or(input);
            self.command(command::PROCESS, What::Process { batch, input }, &description, extra)
        });
        self.scratch = description;
        result
    }

    /// Describes a batch. What lies in shared memory already, as it nearly always does, stays
    /// there.
    fn describe(
        &self,
        input: &RecordBatch,
        out: &mut Vec<u8>,
    ) -> Result<Option<RecordBatch>, String> {
        match describe(input, &self.shared.segments(), None, out) {
            Ok(()) => return Ok(None),
            Err(DescribeError::NotShared { .. }) => {}
            Err(error) => return Err(error.to_string()),
        }
        let sealed = self.shared.seal(input).map_err(|error| error.to_string())?;
        describe(&sealed, &self.shared.segments(), None, out).map_err(|error| error.to_string())?;
        Ok(Some(sealed))
    }

    /// Asks for the flush of the state.
    pub(super) fn finish(&mut self, attempt: u64) -> Result<(), String> {
        self.command(command::FINISH, What::Finish { attempt }, &[], [0; 3])
    }

    /// Asks for the state.
    pub(super) fn snapshot(&mut self, what: What) -> Result<(), String> {
        self.command(command::SNAPSHOT, what, &[], [0; 3])
    }

    /// Gives a state, to restore or to merge.
    pub(super) fn state(&mut self, what: What, bytes: &[u8]) -> Result<(), String> {
        let restores = matches!(what, What::Restore);
        let kind = if restores { command::RESTORE } else { command::MERGE };
        self.command(kind, what, bytes, [0; 3])
    }

    fn command(
        &mut self,
        kind: u32,
        what: What,
        bytes: &[u8],
        extra: [u64; 3],
    ) -> Result<(), String> {
        let mut extent =
            self.shared.arena().allocate(bytes.len()).map_err(|error| error.to_string())?;
        extent.as_mut_slice().copy_from_slice(bytes);
        let token = self.next_token;
        self.next_token += 1;
        let slot = Slot {
            kind,
            token,
            segment: self.shared.arena().id().0,
            offset: extent.offset(),
            bytes: bytes.len() as u64,
            extra,
            ..Slot::default()
        };
        let memory = Some(extent.freeze());
        lock(&self.asked).push_back(Pending {
            token,
            what,
            since: Instant::now(),
            _memory: memory,
        });
        let mut end = lock(&self.end);
        release(&mut end, &self.releases);
        if end.submit(&slot).is_err() {
            // The world gives a worker a few commands at a time, so this worker's ring is broken.
            self.killer.kill();
        }
        end.wake();
        Ok(())
    }

    /// Sends the segments of other workers that the batch lies in and that are new to this one, and
    /// forgets those that are gone.
    fn tell_segments(&mut self, batch: &RecordBatch) -> Result<(), ChannelError> {
        let shared = Arc::clone(&self.shared);
        let foreign = shared.foreign();
        if foreign.is_empty() && self.told.is_empty() {
            return Ok(());
        }
        let gone: Vec<SegmentId> =
            self.told.iter().copied().filter(|id| !foreign.contains_key(id)).collect();
        for id in gone {
            self.told.remove(&id);
            say(&self.channel, &Ask::Forget { id: id.0 }, &[])?;
        }
        for id in segments_of(batch, &shared) {
            if let Some(file) = foreign.get(&id)
                && self.told.insert(id)
            {
                self.told_count += 1;
                say(&self.channel, &Ask::Segment { id: id.0 }, &[file.fd()])?;
            }
        }
        Ok(())
    }
}

/// Tells the worker what it may forget, as far as there is room.
fn release(end: &mut EngineEnd, releases: &Releases) {
    let mut releases = lock(releases);
    let room = end.submit_room().saturating_sub(ROOM_FOR_COMMANDS);
    let count = releases.len().min(room);
    for token in releases.drain(..count) {
        let slot = Slot { kind: command::RELEASE, token, ..Slot::default() };
        // There is room, unless the worker lies about what it has taken; its answers show that.
        let _ = end.submit(&slot);
    }
}

fn segments_of(batch: &RecordBatch, shared: &Shared) -> BTreeSet<SegmentId> {
    fn add(data: &arrow::array::ArrayData, shared: &Shared, found: &mut BTreeSet<SegmentId>) {
        let nulls = data.nulls().map(|nulls| nulls.buffer());
        for buffer in data.buffers().iter().chain(nulls).filter(|buffer| !buffer.is_empty()) {
            let at = shared.segments().locate(buffer.as_ptr(), buffer.len());
            found.extend(at.map(|(id, _)| id));
        }
        data.child_data().iter().for_each(|child| add(child, shared, found));
    }
    let mut found = BTreeSet::new();
    batch.columns().iter().for_each(|column| add(&column.to_data(), shared, &mut found));
    found
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
