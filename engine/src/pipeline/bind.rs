//! Types the graph: every source and plugin is opened, every edge gets its schema, every fault is
//! kept.

use std::{
    collections::{BTreeSet, HashMap},
    path::Path,
    sync::{Arc, atomic::AtomicBool},
};

use arrow::datatypes::{Schema, SchemaRef};

use super::{SearchPath, Typed, TypedInput, TypedPort, TypedStage};
use crate::isolation::Shared;
use crate::pinned::Pins;
use crate::scene::{self, Fault, Graph, Place, Scene, SceneFaults, Stage, StageBody, hints};

/// What a scene is typed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To say whether it is sound: nothing is consumed, so a pipe without `schema:` stays untyped.
    Check,
    /// To run it: a pipe is read as far as its columns need.
    Run,
}

impl Typed {
    /// Loads the scene at `path` and opens and types its stages. Nothing is written, and of each
    /// plugin one instance opened.
    ///
    /// # Errors
    /// Every fault of the scene, of its graph, files, plugins and columns, at its place in the
    /// file.
    pub fn load(
        path: &Path,
        params: &[(String, String)],
        purpose: Purpose,
        cancel: &Arc<AtomicBool>,
    ) -> Result<(Scene, Self), SceneFaults> {
        match scene::examine(path, params) {
            (Some(scene), None) => {
                let graph = Graph::of(&scene);
                let typed = Self::of(&scene, &graph, purpose, cancel);
                typed.map_err(|faults| scene.places.faults(faults)).map(|typed| (scene, typed))
            }
            (Some(scene), Some(faults)) => Err(with_types(&scene, faults, cancel)),
            (None, faults) => Err(faults.expect("without faults there is a scene")),
        }
    }

    fn of(
        scene: &Scene,
        graph: &Graph,
        purpose: Purpose,
        cancel: &Arc<AtomicBool>,
    ) -> Result<Self, Vec<Fault>> {
        let mut typing = Typing {
            scene,
            purpose,
            search: SearchPath::new(&scene.engine.plugin_paths),
            cancel: Arc::clone(cancel),
            faults: Vec::new(),
            untyped: Vec::new(),
            unseen: Vec::new(),
            endless: BTreeSet::new(),
            shared: None,
            pins: Pins::default(),
        };
        typing.refuse_overlaps();
        // To open a pipe waits for who writes it, which nobody may but the sink that was refused.
        if purpose == Purpose::Run && !typing.faults.is_empty() {
            return Err(typing.faults);
        }
        let mut stages: Vec<Option<TypedStage>> = Vec::new();
        for &index in graph.order() {
            let typed = typing.stage(&scene.stages[index], graph, &stages, index);
            stages.push(typed);
        }
        typing.check_orders(graph, &stages);
        if !typing.faults.is_empty() {
            return Err(typing.faults);
        }
        let stages = stages.into_iter().flatten().collect();
        let is_endless = !typing.endless.is_empty();
        Ok(Self { stages, untyped: typing.untyped, shared: typing.shared, is_endless })
    }

    /// The isolated stages, and the sandbox that is really in force around each.
    pub fn sandboxes(&self) -> impl Iterator<Item = (&str, String)> {
        self.stages.iter().filter_map(|stage| Some((stage.name.as_str(), stage.sandbox()?)))
    }

    /// Stages whose columns only the run can tell, with the reason. Empty unless checking.
    #[must_use]
    pub fn untyped(&self) -> &[String] {
        &self.untyped
    }
}

/// The faults of a scene, and what typing it finds beside them; on a line that is faulty already,
/// it would only find the consequences.
fn with_types(scene: &Scene, faults: SceneFaults, cancel: &Arc<AtomicBool>) -> SceneFaults {
    let Some(graph) = Graph::try_of(scene) else { return faults };
    let Err(more) = Typed::of(scene, &graph, Purpose::Check, cancel) else { return faults };
    let line_of = |fault: &Fault| fault.place.map(|place| place.line);
    let lines: Vec<_> = faults.faults().iter().map(line_of).collect();
    let mut all = faults.faults().to_vec();
    all.extend(more.into_iter().filter(|fault| !lines.contains(&line_of(fault))));
    scene.places.faults(all)
}

pub(super) struct Typing<'a> {
    pub(super) scene: &'a Scene,
    pub(super) purpose: Purpose,
    pub(super) search: SearchPath,
    pub(super) cancel: Arc<AtomicBool>,
    pub(super) faults: Vec<Fault>,
    pub(super) untyped: Vec<String>,
    /// Columns that a source took for utf8 because it saw no value of them.
    pub(super) unseen: Vec<String>,
    /// Sources that may never end.
    pub(super) endless: BTreeSet<String>,
    pub(super) shared: Option<Arc<Shared>>,
    /// What plugins read, as it was first.
    pub(super) pins: Pins,
}

impl Typing<'_> {
    pub(super) fn fault(
        &mut self,
        place: Place,
        message: impl std::fmt::Display,
        hint: Option<String>,
    ) {
        self.faults.push(Fault::new(Some(place), message, hint));
    }

    /// Types one stage; `None` when it, or a stage before it, is faulty or cannot be typed yet.
    fn stage(
        &mut self,
        stage: &Stage,
        graph: &Graph,
        typed: &[Option<TypedStage>],
        index: usize,
    ) -> Option<TypedStage> {
        let name = stage.name.as_str();
        let inputs = self.inputs(name, graph, typed, index);
        let input = match (&stage.body, &inputs) {
            (StageBody::Source(_), _) => None,
            (_, Some(inputs)) => self.fan_in(name, inputs, typed),
            (_, None) => None,
        };
        let is_partial = inputs.iter().flatten().any(|input| port_of(typed, input).is_partial);
        let (body, ports) = match &stage.body {
            StageBody::Source(source) => self.source(name, source)?,
            StageBody::Plugin(plugin) => self.plugin(name, plugin, input.as_ref(), is_partial)?,
            StageBody::Sink(sink) => self.sink(name, sink, input.as_ref())?,
        };
        Some(TypedStage { name: stage.name.clone(), body, inputs: inputs?, input, ports })
    }

    /// The stage's edges by topological index; `None` when one comes from a stage without types.
    fn inputs(
        &mut self,
        name: &str,
        graph: &Graph,
        typed: &[Option<TypedStage>],
        index: usize,
    ) -> Option<Vec<TypedInput>> {
        let mut inputs = Some(Vec::new());
        for edge in graph.edges_into(index).map(|edge| &graph.edges()[edge]) {
            let at = graph.order().iter().position(|&stage| stage == edge.from);
            let from = at.and_then(|at| Some((at, typed.get(at)?.as_ref()?)));
            let Some((at, from)) = from else {
                inputs = None;
                continue;
            };
            let port = from.ports.iter().position(|port| port.name == edge.port);
            match (port, &mut inputs) {
                (Some(port), Some(inputs)) => inputs.push(TypedInput { stage: at, port }),
                (Some(_), None) => {}
                (None, _) => {
                    let ports: Vec<String> =
                        from.ports.iter().map(|port| port.name.clone()).collect();
                    let place = self.scene.places.input(name, edge.input_index);
                    let message = format!("stage `{}` has no port `{}`", from.name, edge.port);
                    let hint = hints::did_you_mean(&edge.port, &ports, "its ports");
                    self.fault(place, message, Some(hint));
                    inputs = None;
                }
            }
        }
        inputs
    }

    /// One schema for all incoming edges: the same columns in the same order, nullable if any is.
    fn fan_in(
        &mut self,
        name: &str,
        inputs: &[TypedInput],
        typed: &[Option<TypedStage>],
    ) -> Option<SchemaRef> {
        let schema_of = |input: &TypedInput| &port_of(typed, input).schema;
        let (first, others) = inputs.split_first()?;
        let mut merged = Arc::clone(schema_of(first));
        for (number, other) in others.iter().enumerate() {
            match merge(&merged, schema_of(other)) {
                Ok(schema) => merged = schema,
                Err(difference) if inputs.iter().any(|input| port_of(typed, input).is_partial) => {
                    self.untyped.push(format!("{name}: of the columns known so far: {difference}"));
                    return None;
                }
                Err(difference) => {
                    let place = self.scene.places.input(name, number + 1);
                    let message = format!(
                        "stage `{name}` takes in batches of different columns: {difference}"
                    );
                    let hint = "inputs of one stage need the same columns, types and order";
                    self.fault(place, message, Some(hint.into()));
                    return None;
                }
            }
        }
        Some(merged)
    }
}

/// The port that an edge comes from.
fn port_of<'a>(typed: &'a [Option<TypedStage>], input: &TypedInput) -> &'a TypedPort {
    let stage = typed[input.stage].as_ref().expect("inputs come from typed stages");
    &stage.ports[input.port]
}

/// `left`, made nullable where `right` is; or in what they differ.
fn merge(left: &SchemaRef, right: &SchemaRef) -> Result<SchemaRef, String> {
    if left.fields().len() != right.fields().len() {
        let (a, b) = (left.fields().len(), right.fields().len());
        return Err(format!("{a} columns and {b} columns"));
    }
    let merged = left.fields().iter().zip(right.fields()).map(|(a, b)| {
        if a.name() != b.name() {
            return Err(format!("column `{}` where the other has `{}`", a.name(), b.name()));
        }
        if a.data_type() != b.data_type() {
            let (name, left, right) = (a.name(), a.data_type(), b.data_type());
            return Err(format!("column `{name}` is {left} in one and {right} in the other"));
        }
        let merged = a.as_ref().clone().with_nullable(a.is_nullable() || b.is_nullable());
        // What only one of both says of its values (that they are UUIDs) is not said of all.
        let same = a.metadata() == b.metadata();
        Ok(if same { merged } else { merged.with_metadata(HashMap::new()) })
    });
    Ok(Arc::new(Schema::new(merged.collect::<Result<Vec<_>, _>>()?)))
}
