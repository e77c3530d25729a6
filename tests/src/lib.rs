//! What the integration tests share: the repository's files, temporary folders, small scenes.
#![expect(clippy::print_stderr, reason = "a skipped test says so")]

pub mod deaths;
pub mod dice;

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::Once,
    time::SystemTime,
};

use tanda::platform::os::OsPlatform;
use tanda::prelude::{Engine, EngineError, Options, RunReport};

/// The program under test, which is also what workers are made of. Cargo builds it for the tests of
/// the whole workspace; for those of one package `cargo build` has to come first.
///
/// # Panics
/// When it is missing, or older than its sources: a test of yesterday's worker proves nothing.
#[must_use]
pub fn tanda() -> PathBuf {
    let this = env::current_exe().expect("a program has a path");
    // `<target>/<profile>/deps/<test>`, wherever the target folder is.
    let program = this.parent().and_then(Path::parent).expect("tests stand in deps").join("tanda");
    static CHECKED: Once = Once::new();
    CHECKED.call_once(|| {
        let release = if program.iter().any(|part| part == "release") { " --release" } else { "" };
        let advice = format!("run `cargo build{release}` first, or test the whole workspace");
        let built = fs::metadata(&program).and_then(|data| data.modified());
        let built =
            built.unwrap_or_else(|error| panic!("{}: {error}; {advice}", program.display()));
        for folder in ["components", "systems", "engine", "plugins/sdk"] {
            let newest = newest_source(&root().join(folder));
            assert!(newest <= built, "{} is older than {folder}/; {advice}", program.display());
        }
    });
    program
}

/// When a source below the folder was last changed.
fn newest_source(folder: &Path) -> SystemTime {
    let mut newest = SystemTime::UNIX_EPOCH;
    for entry in fs::read_dir(folder).expect("it is a folder").flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_dir() {
            // Tests, benches and examples are no part of the program.
            let is_source = !["tests", "examples"].iter().any(|other| name == *other);
            newest = newest.max(if is_source { newest_source(&path) } else { newest });
        } else if name.as_encoded_bytes().ends_with(b".rs") {
            let changed = entry.metadata().and_then(|data| data.modified());
            newest = newest.max(changed.unwrap_or(newest));
        }
    }
    newest
}

/// Processes that this process has started and that are alive, with their command lines.
///
/// # Panics
/// Without `/proc`.
#[must_use]
pub fn children_of(parent: u32) -> Vec<(i32, String)> {
    let mut children = Vec::new();
    for entry in fs::read_dir("/proc").expect("there is a /proc").flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        if parent_of(pid) != Some(parent) {
            continue;
        }
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        children.push((pid, String::from_utf8_lossy(&line).replace('\0', " ")));
    }
    children
}

/// The parent of a process that is alive: neither gone nor only waiting to be reaped.
#[must_use]
pub fn parent_of(pid: i32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // `pid (name) state parent …`, where the name may have spaces and brackets.
    let mut fields = stat.rsplit(") ").next()?.split(' ');
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    (state != "Z" && state != "X").then_some(parent)
}

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
        self.start(scene)?.run()
    }

    /// As [`Bench::run`], up to where the first row would be read.
    ///
    /// # Errors
    /// As the engine.
    pub fn start(&self, scene: &str) -> Result<Engine<OsPlatform>, EngineError> {
        let _ = tanda();
        let scene = scene.replace("{dir}", &self.path().display().to_string());
        let file = self.write("scene.ron", scene);
        Engine::from_scene(file)
    }
}

/// The scene with another isolation and batches of so many rows.
#[must_use]
pub fn isolated(scene: &str, isolation: &str, batch_rows: u32) -> String {
    let engine = "engine: ( memory: \"512MiB\" )";
    let scene = scene.replace(&format!("    {engine},\n"), "");
    let engine = format!(
        "engine: ( memory: \"512MiB\", batch_rows: {batch_rows}, threads: 2, \
         isolation: {isolation} ),\n    stages: {{"
    );
    scene.replacen("stages: {", &engine, 1)
}

/// The scene under a supervisor that bears whatever a test does to its workers.
#[must_use]
pub fn patient(scene: &str) -> String {
    let supervision = "supervision: Supervisor( intensity: 10000 ),\n    stages: {";
    scene.replacen("stages: {", supervision, 1)
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
    start_config(scene, params, edit)?.run()
}

/// As [`run_config`], up to where the first row would be read.
///
/// # Errors
/// As the engine.
///
/// # Panics
/// When the scene is not in the repository.
pub fn start_config(
    scene: &str,
    params: &[(&str, &str)],
    edit: impl Fn(String) -> String,
) -> Result<Engine<OsPlatform>, EngineError> {
    let _ = tanda();
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
    Engine::with_options(file, &options)
}
