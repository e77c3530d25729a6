//! A random scene as it grows: its text, and beside it what must come out.

use tanda_tests::{Bench, dice::Dice};

use crate::cells::{self, Row};
use crate::flow::Flow;

/// A sink's file and the rows that must be in it.
pub(crate) struct Expected {
    file: String,
    flow: Flow,
}

/// A scene half made.
pub(crate) struct Draft<'a> {
    pub dice: Dice,
    pub bench: &'a Bench,
    /// As the scene's `engine.batch_rows`.
    pub batch_rows: usize,
    stages: Vec<String>,
    /// Ports, each with how many stages read from it.
    flows: Vec<(Flow, usize)>,
    outputs: Vec<Expected>,
}

/// A scene whole.
pub(crate) struct Case {
    /// With `{dir}` for the folder of its files.
    pub scene: String,
    pub outputs: Vec<Expected>,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(seed: u64, bench: &'a Bench) -> Self {
        let mut dice = Dice::new(seed);
        let batch_rows = dice.pick(&[1, 7, 50, 97, 16_384]);
        Self { dice, bench, batch_rows, stages: Vec::new(), flows: Vec::new(), outputs: Vec::new() }
    }

    /// One to three sources, up to seven plugins, sinks for all that nobody else reads.
    pub(crate) fn scene(mut self) -> Case {
        for _ in 0..=self.dice.index(3) {
            self.add_source();
        }
        for _ in 0..=self.dice.index(7) {
            self.add_plugin();
        }
        self.add_sinks();
        let (batch_rows, threads) = (self.batch_rows, 1 + self.dice.index(3));
        let memory = self.dice.pick(&["16MiB", "64MiB", "512MiB"]);
        let stages = self.stages.join(",\n        ");
        let scene = format!(
            "Scene(\n    name: \"random\",\n    engine: ( batch_rows: {batch_rows}, threads: \
             {threads}, memory: \"{memory}\" ),\n    supervision: Supervisor( intensity: 10000 ),\n\
             \x20   stages: {{\n        {stages},\n    }},\n)\n"
        );
        Case { scene, outputs: self.outputs }
    }

    /// Stages so far: the place of the next one, and so its number as an origin. The file has them
    /// in an order in which each comes after those that it reads.
    pub(crate) fn stage_count(&self) -> usize {
        self.stages.len()
    }

    pub(crate) fn add_stage(&mut self, text: String) {
        self.stages.push(text);
    }

    pub(crate) fn add_flow(&mut self, flow: Flow) {
        self.flows.push((flow, 0));
    }

    /// One port that will do, or several of the same columns, as the next stage's input: the text
    /// behind `from:`, and what comes; in an order that the model knows, if that is asked for.
    pub(crate) fn input(
        &mut self,
        will_do: impl Fn(&Flow) -> bool,
        in_order: bool,
    ) -> Option<(String, Flow)> {
        let will_do = |flow: &Flow| will_do(flow) && (flow.is_in_order || !in_order);
        let choices: Vec<usize> = self.places(|flow, readers| readers < 8 && will_do(flow));
        if choices.is_empty() {
            return None;
        }
        let first = self.dice.pick(&choices);
        let mut taken = vec![first];
        let columns = self.flows[first].0.columns.clone();
        let mut others =
            self.places(|flow, readers| readers < 8 && will_do(flow) && flow.columns == columns);
        others.retain(|&other| {
            let pair = [self.flows[first].0.clone(), self.flows[other].0.clone()];
            other != first && (!in_order || Flow::merged(&pair).is_in_order)
        });
        if !others.is_empty() && self.dice.percent(40) {
            taken.push(self.dice.pick(&others));
        }
        for &place in &taken {
            self.flows[place].1 += 1;
        }
        let flows: Vec<Flow> = taken.iter().map(|&place| self.flows[place].0.clone()).collect();
        let names: Vec<String> = flows.iter().map(|flow| format!("\"{}\"", flow.port)).collect();
        Some((format!("[{}]", names.join(", ")), Flow::merged(&flows)))
    }

    fn places(&self, will_do: impl Fn(&Flow, usize) -> bool) -> Vec<usize> {
        let flows = self.flows.iter().enumerate();
        flows.filter(|(_, (flow, readers))| will_do(flow, *readers)).map(|(at, _)| at).collect()
    }

    /// A sink for each port that nobody reads, and for some of the others.
    fn add_sinks(&mut self) {
        for place in 0..self.flows.len() {
            let is_read = self.flows[place].1 > 0;
            if !is_read || self.dice.percent(30) {
                let flow = self.flows[place].0.clone();
                self.add_sink(flow, "from");
            }
        }
    }

    fn add_sink(&mut self, mut flow: Flow, from: &str) {
        let arrival = self.dice.percent(25);
        flow.is_in_order &= !arrival;
        let order = if arrival { "Arrival" } else { "Source" };
        let (file, write) = self.file();
        let name = format!("o{}", self.stage_count());
        self.add_stage(format!(
            "\"{name}\": Sink( write: {write}, {from}: \"{}\", order: {order} )",
            flow.port
        ));
        self.outputs.push(Expected { file, flow });
    }

    /// A sink of dead letters, which needs no `from`: its name, and the rows in no order.
    pub(crate) fn add_sink_of_dead_letters(&mut self, name: &str, mut flow: Flow) {
        flow.is_in_order = false;
        let (file, write) = self.file();
        self.add_stage(format!("\"{name}\": Sink( write: {write} )"));
        self.outputs.push(Expected { file, flow });
    }

    fn file(&mut self) -> (String, String) {
        let (kind, ending) = self.dice.pick(&[("Csv", "csv"), ("Ndjson", "ndjson")]);
        let file = format!("out-{}.{ending}", self.stage_count());
        let write = format!("{kind}( path: \"{{dir}}/{file}\" )");
        (file, write)
    }
}

impl Expected {
    /// Compares the file with what the model says.
    pub(crate) fn check(&self, bench: &Bench) -> Result<(), String> {
        let (columns, text) = (&self.flow.columns, bench.read(&self.file));
        let found = match self.file.ends_with(".csv") {
            true => cells::from_csv(columns, &text),
            false => cells::from_ndjson(columns, &text),
        };
        let mut found = found.map_err(|error| format!("{}: {error}", self.file))?;
        let mut expected: Vec<Row> = self.flow.all().cloned().collect();
        if !self.flow.is_in_order {
            let order = |one: &Row, other: &Row| one.partial_cmp(other).expect("no NaN");
            found.sort_by(order);
            expected.sort_by(order);
        }
        let differs =
            (0..found.len().max(expected.len())).find(|&row| found.get(row) != expected.get(row));
        differs.map_or(Ok(()), |row| {
            Err(format!(
                "{}: {} rows, expected {}; row {row}: {:?}, expected {:?}",
                self.file,
                found.len(),
                expected.len(),
                found.get(row),
                expected.get(row)
            ))
        })
    }
}
