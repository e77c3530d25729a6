//! What a stage opened first is what all its later instances get: the library by its descriptor,
//! and the files that its plugin reads by what was in them.
//!
//! A plugin opens its tables itself, by their paths, so nobody can hand it the bytes. What can be
//! had is that no instance works with another table than the first: before and after every later
//! opening the file is looked at, and one that has changed refuses the instance.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::hash::Hasher;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tanda_plugin_host::{LoadError, check_file};
use twox_hash::XxHash64;

/// Of a longer file the content is not read to be compared: it is another one if its inode, size or
/// time of modification is.
const READ_BYTES_MAX: u64 = 256 << 20;

/// A file that later instances would read otherwise than the first one.
#[derive(Debug, thiserror::Error)]
#[error(
    "{}, which it reads while it opens, {how} since the stage was opened; all instances of a run \
     read the same, so run it again, and replace such files between two runs only",
    .path.display()
)]
pub(crate) struct Changed {
    path: PathBuf,
    how: String,
}

/// The file behind a path, as far as the system tells without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity {
    file: (u64, u64),
    bytes: u64,
    modified: (i64, i64),
}

impl Identity {
    fn of(data: &Metadata) -> Self {
        Self {
            file: (data.dev(), data.ino()),
            bytes: data.len(),
            modified: (data.mtime(), data.mtime_nsec()),
        }
    }
}

/// When anything about a file changed, which nobody can set: seconds and nanoseconds.
type Touched = (i64, i64);

fn touched(data: &Metadata) -> Touched {
    (data.ctime(), data.ctime_nsec())
}

/// A file that a plugin reads, as it was when the run's first instance was about to.
#[derive(Debug)]
pub(crate) struct PinnedFile {
    path: PathBuf,
    identity: Identity,
    touched: Touched,
    /// Of its content; none if that is too long.
    digest: Option<u64>,
}

impl PinnedFile {
    /// None for what is no file, or cannot be read: the plugin says what is wrong.
    fn new(path: &Path) -> Option<Self> {
        let (file, data) = open(path)?;
        let identity = Identity::of(&data);
        let digest = digest(file, identity.bytes).ok()?;
        Some(Self { path: path.to_owned(), identity, touched: touched(&data), digest })
    }

    fn check(&self) -> Result<(), Changed> {
        let changed = |how: &str| Changed { path: self.path.clone(), how: how.to_owned() };
        let (file, data) = open(&self.path).ok_or_else(|| changed("is gone"))?;
        let identity = Identity::of(&data);
        if identity == self.identity && touched(&data) == self.touched {
            return Ok(());
        }
        if identity.bytes != self.identity.bytes {
            let sizes = (self.identity.bytes, identity.bytes);
            return Err(changed(&format!("has changed ({} bytes, now {})", sizes.0, sizes.1)));
        }
        let same = match self.digest {
            Some(before) => digest(file, identity.bytes).ok().flatten() == Some(before),
            None => identity == self.identity,
        };
        if same { Ok(()) } else { Err(changed("has changed")) }
    }
}

/// A regular file; nothing else is opened, which could block.
fn open(path: &Path) -> Option<(File, Metadata)> {
    fs::metadata(path).ok().filter(Metadata::is_file)?;
    let file = File::open(path).ok()?;
    let data = file.metadata().ok()?;
    Some((file, data))
}

fn digest(file: File, bytes: u64) -> io::Result<Option<u64>> {
    if bytes > READ_BYTES_MAX {
        return Ok(None);
    }
    let mut hasher = XxHash64::with_seed(bytes);
    let mut buffer = vec![0; 64 << 10];
    let mut file = file.take(bytes);
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(Some(hasher.finish())),
            Ok(count) => hasher.write(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The files that one stage reads.
#[derive(Clone, Debug, Default)]
pub(crate) struct PinnedFiles(Arc<[Arc<PinnedFile>]>);

impl PinnedFiles {
    /// All are what they were. To be asked before an instance opens and once it has: what it read
    /// in between is then what the first one read.
    ///
    /// # Errors
    /// The first that is not.
    pub(crate) fn check(&self) -> Result<(), Changed> {
        self.0.iter().try_for_each(|file| file.check())
    }
}

/// The library of a stage.
#[derive(Debug)]
pub(crate) struct PinnedLibrary {
    /// Absolute, as it was found.
    pub(crate) path: PathBuf,
    /// Is linked even when its name is gone or another's.
    pub(crate) file: File,
    identity: Identity,
}

impl PinnedLibrary {
    fn new(path: &Path) -> Result<Self, LoadError> {
        let path = check_file(path)?;
        let opened = File::open(&path).and_then(|file| Ok((file.metadata()?, file)));
        match opened {
            Ok((data, file)) => Ok(Self { path, file, identity: Identity::of(&data) }),
            Err(source) => Err(LoadError::Unreadable { path, source }),
        }
    }

    /// Nobody has written to it; another library may have taken its place.
    ///
    /// # Errors
    /// Somebody has.
    pub(crate) fn check(&self) -> Result<(), Changed> {
        let same = self.file.metadata().is_ok_and(|data| Identity::of(&data) == self.identity);
        let how = "was written to in place".to_owned();
        if same { Ok(()) } else { Err(Changed { path: self.path.clone(), how }) }
    }
}

/// What the stages of a run have opened, each file once for all of them.
#[derive(Debug, Default)]
pub(crate) struct Pins {
    files: BTreeMap<PathBuf, Option<Arc<PinnedFile>>>,
    libraries: BTreeMap<PathBuf, Arc<PinnedLibrary>>,
}

impl Pins {
    /// The files that a stage declares or its configuration names.
    pub(crate) fn files(&mut self, read: &[String], config: &str) -> PinnedFiles {
        let paths = read.iter().map(String::as_str).chain(texts(config));
        let mut files: Vec<Arc<PinnedFile>> = paths.filter_map(|path| self.file(path)).collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.dedup_by(|a, b| Arc::ptr_eq(a, b));
        PinnedFiles(files.into())
    }

    fn file(&mut self, path: &str) -> Option<Arc<PinnedFile>> {
        let known = self.files.entry(PathBuf::from(path));
        known.or_insert_with_key(|path| PinnedFile::new(path).map(Arc::new)).clone()
    }

    /// The library at this path.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn library(&mut self, path: &Path) -> Result<Arc<PinnedLibrary>, LoadError> {
        if let Some(known) = self.libraries.get(path) {
            return Ok(Arc::clone(known));
        }
        let library = Arc::new(PinnedLibrary::new(path)?);
        self.libraries.insert(path.to_owned(), Arc::clone(&library));
        Ok(library)
    }
}

/// What stands between two quotes and could be a path: a name without a dot or slash is more likely
/// a column's.
fn texts(config: &str) -> impl Iterator<Item = &str> {
    config.split('"').filter(|text| text.contains(['.', '/']) && !text.contains(['\n', '\0']))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table of these bytes, pinned by its name in a configuration.
    fn pinned(content: &str) -> (tempfile::TempDir, PathBuf, PinnedFiles) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        fs::write(&path, content).unwrap();
        let config = format!("( lookups: [ Lookup( table: {path:?}, on: {{\"k\": \"k\"}} ) ] )");
        let files = Pins::default().files(&[], &config);
        assert_eq!(files.0.len(), 1);
        (folder, path, files)
    }

    fn says(files: &PinnedFiles) -> String {
        files.check().map_or_else(|changed| changed.to_string(), |()| "same".to_owned())
    }

    #[test]
    fn table_is_the_same_as_long_as_its_content_is() {
        let (folder, path, files) = pinned("k,v\na,1\n");
        assert_eq!(says(&files), "same");
        let other = folder.path().join("other");
        fs::write(&other, "k,v\na,1\n").unwrap();
        fs::rename(&other, &path).unwrap();
        assert_eq!(says(&files), "same", "another file with the same content");
        fs::write(&path, "k,v\na,2\n").unwrap();
        assert!(says(&files).contains("table.csv"), "{}", says(&files));
        assert!(says(&files).contains("has changed"), "rewritten in place with the same size");
        fs::write(&other, "k,v\na,99\n").unwrap();
        fs::rename(&other, &path).unwrap();
        assert!(says(&files).contains("8 bytes, now 9"), "{}", says(&files));
        fs::remove_file(&path).unwrap();
        assert!(says(&files).contains("is gone"), "{}", says(&files));
    }

    #[test]
    fn what_is_no_file_is_left_to_the_plugin() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo.csv");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let read = [folder.path(), &fifo, Path::new("/nowhere.csv")];
        let read = read.map(|path| path.display().to_string());
        assert!(Pins::default().files(&read, "( like: \"a.b\", to: \"/\" )").0.is_empty());
    }

    #[test]
    fn library_may_be_replaced_but_not_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let [path, other] = ["libone.so", "other"].map(|name| folder.path().join(name));
        fs::write(&path, b"\x7fELF one").unwrap();
        let mut pins = Pins::default();
        let library = pins.library(&path).unwrap();
        fs::write(&other, b"\x7fELF another").unwrap();
        fs::rename(&other, &path).unwrap();
        assert!(library.check().is_ok());
        assert!(Arc::ptr_eq(&library, &pins.library(&path).unwrap()), "one for all stages");
        let library = Pins::default().library(&path).unwrap();
        fs::write(&path, b"\x7fELF a third").unwrap();
        assert!(library.check().unwrap_err().to_string().contains("written to in place"));
    }
}
