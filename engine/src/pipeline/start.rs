//! Starts a typed scene: columns are pruned, instances and sinks opened, the topology drawn up.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64},
    },
    thread::{Builder, ScopedJoinHandle},
    time::Duration,
};

use arrow::datatypes::SchemaRef;
use tanda_components::StageKind;
use tanda_plugin_host::{Bound, Flags, Instance};
use tanda_systems::{EdgeSpec, Isolation, StageSpec, Topology};

use super::{
    Typed, TypedBody, TypedInput, TypedPlugin, TypedPort, TypedSource, TypedStage,
    prune::{Needs, needs},
    start_failure::{Failing, wanted_ports},
};
use crate::{
    connectors::{OnBad, Sink, places},
    failover::{FailoverParts, Reopen, SoleOf},
    isolation::{Given, Handle, Recipe, Shared, WorkerProcess},
    platform::os::{Adapter, IsolatedParts, StageEnd, StageParts, Work},
    progress::{Progress, SourceProgress},
    refused::in_words,
    report::RunPort,
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
    pub(crate) ports: Vec<Vec<RunPort>>,
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
        let (is_endless, delivered) = (self.is_endless, Vec::new());
        let mut starting = Starting { needs, threads, is_endless, cancel, shared, delivered };
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
            let port = |TypedPort { name, passes_input, .. }: &TypedPort| RunPort {
                name: name.clone(),
                passes_input: *passes_input,
            };
            let ports = stage.ports.iter().map(port).collect();
            starting.stage(index, stage, &mut started)?;
            started.ports.push(ports);
        }
        Ok(started)
    }
}

pub(super) struct Starting<'a> {
    needs: Needs,
    threads: u16,
    is_endless: bool,
    pub(super) cancel: &'a Arc<AtomicBool>,
    pub(super) shared: Option<&'a Arc<Shared>>,
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
            conserves: false,
            priority: 0,
            isolation: None,
            on_failure: None,
            breaker: None,
        };
        let mut failover = None;
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
                let (work, parts) =
                    self.plugin(index, plugin, full, &schema, &mut spec).map_err(fail)?;
                failover = parts;
                (work, StageEnd::Plugin)
            }
            TypedBody::Sink(sink) => {
                let schema = pruned.expect("sinks have inputs");
                self.delivered.push(Vec::new());
                let (work, end) =
                    start_sink(&sink, &schema, self.threads, self.is_endless, &mut spec)
                        .map_err(fail)?;
                (Running::Here(work), end)
            }
        };
        let (work, isolated) = match work {
            Running::Here(work) => (work, None),
            Running::Isolated(isolated) => (Vec::new(), Some(isolated)),
        };
        started.topology.stages.push(spec);
        let delivered = self.delivered[index].clone();
        let parts = StageParts { name, work, isolated, failover, adapters, delivered, end };
        started.parts.push(parts);
        Ok(())
    }

    fn adapters(&self, inputs: &[TypedInput], schema: Option<&SchemaRef>) -> Vec<Adapter> {
        let Some(schema) = schema else { return Vec::new() };
        let adapter = |input: &TypedInput| {
            let delivered = &self.delivered[input.stage][input.port];
            let places = places(delivered);
            // Wanted columns are delivered.
            let columns: Vec<usize> =
                schema.fields().iter().map(|field| places[&**field.name()]).collect();
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
    ) -> Result<(Running, Option<FailoverParts>), String> {
        let first = plugin.first;
        let bound = first.bound().expect("typed plugins are bound");
        let (needs, kept) = (&self.needs.ports[index], &self.needs.inputs[index]);
        let given = Arc::new(Given {
            wanted: wanted_ports(bound, needs, kept),
            full,
            typed: bound.clone(),
            pruned: Arc::clone(schema),
        });
        let probe = self.sole(&first, &plugin.config, &given, plugin.timeout, &spec.name);
        let (timeout, mut failing) = (plugin.timeout, None);
        if let Some(failure) = plugin.failure {
            failing =
                Some(self.failing(failure, &first, needs, kept, (&given, timeout), &spec.name));
        }
        let (running, bound) = match first {
            Handle::Here(first, _) => {
                let SoleOf::Here(reopen) = &probe else {
                    unreachable!("it is opened like this one")
                };
                let instances = open_others(*first, reopen, plugin.instances)?;
                let bound = instances[0].bound().expect("it was bound just now").clone();
                let reopen = failing.as_ref().map(|_| Arc::new(reopen.clone()));
                let process =
                    |instance| Work::Process(Arc::new(Mutex::new(instance)), reopen.clone());
                (Running::Here(instances.into_iter().map(process).collect()), bound)
            }
            Handle::Worker(first, recipe) => {
                let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
                spec.isolation = Some(Isolation {
                    workers: plugin.workers,
                    batch_timeout_micros: micros(plugin.timeout),
                    start_timeout_micros: micros(recipe.start_timeout),
                });
                let shared = Arc::clone(self.shared.expect("isolated stages share memory"));
                let (workers, bound) = start_workers(*first, &recipe, &given, plugin.workers)?;
                let given = Arc::clone(&given);
                (
                    Running::Isolated(IsolatedParts {
                        workers,
                        recipe,
                        given,
                        shared,
                        spares: plugin.spares,
                    }),
                    bound,
                )
            }
        };
        let delivered = bound.layout.ports.iter().map(|port| Arc::clone(&port.delivered));
        let mut delivered: Vec<SchemaRef> = delivered.collect();
        spec.kind = stage_kind(bound.layout.flags);
        spec.conserves = bound.layout.flags.contains(Flags::CONSERVES)
            && failing.as_ref().is_none_or(Failing::conserves);
        spec.instances = plugin.instances;
        spec.ordered = plugin.order == Order::Source;
        let failover = failing.map(|failing| {
            spec.on_failure = Some(failing.policy());
            spec.breaker = failing.breaker();
            failing.into_parts(probe, &mut delivered, needs, &given, self.cancel)
        });
        self.delivered.push(delivered);
        Ok((running, failover))
    }
}

/// How the instances of a stage run.
enum Running {
    Here(Vec<Work>),
    Isolated(IsolatedParts),
}

/// Opens the other instances of a stage, and binds all.
fn open_others(first: Instance, like: &Reopen, count: u16) -> Result<Vec<Instance>, String> {
    let mut instances = vec![first];
    let Given { pruned, wanted, .. } = &*like.given;
    instances[0].bind(pruned, Some(wanted)).map_err(|error| error.to_string())?;
    for _ in 1..count {
        instances.push(like.open()?);
    }
    Ok(instances)
}

/// Starts the other workers of a stage, side by side, and binds all.
fn start_workers(
    mut first: WorkerProcess,
    recipe: &Recipe,
    given: &Given,
    count: u16,
) -> Result<(Vec<WorkerProcess>, Bound), String> {
    let shared = Arc::clone(first.shared());
    let start = || -> Result<WorkerProcess, String> {
        WorkerProcess::start_another(recipe, given, &shared).map_err(|fault| fault.to_string())
    };
    let others: Vec<Result<WorkerProcess, String>> = std::thread::scope(|scope| {
        let begin = |_| Builder::new().spawn_scoped(scope, start);
        let started: Vec<_> = (1..count).map(begin).collect();
        let join = |thread: std::io::Result<ScopedJoinHandle<'_, _>>| match thread {
            Ok(thread) => {
                thread.join().unwrap_or_else(|_| Err("starting a worker panicked".to_owned()))
            }
            Err(error) => Err(format!("cannot start its workers: {}", in_words(&error))),
        };
        started.into_iter().map(join).collect()
    });
    let bound = first.bind_for_run(recipe, given).map_err(|error| error.to_string())?;
    let bound = bound.clone();
    let workers = std::iter::once(Ok(first)).chain(others).collect::<Result<_, _>>()?;
    Ok((workers, bound))
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
    is_endless: bool,
    spec: &mut StageSpec,
) -> Result<(Vec<Work>, StageEnd), String> {
    let sink = Sink::open(&stage.write, schema).map_err(|error| error.to_string())?;
    let work: Vec<Work> = sink
        .encoder
        .map_or_else(Vec::new, |encoder| vec![Work::Encode(encoder); usize::from(threads)]);
    spec.kind = StageKind::Sink;
    spec.ordered = stage.order == Order::Source;
    spec.instances = work.len() as u16;
    // A run that ends writes the same bytes every time: compression is not cut short in between.
    let flush_every = is_endless.then_some(stage.flush_every.0);
    Ok((work, StageEnd::Sink { writer: sink.writer, flush_every }))
}

fn project(schema: &SchemaRef, columns: &BTreeSet<usize>) -> SchemaRef {
    let columns: Vec<usize> = columns.iter().copied().collect();
    Arc::new(schema.project(&columns).expect("columns are indices into the schema"))
}
