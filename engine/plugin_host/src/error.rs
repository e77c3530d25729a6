//! What can go wrong: calling an instance.

use std::fmt;

use arrow::datatypes::DataType;
use tanda_plugin::abi::{ArrayFault, SchemaFault, TextFault};
use tanda_plugin::{Flags, LayoutError, PluginError};

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
    /// Another instance of it, given the same, bound otherwise: their batches do not go together.
    #[error(
        "plugin `{plugin}` binds otherwise than when the graph was typed: {difference}; what it \
         binds may depend on its configuration and its input alone"
    )]
    BindsOtherwise {
        /// Name of the plugin.
        plugin: String,
        /// The first port and column that differ, and how.
        difference: String,
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
