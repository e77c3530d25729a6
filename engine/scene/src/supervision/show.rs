//! The tree of supervisors as text.

use std::fmt::Write as _;
use std::time::Duration;

use humantime::format_duration;
use tanda_components::{AutoShutdown, ChildSpec, Shutdown};

use super::supervisor::{ChildScene, SupervisorScene};
use crate::model::{Isolation, Scene, StageBody};

impl Scene {
    /// The tree of supervisors, a line each child, with the stages that the scene leaves to the top
    /// one; empty if no stage has workers.
    #[must_use]
    pub fn supervision_tree(&self) -> String {
        let mut top = self.supervision.clone().unwrap_or_default();
        let named: Vec<String> = top.stages().into_iter().map(str::to_owned).collect();
        let left = self.isolated().filter(|stage| named.iter().all(|name| name != stage));
        top.children.extend(left.map(|stage| ChildScene::Worker {
            stage: stage.to_owned(),
            spec: ChildSpec::default(),
        }));
        let mut text = String::new();
        if !top.children.is_empty() {
            write_supervisor(&mut text, &top, 0, "");
        }
        text
    }

    /// Names of the stages whose instances run in workers, in the order of the file.
    fn isolated(&self) -> impl Iterator<Item = &str> {
        let default = self.engine.isolation;
        self.stages.iter().filter_map(move |stage| match &stage.body {
            StageBody::Plugin(plugin) => {
                let isolated = plugin.isolation.unwrap_or(default) != Isolation::InProcess;
                isolated.then_some(stage.name.as_str())
            }
            StageBody::Source(_) | StageBody::Sink(_) => None,
        })
    }
}

fn write_supervisor(text: &mut String, supervisor: &SupervisorScene, depth: usize, as_child: &str) {
    let indent = "  ".repeat(depth);
    let restarts = supervisor.intensity.map_or_else(
        || "10 restarts and one a worker".to_owned(),
        |most| format!("{most} restarts"),
    );
    let ends = match supervisor.auto_shutdown {
        AutoShutdown::Never => String::new(),
        ends @ (AutoShutdown::AnySignificant | AutoShutdown::AllSignificant) => {
            format!(", auto_shutdown {ends:?}")
        }
    };
    let SupervisorScene { name, strategy, period_secs, .. } = supervisor;
    let _ = writeln!(
        text,
        "{indent}supervisor {name}: {strategy:?}, {restarts} in {period_secs}s{ends}{as_child}"
    );
    for child in &supervisor.children {
        match child {
            ChildScene::Worker { stage, spec } => {
                let _ = writeln!(text, "{indent}  workers of {stage}: {}", in_words(spec, true));
            }
            ChildScene::Supervisor { supervisor, spec } => {
                let as_child = format!("; {}", in_words(spec, false));
                write_supervisor(text, supervisor, depth + 1, &as_child);
            }
        }
    }
}

fn in_words(spec: &ChildSpec, is_worker: bool) -> String {
    let mut text = format!("{:?}", spec.restart);
    text.push_str(if spec.significant { ", significant" } else { "" });
    if is_worker {
        text.push_str(&match spec.shutdown {
            Shutdown::BrutalKill => ", killed".to_owned(),
            Shutdown::After { micros } => {
                format!(", stopped within {}", format_duration(Duration::from_micros(micros)))
            }
            Shutdown::Infinity => ", stopped however long it takes".to_owned(),
        });
    }
    text
}
