//! Facts become components: the only system that reads the inbox.
//!
//! `facts` hands each fact to the file whose subject it is.

mod batches;
mod exit;
mod facts;
mod failures;
mod held;
mod stages;
mod workers;

pub(crate) use facts::ingest_inputs;
