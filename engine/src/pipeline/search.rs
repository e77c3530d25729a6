//! Where plugins are found.

use std::{
    env,
    path::{Path, PathBuf},
};

/// Folders that are searched for plugins, in this order: the scene's `plugin_paths`; the folder of
/// the executable and its `deps/` (where cargo puts the standard plugins), then the same one folder
/// up, for tests and examples; and `TANDA_PLUGIN_PATH`.
#[derive(Debug, Clone)]
pub struct SearchPath(Vec<PathBuf>);

impl SearchPath {
    /// The search path of a scene with these `plugin_paths`.
    #[must_use]
    pub fn new(plugin_paths: &[String]) -> Self {
        let mut folders: Vec<PathBuf> = plugin_paths.iter().map(PathBuf::from).collect();
        if let Some(folder) = env::current_exe().ok().as_deref().and_then(Path::parent) {
            folders.push(folder.to_owned());
            folders.push(folder.join("deps"));
            // Test programs and examples stand one folder below the libraries.
            folders.extend(folder.parent().map(Path::to_owned));
            folders.extend(folder.parent().map(|parent| parent.join("deps")));
        }
        let path = env::var_os("TANDA_PLUGIN_PATH").unwrap_or_default();
        folders.extend(env::split_paths(&path).filter(|folder| !folder.as_os_str().is_empty()));
        let mut seen = std::collections::HashSet::new();
        folders.retain(|folder| seen.insert(folder.clone()));
        Self(folders)
    }

    /// The folders.
    #[must_use]
    pub fn folders(&self) -> &[PathBuf] {
        &self.0
    }
}

/// The file of the plugin that a scene calls `library`: a path when it has a `/` or ends in `.so`,
/// else `lib<library>.so` in the first folder that has it.
#[must_use]
pub fn find_plugin(library: &str, path: &SearchPath) -> Option<PathBuf> {
    if library.contains('/') || library.ends_with(".so") {
        return Some(PathBuf::from(library));
    }
    let file = format!("lib{library}.so");
    path.folders().iter().map(|folder| folder.join(&file)).find(|file| file.is_file())
}

/// Every shared library in the search path that could be a plugin, by file name; where two folders
/// have the same name, the first counts.
#[must_use]
pub fn list_plugins(path: &SearchPath) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    for folder in path.folders() {
        let Ok(entries) = folder.read_dir() else { continue };
        let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        files.sort();
        for file in files {
            let is_library = file.extension().is_some_and(|ending| ending == "so");
            let is_new = !found.iter().any(|other| other.file_name() == file.file_name());
            if is_library && is_new {
                found.push(file);
            }
        }
    }
    found
}
