//! What the engine decides: pure systems over the world.
//!
//! Start with [`schedule`], the one place that orders them. A system gathers what it needs, plans
//! with a pure function that knows no ECS type, and applies the plan. No clock, no file, no thread,
//! no random hasher: what happens depends on the inputs alone, so a run can be replayed from them.
#![no_std]

extern crate alloc;

mod allocate;
mod balance;
mod bisect;
mod build;
mod dispatch;
mod divert;
mod failover;
mod finish;
mod ingest;
pub mod invariants;
mod retire;
pub mod schedule;
mod spawn;
mod supervise;
pub mod supervision;
mod tick_arena;
mod topology;
mod workers;
mod write;

pub use allocate::plan_admission;
pub use bisect::Bisection;
pub use build::build_world;
pub use dispatch::{Candidate, Idle, plan_dispatch};
pub use divert::diversion;
pub use failover::{Mishap, Remedy, remedy};
pub use schedule::{TickSystems, build_schedule};
pub use tick_arena::TickArena;
pub use topology::{EdgeSpec, Isolation, StageSpec, Topology};
pub use workers::{is_snapshot_due, plan_deadline};
