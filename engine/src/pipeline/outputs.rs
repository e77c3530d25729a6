//! The files that the sinks of a scene write: no two of them are one, whatever names lead there.

use std::{
    fs::{self, FileType},
    os::unix::fs::{FileTypeExt, MetadataExt},
    path::{Component, Path, PathBuf},
};

use crate::scene::{model::Write, written_path};

/// Links followed before a path is given up; Linux itself stops at 40.
const LINKS_MAX: usize = 40;

/// Device and inode.
pub(super) type Identity = (u64, u64);

/// The regular file or the pipe that `path` names, with links followed.
pub(super) fn identity(path: &Path) -> Option<Identity> {
    identity_of(path, |found| found.is_file() || found.is_fifo())
}

/// Would files of these real paths be one? They need not exist: a folder may be mounted twice.
pub(super) fn is_same_place(one: &Path, other: &Path) -> bool {
    one == other
        || one.file_name() == other.file_name() && is_same_folder(one.parent(), other.parent())
}

/// Do both name the same folder, which exists?
pub(super) fn is_same_folder(one: Option<&Path>, other: Option<&Path>) -> bool {
    let folder = |path| identity_of(path, FileType::is_dir);
    one.and_then(folder).is_some_and(|one| Some(one) == other.and_then(folder))
}

fn identity_of(path: &Path, is_meant: impl Fn(&FileType) -> bool) -> Option<Identity> {
    let found = fs::metadata(path).ok().filter(|found| is_meant(&found.file_type()))?;
    Some((found.dev(), found.ino()))
}

/// The files of the sinks of a scene.
#[derive(Debug, Default)]
pub(super) struct Outputs(Vec<OutputFile>);

/// The file of one sink.
#[derive(Debug)]
pub(super) struct OutputFile {
    /// The sink.
    pub(super) stage: String,
    /// Its path as the scene gives it.
    pub(super) shown: String,
    /// Its real path; the file need not exist.
    pub(super) file: PathBuf,
    pub(super) file_identity: Option<Identity>,
    /// Where it is written until it is complete; none for what is written in place.
    pub(super) part: Option<PathBuf>,
    pub(super) part_identity: Option<Identity>,
}

impl Outputs {
    /// Enters the file of a sink; says which other sink writes it, if one does.
    pub(super) fn claim(&mut self, stage: &str, write: &Write) -> Option<String> {
        let new = OutputFile::new(stage, written_path(write)?);
        let taken = self.0.iter().find_map(|first| first.meets(&new));
        self.0.push(new);
        taken
    }

    pub(super) fn files(&self) -> &[OutputFile] {
        &self.0
    }
}

impl OutputFile {
    fn new(stage: &str, shown: &str) -> Self {
        let path = Path::new(if shown == "-" { "/dev/stdout" } else { shown });
        let file = file_behind(path);
        let in_place = matches!(shown, "-" | "/dev/stdout")
            || fs::metadata(path).is_ok_and(|found| !found.is_file());
        let part = (!in_place).then(|| {
            let mut part = file.clone().into_os_string();
            part.push(".part");
            PathBuf::from(part)
        });
        Self {
            stage: stage.to_owned(),
            shown: shown.to_owned(),
            file_identity: identity(path),
            part_identity: part.as_deref().and_then(identity),
            file,
            part,
        }
    }

    fn meets(&self, new: &Self) -> Option<String> {
        let (first, second) = (&self.stage, &new.stage);
        let same = self.file_identity.is_some() && self.file_identity == new.file_identity;
        if same || is_same_place(&self.file, &new.file) {
            let file = self.file.display();
            return Some(format!("sinks `{first}` and `{second}` both write {file}"));
        }
        let in_part = |one: &Self, other: &Self| {
            let part = one.part.as_ref().filter(|part| is_same_place(part, &other.file))?;
            let (one, other) = (&one.stage, &other.stage);
            let part = part.display();
            Some(format!("sink `{other}` writes {part}, the unfinished file of sink `{one}`"))
        };
        in_part(self, new).or_else(|| in_part(new, self))
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
    path.components().fold(PathBuf::new(), enter)
}

/// Goes on from a real folder; what does not exist yet is no link.
fn enter(mut folder: PathBuf, step: Component<'_>) -> PathBuf {
    if step == Component::ParentDir {
        folder.pop();
        return folder;
    }
    folder.push(step);
    folder.canonicalize().unwrap_or(folder)
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
        let names = ["made/out.csv", "link.csv", "here/made/out.csv", "here/here/link.csv"];
        for name in names.into_iter().chain(["made/../here/./made/more/../out.csv"]) {
            assert_eq!(file_behind(&folder.join(name)), expected, "{name}");
        }
        assert_ne!(file_behind(&folder.join("out.csv")), expected);
    }
}
