//! The C ABI, version 1: what crosses between a host and a plugin library.
//!
//! `include/tanda_plugin.h` says the same in C and documents ownership and threads of every call;
//! a test compares the two field by field. Plugins in Rust use [`crate::export_plugin!`] and need
//! nothing from here; the host is built on it.
//!
//! Both sides rely on these invariants:
//!
//! - **S1** Pointers that a call gets are valid for the length of the call, those of a binding
//!   until the next `bind` or `close`, the host table from `open` until `close` has returned.
//! - **S2** An [`ArrowArray`] belongs to one owner. It moves by copying the struct and clearing
//!   `release` in the source; who holds it with `release` set must call it once.
//! - **S3** The host makes one call at a time on an instance; a plugin calls back into the emitter
//!   and the scratch arena only inside a call and on its thread.
//! - **S4** An instance is what `open` gave; after `close` it is not used again.
//! - **S5** Arrays have the types of the bound schema, and buffers as long as the Arrow C Data
//!   Interface says. Counts, lengths and pointers are checked; the data inside is trusted.
//! - **S6** A library is never unloaded, so its functions and texts live as long as the process.
//! - **S7** Memory that a host shares, its table and functions live as long as the process, and may
//!   be used on any thread. A block belongs to who asked for it until it is freed, once.
#![allow(unsafe_code, reason = "the glue of the C ABI: raw pointers are what crosses")]

mod addresses;
mod allocator;
mod array;
mod border;
mod bound;
mod check;
mod check_schema;
mod entry;
mod export;
mod export_buffers;
mod export_nested;
mod flat;
mod glue;
mod import;
mod import_buffers;
mod import_nested;
mod owned;
mod table;
#[cfg(test)]
mod tests;
mod text;

pub use addresses::Addresses;
pub use allocator::{Lent, SharedMemory, wants_memory};
pub use array::{ArrowArray, ArrowSchema};
pub use check::ArrayFault;
pub use check_schema::{SchemaFault, check_schema};
pub use entry::{ABI_VERSION, ENTRY_POINT, EntryPoint, STATUS_ERROR, STATUS_OK, STATUS_PANIC};
pub use export::Exporter;
pub use glue::table;
pub use import::{import, import_known};
pub use import_buffers::Nulls;
pub use owned::{RawBytes, RawError};
pub use table::{
    HostTable, Instance, MemoryTable, PluginTable, RawBound, RawEmitter, RawPort, RawWanted,
    RawWantedPort,
};
pub use text::{Text, TextFault};
