//! The block read and checked: everything that is wrong with it at once, each in its place.

use std::collections::BTreeMap;
use std::time::Duration as Time;

use tanda_components::{
    AutoShutdown, Backoff, ChildSpec, Restart, Shutdown,
    limits::{INTENSITY_MAX, PERIOD_SECS_MAX, RESTART_LOG_MAX, SUPERVISORS_MAX},
};

use super::names::{AutoShutdownName, RestartName, ShutdownName, StrategyName};
use super::supervisor::{ChildScene, SupervisorScene};
use crate::draft::{Kind, StageDraft};
use crate::model::{Duration, EngineSettings, Isolation, StageBody};
use crate::outline::{Node, Shape};
use crate::problem::Problem;
use crate::reader::{Form, Reader};

/// Longest time in a child's specification.
const TIME_MAX: Time = Time::from_secs(24 * 3_600);
/// Longest period.
const PERIOD_MAX: Time = Time::from_secs(PERIOD_SECS_MAX as u64);

const TOP: Form = Form {
    name: "Supervisor",
    required: &[],
    optional: &["name", "strategy", "intensity", "period", "auto_shutdown", "children"],
};
const BELOW: Form = Form {
    name: "Supervisor",
    required: &["name", "children"],
    optional: &[
        "strategy",
        "intensity",
        "period",
        "auto_shutdown",
        "restart",
        "shutdown",
        "significant",
        "backoff",
    ],
};
const WORKER: Form = Form {
    name: "Worker",
    required: &["stage"],
    optional: &["restart", "shutdown", "significant", "backoff"],
};
const BACKOFF: Form = Form {
    name: "backoff",
    required: &[],
    optional: &["base", "factor", "cap", "jitter", "reset_after"],
};

/// The top supervisor, which stands at `node`, as far as it could be read.
pub(crate) fn read(
    reader: &mut Reader<'_>,
    node: &Node,
    stages: &[StageDraft],
    engine: &EngineSettings,
) -> Option<SupervisorScene> {
    if node.name != "Supervisor" {
        reader.wrong_type(node, "`Supervisor( … )`");
        return None;
    }
    let (stages_seen, names_seen) = (BTreeMap::new(), BTreeMap::new());
    let mut block = Block { reader, stages, engine, stages_seen, names_seen };
    block.reader.check_fields(node, &TOP);
    Some(block.supervisor(node, true))
}

struct Block<'a, 'b> {
    reader: &'a mut Reader<'b>,
    stages: &'a [StageDraft],
    engine: &'a EngineSettings,
    /// Where each stage, and each supervisor's name, stands first.
    stages_seen: BTreeMap<String, usize>,
    names_seen: BTreeMap<String, usize>,
}

impl Block<'_, '_> {
    fn problem(&mut self, node: &Node, message: impl Into<String>, hint: &'static str) {
        let problem = Problem::Supervision { message: message.into(), hint };
        self.reader.problems.push((node.span.start, problem));
    }

    fn out_of_bounds(&mut self, node: &Node, field: &'static str, found: String, expected: String) {
        self.reader
            .problems
            .push((node.span.start, Problem::OutOfBounds { field, found, expected }));
    }

    fn supervisor(&mut self, node: &Node, top: bool) -> SupervisorScene {
        let default = SupervisorScene::default();
        let reader = &mut *self.reader;
        let strategy = node.field("strategy").and_then(|v| reader.value::<StrategyName>(v));
        let auto = node.field("auto_shutdown").and_then(|v| reader.value::<AutoShutdownName>(v));
        let auto_shutdown = auto.map_or(default.auto_shutdown, Into::into);
        let name = reader.optional(node, "name", default.name);
        self.name(node.field("name").unwrap_or(node), &name);
        let intensity = self.intensity(node);
        let period_secs = self.period(node).unwrap_or(default.period_secs);
        let many = intensity.is_some_and(|intensity| intensity as usize >= RESTART_LOG_MAX);
        if let Some(field) = node.field("period").filter(|_| many)
            && period_secs as usize >= RESTART_LOG_MAX
        {
            let most = RESTART_LOG_MAX - 1;
            let message = format!("more than {most} restarts in a period longer than {most}s");
            self.problem(field, message, "shorten `period`, or lower `intensity`");
        }
        let children = self.children(node, auto_shutdown, top);
        let strategy = strategy.map_or(default.strategy, Into::into);
        SupervisorScene { name, strategy, intensity, period_secs, auto_shutdown, children }
    }

    fn name(&mut self, node: &Node, name: &str) {
        let sound = name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-');
        if !sound || !(1..=63).contains(&name.len()) {
            let hint = "use lower-case letters, digits, `_` and `-`, 63 of them at most";
            self.problem(node, format!("`{name}` is no name of a supervisor"), hint);
        }
        if let Some(&first) = self.names_seen.get(name) {
            let problem = Problem::Duplicate {
                what: "supervisor",
                name: name.to_owned(),
                first: Some(first),
            };
            self.reader.problems.push((node.span.start, problem));
        }
        if self.names_seen.len() == SUPERVISORS_MAX {
            let message = format!("more than {SUPERVISORS_MAX} supervisors");
            self.problem(node, message, "let one supervisor have more children");
        }
        self.names_seen.entry(name.to_owned()).or_insert(node.span.start);
    }

    fn intensity(&mut self, node: &Node) -> Option<u32> {
        let field = node.field("intensity")?;
        let found = self.reader.value::<u32>(field)?;
        if found > INTENSITY_MAX {
            let expected = format!("0 to {INTENSITY_MAX}");
            self.out_of_bounds(field, "intensity", found.to_string(), expected);
        }
        Some(found.min(INTENSITY_MAX))
    }

    fn period(&mut self, node: &Node) -> Option<u32> {
        let field = node.field("period")?;
        let Duration(found) = self.reader.value::<Duration>(field)?;
        let whole = found.subsec_nanos() == 0 && !found.is_zero() && found <= PERIOD_MAX;
        if !whole {
            let found = humantime::format_duration(found).to_string();
            self.out_of_bounds(field, "period", found, "whole seconds, 1s to 1h".to_owned());
        }
        whole.then_some(found.as_secs() as u32)
    }

    fn children(&mut self, node: &Node, auto: AutoShutdown, top: bool) -> Vec<ChildScene> {
        let Some(field) = node.field("children") else { return Vec::new() };
        let Shape::Items(items) = &field.shape else {
            self.reader.wrong_type(field, "a list `[ Worker( … ), Supervisor( … ) ]`");
            return Vec::new();
        };
        if items.is_empty() && !top {
            let hint = "give it a `Worker( stage: … )`, or remove it";
            self.problem(field, "`children` is empty: it supervises nobody", hint);
        }
        items.iter().filter_map(|item| self.child(item, auto)).collect()
    }

    fn child(&mut self, node: &Node, auto: AutoShutdown) -> Option<ChildScene> {
        match node.name.as_str() {
            "Worker" => {
                self.reader.check_fields(node, &WORKER);
                let spec = self.spec(node, auto, false);
                let field = node.field("stage")?;
                let stage = self.reader.value::<String>(field)?;
                self.stage(field, &stage);
                Some(ChildScene::Worker { stage, spec })
            }
            "Supervisor" => {
                self.reader.check_fields(node, &BELOW);
                let spec = self.spec(node, auto, true);
                let supervisor = self.supervisor(node, false);
                Some(ChildScene::Supervisor { supervisor, spec })
            }
            name if name.starts_with(char::is_alphabetic) => {
                let known = ["Worker", "Supervisor"].map(str::to_owned).to_vec();
                let problem = Problem::UnknownVariant { found: name.to_owned(), known };
                self.reader.problems.push((node.span.start, problem));
                None
            }
            _ => {
                self.reader.wrong_type(node, "`Worker( stage: … )` or `Supervisor( … )`");
                None
            }
        }
    }

    /// The stage has to be a plugin's with processes of its own, and is supervised once.
    fn stage(&mut self, field: &Node, stage: &str) {
        let plugins = self.stages.iter().filter(|draft| draft.kind == Some(Kind::Plugin));
        let known: Vec<String> = plugins.map(|draft| draft.entry.key.clone()).collect();
        let Some(draft) = self.stages.iter().find(|draft| draft.entry.key == stage) else {
            let problem = Problem::UnknownStage { found: stage.to_owned(), known };
            self.reader.problems.push((field.span.start, problem));
            return;
        };
        let hint = "only the workers of plugins in processes of their own are supervised";
        match (&draft.kind, &draft.body) {
            (Some(Kind::Source | Kind::Sink), _) => {
                self.problem(field, format!("`{stage}` is no plugin and has no workers"), hint);
            }
            (_, Some(StageBody::Plugin(plugin)))
                if plugin.isolation.unwrap_or(self.engine.isolation) == Isolation::InProcess =>
            {
                let message = format!("`{stage}` runs in the engine's process and has no workers");
                self.problem(field, message, hint);
            }
            (Some(Kind::Plugin) | None, _) => {}
        }
        let (what, name, at) = ("supervised stage", stage.to_owned(), field.span.start);
        match self.stages_seen.get(stage) {
            Some(&first) => {
                let problem = Problem::Duplicate { what, name, first: Some(first) };
                self.reader.problems.push((at, problem));
            }
            None => drop(self.stages_seen.insert(name, at)),
        }
    }

    fn spec(&mut self, node: &Node, auto: AutoShutdown, supervises: bool) -> ChildSpec {
        let default = ChildSpec::default();
        let restart = node.field("restart").and_then(|v| self.reader.value::<RestartName>(v));
        let restart = restart.map_or(default.restart, Into::into);
        let shutdown = self.shutdown(node).unwrap_or(default.shutdown);
        let significant = self.reader.optional(node, "significant", false);
        let backoff = node.field("backoff").map_or(default.backoff, |field| self.backoff(field));
        if let Some(field) = node.field("shutdown")
            && supervises
            && shutdown != Shutdown::Infinity
        {
            let hint = "leave `shutdown` out: a supervisor is given all the time that its children \
                        need";
            let message = "a killed supervisor would leave its children alone";
            self.problem(field, message, hint);
        }
        if let Some(field) = node.field("significant").filter(|_| significant) {
            if restart == Restart::Permanent {
                let hint = "say `restart: Transient` or `Temporary`, or leave `significant` out";
                let message = "a permanent child is always restarted and cannot be significant";
                self.problem(field, message, hint);
            } else if auto == AutoShutdown::Never {
                let hint = "give the supervisor `auto_shutdown: AnySignificant` or \
                            `AllSignificant`, or leave `significant` out";
                let message = "a significant child of a supervisor with `auto_shutdown: Never`";
                self.problem(field, message, hint);
            }
        }
        ChildSpec { restart, shutdown, significant, backoff }
    }

    fn shutdown(&mut self, node: &Node) -> Option<Shutdown> {
        let field = node.field("shutdown")?;
        if matches!(field.shape, Shape::Text(_)) {
            let time = self.time(field, "shutdown")?;
            return Some(Shutdown::After { micros: micros(time) });
        }
        self.reader.value::<ShutdownName>(field).map(Into::into)
    }

    fn time(&mut self, field: &Node, name: &'static str) -> Option<Time> {
        let Duration(time) = self.reader.value::<Duration>(field)?;
        if time > TIME_MAX {
            let found = humantime::format_duration(time).to_string();
            self.out_of_bounds(field, name, found, "at most 24h".to_owned());
        }
        Some(time.min(TIME_MAX))
    }

    fn backoff(&mut self, node: &Node) -> Backoff {
        self.reader.check_fields(node, &BACKOFF);
        let mut backoff = Backoff::default();
        let times = [
            ("base", &mut backoff.base_micros),
            ("cap", &mut backoff.cap_micros),
            ("reset_after", &mut backoff.reset_after_micros),
        ];
        for (name, place) in times {
            let time = node.field(name).and_then(|field| self.time(field, name));
            *place = time.map_or(*place, micros);
        }
        let parts = [
            ("factor", &mut backoff.factor_percent, 1.0..=100.0, "1 to 100"),
            ("jitter", &mut backoff.jitter_percent, 0.0..=1.0, "0 to 1"),
        ];
        for (name, place, bounds, expected) in parts {
            let Some(field) = node.field(name) else { continue };
            let Some(found) = self.reader.value::<f64>(field) else { continue };
            if bounds.contains(&found) {
                *place = (found * 100.0).round() as u32;
            } else {
                self.out_of_bounds(field, name, found.to_string(), expected.to_owned());
            }
        }
        if backoff.cap_micros < backoff.base_micros && node.field("cap").is_none() {
            backoff.cap_micros = backoff.base_micros.saturating_mul(10);
        }
        if let Some(field) = node.field("cap").filter(|_| backoff.cap_micros < backoff.base_micros)
        {
            let found = humantime::format_duration(backoff_cap(&backoff)).to_string();
            self.out_of_bounds(field, "cap", found, "at least `base`".to_owned());
        }
        backoff
    }
}

fn micros(time: Time) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn backoff_cap(backoff: &Backoff) -> Time {
    Time::from_micros(backoff.cap_micros)
}
