//! The tables of functions and what their calls take and give. The header documents them fully.

use std::ffi::c_void;

use super::{ArrowArray, ArrowSchema, RawBytes, RawError, Text};

/// An instance of a plugin; only the plugin knows what is in it.
#[repr(C)]
#[derive(Debug)]
pub struct Instance {
    _opaque: [u8; 0],
}

/// `tanda_plugin_v1`: what a plugin library offers.
#[repr(C)]
#[derive(Debug)]
pub struct PluginTable {
    /// [`super::ABI_VERSION`]; the first field in every version.
    pub abi_version: u32,
    /// Bytes of this struct.
    pub struct_size: u32,
    /// Name, as scenes write it.
    pub name: Text,
    /// Version of the plugin.
    pub version: Text,
    /// Bits of [`crate::Flags`]: what instances can be.
    pub flags: u64,
    /// Language of the configuration: `ron`.
    pub config_format: Text,
    /// Every field of the configuration, for people.
    pub config_reference: Text,
    /// Makes an instance.
    pub open: Option<
        unsafe extern "C" fn(Text, *const HostTable, *mut *mut Instance, *mut RawError) -> i32,
    >,
    /// Types the graph.
    pub bind: Option<
        unsafe extern "C" fn(
            *mut Instance,
            *const ArrowSchema,
            *const RawWanted,
            *mut RawBound,
            *mut RawError,
        ) -> i32,
    >,
    /// Takes a batch and emits at most one on each port.
    pub process: Option<
        unsafe extern "C" fn(
            *mut Instance,
            *mut ArrowArray,
            *const RawEmitter,
            *mut RawError,
        ) -> i32,
    >,
    /// Ends the input; may be null.
    pub finish:
        Option<unsafe extern "C" fn(*mut Instance, *const RawEmitter, *mut RawError) -> i32>,
    /// Gives the state as bytes; null if there is no state.
    pub snapshot: Option<unsafe extern "C" fn(*mut Instance, *mut RawBytes, *mut RawError) -> i32>,
    /// Replaces the state; null if there is no state.
    pub restore: Option<unsafe extern "C" fn(*mut Instance, *const u8, u64, *mut RawError) -> i32>,
    /// Adds another instance's state; null unless mergeable.
    pub merge: Option<unsafe extern "C" fn(*mut Instance, *const u8, u64, *mut RawError) -> i32>,
    /// Ends the instance.
    pub close: Option<unsafe extern "C" fn(*mut Instance)>,
}

/// `tanda_host_v1`: what the host offers to an instance.
#[repr(C)]
#[derive(Debug)]
pub struct HostTable {
    /// [`super::ABI_VERSION`].
    pub abi_version: u32,
    /// Bytes of this struct.
    pub struct_size: u32,
    /// First argument of every function here.
    pub context: *mut c_void,
    /// Writes a line into the log; levels are those of [`crate::Level`], 1 to 5.
    pub log: unsafe extern "C" fn(*mut c_void, u32, Text),
    /// Adds to a counter.
    pub counter_add: unsafe extern "C" fn(*mut c_void, Text, u64),
    /// Is the run being stopped? 0 or 1.
    pub cancelled: unsafe extern "C" fn(*mut c_void) -> i32,
    /// Memory until the end of this call: bytes, alignment. Null if there is none.
    pub scratch: unsafe extern "C" fn(*mut c_void, u64, u64) -> *mut c_void,
    /// Memory that crosses without a copy; null if there is none.
    pub memory: *const MemoryTable,
}

/// `tanda_memory_v1`: memory that the host shares with others. Lives as long as the process.
#[repr(C)]
#[derive(Debug)]
pub struct MemoryTable {
    /// First argument of both functions.
    pub context: *mut c_void,
    /// Where the memory begins in which every block lies.
    pub base: *mut c_void,
    /// Its bytes.
    pub bytes: u64,
    /// A block: bytes, alignment. Null if there is none.
    pub allocate: unsafe extern "C" fn(*mut c_void, u64, u64) -> *mut c_void,
    /// Takes a block back.
    pub free: unsafe extern "C" fn(*mut c_void, *mut c_void),
}

/// `tanda_emitter_v1`: where `process` and `finish` put what they made.
#[repr(C)]
#[derive(Debug)]
pub struct RawEmitter {
    /// First argument of every function here.
    pub context: *mut c_void,
    /// Emits a batch on a port: a struct array, which moves to the host whatever the status.
    pub emit: unsafe extern "C" fn(*mut c_void, u32, *mut ArrowArray, *mut RawError) -> i32,
    /// Counts rows that left on an unconnected port.
    pub count_rows: unsafe extern "C" fn(*mut c_void, u32, u64, *mut RawError) -> i32,
}

/// `tanda_wanted_v1`: what later stages want.
#[repr(C)]
#[derive(Debug)]
pub struct RawWanted {
    /// Length of `ports`.
    pub n_ports: u32,
    /// One entry per port.
    pub ports: *const RawWantedPort,
}

/// What later stages want from one port.
#[repr(C)]
#[derive(Debug)]
pub struct RawWantedPort {
    /// 1 if a stage reads the port.
    pub connected: u32,
    /// Length of `columns`.
    pub n_columns: u32,
    /// Wanted columns of the port's schema, ascending.
    pub columns: *const u32,
}

/// `tanda_bound_v1`: what `bind` says. All it points to stays the plugin's.
#[repr(C)]
#[derive(Debug)]
pub struct RawBound {
    /// Bits of [`crate::Flags`]: what this instance is.
    pub flags: u64,
    /// Length of `ports`.
    pub n_ports: u32,
    /// 1 if every column is read; then `reads` is not looked at.
    pub reads_all: u32,
    /// The ports.
    pub ports: *const RawPort,
    /// Length of `reads`.
    pub n_reads: u64,
    /// Names of the columns that are computed on.
    pub reads: *const Text,
}

impl RawBound {
    /// The zeroed struct that the host provides.
    pub const EMPTY: Self = Self {
        flags: 0,
        n_ports: 0,
        reads_all: 0,
        ports: std::ptr::null(),
        n_reads: 0,
        reads: std::ptr::null(),
    };
}

/// One port of a binding.
#[repr(C)]
#[derive(Debug)]
pub struct RawPort {
    /// Name.
    pub name: Text,
    /// 1 if the input's columns leave here too.
    pub passes_input: u32,
    /// 0.
    pub reserved: u32,
    /// A struct type whose fields are the plugin's own columns; null if there are none.
    pub own: *const ArrowSchema,
}
