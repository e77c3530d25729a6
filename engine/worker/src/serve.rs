//! A worker at work: it takes commands from the ring, calls the plugin, and answers.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use tanda_ipc::{Channel, Slot, Spin, Woken, WorkerEnd};
use tanda_memory::{
    Arena, SegmentFile, SegmentId, Segments, Trust, copy_out, describe, rebuild, seal,
};
use tanda_plugin_host::{Binding, CallError, Instance, Output};

use crate::error::WorkerError;
use crate::fail::Fail;
use crate::protocol::{
    Ask, Bound, COUNTERS_BYTES_MAX, DESCRIPTION_BYTES_MAX, Failure, Reply, answer, command,
    wanted_in,
};

/// Serves one instance.
pub(crate) struct Server {
    fail: Fail,
    end: WorkerEnd,
    arena: Arena,
    segments: Segments,
    instance: Instance,
    /// It panicked: it is not called again, and the worker ends when that is told.
    panicked: bool,
    input: Option<SchemaRef>,
    /// What was answered to a command and may still be looked at, by token.
    given: HashMap<u64, Given>,
    segments_received: u64,
    scratch: Vec<u8>,
    /// Who keeps a batch that it was given: nobody here, the engine does.
    nobody: Arc<()>,
}

/// What keeps the memory of an answer: batches, and raw bytes.
#[derive(Default)]
struct Given {
    batches: Vec<RecordBatch>,
    bytes: Vec<arrow::buffer::Buffer>,
}

/// A place in the own segment.
struct Range {
    offset: u64,
    bytes: u64,
}

impl Server {
    pub(crate) fn new(
        end: WorkerEnd,
        arena: Arena,
        segments: Segments,
        instance: Instance,
        fail: Fail,
    ) -> Self {
        Self {
            fail,
            end,
            arena,
            segments,
            instance,
            panicked: false,
            input: None,
            given: HashMap::new(),
            segments_received: 0,
            scratch: Vec::new(),
            nobody: Arc::new(()),
        }
    }

    /// Serves until the engine closes the channel.
    pub(crate) fn serve(&mut self, channel: &Channel) -> Result<(), WorkerError> {
        loop {
            while let Some(slot) = self.end.next().map_err(|error| rings(&error))? {
                self.obey(channel, &slot)?;
            }
            match self.end.wait(Spin::default(), channel.fd()) {
                Ok(Woken::Ring) => {}
                Ok(Woken::Other) => match channel.receive()? {
                    Some(frame) => self.hear(channel, frame)?,
                    None => return Ok(()),
                },
                Err(error) => return Err(rings(&error)),
            }
        }
    }

    fn hear(&mut self, channel: &Channel, frame: tanda_ipc::Frame) -> Result<(), WorkerError> {
        let ask = serde_json::from_slice(&frame.bytes)
            .map_err(|error| WorkerError::NotUnderstood(error.to_string()))?;
        match ask {
            Ask::Start(_) => Err(WorkerError::NotUnderstood("a second Start".into())),
            Ask::Bind { input, wanted } => {
                let answer = match self.bind(input, wanted) {
                    Ok(bound) => {
                        self.fail.at("bound");
                        Reply::Bound(bound)
                    }
                    Err(error) => Reply::Failed(Failure::from(&error)),
                };
                Ok(answer.send(channel)?)
            }
            Ask::Segment { id } => {
                let file = frame.fds.into_iter().next().map(SegmentFile::from_fd);
                let map = file.and_then(Result::ok).map(|file| file.map_reader());
                let Some(Ok(map)) = map else {
                    return Err(WorkerError::NotUnderstood(format!("segment {id} without memory")));
                };
                self.segments.add_reader(SegmentId(id), map);
                self.segments_received += 1;
                Ok(())
            }
            Ask::Forget { id } => {
                self.segments.remove(SegmentId(id));
                Ok(())
            }
        }
    }

    fn bind(
        &mut self,
        input: arrow::datatypes::Schema,
        wanted: Option<Vec<(bool, Vec<usize>)>>,
    ) -> Result<Bound, CallError> {
        let input = SchemaRef::new(input);
        let wanted = wanted.map(wanted_in);
        let bound = self.instance.bind(&input, wanted.as_ref())?;
        let binding = Binding {
            ports: bound.ports().to_vec(),
            reads: bound.reads.clone(),
            flags: bound.layout.flags,
        };
        self.input = Some(input);
        Ok(Bound::from(&binding))
    }

    /// Carries out one command and gives its last answer.
    fn obey(&mut self, channel: &Channel, slot: &Slot) -> Result<(), WorkerError> {
        if slot.kind == command::RELEASE {
            self.fail.at("released");
            self.given.remove(&slot.token);
            return Ok(());
        }
        while slot.kind == command::PROCESS && self.segments_received < slot.extra[0] {
            match channel.receive()? {
                Some(frame) => self.hear(channel, frame)?,
                None => return Err(WorkerError::NotUnderstood("closed within a command".into())),
            }
        }
        self.fail.at("taken");
        let mut given = Given::default();
        let outcome = match slot.kind {
            command::PROCESS => self.process(slot, &mut given).map(|()| None),
            command::FINISH => self.finish(slot, &mut given).map(|()| None),
            command::SNAPSHOT => self.snapshot(&mut given).map(Some),
            command::RESTORE | command::MERGE => self.take_state(slot).map(|()| None),
            kind => Err(Failure::new(format!("there is no command {kind}"))),
        };
        let outcome = outcome.and_then(|range| {
            self.tell_counters(slot, &mut given)?;
            Ok(range)
        });
        let last = match outcome {
            Ok(range) => last_slot(slot, answer::DONE, range),
            Err(failure) => {
                let text = serde_json::to_vec(&failure.cut()).expect("failures are plain data");
                // Without room the engine gets the failure without its text.
                let range = self.put(&text, &mut given).ok();
                last_slot(slot, answer::FAILED, range)
            }
        };
        self.given.insert(slot.token, given);
        self.say(&last);
        self.end.wake();
        self.fail.at("done");
        if self.panicked { Err(WorkerError::Panicked) } else { Ok(()) }
    }

    /// The failure of a call.
    fn failure(&mut self, error: &CallError) -> Failure {
        let failure = Failure::from(error);
        self.panicked |= failure.panicked;
        failure
    }

    fn process(&mut self, slot: &Slot, given: &mut Given) -> Result<(), Failure> {
        let schema = self.input.as_ref().ok_or_else(|| Failure::new("bind comes first"))?;
        let from = SegmentId(slot.segment);
        let description =
            copy_out(&self.segments, from, slot.offset, slot.bytes, DESCRIPTION_BYTES_MAX)
                .map_err(Failure::new)?;
        // The engine keeps the batch until this command is answered, so nobody else has to.
        let trust = Trust::InPlace { from: None, owner: Arc::<()>::clone(&self.nobody) };
        let input =
            rebuild(&description, schema, &self.segments, None, trust).map_err(Failure::new)?.batch;
        self.fail.at("rebuilt");
        let outputs = match self.instance.process(&input) {
            Ok(outputs) => outputs,
            Err(error) => return Err(self.failure(&error)),
        };
        self.fail.at("processed");
        for (port, output) in outputs.ports.into_iter().enumerate() {
            match output {
                Output::Batch(batch) => self.emit(slot, port, &batch, Some(&input), given)?,
                Output::Rows(rows) => self.count(slot, port, rows),
            }
        }
        Ok(())
    }

    fn finish(&mut self, slot: &Slot, given: &mut Given) -> Result<(), Failure> {
        let mut left = Vec::new();
        let mut keep = |port, batch| left.push((port, batch));
        let counted = self.instance.finish(&mut keep).map_err(|error| Failure::from(&error))?;
        self.fail.at("flushed");
        for (port, batch) in &left {
            self.emit(slot, *port, batch, None, given)?;
        }
        for (port, rows) in counted.into_iter().enumerate() {
            let emitted = left.iter().filter(|(at, _)| *at == port);
            let emitted: u64 = emitted.map(|(_, batch)| batch.num_rows() as u64).sum();
            if rows > emitted {
                self.count(slot, port, rows - emitted);
            }
        }
        Ok(())
    }

    fn snapshot(&mut self, given: &mut Given) -> Result<Range, Failure> {
        let state = self.instance.snapshot().map_err(|error| Failure::from(&error))?;
        self.fail.at("saved");
        self.put(&state, given)
    }

    fn take_state(&mut self, slot: &Slot) -> Result<(), Failure> {
        let from = SegmentId(slot.segment);
        let state = copy_out(&self.segments, from, slot.offset, slot.bytes, usize::MAX)
            .map_err(Failure::new)?;
        let taken = match slot.kind {
            command::RESTORE => self.instance.restore(&state),
            _ => self.instance.merge(&state),
        };
        self.fail.at(if slot.kind == command::RESTORE { "restored" } else { "merged" });
        taken.map_err(|error| Failure::from(&error))
    }

    /// Seals and describes a batch; of a column that is the input's, only its index crosses.
    fn emit(
        &mut self,
        slot: &Slot,
        port: usize,
        batch: &RecordBatch,
        input: Option<&RecordBatch>,
        given: &mut Given,
    ) -> Result<(), Failure> {
        let (sealed, _) = seal(batch, &self.arena, &self.segments).map_err(Failure::new)?;
        self.fail.at("sealed");
        let mut description = std::mem::take(&mut self.scratch);
        let described = describe(&sealed, &self.segments, input, &mut description);
        let range = described.map_err(Failure::new).and_then(|()| self.put(&description, given));
        self.scratch = description;
        let range = range?;
        self.fail.at("described");
        given.batches.push(sealed);
        let mut emitted = last_slot(slot, answer::EMITTED, Some(range));
        emitted.port = port as u32;
        self.say(&emitted);
        self.fail.at("emitted");
        Ok(())
    }

    fn count(&mut self, slot: &Slot, port: usize, rows: u64) {
        let mut counted = last_slot(slot, answer::COUNTED, None);
        counted.port = port as u32;
        counted.extra[0] = rows;
        self.say(&counted);
    }

    /// What the command added to the plugin's counters, before its last answer.
    fn tell_counters(&mut self, slot: &Slot, given: &mut Given) -> Result<(), Failure> {
        let counters = self.instance.take_counters();
        if counters.is_empty() {
            return Ok(());
        }
        let text = serde_json::to_vec(&counters).expect("names and numbers are plain data");
        if text.len() > COUNTERS_BYTES_MAX {
            let bytes = text.len();
            let too_long = format!("its counters take {bytes} bytes, at most {COUNTERS_BYTES_MAX}");
            return Err(Failure::new(too_long));
        }
        let range = self.put(&text, given)?;
        self.say(&last_slot(slot, answer::COUNTERS, Some(range)));
        Ok(())
    }

    fn put(&mut self, bytes: &[u8], given: &mut Given) -> Result<Range, Failure> {
        let mut extent = self.arena.allocate(bytes.len()).map_err(Failure::new)?;
        extent.as_mut_slice().copy_from_slice(bytes);
        let range = Range { offset: extent.offset(), bytes: bytes.len() as u64 };
        given.bytes.push(extent.freeze());
        Ok(range)
    }

    /// Gives a part of an answer; the engine is woken by its last part.
    fn say(&mut self, slot: &Slot) {
        let mut slot = *slot;
        slot.segment = self.arena.id().0;
        // The engine takes answers as they come, so a full ring has room soon; if the engine is
        // gone, so are we.
        while self.end.answer_in_part(&slot).is_err() {
            self.end.wake();
            std::thread::yield_now();
        }
    }
}

fn last_slot(asked: &Slot, kind: u32, range: Option<Range>) -> Slot {
    let Range { offset, bytes } = range.unwrap_or(Range { offset: 0, bytes: 0 });
    Slot { kind, token: asked.token, offset, bytes, ..Slot::default() }
}

fn rings(error: &dyn std::fmt::Display) -> WorkerError {
    WorkerError::Rings(error.to_string())
}
