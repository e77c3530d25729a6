//! Starts a typed scene: columns are pruned, instances and sinks opened, the topology drawn up.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64},
    },
};

use arrow::datatypes::SchemaRef;
use tanda_components::StageKind;
use tanda_plugin_host::{Flags, Instance, Wanted, WantedPort};
use tanda_systems::{EdgeSpec, StageSpec, Topology};

use super::{
    Typed, TypedBody, TypedInput, TypedPlugin, TypedSource, TypedStage,
    prune::{Needs, PortNeed, needs},
};
use crate::{
    connectors::{read::OnBad, write},
    platform::os::{Adapter, StageEnd, StageParts, Work},
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
        let mut starting = Starting { needs, threads, cancel, delivered: Vec::new() };
        let memory_bytes = scene.engine.memory.0;
        let mut started = Started {
            topology: Topology { stages: Vec::new(), memory_bytes, threads },
            parts: Vec::new(),
            progress: Progress::default(),
            ports: Vec::new(),
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
        };
        let pruned = input.map(|input| project(&input, &self.needs.inputs[index]));
        let fail = |message: String| StartError { stage: name.clone(), message };
        let adapters = self.adapters(&inputs, pruned.as_ref());
        let (work, end) = match body {
            TypedBody::Source(source) => {
                let schemas = ports.iter().map(|port| Arc::clone(&port.schema)).collect();
                self.source(index, source, schemas, &mut spec, &mut started.progress)
            }
            TypedBody::Plugin(plugin) => {
                let schema = pruned.expect("plugins have inputs");
                self.plugin(index, plugin, &schema, &mut spec).map_err(fail)?
            }
            TypedBody::Sink(sink) => {
                let schema = pruned.expect("sinks have inputs");
                self.delivered.push(Vec::new());
                start_sink(&sink, &schema, self.threads, &mut spec).map_err(fail)?
            }
        };
        started.topology.stages.push(spec);
        started.parts.push(StageParts { name, work, adapters, end });
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
        schema: &SchemaRef,
        spec: &mut StageSpec,
    ) -> Result<(Vec<Work>, StageEnd), String> {
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
        let mut instances = vec![first];
        for _ in 1..plugin.instances {
            let cancel = Arc::clone(self.cancel);
            let opened = plugin.library.open_instance(&plugin.config, cancel, &spec.name);
            instances.push(opened.map_err(|error| error.to_string())?);
        }
        for instance in &mut instances {
            instance.bind(schema, Some(&wanted)).map_err(|error| error.to_string())?;
        }
        let bound = instances[0].bound().expect("it was bound just now");
        let delivered = bound.layout.ports.iter().map(|port| Arc::clone(&port.delivered));
        self.delivered.push(delivered.collect());
        spec.kind = stage_kind(bound.layout.flags);
        spec.instances = instances.len() as u16;
        Ok((instances.into_iter().map(process).collect(), StageEnd::Plugin))
    }
}

fn process(instance: Instance) -> Work {
    Work::Process(Arc::new(Mutex::new(instance)))
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
