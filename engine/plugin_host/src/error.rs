//! What can go wrong: loading a library, and calling an instance.

use std::fmt;
use std::path::PathBuf;

use arrow::datatypes::DataType;
use tanda_plugin::abi::{ArrayFault, SchemaFault, TextFault};
use tanda_plugin::{Flags, LayoutError, PluginError};

/// A file is not a plugin that this engine can use. Nothing of it stays open but the mapping of a
/// library that was linked; loading the same file again gives the same error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// There is no such file.
    #[error("{}: no such file; build the plugin, or correct its path", .path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error("{}: cannot be read: {source}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not a shared library.
    #[error(
        "{}: not a shared library (no ELF header); build it with crate-type \"cdylib\", or cc \
         -shared",
        .path.display()
    )]
    NotALibrary {
        /// The file.
        path: PathBuf,
    },
    /// The dynamic linker refused it: another machine, or a symbol or library it needs is missing.
    #[error("{}: the dynamic linker refuses it: {reason}", .path.display())]
    Link {
        /// The file.
        path: PathBuf,
        /// The linker's words.
        reason: String,
    },
    /// The library does not export the entry point.
    #[error(
        "{}: exports no function `tanda_plugin`, so it is not a Tanda plugin; use \
         export_plugin!(…) in Rust, or define the function of tanda_plugin.h in C",
        .path.display()
    )]
    NoEntryPoint {
        /// The file.
        path: PathBuf,
    },
    /// The entry point gave a null pointer.
    #[error("{}: tanda_plugin() returned a null pointer; expected its table", .path.display())]
    NoTable {
        /// The file.
        path: PathBuf,
    },
    /// The plugin speaks another version of the ABI.
    #[error(
        "{}: built for plugin ABI {found}, this engine speaks {expected}; rebuild the plugin \
         with this engine's tanda-plugin crate or tanda_plugin.h",
        .path.display()
    )]
    WrongAbi {
        /// The file.
        path: PathBuf,
        /// Version of the plugin.
        found: u32,
        /// Version of the engine.
        expected: u32,
    },
    /// The table has another size than its version has.
    #[error(
        "{}: its table has {found} bytes, expected {expected}; set struct_size to \
         sizeof(tanda_plugin_v1), and rebuild with this engine's tanda_plugin.h",
        .path.display()
    )]
    WrongSize {
        /// The file.
        path: PathBuf,
        /// Bytes of the plugin's table.
        found: u32,
        /// Bytes of the engine's.
        expected: u32,
    },
    /// A text of the table is not text.
    #[error("{}: `{field}` of its table is {fault}; expected UTF-8 text", .path.display())]
    BadText {
        /// The file.
        path: PathBuf,
        /// Which text.
        field: &'static str,
        /// What is wrong with it.
        fault: TextFault,
    },
    /// A text of the table is empty that must not be.
    #[error("{}: `{field}` of its table is empty", .path.display())]
    EmptyText {
        /// The file.
        path: PathBuf,
        /// Which text.
        field: &'static str,
    },
    /// A function of the table is null that must not be.
    #[error("{}: `{function}` of its table is null; {flags} plugins need it", .path.display())]
    MissingFunction {
        /// The file.
        path: PathBuf,
        /// Which function.
        function: &'static str,
        /// Flags of the plugin.
        flags: Flags,
    },
    /// The plugin says of no kind that its instances can be it.
    #[error(
        "{}: its flags are {flags}; expected at least one of STATELESS, MERGEABLE, EXCLUSIVE",
        .path.display()
    )]
    NoKind {
        /// The file.
        path: PathBuf,
        /// Flags of the plugin.
        flags: Flags,
    },
    /// Bits of its flags are set that this version of the ABI does not define.
    #[error(
        "{}: its flags have the unknown bits {unknown}; clear them, or run a newer engine",
        .path.display()
    )]
    UnknownFlags {
        /// The file.
        path: PathBuf,
        /// The bits.
        unknown: Flags,
    },
}

/// The functions of a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// Makes the instance.
    Open,
    /// Types the graph.
    Bind,
    /// Takes a batch.
    Process,
    /// Ends the input.
    Finish,
    /// Gives the state.
    Snapshot,
    /// Replaces the state.
    Restore,
    /// Adds a state.
    Merge,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "open",
            Self::Bind => "bind",
            Self::Process => "process",
            Self::Finish => "finish",
            Self::Snapshot => "snapshot",
            Self::Restore => "restore",
            Self::Merge => "merge",
        })
    }
}

/// A call on an instance failed; nothing of what it emitted is to be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The plugin returned an error. The instance can be called again.
    #[error("plugin `{plugin}` failed in `{call}`: {error}")]
    Failed {
        /// Name of the plugin.
        plugin: String,
        /// The call.
        call: Call,
        /// Its error.
        error: PluginError,
    },
    /// The plugin returned a status that the ABI does not define. The instance can be called again.
    #[error(
        "plugin `{plugin}` returned the unknown status {status} from {call}, expected TANDA_OK (0), \
         TANDA_ERROR (1) or TANDA_PANIC (2): {error}"
    )]
    UnknownStatus {
        /// Name of the plugin.
        plugin: String,
        /// The call.
        call: Call,
        /// The status.
        status: i32,
        /// Its error, if it gave one.
        error: PluginError,
    },
    /// The plugin panicked. The instance can only be dropped.
    #[error("plugin `{plugin}` panicked in `{call}`: {message}; its instance is closed")]
    Panicked {
        /// Name of the plugin.
        plugin: String,
        /// The call.
        call: Call,
        /// Text of the panic.
        message: String,
    },
    /// The instance panicked before; it is not called again.
    #[error("plugin `{plugin}`: {call} on an instance that panicked before; open a new one")]
    Poisoned {
        /// Name of the plugin.
        plugin: String,
        /// The call.
        call: Call,
    },
    /// A column of the input has a type that Tanda does not carry.
    #[error(
        "plugin `{plugin}`: column `{column}` of its input has type {data_type}, which Tanda does \
         not carry; cast it before, or leave it out"
    )]
    UnsupportedInput {
        /// Name of the plugin.
        plugin: String,
        /// Dotted path of the column.
        column: String,
        /// Its type.
        data_type: DataType,
    },
    /// What `bind` returned breaks the contract of plugins.
    #[error("plugin `{plugin}`: what it bound cannot be used: {fault}")]
    Binding {
        /// Name of the plugin.
        plugin: String,
        /// What is wrong.
        fault: LayoutError,
    },
    /// What `bind` returned cannot even be read.
    #[error("plugin `{plugin}`: what it bound cannot be read: {place} is faulty: {fault}")]
    Unreadable {
        /// Name of the plugin.
        plugin: String,
        /// Which part.
        place: String,
        /// What is wrong.
        fault: BoundFault,
    },
    /// The second `bind` gave other ports than the first.
    #[error(
        "plugin `{plugin}`: its second bind gave other ports than its first; ports and own columns \
         must not depend on which columns are wanted"
    )]
    Rebound {
        /// Name of the plugin.
        plugin: String,
    },
    /// What it emitted breaks the contract of plugins.
    #[error("plugin `{plugin}`, {call}: {fault}")]
    Emission {
        /// Name of the plugin.
        plugin: String,
        /// The call.
        call: Call,
        /// What is wrong.
        fault: Box<EmissionFault>,
    },
    /// It has no function for a state that is not empty.
    #[error("plugin `{plugin}` has no {call}, but was given {bytes} bytes of state")]
    NoFunction {
        /// Name of the plugin.
        plugin: String,
        /// The call.
        call: Call,
        /// Length of the state.
        bytes: usize,
    },
}

/// A part of a binding that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BoundFault {
    /// A list is missing.
    #[error("a null pointer")]
    Null,
    /// More ports than [`tanda_plugin::PORTS_MAX`].
    #[error("{0} entries, at most {max} can be", max = tanda_plugin::PORTS_MAX)]
    TooMany(usize),
    /// A field that is kept for later versions is not 0.
    #[error("`reserved` is {0}, expected 0")]
    Reserved(u32),
    /// Flags have bits that this version of the ABI does not define.
    #[error("the unknown bits {0} are set")]
    UnknownFlags(Flags),
    /// A text is not text.
    #[error("{0}")]
    Text(TextFault),
    /// A schema breaks the rules of the C Data Interface.
    #[error("{0}")]
    Schema(SchemaFault),
    /// A schema means nothing, or is not a struct.
    #[error("{0}")]
    Meaning(String),
}

/// What a plugin emitted breaks its contract.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EmissionFault {
    /// There is no such port.
    #[error("it emitted on port {port}, but has ports 0 to {last}")]
    UnknownPort {
        /// Index that was used.
        port: u32,
        /// Highest index.
        last: usize,
    },
    /// More than one batch on a port for one batch in.
    #[error("port `{port}`: it emitted a second batch for one batch in; expected at most one")]
    Twice {
        /// The port.
        port: String,
    },
    /// Rows were counted on a port that is read.
    #[error("port `{port}`: it counted rows without emitting them, but the port is read")]
    CountedOnly {
        /// The port.
        port: String,
    },
    /// The batch is not a plain struct array.
    #[error("port `{port}`: the batch is not a plain struct array: {reason}")]
    NotABatch {
        /// The port.
        port: String,
        /// Why not.
        reason: &'static str,
    },
    /// Columns are fewer or more than bound.
    #[error("port `{port}`: it emitted {found} columns, bound are {expected}")]
    ColumnCount {
        /// The port.
        port: String,
        /// Columns of the batch.
        found: i64,
        /// Columns of the port.
        expected: usize,
    },
    /// A column is not an array of its bound type.
    #[error("port `{port}`, column `{column}` (bound as {data_type}): {fault}")]
    Column {
        /// The port.
        port: String,
        /// The column.
        column: String,
        /// Its bound type.
        data_type: DataType,
        /// What is wrong.
        fault: ArrayFault,
    },
    /// A column is shorter or longer than the batch.
    #[error("port `{port}`, column `{column}`: it has {found} rows, the batch {expected}")]
    Length {
        /// The port.
        port: String,
        /// The column.
        column: String,
        /// Rows of the column.
        found: usize,
        /// Rows of the batch.
        expected: usize,
    },
    /// A column that is bound as never null has nulls.
    #[error("port `{port}`, column `{column}`: it has {nulls} nulls, but is bound as never null")]
    Nulls {
        /// The port.
        port: String,
        /// The column.
        column: String,
        /// How many.
        nulls: usize,
    },
    /// It promised to conserve rows, and did not.
    #[error("{rows_in} rows in, {rows_out} out ({by_port}), but it promises CONSERVES")]
    NotConserved {
        /// Rows of the batch it was given.
        rows_in: u64,
        /// Rows it emitted or counted, over all ports.
        rows_out: u64,
        /// The same port by port.
        by_port: String,
    },
}
