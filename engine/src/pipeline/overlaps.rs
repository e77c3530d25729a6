//! No output takes the place of what the scene reads or is made of, whatever names lead there.

use std::path::{Path, PathBuf};

use super::{
    bind::Typing,
    find_plugin,
    outputs::{Identity, OutputFile, Outputs, identity, is_same_folder},
};
use crate::{
    connectors::{Source, folders},
    scene::{
        PluginStage, SourceStage, StageBody,
        glob::{Glob, is_glob},
        read_path, texts,
    },
};

const OTHER_NAME: &str = "give the output another name: what stands there is needed";

/// A file that the scene needs.
struct Needed {
    shown: String,
    identity: Identity,
    /// `which source `in` reads`.
    why: String,
}

impl Typing<'_> {
    /// Adds a fault for every output that would take the place of a source's file, of what a
    /// plugin reads or is, of the scene or of another output; or that a source's glob would find.
    /// Opens nothing.
    ///
    /// Cost: a look at every file of a source, if one of the outputs exists already.
    pub(super) fn refuse_overlaps(&mut self) {
        let outputs = self.outputs();
        let outputs = outputs.files();
        let exists =
            |output: &OutputFile| output.file_identity.is_some() || output.part_identity.is_some();
        let needed = if outputs.iter().any(exists) { self.needed() } else { Vec::new() };
        for output in outputs {
            let place = self.scene.places.path(&output.stage);
            let found = needed.iter().find_map(|needed| output.takes(needed));
            if let Some(message) = found {
                self.fault(place, message, Some(OTHER_NAME.to_owned()));
            } else if let Some(message) = self.found_by_glob(output) {
                let hint = "write into another folder, or let the glob name fewer files: the \
                            next run would read what this one wrote";
                self.fault(place, message, Some(hint.to_owned()));
            }
        }
    }

    fn outputs(&mut self) -> Outputs {
        let mut outputs = Outputs::default();
        for stage in &self.scene.stages {
            let StageBody::Sink(sink) = &stage.body else { continue };
            if let Some(message) = outputs.claim(&stage.name, &sink.write) {
                let place = self.scene.places.path(&stage.name);
                self.fault(place, message, Some("give each sink a file of its own".to_owned()));
            }
        }
        outputs
    }

    fn needed(&self) -> Vec<Needed> {
        let mut needed = Vec::new();
        add(&mut needed, self.scene.places.file(), || "which is this scene".to_owned());
        for stage in &self.scene.stages {
            match &stage.body {
                StageBody::Source(source) => add_inputs(&mut needed, &stage.name, source),
                StageBody::Plugin(plugin) => self.add_plugin(&mut needed, &stage.name, plugin),
                StageBody::Sink(_) => {}
            }
        }
        needed
    }

    fn add_plugin(&self, needed: &mut Vec<Needed>, name: &str, plugin: &PluginStage) {
        for path in &plugin.read {
            add(needed, path, || format!("which stage `{name}` reads"));
        }
        let fallback = plugin.on_failure.as_ref().and_then(|policy| policy.fallback.as_ref());
        let fallback = fallback.map(|it| (&it.library, &it.config));
        for (library, config) in [(&plugin.library, &plugin.config)].into_iter().chain(fallback) {
            // Which texts are paths only the plugin knows; one that names an output is one.
            for text in texts(config) {
                add(needed, &text, || format!("which the config of stage `{name}` names"));
            }
            let file = find_plugin(library, &self.search).unwrap_or_default();
            add(needed, &file.to_string_lossy(), || {
                format!("which is the plugin of stage `{name}`")
            });
        }
    }

    /// Says which source would find `output` when it has its name.
    fn found_by_glob(&self, output: &OutputFile) -> Option<String> {
        self.scene.stages.iter().find_map(|stage| {
            let StageBody::Source(source) = &stage.body else { return None };
            let glob = read_path(&source.read).filter(|path| is_glob(path))?;
            let parsed = Glob::parse(glob).ok()?;
            let files = [Some(&output.file), output.part.as_ref()];
            let found = !Path::new(glob).exists()
                && files.into_iter().flatten().any(|file| finds(&parsed, file));
            let (sink, shown, source) = (&output.stage, &output.shown, &stage.name);
            found.then(|| {
                format!(
                    "sink `{sink}` writes {shown:?}, which source `{source}` reads by its glob \
                     {glob:?}"
                )
            })
        })
    }
}

impl OutputFile {
    fn takes(&self, needed: &Needed) -> Option<String> {
        let (sink, shown, why) = (&self.stage, &self.shown, &needed.why);
        let is_needed = |identity| identity == Some(needed.identity);
        let by_way = match self.part.as_ref().filter(|_| is_needed(self.part_identity)) {
            Some(part) => format!(", until it is complete as {}", part.display()),
            None if is_needed(self.file_identity) => String::new(),
            None => return None,
        };
        let same = needed.shown == *shown || !by_way.is_empty();
        let other = if same { String::new() } else { format!(" as {:?}", needed.shown) };
        Some(format!("sink `{sink}` writes {shown:?}{by_way}, {why}{other}"))
    }
}

fn add(needed: &mut Vec<Needed>, path: &str, why: impl FnOnce() -> String) {
    let identity = identity(Path::new(path));
    needed.extend(identity.map(|identity| Needed { shown: path.to_owned(), identity, why: why() }));
}

/// The files of a source; that they cannot be found is a fault of its own.
fn add_inputs(needed: &mut Vec<Needed>, name: &str, source: &SourceStage) {
    let why = || format!("which source `{name}` reads");
    let path = read_path(&source.read).map(|path| if path == "-" { "/dev/stdin" } else { path });
    path.into_iter().for_each(|path| add(needed, path, why));
    for (path, identity) in Source::inputs(&source.read).unwrap_or_default() {
        needed.push(Needed { shown: path, identity, why: why() });
    }
}

/// Would `glob` find a file of this real path?
fn finds(glob: &Glob, file: &Path) -> bool {
    let Some(name) = file.file_name() else { return false };
    let fits = glob.parts.last().is_some_and(|part| part.fits(name));
    let is_folder = |found: &PathBuf| is_same_folder(Some(found), file.parent());
    fits && folders(glob).unwrap_or_default().iter().any(is_folder)
}
