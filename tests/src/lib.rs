//! What the integration tests share: the repository's files, temporary folders, small scenes.
#![expect(clippy::print_stderr, reason = "a skipped test says so")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use tanda::prelude::{Engine, EngineError, Options, RunReport};

/// The repository's root.
///
/// # Panics
/// Never: the crate stands in the repository.
#[must_use]
pub fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    root.expect("the crate stands in the repository").to_owned()
}

/// A file of the repository, as text for a scene.
#[must_use]
pub fn repo_file(path: &str) -> String {
    root().join(path).display().to_string()
}

/// The data of the full year, if it is beside the repository; else says on standard error that the
/// test is skipped.
#[must_use]
pub fn full_year(test: &str) -> Option<PathBuf> {
    let data = root().join("../shared");
    if data.join("data/flights.csv").is_file() {
        return Some(data);
    }
    eprintln!("{test}: SKIPPED: the data of the full year is not beside this checkout");
    None
}

/// A scene file and what it writes, in a folder that is removed in the end.
pub struct Bench {
    folder: tempfile::TempDir,
}

impl Default for Bench {
    fn default() -> Self {
        Self::new()
    }
}

impl Bench {
    /// An empty folder.
    ///
    /// # Panics
    /// When the system has no place for temporary files.
    #[must_use]
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("there is a folder for temporary files") }
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A file in the folder, as text for a scene.
    #[must_use]
    pub fn file(&self, name: &str) -> String {
        self.path().join(name).display().to_string()
    }

    /// Writes a file and gives its path.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let file = self.file(name);
        fs::write(&file, content).expect("the folder takes files");
        file
    }

    /// Content of a file in the folder.
    ///
    /// # Panics
    /// When it is not there.
    #[must_use]
    pub fn read(&self, name: &str) -> String {
        let bytes = fs::read(self.path().join(name));
        let bytes = bytes.unwrap_or_else(|error| panic!("{name}: {error}"));
        String::from_utf8(bytes).expect("outputs are UTF-8")
    }

    /// Is the file there?
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.path().join(name).exists()
    }

    /// Runs the text of a scene, in which `{dir}` means the folder.
    ///
    /// # Errors
    /// As the engine.
    pub fn run(&self, scene: &str) -> Result<RunReport, EngineError> {
        let scene = scene.replace("{dir}", &self.path().display().to_string());
        let file = self.write("scene.ron", scene);
        Engine::from_scene(file)?.run()
    }
}

/// Runs a scene of the repository, changed by `edit`, with params.
///
/// # Errors
/// As the engine.
///
/// # Panics
/// When the scene is not in the repository.
pub fn run_config(
    scene: &str,
    params: &[(&str, &str)],
    edit: impl Fn(String) -> String,
) -> Result<RunReport, EngineError> {
    let text = fs::read_to_string(root().join("config").join(scene)).expect("it is in config/");
    let folder = Bench::new();
    let file = folder.write(scene, edit(text));
    let tables = [
        ("airlines".to_owned(), repo_file("config/data/airlines.csv")),
        ("airports".to_owned(), repo_file("config/data/airports.csv")),
    ];
    let given = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let params = tables.into_iter().chain(given).collect();
    let options = Options { params, ..Options::default() };
    Engine::with_options(file, &options)?.run()
}
