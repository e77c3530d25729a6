//! From the text of a scene file to a checked scene, or to all its faults.

use std::io::Read as _;
use std::path::Path;

use super::draft::StageDraft;
use super::fault::{Fault, SceneFaults};
use super::model::{EngineSettings, Scene, Stage};
use super::outline::{self, Node};
use super::params;
use super::places::Places;
use super::problem::{Located, Problem};
use super::reader::Reader;
use super::supervision::{self, SupervisorScene};
use super::{checks, text, typed, values};

/// Most bytes of a scene file.
pub const SCENE_BYTES_MAX: usize = 1 << 20;

/// Reads and checks the scene file at `path`; `overrides` are the values given by `--param`.
///
/// Touches no other file and starts nothing.
///
/// # Errors
///
/// All faults of the scene at once, or that the file cannot be read, is too large or is not UTF-8.
pub fn load(path: &Path, overrides: &[(String, String)]) -> Result<Scene, SceneFaults> {
    match examine(path, overrides) {
        (_, Some(faults)) => Err(faults),
        (scene, None) => Ok(scene.expect("without faults there is a scene")),
    }
}

/// As [`load`], but gives beside the faults what could be read of the scene, so that more can be
/// said about it: stages and fields are sound one by one, the graph between them may not be.
#[must_use]
pub fn examine(
    path: &Path,
    overrides: &[(String, String)],
) -> (Option<Scene>, Option<SceneFaults>) {
    match read_text(path) {
        Ok(text) => examine_text(&text, &path.display().to_string(), overrides),
        Err(faults) => (None, Some(faults)),
    }
}

fn read_text(path: &Path) -> Result<String, SceneFaults> {
    let file = path.display().to_string();
    let bytes = read_bounded(path).map_err(|problem| {
        let hint = problem.hint(|_| 1);
        SceneFaults::new(&file, "", vec![Fault::new(None, problem, hint)])
    })?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let problem = Problem::NotUtf8(error.as_bytes()[at]);
        located_faults(&file, &String::from_utf8_lossy(error.as_bytes()), vec![(at, problem)])
    })
}

fn read_bounded(path: &Path) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(Problem::Unreadable)?;
    let limit = SCENE_BYTES_MAX as u64 + 1;
    file.take(limit).read_to_end(&mut bytes).map_err(Problem::Unreadable)?;
    match bytes.len() > SCENE_BYTES_MAX {
        true => Err(Problem::TooLarge(SCENE_BYTES_MAX)),
        false => Ok(bytes),
    }
}

/// Checks the scene in `text`; `file` is only shown in messages. Pure: looks at nothing else.
///
/// # Errors
///
/// All faults at once: of a text that is no RON the first, of a sound one every faulty field.
pub fn parse(text: &str, file: &str, overrides: &[(String, String)]) -> Result<Scene, SceneFaults> {
    match examine_text(text, file, overrides) {
        (_, Some(faults)) => Err(faults),
        (scene, None) => Ok(scene.expect("without faults there is a scene")),
    }
}

fn examine_text(
    text: &str,
    file: &str,
    overrides: &[(String, String)],
) -> (Option<Scene>, Option<SceneFaults>) {
    let source = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let mut problems = Vec::new();
    let scene = read(source, file, overrides, &mut problems);
    let faulty = scene.is_none() || !problems.is_empty();
    (scene, faulty.then(|| located_faults(file, source, problems)))
}

fn located_faults(file: &str, source: &str, problems: Vec<Located>) -> SceneFaults {
    let line_of = |offset| text::place_at(source, offset).line;
    let faults = problems.into_iter().map(|(at, problem)| {
        let hint = problem.hint(line_of);
        Fault::new(Some(text::place_at(source, at)), problem, hint)
    });
    SceneFaults::new(file, source, faults.collect())
}

/// Reads the scene as far as it can be read; its problems stand at bytes of `source`.
fn read(
    source: &str,
    file: &str,
    overrides: &[(String, String)],
    problems: &mut Vec<Located>,
) -> Option<Scene> {
    let root = typed::check_syntax(source).and_then(|()| root_of(source));
    let root = root.map_err(|problem| problems.push(problem)).ok()?;
    let params = params::declared(&root, overrides, problems);
    let declarations = root.field("params").map_or(0..0, |params| params.span.clone());
    let expanded = params::expand(source, &declarations, &params, problems);

    let mut found = Vec::new();
    let draft = root_of(&expanded.text).map(|root| Draft::read(&expanded.text, &root, &mut found));
    let draft = draft.map_err(|problem| found.push(problem)).ok();
    problems.extend(found.into_iter().map(|(at, problem)| {
        (expanded.source_offset(at), problem.moved(|at| expanded.source_offset(at)))
    }));

    let Draft { name, engine, stages, supervision } = draft?;
    let entries = stages.iter().map(|stage| stage.entry.clone()).collect();
    let stages = stages.into_iter().map(StageDraft::into_stage).collect::<Option<Vec<Stage>>>()?;
    let places = Places::new(file, source, expanded, entries);
    Some(Scene { name: name?, params, engine, stages, supervision, places })
}

fn root_of(text: &str) -> Result<Node, Located> {
    outline::outline(text).ok_or((0, Problem::NotAScene("a text that has another shape".into())))
}

/// What could be read of a scene.
struct Draft {
    name: Option<String>,
    engine: EngineSettings,
    stages: Vec<StageDraft>,
    supervision: Option<SupervisorScene>,
}

impl Draft {
    fn read(text: &str, root: &Node, problems: &mut Vec<Located>) -> Self {
        let mut reader = Reader::new(text);
        let name = reader.name(root);
        let engine = reader.engine(root);
        let mut stages = reader.stages(root);
        reader.join_dead_letters(&mut stages);
        let supervision = root.field("supervision");
        let supervision =
            supervision.and_then(|node| supervision::read(&mut reader, node, &stages, &engine));
        problems.append(&mut reader.problems);
        if let Some(node) = root.field("engine") {
            problems.extend(values::check_engine(&engine, node));
        }
        for stage in &stages {
            if let Some(body) = &stage.body {
                problems.extend(values::check_stage(body, &stage.entry.value));
            }
        }
        if let Some(node) = root.field("stages").filter(|node| node.is_map()) {
            problems.extend(checks::check(&stages, node.span.start));
        }
        Self { name, engine, stages, supervision }
    }
}
