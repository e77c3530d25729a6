//! A plugin library: found, linked, checked, and kept for the life of the process.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use libloading::os::unix::{Library as Linked, RTLD_LOCAL, RTLD_NOW};
use tanda_plugin::abi::{self, EntryPoint, PluginTable, Text};
use tanda_plugin::{Flags, Plugin};

use crate::LoadError;

/// A loaded plugin. It is never unloaded: what it emitted may live longer than its instances.
pub struct Library {
    path: PathBuf,
    table: &'static PluginTable,
    texts: Texts,
}

/// Why a function of [`Library::table`] that every plugin has is there.
pub(crate) const REQUIRED: &str = "the library checked that its table has this function";

#[derive(Debug, Clone, Copy)]
struct Texts {
    name: &'static str,
    version: &'static str,
    config_format: &'static str,
    config_reference: &'static str,
}

// SAFETY: the table and its texts are constant and live as long as the process (S6).
unsafe impl Send for Library {}
// SAFETY: as above; functions of the table are called through instances only (H1).
unsafe impl Sync for Library {}

impl Library {
    /// Links the shared library at `path` and checks its table. Runs its constructors: a plugin
    /// that is opened is trusted.
    ///
    /// # Errors
    /// The file is no plugin for this engine: each reason is a variant of [`LoadError`].
    pub fn open(path: impl AsRef<Path>) -> Result<Arc<Self>, LoadError> {
        let path = check_file(path.as_ref())?;
        Self::open_as(path.clone(), &path)
    }

    /// As [`open`](Self::open), of a library that was found at `path` and is now reached by the
    /// name `file`: it may be gone from its path, or another may have come there.
    ///
    /// # Errors
    /// As there, with `path` as the name.
    pub fn open_as(path: PathBuf, file: &Path) -> Result<Arc<Self>, LoadError> {
        // SAFETY: loading runs foreign code; who names a plugin trusts it (crate documentation).
        let linked = unsafe { Linked::open(Some(file), RTLD_NOW | RTLD_LOCAL) }
            .map_err(|error| LoadError::Link { path: path.clone(), reason: words(&error) })?;
        // SAFETY: a symbol of this name is the entry point, by the ABI.
        let entry = unsafe { linked.get::<EntryPoint>(abi::ENTRY_POINT.as_bytes()) }
            .map(|symbol| *symbol)
            .map_err(|_| LoadError::NoEntryPoint { path: path.clone() })?;
        // Never unloaded (S6): forget the handle before anything of the library is used.
        std::mem::forget(linked);
        // SAFETY: the entry point takes nothing and gives null or a constant table (S6).
        let table = unsafe { entry() };
        // SAFETY: as above.
        unsafe { Self::checked(path, table) }.map(Arc::new)
    }

    /// A plugin that is linked into this program, for tests and embedders: same border, no file.
    ///
    /// # Errors
    /// The constants of the plugin do not make a valid table.
    pub fn builtin<P: Plugin>() -> Result<Arc<Self>, LoadError> {
        let path = PathBuf::from(format!("(builtin {})", P::NAME));
        // SAFETY: the SDK's table of a Rust plugin is constant (S6).
        unsafe { Self::checked(path, abi::table::<P>()) }.map(Arc::new)
    }

    /// # Safety
    /// The table is null, or starts with version and size, and is a table of this version if these
    /// are this version's; it and its texts live as long as the process (S6).
    unsafe fn checked(path: PathBuf, table: *const PluginTable) -> Result<Self, LoadError> {
        if table.is_null() {
            return Err(LoadError::NoTable { path });
        }
        // SAFETY: every version starts with these two fields (contract); the rest is not touched.
        let (version, size) = unsafe {
            ((&raw const (*table).abi_version).read(), (&raw const (*table).struct_size).read())
        };
        if version != abi::ABI_VERSION {
            let expected = abi::ABI_VERSION;
            return Err(LoadError::WrongAbi { path, found: version, expected });
        }
        let expected = size_of::<PluginTable>() as u32;
        if size != expected {
            return Err(LoadError::WrongSize { path, found: size, expected });
        }
        // SAFETY: a table of this version (contract).
        let table = unsafe { &*table };
        check_functions(&path, table)?;
        // SAFETY: its texts live as long as the process (contract).
        let texts = unsafe { read_texts(&path, table) }?;
        Ok(Self { path, table, texts })
    }

    /// Name of the plugin, as scenes write it; never empty.
    pub fn name(&self) -> &'static str {
        self.texts.name
    }

    /// Version of the plugin.
    pub fn version(&self) -> &'static str {
        self.texts.version
    }

    /// Version of the ABI that it speaks.
    pub fn abi_version(&self) -> u32 {
        self.table.abi_version
    }

    /// All that its instances can be.
    pub fn flags(&self) -> Flags {
        Flags::from_bits(self.table.flags)
    }

    /// Language of its configuration: `ron`.
    pub fn config_format(&self) -> &'static str {
        self.texts.config_format
    }

    /// Every field of its configuration, for people.
    pub fn config_reference(&self) -> &'static str {
        self.texts.config_reference
    }

    /// The file it was loaded from; `(builtin name)` for one that is linked in.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn table(&self) -> &'static PluginTable {
        self.table
    }
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Library")
            .field("path", &self.path)
            .field("name", &self.name())
            .field("version", &self.version())
            .field("flags", &self.flags())
            .finish_non_exhaustive()
    }
}

/// The linker's own words; they are in the source of the error.
fn words(error: &libloading::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

/// The absolute path of a file that begins like a shared library. Nothing of it is run.
///
/// # Errors
/// There is no such file, or it is no shared library.
pub fn check_file(path: &Path) -> Result<PathBuf, LoadError> {
    let unreadable = |source| LoadError::Unreadable { path: path.to_owned(), source };
    // Absolute: a bare name would be looked up in the linker's own search path.
    let absolute = match path.canonicalize() {
        Ok(absolute) => absolute,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(LoadError::Missing { path: path.to_owned() });
        }
        Err(error) => return Err(unreadable(error)),
    };
    let mut magic = [0; 4];
    match File::open(&absolute).and_then(|mut file| file.read_exact(&mut magic)) {
        Ok(()) if magic == *b"\x7fELF" => Ok(absolute),
        Ok(()) => Err(LoadError::NotALibrary { path: path.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Err(LoadError::NotALibrary { path: path.to_owned() })
        }
        Err(error) => Err(unreadable(error)),
    }
}

fn check_functions(path: &Path, table: &PluginTable) -> Result<(), LoadError> {
    let flags = Flags::from_bits(table.flags);
    if flags.unknown() != Flags::empty() {
        return Err(LoadError::UnknownFlags { path: path.to_owned(), unknown: flags.unknown() });
    }
    if flags.kind() == Flags::empty() {
        return Err(LoadError::NoKind { path: path.to_owned(), flags });
    }
    let mergeable = flags.contains(Flags::MERGEABLE);
    let required = [
        ("open", table.open.is_some()),
        ("bind", table.bind.is_some()),
        ("process", table.process.is_some()),
        ("close", table.close.is_some()),
        ("snapshot", table.snapshot.is_some() || !mergeable),
        ("merge", table.merge.is_some() || !mergeable),
    ];
    match required.iter().find(|(_, there)| !there) {
        None => Ok(()),
        Some((function, _)) => {
            Err(LoadError::MissingFunction { path: path.to_owned(), function, flags })
        }
    }
}

/// # Safety
/// The texts of the table live as long as the process (S6).
unsafe fn read_texts(path: &Path, table: &PluginTable) -> Result<Texts, LoadError> {
    let read = |field, text: Text| {
        // SAFETY: by the contract of this function.
        unsafe { text.as_str() }.map_err(|fault| LoadError::BadText {
            path: path.to_owned(),
            field,
            fault,
        })
    };
    let name: &'static str = read("name", table.name)?;
    if name.is_empty() {
        return Err(LoadError::EmptyText { path: path.to_owned(), field: "name" });
    }
    Ok(Texts {
        name,
        version: read("version", table.version)?,
        config_format: read("config_format", table.config_format)?,
        config_reference: read("config_reference", table.config_reference)?,
    })
}
