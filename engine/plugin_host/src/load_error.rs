//! What can go wrong: loading a library.

use std::path::PathBuf;

use tanda_plugin::Flags;
use tanda_plugin::abi::TextFault;

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
