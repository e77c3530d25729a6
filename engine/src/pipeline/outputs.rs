//! Two sinks must not write one file, whatever names lead to it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crate::scene::{model::Write, written_path};

/// Links followed before a path is given up; Linux itself stops at 40.
const LINKS_MAX: usize = 40;

/// The files that the sinks of a scene write.
#[derive(Debug, Default)]
pub(super) struct Outputs(BTreeMap<PathBuf, String>);

impl Outputs {
    /// Enters the file of a sink; the file and its other writer if there is one.
    pub(super) fn claim(&mut self, stage: &str, write: &Write) -> Option<(PathBuf, String)> {
        let path = written_path(write).filter(|&path| path != "-")?;
        let file = file_behind(Path::new(path));
        match self.0.get(&file) {
            Some(first) => Some((file, first.clone())),
            None => {
                self.0.insert(file, stage.to_owned());
                None
            }
        }
    }
}

/// The file that `path` leads to, with links followed; neither it nor its folder need exist.
fn file_behind(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..LINKS_MAX {
        let Ok(next) = fs::read_link(&path) else { break };
        path = path.parent().unwrap_or(Path::new("")).join(next);
    }
    let path = std::path::absolute(&path).unwrap_or(path);
    let existing = path.ancestors().find_map(|folder| Some((folder, folder.canonicalize().ok()?)));
    match existing.map(|(folder, real)| (path.strip_prefix(folder), real)) {
        Some((Ok(rest), real)) if rest.as_os_str().is_empty() => real,
        Some((Ok(rest), real)) => real.join(rest),
        Some((Err(_), _)) | None => path,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn names_of_one_file_lead_to_it_before_it_exists() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        symlink("made/out.csv", folder.join("link.csv")).unwrap();
        symlink(".", folder.join("here")).unwrap();
        let expected = folder.join("made/out.csv");
        for name in ["made/out.csv", "link.csv", "here/made/out.csv", "here/here/link.csv"] {
            assert_eq!(file_behind(&folder.join(name)), expected, "{name}");
        }
        assert_ne!(file_behind(&folder.join("out.csv")), expected);
    }
}
