//! The work of one batch, done on a thread of the pool.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use arrow::{
    datatypes::SchemaRef,
    record_batch::{RecordBatch, RecordBatchOptions},
};
use bevy_ecs::entity::Entity;
use tanda_plugin_host::{CallError, Instance, Output};

use super::pool::Content;
use crate::{
    connectors::{Decode, Encode, rejected_schema},
    failover::Reopen,
    isolation::Shared,
    panics::guarded,
};

/// What an instance of a stage does with a batch.
#[derive(Clone)]
pub(crate) enum Work {
    /// A source decodes.
    Decode(Arc<dyn Decode>),
    /// A plugin processes; nobody else holds the instance while the world says it is in flight.
    /// One that panicked is opened again, where the stage has a failure policy.
    Process(Arc<Mutex<Instance>>, Option<Arc<Reopen>>),
    /// A sink encodes.
    Encode(Arc<dyn Encode>),
}

/// Makes the batches of one edge fit the schema that the stage behind it was bound to.
#[derive(Clone, Debug)]
pub(crate) struct Adapter {
    /// The schema that the stage expects.
    pub(crate) schema: SchemaRef,
    /// Its columns, as indices into what comes; `None` when they are the same.
    pub(crate) columns: Option<Arc<[usize]>>,
}

impl Adapter {
    pub(crate) fn adapt(&self, batch: &RecordBatch) -> RecordBatch {
        if self.columns.is_none() && Arc::ptr_eq(&self.schema, batch.schema_ref()) {
            return batch.clone();
        }
        let columns = match &self.columns {
            None => batch.columns().to_vec(),
            Some(columns) => columns.iter().map(|&i| Arc::clone(batch.column(i))).collect(),
        };
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
            .expect("edges are typed before the run")
    }
}

/// What a job reports.
pub(crate) enum JobDone {
    /// What left, by port; `Rows` where nobody reads.
    Emitted(Vec<Left>),
    /// Bytes for the writer.
    Encoded(Vec<u8>),
    /// It gave up.
    Failed(BatchFault),
}

/// Why a batch was not processed.
#[derive(Debug)]
pub(crate) struct BatchFault {
    pub(crate) message: String,
    /// The plugin is of no more use: it panicked, or its worker has ended or is about to.
    pub(crate) ends: bool,
}

impl JobDone {
    pub(super) fn failed(message: String) -> Self {
        Self::Failed(BatchFault { message, ends: false })
    }
}

/// What left on one port.
pub(crate) enum Left {
    /// A batch.
    Batch(RecordBatch),
    /// So many rows, which nobody reads.
    Rows(u64),
}

/// A finished job.
pub(crate) struct JobReport {
    pub(crate) batch: Entity,
    pub(crate) done: JobDone,
    pub(crate) elapsed_micros: u32,
}

/// Does the work of `batch` and measures it. What it emits is moved into shared memory when a stage
/// behind is isolated.
pub(super) fn run_job(
    batch: Entity,
    work: &Work,
    content: &Content,
    adapter: Option<&Adapter>,
    sealed_into: Option<&Shared>,
) -> JobReport {
    let started = Instant::now();
    let work = || {
        let Some(shared) = sealed_into else { return do_work(work, content, adapter) };
        let mut done = shared.lend(|| do_work(work, content, adapter))?;
        if let JobDone::Emitted(left) = &mut done {
            left.iter_mut().try_for_each(|left| left.seal(shared))?;
        }
        Ok(done)
    };
    let done = guarded(work).unwrap_or_else(JobDone::failed);
    let elapsed_micros = u32::try_from(started.elapsed().as_micros()).unwrap_or(u32::MAX);
    JobReport { batch, done, elapsed_micros }
}

fn do_work(work: &Work, content: &Content, adapter: Option<&Adapter>) -> Result<JobDone, String> {
    match (work, content) {
        (Work::Decode(decoder), Content::Piece(piece)) => {
            let decoded = decoder.decode(piece).map_err(|error| error.to_string())?;
            let none = || RecordBatch::new_empty(rejected_schema());
            let rejected = decoded.rejected.unwrap_or_else(none);
            Ok(JobDone::Emitted(vec![Left::Batch(decoded.batch), Left::Batch(rejected)]))
        }
        (Work::Process(instance, reopen), Content::Batch(batch)) => {
            let batch = adapter.expect("a plugin's edges have adapters").adapt(batch);
            let mut instance = hold(instance);
            let outputs = instance.process(&batch).map_err(|error| match (&error, reopen) {
                (CallError::Panicked { .. }, Some(reopen)) => match reopen.open() {
                    Ok(next) => {
                        *instance = next;
                        error.to_string()
                    }
                    Err(why) => format!("{error}, and cannot be opened again: {why}"),
                },
                _ => error.to_string(),
            })?;
            Ok(JobDone::Emitted(outputs.ports.into_iter().map(Left::from).collect()))
        }
        (Work::Encode(encoder), Content::Batch(batch)) => {
            let batch = adapter.expect("a sink's edges have adapters").adapt(batch);
            let mut bytes = Vec::with_capacity(batch.num_rows() * 64);
            encoder.encode(&batch, &mut bytes).map_err(|error| error.to_string())?;
            Ok(JobDone::Encoded(bytes))
        }
        _ => unreachable!("the world sends pieces to decoders and batches to plugins and encoders"),
    }
}

impl From<Output> for Left {
    fn from(output: Output) -> Self {
        match output {
            Output::Batch(batch) => Self::Batch(batch),
            Output::Rows(rows) => Self::Rows(rows),
        }
    }
}

/// Merges what the instances have gathered into the first one and flushes it; by port, in order.
pub(super) fn finish(instances: &[Arc<Mutex<Instance>>]) -> Result<Vec<(usize, Left)>, String> {
    let (first, others) = instances.split_first().expect("a plugin has an instance");
    let mut first = hold(first);
    for other in others {
        let state = hold(other).snapshot().map_err(|error| error.to_string())?;
        first.merge(&state).map_err(|error| error.to_string())?;
    }
    let mut left = Vec::new();
    let mut keep = |port, batch| left.push((port, Left::Batch(batch)));
    let counted = first.finish(&mut keep).map_err(|error| error.to_string())?;
    for (port, &rows) in counted.iter().enumerate() {
        let delivered: u64 = left.iter().map(|(at, left)| left.rows_on(*at, port)).sum();
        if rows > delivered {
            left.push((port, Left::Rows(rows - delivered)));
        }
    }
    Ok(left)
}

impl Left {
    /// Rows that left.
    pub(crate) fn rows(&self) -> u64 {
        match self {
            Self::Batch(batch) => batch.num_rows() as u64,
            Self::Rows(rows) => *rows,
        }
    }

    /// Moves a batch into shared memory, for an isolated stage behind.
    fn seal(&mut self, shared: &Shared) -> Result<(), String> {
        if let Self::Batch(batch) = self {
            *batch = shared.seal(batch).map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    fn rows_on(&self, at: usize, port: usize) -> u64 {
        match self {
            Self::Batch(batch) if at == port => batch.num_rows() as u64,
            Self::Batch(_) | Self::Rows(_) => 0,
        }
    }
}

/// The instance; a lock poisoned by a panic still guards it, and the host knows of the panic.
fn hold(instance: &Mutex<Instance>) -> MutexGuard<'_, Instance> {
    instance.lock().unwrap_or_else(PoisonError::into_inner)
}
