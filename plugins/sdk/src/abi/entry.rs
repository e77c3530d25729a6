//! How a library is entered, and what its calls answer.

use super::table::PluginTable;

/// Version of the ABI. It changes whenever a struct or the meaning of a call does, but for fields
/// that are added at the end of the host's table, which its size tells of.
pub const ABI_VERSION: u32 = 1;

/// Name of the one exported symbol, a [`EntryPoint`].
pub const ENTRY_POINT: &str = "tanda_plugin";

/// Type of the exported symbol: gives the plugin's table, which lives as long as the process.
pub type EntryPoint = unsafe extern "C" fn() -> *const PluginTable;

/// The call did what it should.
pub const STATUS_OK: i32 = 0;
/// The call failed; the error says why. The instance can be called again.
pub const STATUS_ERROR: i32 = 1;
/// The call panicked; the error says why. The instance must only be closed.
pub const STATUS_PANIC: i32 = 2;
