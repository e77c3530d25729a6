//! Loads plugins and calls them through the C ABI of [`tanda_plugin::abi`].
//!
//! This is one of the crates that may use `unsafe`. Its API is safe under the trust that in-process
//! plugins get: the library obeys the ABI. What can be checked cheaply is checked (tables, texts,
//! counts, lengths and pointers of every array); the data inside arrays is not.
//!
//! The invariants S1 to S7 of [`tanda_plugin::abi`] hold here, and beside them:
//!
//! - **H1** Every call on an instance goes through `&mut Instance`, so there is one at a time.
//! - **H2** The host's context of an instance is freed after `close` has returned.
//! - **H3** An instance that panicked, or was not opened, gets no call but `close`.
//! - **H4** A collector is used by the emitter's functions only, while the call runs.
#![allow(unsafe_code, reason = "the fence around dlopen and the C ABI")]

mod bind;
mod collect;
mod context;
mod difference;
mod error;
mod instance;
mod library;
mod load_error;
mod memory;
mod open;
mod outcome;
mod stdout;
mod trap;

pub use bind::Bound;
pub use collect::{Output, Outputs};
pub use error::{BoundFault, Call, CallError, EmissionFault};
pub use instance::Instance;
pub use library::{Library, check_file};
pub use load_error::LoadError;
pub use memory::Memory;
pub use stdout::stdout_was_closed;
pub use tanda_plugin::{
    Binding, Flags, Layout, LayoutError, PluginError, Port, PortLayout, Reads, UTC, Wanted,
    WantedPort, one_zone, shared_memory,
};
pub use trap::report_denied_calls;
