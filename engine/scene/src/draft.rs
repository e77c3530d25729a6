//! A scene as far as it could be read: every faulty part is a problem, every sound part is here.

use super::model::{
    Duration, EngineSettings, Input, Instances, Isolation, Order, PluginStage, SinkStage,
    SourceStage, Stage, StageBody,
};
use super::outline::{Entry, Node, Shape};
use super::problem::Problem;
use super::reader::{Form, Reader};
use super::typed::shown;

/// Long for any batch, and short enough for somebody who waits.
const TIMEOUT_DEFAULT: Duration = Duration(std::time::Duration::from_secs(60));
/// Enough to load large tables.
const START_TIMEOUT_DEFAULT: Duration = Duration(std::time::Duration::from_secs(30));
/// As long as somebody who looks at a file is ready to wait for a row.
const FLUSH_EVERY_DEFAULT: Duration = Duration(std::time::Duration::from_secs(1));

/// What kind of stage it is; known even where its body is faulty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Source,
    Plugin,
    Sink,
}

/// One stage, as far as it could be read.
#[derive(Debug)]
pub(super) struct StageDraft {
    pub(super) entry: Entry,
    pub(super) kind: Option<Kind>,
    /// Inputs and where each stands; `None` where `from` could not be read.
    pub(super) inputs: Option<Vec<(usize, Input)>>,
    /// `None` where some part of the stage could not be read.
    pub(super) body: Option<StageBody>,
}

const SCENE: Form = Form {
    name: "Scene",
    required: &["name", "stages"],
    optional: &["params", "engine", "supervision"],
};
const ENGINE: Form = Form {
    name: "engine",
    required: &[],
    optional: &["memory", "batch_rows", "threads", "executor", "isolation", "plugin_paths"],
};
const SOURCE: Form = Form {
    name: "Source",
    required: &["read"],
    optional: &["priority", "batch_rows", "batch_bytes", "linger"],
};
const PLUGIN: Form = Form {
    name: "Plugin",
    required: &["library", "from"],
    optional: &[
        "config",
        "instances",
        "isolation",
        "read",
        "timeout",
        "start_timeout",
        "memory_limit",
        "spares",
        "on_failure",
        "breaker",
        "order",
    ],
};
/// A sink without `from` takes in dead letters; see [`Reader::join_dead_letters`].
const SINK: Form =
    Form { name: "Sink", required: &["write"], optional: &["from", "order", "flush_every"] };

impl Reader<'_> {
    /// Name of the scene; checks the fields of the scene itself.
    pub(super) fn name(&mut self, root: &Node) -> Option<String> {
        if !matches!(root.name.as_str(), "" | "Scene") {
            let found = shown(&root.name);
            self.problems.push((root.span.start, Problem::NotAScene(found)));
            return None;
        }
        self.check_fields(root, &SCENE);
        self.required(root, "name")
    }

    /// Settings of the engine, faulty ones at their defaults.
    pub(super) fn engine(&mut self, root: &Node) -> EngineSettings {
        let defaults = EngineSettings::default();
        let Some(node) = root.field("engine") else { return defaults };
        self.check_fields(node, &ENGINE);
        EngineSettings {
            memory: self.optional(node, "memory", defaults.memory),
            batch_rows: self.optional(node, "batch_rows", defaults.batch_rows),
            threads: self.optional(node, "threads", defaults.threads),
            executor: self.optional(node, "executor", defaults.executor),
            isolation: self.optional(node, "isolation", defaults.isolation),
            plugin_paths: self.optional(node, "plugin_paths", defaults.plugin_paths),
        }
    }

    /// Every stage, in the order of the file.
    pub(super) fn stages(&mut self, root: &Node) -> Vec<StageDraft> {
        let Some(node) = root.field("stages") else { return Vec::new() };
        let Shape::Map(entries) = &node.shape else {
            self.wrong_type(node, "a map `{ \"name\": Source( … ), … }`");
            return Vec::new();
        };
        entries.iter().map(|entry| self.stage(entry)).collect()
    }

    fn stage(&mut self, entry: &Entry) -> StageDraft {
        let node = &entry.value;
        let (kind, inputs, body) = match node.name.as_str() {
            "Source" => (Some(Kind::Source), Some(Vec::new()), self.source(node)),
            "Plugin" => {
                self.check_fields(node, &PLUGIN);
                let inputs = self.inputs(node);
                (Some(Kind::Plugin), inputs.clone(), self.plugin(node, inputs))
            }
            "Sink" => {
                self.check_fields(node, &SINK);
                let inputs =
                    if node.field("from").is_some() { self.inputs(node) } else { Some(Vec::new()) };
                (Some(Kind::Sink), inputs.clone(), self.sink(node, inputs))
            }
            _ => {
                self.not_a_stage(node);
                (None, None, None)
            }
        };
        StageDraft { entry: entry.clone(), kind, inputs, body }
    }

    fn not_a_stage(&mut self, node: &Node) {
        if !node.name.starts_with(|c: char| c.is_alphabetic()) {
            return self.wrong_type(node, "`Source( … )`, `Plugin( … )` or `Sink( … )`");
        }
        let known = ["Source", "Plugin", "Sink"].map(str::to_owned).to_vec();
        let problem = Problem::UnknownVariant { found: node.name.clone(), known };
        self.problems.push((node.span.start, problem));
    }

    fn source(&mut self, node: &Node) -> Option<StageBody> {
        self.check_fields(node, &SOURCE);
        let read = self.required(node, "read");
        let priority = self.optional(node, "priority", 0);
        let batch_rows = self.optional(node, "batch_rows", None);
        let batch_bytes = self.optional(node, "batch_bytes", None);
        let linger = self.optional(node, "linger", None);
        let read = read?;
        Some(StageBody::Source(SourceStage { read, priority, batch_rows, batch_bytes, linger }))
    }

    fn plugin(&mut self, node: &Node, inputs: Option<Vec<(usize, Input)>>) -> Option<StageBody> {
        let library = self.required(node, "library");
        let instances = self.instances(node);
        let isolation = self.optional(node, "isolation", None);
        let read = self.optional(node, "read", Vec::new());
        let timeout = self.optional(node, "timeout", TIMEOUT_DEFAULT);
        let start_timeout = self.optional(node, "start_timeout", START_TIMEOUT_DEFAULT);
        let memory_limit = self.optional(node, "memory_limit", None);
        let spares = self.optional(node, "spares", 0);
        let on_failure = self.on_failure(node);
        let order = self.optional(node, "order", Order::default());
        if isolation == Some(Isolation::InProcess) {
            self.needs_a_process(node, &["timeout", "start_timeout", "memory_limit", "spares"]);
        }
        let config = node.field("config").map_or("()", |config| self.raw(config));
        Some(StageBody::Plugin(PluginStage {
            library: library?,
            from: without_places(inputs?),
            config: config.to_owned(),
            instances,
            isolation,
            read,
            timeout,
            start_timeout,
            memory_limit,
            spares,
            on_failure,
            order,
        }))
    }

    /// Bounds that only a process of its own can be held to.
    fn needs_a_process(&mut self, node: &Node, fields: &[&str]) {
        for field in fields.iter().filter_map(|field| node.field(field)) {
            let message = "this bound needs a process of its own, but the stage says `isolation: \
                           InProcess`; leave one of them out";
            self.problems.push((field.span.start, Problem::BadValue(message.to_owned())));
        }
    }

    fn sink(&mut self, node: &Node, inputs: Option<Vec<(usize, Input)>>) -> Option<StageBody> {
        let write = self.required(node, "write");
        let order = self.optional(node, "order", Order::default());
        let flush_every = self.optional(node, "flush_every", FLUSH_EVERY_DEFAULT);
        let (write, from) = (write?, without_places(inputs?));
        Some(StageBody::Sink(SinkStage { write, from, order, flush_every }))
    }

    /// `instances: Auto` or a number.
    fn instances(&mut self, node: &Node) -> Instances {
        let Some(value) = node.field("instances") else { return Instances::default() };
        match value.name.as_str() {
            "Auto" => Instances::Auto,
            number if number.starts_with(|c: char| c.is_ascii_digit()) => {
                self.value(value).map_or_else(Instances::default, Instances::Count)
            }
            _ => {
                self.wrong_type(value, "`Auto` or a number from 1 to 64");
                Instances::default()
            }
        }
    }

    /// `from: "a"` or `from: ["a", "b.rejected"]`.
    fn inputs(&mut self, node: &Node) -> Option<Vec<(usize, Input)>> {
        let from = node.field("from")?;
        match &from.shape {
            Shape::Text(text) => Some(vec![(from.span.start, self.input(from, text)?)]),
            Shape::Items(items) => {
                let inputs: Vec<_> = items.iter().map(|item| self.listed_input(item)).collect();
                if inputs.is_empty() {
                    self.problems.push((from.span.start, Problem::NoInput));
                }
                inputs.into_iter().collect()
            }
            Shape::Fields(_) | Shape::Map(_) | Shape::Word => {
                self.wrong_type(from, "\"stage\", \"stage.port\" or a list of these");
                None
            }
        }
    }

    fn listed_input(&mut self, item: &Node) -> Option<(usize, Input)> {
        if let Shape::Text(text) = &item.shape {
            return Some((item.span.start, self.input(item, text)?));
        }
        self.wrong_type(item, "\"stage\" or \"stage.port\"");
        None
    }

    fn input(&mut self, node: &Node, text: &str) -> Option<Input> {
        let (stage, port) = text.split_once('.').unwrap_or((text, "main"));
        if stage.is_empty() || port.is_empty() || port.contains('.') {
            self.problems.push((node.span.start, Problem::BadInput(text.to_owned())));
            return None;
        }
        Some(Input { stage: stage.to_owned(), port: port.to_owned() })
    }
}

impl StageDraft {
    pub(super) fn name(&self) -> String {
        self.entry.key.clone()
    }

    pub(super) fn is_sink(&self) -> bool {
        self.kind == Some(Kind::Sink)
    }

    /// The stage, if all of it could be read.
    pub(super) fn into_stage(self) -> Option<Stage> {
        Some(Stage { name: self.entry.key, body: self.body? })
    }
}

fn without_places(inputs: Vec<(usize, Input)>) -> Vec<Input> {
    inputs.into_iter().map(|(_, input)| input).collect()
}
