//! What a worker answers, checked and made into reports.
//!
//! Whatever the level, the structure of an answer is checked: tokens in their order, ports that
//! exist, one batch a port, rows that add up, ranges that lie in the worker's own segment. In
//! `Strict` the worker is taken for hostile beyond that: what it wrote is copied before it is
//! looked at, and checked in full. A worker that breaks a rule is killed.

use std::sync::Arc;
use std::time::Instant;

use arrow::record_batch::RecordBatch;
use tanda_ipc::Slot;
use tanda_memory::{RebuildError, SegmentId, Trust, copy_into, rebuild};
use tanda_plugin_host::{Bound, Flags, Layout, PortLayout};
use tanda_worker::protocol::{
    COUNTERS_BYTES_MAX, DESCRIPTION_BYTES_MAX, FAILURE_BYTES_MAX, Failure, answer,
};
use tanda_worker::sandbox::Level;

use super::Shared;
use super::feed::{Pending, Releases, What, lock};
use super::shared::WorkerSegment;
use super::thread::Told;
use crate::platform::os::{BatchFault, Counters, JobDone, JobReport, Left};

/// A state that is longer is refused.
const STATE_BYTES_MAX: usize = 1 << 34;
/// Batches that one flush may give.
const FLUSHED_MAX: usize = 1 << 16;

/// What a worker answered cannot be; says what.
#[derive(Debug, thiserror::Error)]
#[error("it broke the protocol: {0}")]
pub(super) struct Lie(pub(super) String);

/// Reads the answers of one worker.
pub(super) struct Answers {
    shared: Arc<Shared>,
    segment: Arc<WorkerSegment>,
    level: Level,
    layout: Layout,
    /// A batch without rows for each port on which nothing was emitted.
    empty: Vec<RecordBatch>,
    releases: Releases,
    /// Of the command that is being answered: what has left so far, with the port.
    left: Vec<(usize, Left)>,
    /// And what it has added to the plugin's counters.
    counters: Counters,
    /// Of the same: there was no room for the copies of what left. That is nobody's lie.
    no_room: Option<String>,
    lease: Option<Arc<Lease>>,
    last_answer: Instant,
}

/// Kept by every buffer over what one command was answered with; its end lets the worker forget.
struct Lease {
    token: u64,
    releases: Releases,
    _segment: Arc<WorkerSegment>,
}

impl Drop for Lease {
    fn drop(&mut self) {
        lock(&self.releases).push(self.token);
    }
}

impl Answers {
    pub(super) fn new(
        shared: Arc<Shared>,
        segment: Arc<WorkerSegment>,
        level: Level,
        bound: &Bound,
        releases: Releases,
    ) -> Self {
        let layout = bound.layout.clone();
        let ports = layout.ports.iter();
        let empty = ports.map(|port| RecordBatch::new_empty(Arc::clone(&port.delivered)));
        Self {
            shared,
            segment,
            level,
            empty: empty.collect(),
            layout,
            releases,
            left: Vec::new(),
            counters: Counters::new(),
            no_room: None,
            lease: None,
            last_answer: Instant::now(),
        }
    }

    /// Takes one slot; `asked` is the oldest command without a last answer. Gives a report when it
    /// was the last answer. A state to be kept goes to `kept`, in place of the one before.
    pub(super) fn take(
        &mut self,
        slot: &Slot,
        asked: Option<&Pending>,
        kept: &mut Option<Vec<u8>>,
    ) -> Result<Option<Told>, Lie> {
        let asked = asked.filter(|asked| asked.token == slot.token);
        let asked = asked.ok_or_else(|| Lie(format!("it answered {} unasked", slot.token)))?;
        if self.lease.is_none() {
            self.lease = Some(Arc::new(Lease {
                token: slot.token,
                releases: Arc::clone(&self.releases),
                _segment: Arc::clone(&self.segment),
            }));
        }
        match slot.kind {
            answer::EMITTED => self.emitted(slot, asked).map(|()| None),
            answer::COUNTED => self.counted(slot, asked).map(|()| None),
            answer::COUNTERS => self.counters(slot, asked).map(|()| None),
            answer::DONE => self.done(slot, asked, kept).map(Some),
            answer::FAILED => self.failed(slot, asked).map(Some),
            kind => Err(Lie(format!("there is no answer {kind}"))),
        }
    }

    fn port(&self, slot: &Slot, asked: &Pending) -> Result<(usize, &PortLayout), Lie> {
        let port = slot.port as usize;
        let layout = self.layout.ports.get(port);
        let layout = layout.ok_or_else(|| Lie(format!("there is no port {port}")))?;
        match asked.what {
            What::Process { .. } if self.left.iter().any(|(at, _)| *at == port) => {
                Err(Lie(format!("port `{}` left twice for one batch", layout.name)))
            }
            What::Finish { .. } if self.left.len() >= FLUSHED_MAX => {
                Err(Lie(format!("its flush gave more than {FLUSHED_MAX} batches")))
            }
            What::Process { .. } | What::Finish { .. } => Ok((port, layout)),
            What::Keep | What::GiveToMerge { .. } | What::Restore | What::Merge { .. } => {
                Err(Lie("it emitted without a batch".to_owned()))
            }
        }
    }

    fn emitted(&mut self, slot: &Slot, asked: &Pending) -> Result<(), Lie> {
        let (port, layout) = self.port(slot, asked)?;
        if !layout.connected {
            return Err(Lie(format!("it emitted on port `{}`, which nobody reads", layout.name)));
        }
        let description = self.bytes(slot, DESCRIPTION_BYTES_MAX)?;
        let input = if let What::Process { input, .. } = &asked.what { Some(input) } else { None };
        let from = self.segment.id;
        let trust = match self.level {
            Level::Strict => Trust::Copied { from, arena: self.shared.arena() },
            Level::Off | Level::Basic => {
                let owner =
                    self.lease.clone().expect("there is a lease while a command is answered");
                Trust::InPlace { from: Some(from), owner }
            }
        };
        let segments = self.shared.segments();
        let rebuilt = rebuild(&description, &layout.delivered, &segments, input, trust);
        drop(segments);
        let words = |error: &RebuildError| format!("port `{}`: {error}", layout.name);
        let rebuilt = match rebuilt {
            Ok(rebuilt) => rebuilt,
            Err(error) if error.is_for_want_of_room() => {
                self.no_room = Some(words(&error));
                return Ok(());
            }
            Err(error) => return Err(Lie(words(&error))),
        };
        self.shared.count_copied(rebuilt.bytes_copied);
        self.left.push((port, Left::Batch(rebuilt.batch)));
        Ok(())
    }

    fn counted(&mut self, slot: &Slot, asked: &Pending) -> Result<(), Lie> {
        let (port, layout) = self.port(slot, asked)?;
        if layout.connected && matches!(asked.what, What::Process { .. }) {
            return Err(Lie(format!("it only counted rows of port `{}`", layout.name)));
        }
        self.left.push((port, Left::Rows(slot.extra[0].min(u64::from(u32::MAX)))));
        Ok(())
    }

    fn counters(&mut self, slot: &Slot, asked: &Pending) -> Result<(), Lie> {
        if !self.counters.is_empty() {
            return Err(Lie("it told its counters twice".to_owned()));
        }
        if !matches!(asked.what, What::Process { .. } | What::Finish { .. }) {
            return Err(Lie("it counted without a batch".to_owned()));
        }
        let text = self.bytes(slot, COUNTERS_BYTES_MAX)?;
        let counters = serde_json::from_slice(&text);
        self.counters = counters.map_err(|error| Lie(format!("its counters: {error}")))?;
        Ok(())
    }

    /// What the command that was done last has added to the plugin's counters.
    pub(super) fn take_counters(&mut self) -> Counters {
        std::mem::take(&mut self.counters)
    }

    fn done(
        &mut self,
        slot: &Slot,
        asked: &Pending,
        kept: &mut Option<Vec<u8>>,
    ) -> Result<Told, Lie> {
        if let Some(message) = self.no_room.take() {
            return self.gave_up(asked, Failure::new(message));
        }
        let left = std::mem::take(&mut self.left);
        let told = match &asked.what {
            What::Process { batch, input } => {
                let done = JobDone::Emitted(self.by_port(left, input.num_rows() as u64)?);
                let elapsed_micros = self.elapsed(asked);
                Told::Job(JobReport { batch: *batch, done, elapsed_micros })
            }
            What::Finish { attempt } => Told::Finished { attempt: *attempt, left },
            What::Keep => {
                let mut state = kept.take();
                let taken = self.bytes_into(slot, STATE_BYTES_MAX, state.get_or_insert_default());
                // A lie leaves the state as it was: one of no bytes may be none at all.
                *kept = state.filter(|state| taken.is_ok() || !state.is_empty());
                taken?;
                Told::SnapshotTaken { elapsed_micros: self.elapsed(asked) }
            }
            What::GiveToMerge { attempt } => {
                Told::ToMerge { attempt: *attempt, state: self.bytes(slot, STATE_BYTES_MAX)? }
            }
            What::Restore => Told::Restored,
            What::Merge { .. } => Told::Merged,
        };
        self.lease = None;
        self.last_answer = Instant::now();
        Ok(told)
    }

    fn failed(&mut self, slot: &Slot, asked: &Pending) -> Result<Told, Lie> {
        let text = self.bytes(slot, FAILURE_BYTES_MAX)?;
        let failure: Failure = serde_json::from_slice(&text)
            .unwrap_or_else(|_| Failure::new("it failed without saying why"));
        self.gave_up(asked, failure)
    }

    /// The command came to nothing.
    fn gave_up(&mut self, asked: &Pending, failure: Failure) -> Result<Told, Lie> {
        self.left.clear();
        self.counters.clear();
        self.no_room = None;
        let Failure { message, panicked, .. } = failure;
        let told = match &asked.what {
            What::Process { batch, .. } => {
                let done = JobDone::Failed(BatchFault { message, ends: panicked });
                let elapsed_micros = self.elapsed(asked);
                Told::Job(JobReport { batch: *batch, done, elapsed_micros })
            }
            What::Finish { attempt } | What::GiveToMerge { attempt } | What::Merge { attempt } => {
                Told::FinishFailed { attempt: *attempt, message }
            }
            What::Keep => return Err(Lie(format!("its state cannot be saved: {message}"))),
            What::Restore => return Err(Lie(format!("its state cannot be restored: {message}"))),
        };
        self.lease = None;
        self.last_answer = Instant::now();
        Ok(told)
    }

    /// What left on each port: of a port that is read a batch, perhaps without rows.
    fn by_port(&self, left: Vec<(usize, Left)>, rows_in: u64) -> Result<Vec<Left>, Lie> {
        let nothing = |(port, layout): (usize, &PortLayout)| match layout.connected {
            true => Left::Batch(self.empty[port].clone()),
            false => Left::Rows(0),
        };
        let mut by_port: Vec<Left> = self.layout.ports.iter().enumerate().map(nothing).collect();
        for (port, left) in left {
            by_port[port] = left;
        }
        let rows_out: u64 = by_port.iter().map(Left::rows).sum();
        if self.layout.flags.contains(Flags::CONSERVES) && rows_out != rows_in {
            let promise = "but it promises CONSERVES";
            return Err(Lie(format!("{rows_in} rows in, {rows_out} out, {promise}")));
        }
        Ok(by_port)
    }

    fn bytes(&self, slot: &Slot, max: usize) -> Result<Vec<u8>, Lie> {
        let mut bytes = Vec::new();
        self.bytes_into(slot, max, &mut bytes)?;
        Ok(bytes)
    }

    /// Copies bytes that the worker gives, in place of what `bytes` holds.
    fn bytes_into(&self, slot: &Slot, max: usize, bytes: &mut Vec<u8>) -> Result<(), Lie> {
        let from = SegmentId(slot.segment);
        if slot.bytes > 0 && from != self.segment.id {
            return Err(Lie(format!("it points into segment {}, which is not its own", from.0)));
        }
        if slot.bytes == 0 {
            bytes.clear();
            return Ok(());
        }
        copy_into(&self.shared.segments(), from, slot.offset, slot.bytes, max, bytes)
            .map_err(|error| Lie(error.to_string()))
    }

    /// From when the worker could begin, to now.
    fn elapsed(&self, asked: &Pending) -> u32 {
        let began = asked.since.max(self.last_answer);
        u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX)
    }
}
