//! What the engine's entities are: plain data, without heap, clock or handle of the operating
//! system.
//!
//! A component is one fact about one entity. Facts from outside come in as [`Input`], intents go
//! out as [`Effect`]; nothing in this crate or in `tanda-systems` can do I/O, which `no_std`
//! proves.
#![no_std]

extern crate alloc;

mod admission;
mod batch;
mod breaker;
mod buffer;
mod clock;
mod edges;
mod effect;
mod events;
mod failure;
mod input;
mod instance;
mod ledger;
pub mod limits;
mod order;
mod origin;
mod queue;
mod run;
mod sink;
mod source;
mod stage;
mod supervision;
mod turn;
mod worker;

pub use admission::{Admission, AdmittedBy, Budget};
pub use batch::{At, Attempts, BatchState, Bytes, Emitted, FailedOver, Lineage, Priority, Rows};
pub use breaker::{Breaker, BreakerLimits, BreakerState};
pub use buffer::{BufferHandle, Buffers};
pub use clock::{Clock, EngineTick, EngineTime};
pub use edges::{Edge, Edges, StageInputs};
pub use effect::Effect;
pub use events::{BatchFailed, RunEnded, StageEnded, StageFailed, WorkerDied, WorkerRestarted};
pub use failure::{Failover, FailurePolicy, Failures, Resort, RetryBudget};
pub use input::{FaultId, Input};
pub use instance::{InFlight, Instance, ServiceTime};
pub use ledger::{Conserves, Ledger, PortRows};
pub use order::{ArrivalOrder, Place, TakeOrder};
pub use origin::{Frontier, OriginParts, OriginSeq, Origins};
pub use queue::{Inbox, InboxFull, Outbox};
pub use run::{Capacity, NextDeadline, Run, TickAgain};
pub use sink::Sink;
pub use source::Source;
pub use stage::{
    FailedFinishes, Growth, HeldBatches, Occupancy, Stage, StageIndex, StageKind, StageName,
    StageState,
};
pub use supervision::{
    Act, AutoShutdown, Backoff, ChildEnd, ChildSpec, ChildState, Fate, GaveUp, Mail, Phase,
    Restart, RestartLog, Shutdown, Strategy, SupervisedBy, Supervises, SupervisionLog, Supervisor,
    SupervisorActed, SupervisorEnd, SupervisorName, SupervisorState, Then, Told,
};
pub use turn::{Turn, TurnsPast};
pub use worker::{
    ExitReason, LastBeat, LastGiven, Pressure, Restarts, Snapshotting, Timeouts, WorkerState,
};
