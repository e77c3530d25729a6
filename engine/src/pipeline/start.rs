//! Starts a typed scene: columns are pruned, instances and sinks opened, the topology drawn up.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64},
    },
    time::Duration,
};

use arrow::datatypes::SchemaRef;
use tanda_components::StageKind;
use tanda_plugin_host::{Bound, Flags, Instance, Wanted, WantedPort};
use tanda_systems::{EdgeSpec, Isolation, StageSpec, Topology};

use super::{
    Typed, TypedBody, TypedInput, TypedPlugin, TypedSource, TypedStage,
    prune::{Needs, PortNeed, needs},
};
use crate::{
    connectors::{read::OnBad, write},
    isolation::{Given, Handle, Recipe, Shared, WorkerProcess},
    platform::os::{Adapter, IsolatedParts, StageEnd, StageParts, Work},
    progress::{Progress, SourceProgress},
    scene::{Order, Scene, SinkStage},
};

/// A stage could not be started; what had been opened is closed again, unfinished files keep
/// `.part`.
#[derive(Debug, thiserror::Error)]
#[error("stage `{stage}`: {message}")]
pub struct StartError {
    /// The stage.
    pub stage: String,
    /// What went wrong and what to do.
    pub message: String,
}

/// A scene that is ready to run.
pub(crate) struct Started {
    pub(crate) topology: Topology,
    pub(crate) parts: Vec<StageParts>,
    pub(crate) progress: Progress,
    pub(crate) ports: Vec<Vec<String>>,
    /// The sandbox around each stage, if it is isolated.
    pub(crate) sandboxes: Vec<Option<String>>,
    /// Memory shared with workers, if a stage is isolated.
    pub(crate) shared: Option<Arc<Shared>>,
}

impl Typed {
    /// Starts every stage of `scene`, which this was typed from.
    ///
    /// # Errors
    /// The first stage that cannot be started.
    pub(crate) fn start(
        self,
        scene: &Scene,
        cancel: &Arc<AtomicBool>,
    ) -> Result<Started, StartError> {
        let needs = needs(&self.stages);
        let threads = scene.engine.thread_count();
        let shared = self.shared.as_ref();
        let mut starting = Starting { needs, threads, cancel, shared, delivered: Vec::new() };
        let memory_bytes = scene.engine.memory.0;
        let names: Vec<String> = self.stages.iter().map(|stage| stage.name.clone()).collect();
        let supervision = scene.supervision.as_ref().map(|top| top.spec(&names));
        let mut started = Started {
            topology: Topology { stages: Vec::new(), memory_bytes, threads, supervision },
            parts: Vec::new(),
            progress: Progress::default(),
            ports: Vec::new(),
            sandboxes: self.stages.iter().map(TypedStage::sandbox).collect(),
            shared: self.shared.clone(),
        };
        for (index, stage) in self.stages.into_iter().enumerate() {
            let ports = stage.ports.iter().map(|port| port.name.clone()).collect();
            starting.stage(index, stage, &mut started)?;
            started.ports.push(ports);
        }
        Ok(started)
    }
}

struct Starting<'a> {
    needs: Needs,
    threads: u16,
    cancel: &'a Arc<AtomicBool>,
    shared: Option<&'a Arc<Shared>>,
    /// By stage and port: the schema that really leaves.
    delivered: Vec<Vec<SchemaRef>>,
}

impl Starting<'_> {
    fn stage(
        &mut self,
        index: usize,
        stage: TypedStage,
        started: &mut Started,
    ) -> Result<(), StartError> {
        let TypedStage { name, body, inputs, input, ports } = stage;
        let edges = inputs
            .iter()
            .map(|input| EdgeSpec { stage: input.stage as u16, port: input.port as u8 });
        let mut spec = StageSpec {
            name: name.clone(),
            kind: StageKind::Stateless,
            instances: 0,
            inputs: edges.collect(),
            ordered: false,
            piece_bytes: 0,
            priority: 0,
            isolation: None,
        };
        let pruned = input.as_ref().map(|input| project(input, &self.needs.inputs[index]));
        let fail = |message: String| StartError { stage: name.clone(), message };
        let adapters = self.adapters(&inputs, pruned.as_ref());
        let (work, end) = match body {
            TypedBody::Source(source) => {
                let schemas = ports.iter().map(|port| Arc::clone(&port.schema)).collect();
                let (work, end) =
                    self.source(index, source, schemas, &mut spec, &mut started.progress);
                (Running::Here(work), end)
            }
            TypedBody::Plugin(plugin) => {
                let full = input.expect("plugins have inputs");
                let schema = pruned.expect("plugins have inputs");
                let work = self.plugin(index, plugin, full, &schema, &mut spec).map_err(fail)?;
                (work, StageEnd::Plugin)
            }
            TypedBody::Sink(sink) => {
                let schema = pruned.expect("sinks have inputs");
                self.delivered.push(Vec::new());
                let (work, end) =
                    start_sink(&sink, &schema, self.threads, &mut spec).map_err(fail)?;
                (Running::Here(work), end)
            }
        };
        let (work, isolated) = match work {
            Running::Here(work) => (work, None),
            Running::Isolated(isolated) => (Vec::new(), Some(isolated)),
        };
        started.topology.stages.push(spec);
        let delivered = self.delivered[index].clone();
        started.parts.push(StageParts { name, work, isolated, adapters, delivered, end });
        Ok(())
    }

    fn adapters(&self, inputs: &[TypedInput], schema: Option<&SchemaRef>) -> Vec<Adapter> {
        let Some(schema) = schema else { return Vec::new() };
        let adapter = |input: &TypedInput| {
            let delivered = &self.delivered[input.stage][input.port];
            let index_of = |name| delivered.index_of(name).expect("wanted columns are delivered");
            let columns: Vec<usize> =
                schema.fields().iter().map(|field| index_of(field.name())).collect();
            let same = columns.len() == delivered.fields().len() && columns.is_sorted();
            let columns = (!same).then(|| columns.into());
            Adapter { schema: Arc::clone(schema), columns }
        };
        inputs.iter().map(adapter).collect()
    }

    fn source(
        &mut self,
        index: usize,
        source: TypedSource,
        mut schemas: Vec<SchemaRef>,
        spec: &mut StageSpec,
        progress: &mut Progress,
    ) -> (Vec<Work>, StageEnd) {
        let opened = source.source.expect("a scene that is run was typed to be run");
        let needs = &self.needs.ports[index];
        let columns: Vec<usize> = needs[0].columns.iter().copied().collect();
        let rejects = needs.get(1).is_some_and(|need| need.connected);
        schemas[0] = project(&schemas[0], &needs[0].columns);
        self.delivered.push(schemas);
        let rows = Arc::new(AtomicU64::new(0));
        progress.sources.push(SourceProgress {
            name: spec.name.clone(),
            bytes: opened.progress(),
            bytes_total: opened.bytes_total(),
            rows: Arc::clone(&rows),
        });
        let on_bad = if rejects { OnBad::Reject } else { OnBad::Fail };
        let (reader, decoder) = opened.start(Some(&columns), on_bad);
        spec.kind = StageKind::Source;
        spec.piece_bytes = source.piece_bytes;
        spec.priority = source.priority;
        let work: Vec<Work> = decoder.map_or_else(Vec::new, |decoder| {
            vec![Work::Decode(decoder); usize::from(self.threads)]
        });
        spec.instances = work.len() as u16;
        (work, StageEnd::Source { reader, stop: source.stop, rows })
    }

    fn plugin(
        &mut self,
        index: usize,
        plugin: TypedPlugin,
        full: SchemaRef,
        schema: &SchemaRef,
        spec: &mut StageSpec,
    ) -> Result<Running, String> {
        let first = plugin.first;
        let bound = first.bound().expect("typed plugins are bound");
        let ports = bound.layout.ports.iter().zip(&self.needs.ports[index]);
        let width = bound.layout.input.fields().len();
        let kept = &self.needs.inputs[index];
        let wanted = ports.map(|(port, need)| {
            let passed = port.full.fields().len() - port.own.len();
            wanted_port(need, kept, passed.min(width))
        });
        let wanted = Wanted { ports: wanted.collect() };
        let (running, bound) = match first {
            Handle::Here(first) => {
                let library = Arc::clone(first.library());
                let mut instances = vec![*first];
                for _ in 1..plugin.instances {
                    let cancel = Arc::clone(self.cancel);
                    let opened = library.open_instance(&plugin.config, cancel, &spec.name);
                    instances.push(opened.map_err(|error| error.to_string())?);
                }
                for instance in &mut instances {
                    instance.bind(schema, Some(&wanted)).map_err(|error| error.to_string())?;
                }
                let bound = instances[0].bound().expect("it was bound just now").clone();
                (Running::Here(instances.into_iter().map(process).collect()), bound)
            }
            Handle::Worker(first, recipe) => {
                let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
                spec.isolation = Some(Isolation {
                    batch_timeout_micros: micros(plugin.timeout),
                    start_timeout_micros: micros(recipe.start_timeout),
                });
                let given = Given { full, pruned: Arc::clone(schema), wanted };
                let shared = Arc::clone(self.shared.expect("isolated stages share memory"));
                let (workers, bound) = start_workers(*first, &recipe, &given, plugin.instances)?;
                let given = Arc::new(given);
                (Running::Isolated(IsolatedParts { workers, recipe, given, shared }), bound)
            }
        };
        let delivered = bound.layout.ports.iter().map(|port| Arc::clone(&port.delivered));
        self.delivered.push(delivered.collect());
        spec.kind = stage_kind(bound.layout.flags);
        spec.instances = plugin.instances;
        Ok(running)
    }
}

/// How the instances of a stage run.
enum Running {
    Here(Vec<Work>),
    Isolated(IsolatedParts),
}

fn process(instance: Instance) -> Work {
    Work::Process(Arc::new(Mutex::new(instance)))
}

/// Starts the other workers of a stage, side by side, and binds all.
fn start_workers(
    first: WorkerProcess,
    recipe: &Recipe,
    given: &Given,
    count: u16,
) -> Result<(Vec<WorkerProcess>, Bound), String> {
    let shared = Arc::clone(first.shared());
    let start = || -> Result<WorkerProcess, String> {
        let mut worker =
            WorkerProcess::start(recipe, &shared).map_err(|fault| fault.to_string())?;
        worker.bind(&given.full, None).map_err(|error| error.to_string())?;
        Ok(worker)
    };
    let others: Vec<Result<WorkerProcess, String>> = std::thread::scope(|scope| {
        let started: Vec<_> = (1..count).map(|_| scope.spawn(start)).collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|_| Err("starting a worker panicked".to_owned()))
        };
        started.into_iter().map(join).collect()
    });
    let mut workers = vec![first];
    for other in others {
        workers.push(other?);
    }
    for worker in &mut workers {
        worker.bind(&given.pruned, Some(&given.wanted)).map_err(|error| error.to_string())?;
    }
    let bound = workers[0].bound().expect("it was bound just now").clone();
    Ok((workers, bound))
}

/// What is wanted of a port, as indices into its schema over the pruned input: the `passed` columns
/// of the input come first, of which only those in `kept` are left.
fn wanted_port(need: &PortNeed, kept: &BTreeSet<usize>, passed: usize) -> WantedPort {
    let kept_passed = if passed == 0 { 0 } else { kept.len() };
    let moved = |&column: &usize| {
        if column < passed { kept.range(..column).count() } else { column - passed + kept_passed }
    };
    WantedPort { connected: need.connected, columns: need.columns.iter().map(moved).collect() }
}

fn stage_kind(flags: Flags) -> StageKind {
    if flags.contains(Flags::EXCLUSIVE) {
        StageKind::Exclusive
    } else if flags.contains(Flags::MERGEABLE) {
        StageKind::Mergeable
    } else {
        StageKind::Stateless
    }
}

fn start_sink(
    stage: &SinkStage,
    schema: &SchemaRef,
    threads: u16,
    spec: &mut StageSpec,
) -> Result<(Vec<Work>, StageEnd), String> {
    let sink = write::open(&stage.write, schema).map_err(|error| error.to_string())?;
    let work: Vec<Work> = sink
        .encoder
        .map_or_else(Vec::new, |encoder| vec![Work::Encode(encoder); usize::from(threads)]);
    spec.kind = StageKind::Sink;
    spec.ordered = stage.order == Order::Source;
    spec.instances = work.len() as u16;
    Ok((work, StageEnd::Sink { writer: sink.writer }))
}

fn project(schema: &SchemaRef, columns: &BTreeSet<usize>) -> SchemaRef {
    let columns: Vec<usize> = columns.iter().copied().collect();
    Arc::new(schema.project(&columns).expect("columns are indices into the schema"))
}
