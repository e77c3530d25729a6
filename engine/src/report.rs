//! What a run did, for the summary and for programs.

use std::time::Duration;

use bevy_ecs::resource::Resource;
use nix::sys::resource::{UsageWho, getrusage};
use serde::Serialize;
use tanda_components::{Buffers, Ledger, Run, Stage, StageKind, StageName};
use tanda_systems::invariants;

use crate::{
    engine::Engine,
    platform::os::{OsPlatform, RunFault},
    progress::Progress,
    run,
};

/// What the world does not know of its stages.
#[derive(Resource)]
pub(crate) struct RunStages {
    pub(crate) scene: String,
    pub(crate) progress: Progress,
    /// Names of each stage's ports.
    pub(crate) ports: Vec<Vec<String>>,
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
    /// Largest resident memory of the process, bytes.
    pub memory_peak_bytes: u64,
    /// Most bytes of batches in flight at once.
    pub batches_peak_bytes: u64,
    /// Does every row add up? The text says which do not.
    pub ledger: Result<(), String>,
    /// Stages in topological order.
    pub stages: Vec<StageReport>,
}

/// What a stage did.
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
    /// Rows taken into state.
    pub absorbed: u64,
    /// Rows made beyond those that came in.
    pub made: u64,
    /// Rows given up when the run failed.
    pub abandoned: u64,
    /// Seconds that instances worked, summed over them.
    pub busy_seconds: f64,
    /// Bytes of a sink's output.
    pub bytes_written: u64,
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
            ledger: Ok(()),
            stages: Vec::new(),
        };
        let ports = names.ports.clone();
        for (&entity, ports) in stages.iter().zip(&ports) {
            let bytes_written = engine.platform_mut().bytes_written(entity);
            let stage = engine.world().entity(entity);
            let ledger = stage.get::<Ledger>().expect("every stage has a ledger");
            let kind = stage.get::<Stage>().expect("stages are stages").kind;
            let name = stage.get::<StageName>().expect("every stage has a name");
            report.stages.push(stage_report(name.as_str(), kind, ledger, ports, bytes_written));
        }
        report.ledger = invariants::ledger_is_balanced(engine.world_mut());
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
    ports: &[String],
    bytes_written: u64,
) -> StageReport {
    let (kind, written) = match kind {
        StageKind::Source => ("source", None),
        StageKind::Stateless | StageKind::Mergeable | StageKind::Exclusive => ("plugin", None),
        StageKind::Sink => ("sink", Some("written".to_owned())),
    };
    let names = ports.iter().cloned().chain(written);
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
        absorbed: ledger.absorbed,
        made: ledger.made,
        abandoned: ledger.abandoned,
        busy_seconds: ledger.busy_micros as f64 / 1e6,
        bytes_written,
    }
}

/// `ru_maxrss` counts in KiB.
fn memory_peak_bytes() -> u64 {
    let kib = getrusage(UsageWho::RUSAGE_SELF).map_or(0, |usage| usage.max_rss());
    u64::try_from(kib).unwrap_or(0) * 1024
}
