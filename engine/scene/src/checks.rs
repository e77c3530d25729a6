//! Checks across stages: names, edges, paths. All pure; ports of plugins are checked at `bind`.

use std::collections::{BTreeMap, BTreeSet};

use tanda_components::limits::{EDGES_IN_MAX, EDGES_OUT_MAX, STAGE_NAME_BYTES_MAX, STAGES_MAX};

use super::draft::{Kind, StageDraft};
use super::glob::{Glob, is_glob};
use super::graph::topological_order;
use super::hints::nearest;
use super::model::{Input, StageBody};
use super::outline::{Entry, duplicates};
use super::paths;
use super::problem::{Located, Problem};

/// Everything wrong between the stages of a scene whose `stages` stand at byte `at`.
pub(super) fn check(stages: &[StageDraft], at: usize) -> Vec<Located> {
    if stages.is_empty() {
        return vec![(at, Problem::NoStages)];
    }
    if stages.len() > STAGES_MAX {
        return vec![(at, Problem::TooManyStages(stages.len()))];
    }
    let mut checks = Checks::new(stages);
    checks.names();
    checks.inputs();
    checks.edge_counts();
    checks.cycles();
    checks.ways();
    checks.unread();
    checks.shared_paths();
    checks.shared_stdin();
    checks.inside_globs();
    checks.problems
}

struct Checks<'a> {
    stages: &'a [StageDraft],
    index_of: BTreeMap<&'a str, usize>,
    edges: Vec<DraftEdge>,
    problems: Vec<Located>,
}

/// An edge between stages that exist.
struct DraftEdge {
    from: usize,
    to: usize,
    /// Where the entry of `from` stands.
    at: usize,
}

impl<'a> Checks<'a> {
    fn new(stages: &'a [StageDraft]) -> Self {
        let mut index_of = BTreeMap::new();
        for (index, stage) in stages.iter().enumerate() {
            index_of.entry(stage.entry.key.as_str()).or_insert(index);
        }
        let mut edges = Vec::new();
        for (to, stage) in stages.iter().enumerate() {
            for (at, input) in stage.inputs.iter().flatten() {
                if let Some(&from) = index_of.get(input.stage.as_str()) {
                    edges.push(DraftEdge { from, to, at: *at });
                }
            }
        }
        Self { stages, index_of, edges, problems: Vec::new() }
    }

    fn name(&self, stage: usize) -> &'a str {
        &self.stages[stage].entry.key
    }

    fn names(&mut self) {
        for stage in self.stages {
            let Entry { key, key_span, .. } = &stage.entry;
            let is_short = (1..=STAGE_NAME_BYTES_MAX).contains(&key.len());
            if !is_short || !key.bytes().all(is_name_byte) {
                self.problems.push((key_span.start, Problem::StageName(key.clone())));
            }
        }
        let entries = self.stages.iter().map(|stage| &stage.entry);
        self.problems.extend(duplicates("stage", entries));
    }

    fn inputs(&mut self) {
        for stage in self.stages {
            let inputs = stage.inputs.as_deref().unwrap_or_default();
            for (index, (at, input)) in inputs.iter().enumerate() {
                let is_double = inputs[..index].iter().any(|(_, other)| other == input);
                if is_double {
                    self.problems.push((*at, Problem::DoubleInput(input.to_string())));
                } else if let Some(problem) = self.input_problem(input) {
                    self.problems.push((*at, problem));
                }
            }
        }
    }

    fn input_problem(&self, input: &Input) -> Option<Problem> {
        let Some(&from) = self.index_of.get(input.stage.as_str()) else {
            let known = self.stages.iter().filter(|stage| stage.kind != Some(Kind::Sink));
            let known = known.map(|stage| stage.entry.key.clone()).collect();
            return Some(Problem::UnknownStage { found: input.stage.clone(), known });
        };
        match self.stages[from].kind? {
            Kind::Sink => Some(Problem::SinkAsInput(input.stage.clone())),
            Kind::Source if !matches!(input.port.as_str(), "main" | "rejected") => {
                Some(Problem::SourcePort { stage: input.stage.clone(), port: input.port.clone() })
            }
            Kind::Source | Kind::Plugin => None,
        }
    }

    fn edge_counts(&mut self) {
        for (index, stage) in self.stages.iter().enumerate() {
            let into = self.edges.iter().filter(|edge| edge.to == index).count();
            let out_of = self.edges.iter().filter(|edge| edge.from == index).count();
            let counts = [("inputs", into, EDGES_IN_MAX), ("readers", out_of, EDGES_OUT_MAX)];
            for (what, count, max) in counts.into_iter().filter(|(_, count, max)| count > max) {
                let stage_name = stage.entry.key.clone();
                let problem = Problem::TooManyEdges { stage: stage_name, what, count, max };
                self.problems.push((stage.entry.key_span.start, problem));
            }
        }
    }

    /// Reports one cycle after the other, taking out the edge that closes each.
    fn cycles(&mut self) {
        let mut open: Vec<_> = (0..self.edges.len()).collect();
        loop {
            let pairs: Vec<_> =
                open.iter().map(|&edge| (self.edges[edge].from, self.edges[edge].to)).collect();
            let Err(cycle) = topological_order(self.stages.len(), &pairs) else { return };
            let (first, last) = (cycle[0], cycle[cycle.len() - 1]);
            let closes = |edge: &usize| pairs_with(&self.edges[*edge], last, first);
            let at = open.iter().find(|&edge| closes(edge)).map_or(0, |&edge| self.edges[edge].at);
            let ring = cycle.iter().chain([&first]).map(|&stage| self.name(stage));
            let ring = ring.collect::<Vec<_>>().join(" → ");
            open.retain(|edge| !closes(edge));
            self.problems.push((at, Problem::Cycle(ring)));
        }
    }

    /// Reports the first stage to which more ways lead from another than its batches can count.
    fn ways(&mut self) {
        let pairs: Vec<_> = self.edges.iter().map(|edge| (edge.from, edge.to)).collect();
        // A cycle is a fault of its own.
        let Ok(order) = topological_order(self.stages.len(), &pairs) else { return };
        for (position, &from) in order.iter().enumerate() {
            let mut ways = vec![0_u64; self.stages.len()];
            ways[from] = 1;
            for &to in &order[position + 1..] {
                let before = pairs.iter().filter(|(_, at)| *at == to);
                ways[to] = before.map(|(from, _)| ways[*from]).fold(0, u64::saturating_add);
            }
            if let Some(&to) = order.iter().find(|&&stage| ways[stage] > u64::from(u16::MAX)) {
                let (from, to_name) = (self.name(from).to_owned(), self.name(to).to_owned());
                let problem = Problem::TooManyWays { from, to: to_name };
                self.problems.push((self.stages[to].entry.key_span.start, problem));
                return;
            }
        }
    }

    /// Reports sources and plugins that nobody reads, unless a faulty input may have meant them.
    fn unread(&mut self) {
        if self.stages.iter().any(|stage| stage.inputs.is_none()) {
            return;
        }
        let names: Vec<_> = self.stages.iter().map(|stage| stage.entry.key.clone()).collect();
        let inputs = self.stages.iter().flat_map(|stage| stage.inputs.iter().flatten());
        let unknown = inputs.filter(|(_, input)| !self.index_of.contains_key(input.stage.as_str()));
        let meant: BTreeSet<_> =
            unknown.filter_map(|(_, input)| nearest(&input.stage, &names)).collect();
        let read: BTreeSet<_> = self.edges.iter().map(|edge| edge.from).collect();
        for stage in self.stages {
            let name = stage.entry.key.as_str();
            let is_read = read.contains(&self.index_of[name]) || meant.contains(&name);
            if stage.kind != Some(Kind::Sink) && !is_read {
                let problem = Problem::Unread(name.to_owned());
                self.problems.push((stage.entry.key_span.start, problem));
            }
        }
    }

    fn shared_paths(&mut self) {
        let mut writers: BTreeMap<String, &str> = BTreeMap::new();
        for stage in self.stages {
            let Some(StageBody::Sink(sink)) = &stage.body else { continue };
            let Some(path) = paths::of_write(&sink.write) else { continue };
            // What names no file is a fault of its own.
            if paths::problem(path).is_some() {
                continue;
            }
            let name = stage.entry.key.as_str();
            if let Some(first) = writers.get(&paths::normal(path)) {
                let problem = Problem::SharedPath {
                    first: (*first).to_owned(),
                    second: name.to_owned(),
                    path: if path == "-" { "standard output".into() } else { format!("{path:?}") },
                };
                self.problems.push((path_at(stage, "write"), problem));
            } else {
                writers.insert(paths::normal(path), name);
            }
        }
    }

    /// Reports sinks whose file a source of the scene would find the next time.
    fn inside_globs(&mut self) {
        let reads = self.stages.iter().filter_map(|stage| {
            let Some(StageBody::Source(source)) = &stage.body else { return None };
            let text = paths::of_read(&source.read).filter(|path| is_glob(path))?;
            // What is no glob is told when its files are looked for.
            Some((stage, text, Glob::parse(&paths::normal(text)).ok()?))
        });
        for (source, text, glob) in reads {
            for stage in self.stages {
                let Some(StageBody::Sink(sink)) = &stage.body else { continue };
                let Some(path) = paths::of_write(&sink.write) else { continue };
                if path != "-" && glob.means(&paths::normal(path)) {
                    let (sink, path) = (stage.entry.key.clone(), path.to_owned());
                    let (source_stage, glob) = (source.entry.key.clone(), text.to_owned());
                    let problem = Problem::InsideGlob { sink, path, source_stage, glob };
                    self.problems.push((path_at(stage, "write"), problem));
                }
            }
        }
    }

    fn shared_stdin(&mut self) {
        let mut first: Option<&str> = None;
        for stage in self.stages {
            let Some(StageBody::Source(source)) = &stage.body else { continue };
            if paths::of_read(&source.read) != Some("-") {
                continue;
            }
            let second = stage.entry.key.as_str();
            if let Some(first) = first {
                let (first, second) = (first.to_owned(), second.to_owned());
                let problem = Problem::SharedStdin { first, second };
                self.problems.push((path_at(stage, "read"), problem));
            }
            first = first.or(Some(second));
        }
    }
}

/// Where the `path` of the stage's `read` or `write` stands.
fn path_at(stage: &StageDraft, part: &str) -> usize {
    let node = &stage.entry.value;
    let path = node.field(part).and_then(|part| part.field("path"));
    path.unwrap_or(node).span.start
}

fn pairs_with(edge: &DraftEdge, from: usize, to: usize) -> bool {
    edge.from == from && edge.to == to
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-')
}
