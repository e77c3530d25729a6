//! The thread of a stage with a failure policy.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

use arrow::datatypes::SchemaRef;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use bevy_ecs::entity::Entity;
use tanda_components::{Failover, limits::EXAMINATION_FAILS_MAX};
use tanda_systems::Bisection;

use super::dead_letter::{Failed, Poison, dead_letters, without};
use super::{Fault, Sole};
use crate::panics::guarded;
use crate::platform::os::{Adapter, Left};

/// What the thread needs.
pub(crate) struct FailoverParts {
    pub(crate) stage: String,
    /// Name and version of the stage's plugin.
    pub(crate) plugin: String,
    /// The stage's plugin once more, to search batches with.
    pub(crate) probe: Sole,
    pub(crate) fallback: Option<Sole>,
    /// By port of the plugin: the schema that leaves, and whether somebody reads it.
    pub(crate) ports: Vec<(SchemaRef, bool)>,
    /// Schema of the dead letters, and the port on which they leave.
    pub(crate) dead_letters: Option<(SchemaRef, usize)>,
    /// The run is failing: what is under way is given up.
    pub(crate) cancel: Arc<AtomicBool>,
}

/// One batch to deal with.
pub(crate) struct FailureJob {
    pub(crate) batch: Entity,
    pub(crate) content: RecordBatch,
    /// Makes it fit the stage.
    pub(crate) adapter: Adapter,
    pub(crate) over: Failover,
    pub(crate) failed: u8,
}

/// What became of it.
pub(crate) enum Outcome {
    /// It was processed: what left, by port.
    Emitted(Vec<Left>),
    /// What is left of it, and its dead letters if there are any.
    Examined { left: RecordBatch, dead: Option<RecordBatch> },
    /// It was not processed: what left all the same, by port, and its dead letters.
    Rejected { left: Vec<Left>, dead: Option<RecordBatch> },
    /// Nothing could be done.
    Failed(String),
}

/// The tick's end of the thread.
pub(crate) struct FailoverThread {
    jobs: Option<mpsc::Sender<FailureJob>>,
    thread: Option<JoinHandle<()>>,
}

impl FailoverThread {
    /// `tell` is called from the thread, once for each job.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub(crate) fn spawn(
        mut parts: FailoverParts,
        tell: impl Fn(Entity, Outcome) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (jobs, received) = mpsc::channel::<FailureJob>();
        let thread = thread::Builder::new().name("tanda-failover".into()).spawn(move || {
            for job in received {
                let dealt = guarded(|| parts.deal_with(&job));
                let outcome = dealt.unwrap_or_else(Outcome::Failed);
                tell(job.batch, outcome);
            }
        })?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    pub(crate) fn deal_with(&self, job: FailureJob) {
        if let Some(jobs) = &self.jobs {
            // The thread ends with this.
            let _ = jobs.send(job);
        }
    }
}

impl Drop for FailoverThread {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A panic of it was printed where it happened.
            let _ = thread.join();
        }
    }
}

impl FailoverParts {
    fn deal_with(&mut self, job: &FailureJob) -> Result<Outcome, String> {
        match job.over {
            Failover::Fallback => self.fall_back(job),
            Failover::Bypass => self.bypass(job),
            Failover::Examine => self.examine(job),
            Failover::Discard => {
                self.set_aside(job, "it failed even without the rows that were found")
            }
            Failover::Reject => self.set_aside(job, "the breaker of the stage was open"),
        }
    }

    /// All rows are dead letters, for one reason.
    fn set_aside(&self, job: &FailureJob, reason: &str) -> Result<Outcome, String> {
        Ok(self.rejected(self.letters(job, &all_of(job, reason))?))
    }

    /// Nothing leaves but dead letters.
    fn rejected(&self, dead: Option<RecordBatch>) -> Outcome {
        let nothing = |(schema, connected): &(SchemaRef, bool)| match connected {
            true => Left::Batch(RecordBatch::new_empty(Arc::clone(schema))),
            false => Left::Rows(0),
        };
        Outcome::Rejected { left: self.ports.iter().map(nothing).collect(), dead }
    }

    fn fall_back(&mut self, job: &FailureJob) -> Result<Outcome, String> {
        let fallback = self.fallback.as_mut().ok_or("the stage has no fallback")?;
        let left = fallback.process_patiently(&job.adapter.adapt(&job.content));
        let left = left.map_err(|error| format!("its fallback: {error}"))?;
        let fit = |(left, (schema, connected)): (Left, &(SchemaRef, bool))| match left {
            Left::Batch(batch) if *connected => project(&batch, schema).map(Left::Batch),
            Left::Batch(batch) => Ok(Left::Rows(batch.num_rows() as u64)),
            Left::Rows(rows) => Ok(Left::Rows(rows)),
        };
        let left = left.into_iter().zip(&self.ports).map(fit);
        Ok(Outcome::Emitted(left.collect::<Result<_, _>>()?))
    }

    /// The batch leaves on the first port, nothing on the others.
    fn bypass(&self, job: &FailureJob) -> Result<Outcome, String> {
        let batch = job.adapter.adapt(&job.content);
        let leave =
            |(port, (schema, connected)): (usize, &(SchemaRef, bool))| match (port, connected) {
                (0, true) => project(&batch, schema).map(Left::Batch),
                (0, false) => Ok(Left::Rows(batch.num_rows() as u64)),
                (_, true) => Ok(Left::Batch(RecordBatch::new_empty(Arc::clone(schema)))),
                (_, false) => Ok(Left::Rows(0)),
            };
        let left = self.ports.iter().enumerate().map(leave);
        Ok(Outcome::Emitted(left.collect::<Result<_, _>>()?))
    }

    /// Finds the rows that the plugin fails at.
    fn examine(&mut self, job: &FailureJob) -> Result<Outcome, String> {
        let batch = job.adapter.adapt(&job.content);
        let mut search = Bisection::new(batch.num_rows(), EXAMINATION_FAILS_MAX);
        let mut reasons = Vec::new();
        while let Some(rows) = search.next() {
            if self.cancel.load(Ordering::Relaxed) {
                return Err("given up, since the run fails".to_owned());
            }
            let rows = batch.slice(rows.start, rows.len());
            match self.fails_at(&rows, search.is_final())? {
                None => search.passed(),
                Some(reason) => {
                    if search.failed() {
                        reasons.push(reason);
                    }
                }
            }
        }
        let poison = search.poison().iter().cloned().zip(reasons);
        let poison: Vec<_> = poison.map(|(rows, reason)| Poison { rows, reason }).collect();
        self.examined(job, &poison)
    }

    /// Why the plugin fails at these rows, if it does. A death over rows that are to be blamed for
    /// it for good is confirmed by another one: somebody may have killed the first worker.
    fn fails_at(&mut self, rows: &RecordBatch, is_final: bool) -> Result<Option<String>, String> {
        let mut doubts = is_final;
        loop {
            match self.probe.process(rows) {
                Ok(_) => return Ok(None),
                Err(Fault::Died(_)) if doubts => doubts = false,
                Err(Fault::Batch(reason) | Fault::Died(reason)) => return Ok(Some(reason)),
                Err(Fault::Hopeless(why)) => {
                    return Err(format!("the batch cannot be searched for poison rows: {why}"));
                }
            }
        }
    }

    fn examined(&self, job: &FailureJob, poison: &[Poison]) -> Result<Outcome, String> {
        let left = without(&job.content, poison).map_err(|error| error.to_string())?;
        let dead = self.letters(job, poison)?;
        // Whoever fails at every row may fail at none, too.
        let over = dead.is_some() && left.num_rows() == 0;
        Ok(if over { self.rejected(dead) } else { Outcome::Examined { left, dead } })
    }

    /// None without poison.
    fn letters(&self, job: &FailureJob, poison: &[Poison]) -> Result<Option<RecordBatch>, String> {
        if poison.is_empty() {
            return Ok(None);
        }
        let (schema, _) = self.dead_letters.as_ref().ok_or("the stage has no dead letters")?;
        let failed = Failed {
            stage: self.stage.clone(),
            plugin: self.plugin.clone(),
            times: u32::from(job.failed),
        };
        let batch = job.adapter.adapt(&job.content);
        let dead = dead_letters(&batch, poison, &failed, schema);
        dead.map(Some).map_err(|error| error.to_string())
    }
}

/// All rows of a batch, for one reason.
fn all_of(job: &FailureJob, reason: &str) -> Vec<Poison> {
    let rows = 0..job.content.num_rows();
    let poison = Poison { rows, reason: reason.to_owned() };
    Some(poison).filter(|poison| !poison.rows.is_empty()).into_iter().collect()
}

/// The columns of `schema`, by name.
fn project(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, String> {
    let column = |field: &arrow::datatypes::FieldRef| {
        let column = batch.column_by_name(field.name());
        column.cloned().ok_or_else(|| format!("there is no column `{}`", field.name()))
    };
    let columns = schema.fields().iter().map(column).collect::<Result<Vec<_>, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
        .map_err(|error| error.to_string())
}
