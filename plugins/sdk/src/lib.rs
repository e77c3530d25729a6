//! Write a Tanda plugin in Rust, or in C against `include/tanda_plugin.h`.
//!
//! A plugin is a type that implements [`Plugin`]; [`export_plugin!`] makes a shared library of its
//! crate (`crate-type = ["cdylib", "rlib"]`). Batches come in as Arrow `RecordBatch`es and leave
//! through the [`Emitter`] on named ports, one batch out per port for every batch in.
//!
//! ```
//! use tanda_plugin::arrow::array::{Array, AsArray};
//! use tanda_plugin::arrow::datatypes::SchemaRef;
//! use tanda_plugin::arrow::record_batch::RecordBatch;
//! use tanda_plugin::{Binding, Emitter, Flags, Host, Plugin, PluginError, Port, Reads};
//!
//! /// Counts the missing values of one column and passes every row on.
//! struct CountMissing {
//!     column: String,
//!     index: usize,
//! }
//!
//! #[derive(serde::Deserialize)]
//! #[serde(deny_unknown_fields)]
//! struct Config {
//!     column: String,
//! }
//!
//! impl Plugin for CountMissing {
//!     type Config = Config;
//!     const NAME: &'static str = "count_missing";
//!     const VERSION: &'static str = env!("CARGO_PKG_VERSION");
//!     const FLAGS: Flags = Flags::STATELESS.union(Flags::CONSERVES);
//!     const CONFIG_REFERENCE: &'static str = "column: the column to look at (required)";
//!
//!     fn open(config: Config, _host: &Host) -> Result<Self, PluginError> {
//!         Ok(Self { column: config.column, index: 0 })
//!     }
//!
//!     fn bind(&mut self, input: &SchemaRef) -> Result<Binding, PluginError> {
//!         self.index = tanda_plugin::find_column(input, &self.column)?;
//!         let reads = Reads::Columns(vec![self.column.clone()]);
//!         Ok(Binding { ports: vec![Port::passing("main")], reads, flags: Self::FLAGS })
//!     }
//!
//!     fn process(&mut self, batch: &RecordBatch, out: &mut Emitter) -> Result<(), PluginError> {
//!         let missing = batch.column(self.index).null_count();
//!         out.host().counter_add("missing", missing as u64);
//!         out.emit_all(0, batch.clone())
//!     }
//! }
//!
//! tanda_plugin::export_plugin!(CountMissing);
//! tanda_plugin::shared_memory!(); // what it makes is not copied on its way to the engine
//! # fn main() {}
//! ```
//!
//! Plugins are tested in plain Rust with [`testing::Harness`]; no library is built or loaded.

pub mod abi;
mod binding;
mod config;
mod emitter;
mod error;
mod flags;
mod host;
mod layout;
mod plugin;
mod schema;
pub mod testing;

pub use arrow;
pub use binding::{Binding, Port, Reads, Wanted, WantedPort};
pub use emitter::Emitter;
pub use error::PluginError;
pub use flags::Flags;
pub use host::{Host, Level};
pub use layout::{Layout, LayoutError, PORTS_MAX, PortLayout};
pub use plugin::Plugin;
pub use schema::{find_column, first_unsupported};
pub use tanda_spelling::{UTC, nearest, one_zone};

/// Lets the batches that the plugin makes leave its process without a copy: their large buffers are
/// allocated where the engine reads them.
///
/// Used once in a crate, beside [`export_plugin!`]. It is the crate's global allocator, so it is a
/// line of its own: a crate has one at most, and yours may have another. Where the plugin runs in
/// the engine's process, or makes no batch at the moment, it is the system's allocator. A program
/// that runs scenes uses it the same way, for what its sources decode.
#[macro_export]
macro_rules! shared_memory {
    () => {
        const _: () = {
            #[global_allocator]
            static SHARED_MEMORY: $crate::abi::SharedMemory = $crate::abi::SharedMemory;
        };
    };
}

/// Makes the crate a plugin library: exports the one symbol that the host looks for.
///
/// Used once in a crate, with the type that implements [`Plugin`]. The symbol is the same in every
/// plugin, so a program can link at most one such crate; it loads the others as libraries.
#[macro_export]
macro_rules! export_plugin {
    ($plugin:ty) => {
        const _: () = {
            #[allow(unsafe_code, reason = "the symbol is looked up by this name")]
            #[unsafe(no_mangle)]
            extern "C" fn tanda_plugin() -> *const $crate::abi::PluginTable {
                $crate::abi::table::<$plugin>()
            }
        };
    };
}
