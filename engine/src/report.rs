//! What a run did, for the summary and for programs.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bevy_ecs::{entity::EntityHashMap, resource::Resource, world::World};
use nix::sys::resource::{UsageWho, getrusage};
use serde::{Serialize, Serializer};
use tanda_components::{
    At, Breaker, Buffers, Failures, Instance, Ledger, Restarts, Run, Stage, StageKind, StageName,
};
use tanda_systems::invariants;

use crate::{
    engine::Engine,
    isolation::Shared,
    platform::os::{OsPlatform, RunFault},
    progress::Progress,
    run,
    scene::DEAD_LETTER_PORT,
    supervision::{self, SupervisorReport},
};

/// What the world does not know of its stages.
#[derive(Resource)]
pub(crate) struct RunStages {
    pub(crate) scene: String,
    pub(crate) progress: Progress,
    /// Each stage's ports.
    pub(crate) ports: Vec<Vec<RunPort>>,
    /// The sandbox around each stage, if it is isolated.
    pub(crate) sandboxes: Vec<Option<String>>,
    /// Memory shared with workers, if a stage is isolated.
    pub(crate) shared: Option<Arc<Shared>>,
}

/// A port, as the report needs it.
#[derive(Clone)]
pub(crate) struct RunPort {
    pub(crate) name: String,
    /// Rows that leave on it are rows that came in; of others, a state has made them.
    pub(crate) passes_input: bool,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// All input was read and written.
    Done,
    /// It was told to stop; what had been read was written.
    Interrupted,
    /// A stage failed.
    Failed,
}

/// What a run did.
#[derive(Clone, Debug, Serialize)]
pub struct RunReport {
    /// Name of the scene.
    pub scene: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it failed.
    pub fault: Option<RunFault>,
    /// From the first tick to the last, seconds.
    pub seconds: f64,
    /// Ticks.
    pub ticks: u64,
    /// Largest resident memory of the engine's process, bytes; workers have theirs beside.
    pub memory_peak_bytes: u64,
    /// Most bytes of batches in flight at once.
    pub batches_peak_bytes: u64,
    /// Bytes copied into memory that is shared with workers.
    pub shared_bytes_copied: u64,
    /// Does every row add up? The text says which do not; as JSON a text, `balanced` if all do.
    #[serde(serialize_with = "ledger_as_text")]
    pub ledger: Result<(), String>,
    /// Stages in topological order.
    pub stages: Vec<StageReport>,
    /// Supervisors of the workers, each after the one above it.
    pub supervisors: Vec<SupervisorReport>,
}

/// What a stage did. Every row adds up: `rows_in` + `made` = the rows of all `ports` + `absorbed` +
/// `filtered` + `abandoned`.
#[derive(Clone, Debug, Serialize)]
pub struct StageReport {
    /// Its name.
    pub name: String,
    /// `source`, `plugin` or `sink`.
    pub kind: &'static str,
    /// Batches in.
    pub batches_in: u64,
    /// Rows in; for a source, records read.
    pub rows_in: u64,
    /// Rows out, by port. For a sink, rows written.
    pub ports: Vec<PortReport>,
    /// Rows taken into the state of a plugin that has one.
    pub absorbed: u64,
    /// Rows that a plugin without a state handed on to no port.
    pub filtered: u64,
    /// Rows that came out without having come in: made of a state, or beyond those that came in.
    pub made: u64,
    /// Rows given up when the run failed.
    pub abandoned: u64,
    /// Seconds that instances worked, summed over them.
    pub busy_seconds: f64,
    /// Bytes of a sink's output.
    pub bytes_written: u64,
    /// The sandbox in force around the plugin's processes; none if it runs in the engine's.
    pub sandbox: Option<String>,
    /// Times that a worker was started again, for its own death or with a sibling.
    pub restarts: u32,
    /// What its failure policy did; none if it has none.
    pub failures: Option<FailuresReport>,
    /// What its plugin has counted, by name, in calls that succeeded; each batch once, however
    /// often workers died over it.
    pub counters: BTreeMap<String, u64>,
}

/// What a stage's failure policy did.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct FailuresReport {
    /// Batches tried again, once for each time.
    pub retried: u64,
    /// Batches given to the fallback.
    pub fell_back: u64,
    /// Batches that went on as they came in.
    pub bypassed: u64,
    /// Rows set aside as dead letters.
    pub dead_rows: u64,
    /// Times that its breaker opened.
    pub breaker_opened: u64,
}

impl FailuresReport {
    fn of(failures: &Failures, breaker: Option<&Breaker>, ports: &[PortReport]) -> Self {
        let Failures { retried, fell_back, bypassed } = *failures;
        let dead_letters = ports.iter().find(|port| port.name == DEAD_LETTER_PORT);
        let dead_rows = dead_letters.map_or(0, |port| port.rows);
        let breaker_opened = breaker.map_or(0, |breaker| breaker.opened);
        Self { retried, fell_back, bypassed, dead_rows, breaker_opened }
    }
}

/// What left on one port.
#[derive(Clone, Debug, Serialize)]
pub struct PortReport {
    /// Its name.
    pub name: String,
    /// Rows that left.
    pub rows: u64,
    /// Batches that left; 0 if nobody reads the port.
    pub batches: u64,
}

impl RunReport {
    pub(crate) fn of(engine: &mut Engine<OsPlatform>, elapsed: Duration) -> Self {
        let supervisors = supervision::reports(engine.world_mut());
        let world = engine.world();
        let outcome = run::outcome(*world.resource::<Run>());
        let names = world.resource::<RunStages>();
        let stages = engine.stages().to_vec();
        let mut report = Self {
            scene: names.scene.clone(),
            outcome,
            fault: None,
            seconds: elapsed.as_secs_f64(),
            ticks: world.resource::<tanda_components::Clock>().tick.0,
            memory_peak_bytes: memory_peak_bytes(),
            batches_peak_bytes: world.resource::<Buffers>().peak_bytes(),
            shared_bytes_copied: names.shared.as_ref().map_or(0, |shared| shared.bytes_copied()),
            ledger: Ok(()),
            stages: Vec::new(),
            supervisors,
        };
        let (ports, sandboxes) = (names.ports.clone(), names.sandboxes.clone());
        let restarts = restarts_by_stage(engine.world_mut());
        for ((&entity, ports), sandbox) in stages.iter().zip(&ports).zip(sandboxes) {
            let bytes_written = engine.platform_mut().bytes_written(entity);
            let counters = engine.platform_mut().take_counters(entity);
            let stage = engine.world().entity(entity);
            let ledger = stage.get::<Ledger>().expect("every stage has a ledger");
            let kind = stage.get::<Stage>().expect("stages are stages").kind;
            let name = stage.get::<StageName>().expect("every stage has a name");
            let mut stage = stage_report(name.as_str(), kind, ledger, ports, bytes_written);
            stage.sandbox = sandbox;
            stage.counters = counters;
            stage.restarts = restarts.get(&entity).copied().unwrap_or(0);
            let breaker = engine.world().get::<Breaker>(entity);
            let failures = engine.world().get::<Failures>(entity);
            let failures =
                failures.map(|failures| FailuresReport::of(failures, breaker, &stage.ports));
            stage.failures = failures;
            report.stages.push(stage);
        }
        report.ledger = ledger(engine.world_mut());
        report
    }

    /// Records read by all sources.
    #[must_use]
    pub fn rows_in(&self) -> u64 {
        self.of_kind("source").map(|stage| stage.rows_in).sum()
    }

    /// Rows written by all sinks.
    #[must_use]
    pub fn rows_out(&self) -> u64 {
        self.of_kind("sink").flat_map(|stage| &stage.ports).map(|port| port.rows).sum()
    }

    fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a StageReport> {
        self.stages.iter().filter(move |stage| stage.kind == kind)
    }

    /// The stage of this name.
    #[must_use]
    pub fn stage(&self, name: &str) -> Option<&StageReport> {
        self.stages.iter().find(|stage| stage.name == name)
    }
}

fn stage_report(
    name: &str,
    kind: StageKind,
    ledger: &Ledger,
    ports: &[RunPort],
    bytes_written: u64,
) -> StageReport {
    let Flow { absorbed, filtered, made } = Flow::of(kind, ledger, ports);
    let (kind, written) = match kind {
        StageKind::Source => ("source", None),
        StageKind::Stateless | StageKind::Mergeable | StageKind::Exclusive => ("plugin", None),
        StageKind::Sink => ("sink", Some("written".to_owned())),
    };
    let names = ports.iter().map(|port| port.name.clone()).chain(written);
    let ports = names.zip(&ledger.ports).map(|(name, port)| PortReport {
        name,
        rows: port.rows,
        batches: port.batches,
    });
    StageReport {
        name: name.to_owned(),
        kind,
        batches_in: ledger.batches_in,
        rows_in: ledger.rows_in,
        ports: ports.collect(),
        absorbed,
        filtered,
        made,
        abandoned: ledger.abandoned,
        busy_seconds: ledger.busy_micros as f64 / 1e6,
        bytes_written,
        sandbox: None,
        restarts: 0,
        failures: None,
        counters: BTreeMap::new(),
    }
}

/// What became of rows that did not simply pass.
struct Flow {
    absorbed: u64,
    filtered: u64,
    made: u64,
}

impl Flow {
    /// The ledger nets the rows of each batch: of one whose row went into a window while another
    /// window left, it says nothing. Rows on a port that passes no input are of a state's making.
    fn of(kind: StageKind, ledger: &Ledger, ports: &[RunPort]) -> Self {
        let Ledger { absorbed, made, .. } = *ledger;
        match kind {
            StageKind::Mergeable | StageKind::Exclusive => {
                let fresh = ports.iter().zip(&ledger.ports).filter(|(port, _)| !port.passes_input);
                let fresh: u64 = fresh.map(|(_, left)| left.rows).sum();
                let netted = fresh.saturating_sub(made);
                Self { absorbed: absorbed + netted, filtered: 0, made: made + netted }
            }
            StageKind::Stateless => Self { absorbed: 0, filtered: absorbed, made },
            StageKind::Source | StageKind::Sink => Self { absorbed, filtered: 0, made },
        }
    }
}

/// Do all rows add up? Those of batches that were left where they were cannot.
fn ledger(world: &mut World) -> Result<(), String> {
    let left = world.query::<&At>().iter(world).count();
    if matches!(world.resource::<Run>(), Run::Aborted { .. }) && left > 0 {
        return Err(format!(
            "not settled: {left} batches were on their way when the run was ended"
        ));
    }
    invariants::ledger_is_balanced(world)
}

fn restarts_by_stage(world: &mut World) -> EntityHashMap<u32> {
    let mut instances = world.query::<(&Instance, &Restarts)>();
    let mut by_stage = EntityHashMap::<u32>::default();
    for (instance, restarts) in instances.iter(world) {
        *by_stage.entry(instance.stage).or_default() += restarts.total;
    }
    by_stage
}

fn ledger_as_text<S: Serializer>(ledger: &Result<(), String>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(ledger.as_ref().map_or_else(String::as_str, |()| "balanced"))
}

/// From the kernel's account of this address space: `ru_maxrss` goes on counting, over `exec`, from
/// what the process that started this one had, and is no more than a way out.
fn memory_peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let max_rss = || {
        let kib = getrusage(UsageWho::RUSAGE_SELF).map_or(0, |usage| usage.max_rss());
        u64::try_from(kib).unwrap_or(0)
    };
    peak_kib(&status).unwrap_or_else(max_rss) * 1024
}

/// Of a line `VmHWM:     1234 kB`.
fn peak_kib(status: &str) -> Option<u64> {
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.trim().strip_suffix("kB")?.trim_end().parse().ok()
}
