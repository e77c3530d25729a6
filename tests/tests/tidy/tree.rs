//! The files of the repository.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Every file of the repository that is text, by its path from the root.
///
/// The folders are walked instead of asking git, so that the rules hold in an archive as well;
/// `target` and hidden folders but `.ci` are left out, as `.gitignore` says.
pub(crate) struct Tree {
    root: PathBuf,
    files: BTreeMap<String, String>,
}

impl Tree {
    pub(crate) fn read() -> Self {
        let mut tree = Self { root: tanda_tests::root(), files: BTreeMap::new() };
        let root = tree.root.clone();
        tree.add_folder(&root);
        assert!(tree.has("Cargo.toml"), "{} is not the repository", root.display());
        tree
    }

    fn add_folder(&mut self, folder: &Path) {
        for entry in fs::read_dir(folder).expect("the tree can be read") {
            let path = entry.expect("the tree can be read").path();
            let name = path.file_name().and_then(|name| name.to_str()).expect("names are text");
            if path.is_dir() {
                let is_hidden = name.starts_with('.') && name != ".ci";
                if !is_hidden && name != "target" {
                    self.add_folder(&path);
                }
            } else if let Ok(text) = fs::read_to_string(&path) {
                let relative = path.strip_prefix(&self.root).ok().and_then(|path| path.to_str());
                let relative = relative.expect("the tree is below its root");
                self.files.insert(relative.to_owned(), text);
            }
        }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// Files whose names end with one of these.
    pub(crate) fn files(&self, kinds: &[&str]) -> impl Iterator<Item = (&str, &str)> {
        let is_one = |path: &str| {
            let ending = Path::new(path).extension().and_then(|ending| ending.to_str());
            ending.is_some_and(|ending| kinds.contains(&ending))
        };
        let files = self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()));
        files.filter(move |(path, _)| is_one(path))
    }
}

/// Is it a test or a bench, whose length is its cases'?
pub(crate) fn is_test_code(path: &str) -> bool {
    path.split('/').any(|part| matches!(part, "tests" | "benches" | "tests.rs"))
}
