//! All that a fact can touch, and which fact is whose.

use bevy_ecs::{prelude::*, system::SystemParam};
use tanda_components::{
    Admission, AdmittedBy, At, Attempts, BatchState, Breaker, Budget, BufferHandle, Buffers, Bytes,
    Capacity, ChildState, Clock, Edges, Emitted, FailedFinishes, FailurePolicy, Failures, Growth,
    HeldBatches, InFlight, Inbox, Input, Instance, LastBeat, LastGiven, Ledger, Lineage, Occupancy,
    OriginSeq, Origins, Priority, Restarts, RetryBudget, Rows, Run, ServiceTime, Sink,
    Snapshotting, Source, Stage, StageInputs, StageState, SupervisedBy, SupervisorState, TakeOrder,
    Turn, TurnsPast, WorkerState,
};

use crate::{failover::Mishaps, retire::Retiring};

/// Enters every fact of the inbox, in order.
///
/// Reads the inbox; writes batches, instances, stages and the books. Law: a fact about a batch that
/// does not exist is the platform's error and panics, since the ledger could not balance any more.
pub(crate) fn ingest_inputs(mut inbox: ResMut<Inbox>, mut facts: Facts) {
    for input in inbox.drain() {
        facts.enter(input);
    }
}

/// All that a fact can touch.
#[derive(SystemParam)]
pub(crate) struct Facts<'w, 's> {
    pub(super) commands: Commands<'w, 's>,
    pub(super) books: Books<'w>,
    pub(super) stages: Query<'w, 's, StageRow>,
    pub(super) occupancies: Query<'w, 's, &'static mut Occupancy>,
    pub(super) inputs: Query<'w, 's, &'static StageInputs>,
    pub(super) sources: Query<'w, 's, &'static mut Source>,
    pub(super) sinks: Query<'w, 's, &'static mut Sink>,
    pub(super) admissions: Query<'w, 's, &'static mut Admission>,
    pub(super) batches: Query<'w, 's, BatchRow>,
    pub(super) turns: Query<'w, 's, &'static Turn>,
    pub(super) instances: Query<'w, 's, (&'static mut InFlight, &'static mut ServiceTime)>,
    pub(super) workers: Query<'w, 's, WorkerRow>,
    pub(super) recoveries: Query<'w, 's, RecoveryRow>,
    pub(super) policies: Query<'w, 's, PolicyRow>,
    pub(super) children: Query<'w, 's, (&'static SupervisedBy, &'static mut ChildState)>,
    pub(super) supervisors: Query<'w, 's, &'static mut SupervisorState>,
}

/// The resources that a fact can touch.
#[derive(SystemParam)]
pub(super) struct Books<'w> {
    pub(super) buffers: ResMut<'w, Buffers>,
    pub(super) budget: ResMut<'w, Budget>,
    pub(super) capacity: ResMut<'w, Capacity>,
    pub(super) clock: Res<'w, Clock>,
    pub(super) origins: ResMut<'w, Origins>,
    pub(super) run: ResMut<'w, Run>,
    pub(super) retiring: ResMut<'w, Retiring>,
    pub(super) mishaps: ResMut<'w, Mishaps>,
    pub(super) turns_past: ResMut<'w, TurnsPast>,
}

type StageRow = (
    &'static Stage,
    &'static Edges,
    &'static mut StageState,
    &'static mut OriginSeq,
    &'static mut Ledger,
    &'static mut Growth,
);

type BatchRow = (
    &'static mut BatchState,
    &'static At,
    &'static Lineage,
    &'static mut BufferHandle,
    &'static Rows,
    &'static mut Bytes,
    &'static mut Emitted,
    &'static Priority,
    &'static mut AdmittedBy,
    &'static mut Attempts,
    Entity,
);

/// Stages that have a failure policy.
type PolicyRow = (
    &'static FailurePolicy,
    &'static mut RetryBudget,
    &'static mut Failures,
    Option<&'static mut Breaker>,
);

/// What a stage goes back on when one of its workers dies.
type RecoveryRow =
    (&'static mut HeldBatches, Option<&'static mut TakeOrder>, Option<&'static mut FailedFinishes>);

type WorkerRow = (
    &'static Instance,
    &'static mut WorkerState,
    &'static mut LastBeat,
    &'static mut Restarts,
    &'static LastGiven,
    Option<&'static mut Snapshotting>,
);

impl Facts<'_, '_> {
    fn enter(&mut self, input: Input) {
        match input {
            Input::BatchRead { source, buffer, rows, bytes, decoded } => {
                self.enter_piece(source, buffer, rows, bytes, decoded);
            }
            Input::SourceEnded { source } => self.end_source(source),
            Input::BatchEmitted { batch, port, buffer, rows, bytes } => {
                self.enter_emitted(batch, port, buffer, rows, bytes);
            }
            Input::BatchProcessed { batch, elapsed_micros } => {
                self.enter_processed(batch, elapsed_micros);
            }
            Input::BatchEncoded { batch, buffer, bytes, elapsed_micros } => {
                self.enter_encoded(batch, buffer, bytes, elapsed_micros);
            }
            Input::BatchWritten { batch, bytes } => self.enter_written(batch, bytes),
            Input::BatchFailed { batch, fault, ends } => self.fail_batch(batch, fault, ends),
            Input::FinishEmitted { stage, port, buffer, rows, bytes } => {
                self.enter_finish(stage, port, buffer, rows, bytes);
            }
            Input::StageFinished { stage } => self.end_stage(stage),
            Input::StageFailed { stage, fault } => self.fail_stage(stage, fault),
            Input::WorkerStarted { instance } => self.enter_start(instance),
            Input::WorkerExited { instance, reason, fault } => {
                self.enter_exit(instance, reason, fault);
            }
            Input::SnapshotTaken { instance, elapsed_micros } => {
                self.enter_snapshot(instance, elapsed_micros);
            }
            Input::BatchExamined { batch, buffer, bytes } => {
                self.enter_examined(batch, buffer, bytes);
            }
            Input::OutputsPublished => self.end_published(),
            Input::AbortRequested { fault } => self.abort(fault),
            Input::DrainRequested => self.drain(),
        }
    }
}
