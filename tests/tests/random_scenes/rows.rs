//! Plugins that look at a row at a time: validation and enrichment.

use std::collections::{BTreeMap, VecDeque};

use crate::cells::{self, Cell, Column, Kind, Row};
use crate::draft::Draft;
use crate::flow::Flow;
use crate::source::KEYS;

/// Whether a row passes; a rule may remember what it has seen.
type Judge = Box<dyn FnMut(&Flow, &Row) -> bool>;

/// A rule: its config, the reason it gives, and whether a row passes.
struct Rule {
    config: String,
    reason: String,
    judge: Judge,
}

impl Rule {
    fn new(
        config: impl Into<String>,
        reason: &str,
        judge: impl FnMut(&Flow, &Row) -> bool + 'static,
    ) -> Self {
        Self { config: config.into(), reason: reason.to_owned(), judge: Box::new(judge) }
    }
}

impl Draft<'_> {
    /// One to three rules; `main` goes on, and so does `rejected` with the reasons.
    pub(crate) fn add_validation(&mut self) {
        let is_unique = self.dice.percent(20);
        let Some((from, input)) = self.input(Flow::is_of_sources, is_unique) else { return };
        let mut rules: Vec<Rule> = (0..=self.dice.index(3)).map(|_| self.rule()).collect();
        if is_unique {
            rules.push(Rule::new("Required(\"key\")", "missing_key", |flow, row| {
                *flow.cell(row, "key") != Cell::Missing
            }));
            rules.push(self.unique());
        }
        let name = format!("v{}", self.stage_count());
        let reason_column = format!("reason_{name}");
        let configs: Vec<&str> = rules.iter().map(|rule| &*rule.config).collect();
        let config =
            format!("( rules: [ {} ], reason_column: \"{reason_column}\" )", configs.join(", "));
        self.add_plugin_stage((&name, "validation"), &from, &config, is_unique);

        let mut columns = input.columns.clone();
        columns.push((reason_column, Kind::Text));
        let judged = input.mapped(name.clone(), columns.clone(), |row| {
            let failed = rules.iter_mut().find_map(|rule| {
                let passes = (rule.judge)(&input, row);
                (!passes).then(|| Cell::Text(rule.reason.clone()))
            });
            Some([&**row, &[failed.unwrap_or(Cell::Missing)]].concat())
        });
        let width = input.columns.len();
        self.add_flow(judged.mapped(name.clone(), input.columns.clone(), |row| {
            (row[width] == Cell::Missing).then(|| row[..width].to_vec())
        }));
        self.add_flow(judged.mapped(format!("{name}.rejected"), columns, |row| {
            (row[width] != Cell::Missing).then(|| row.clone())
        }));
    }

    fn rule(&mut self) -> Rule {
        match self.dice.below(4) {
            0 => Rule::new("Required(\"flag\")", "missing_flag", |flow, row| {
                *flow.cell(row, "flag") != Cell::Missing
            }),
            1 => {
                let (low, high) = (-(self.dice.below(20) as i64), self.dice.below(20) as i64);
                let config = format!("Range(column: \"n\", min: {low}, exclusive_max: {high})");
                Rule::new(config, "bad_n", move |flow, row| {
                    flow.cell(row, "n").int().is_none_or(|n| (low..high).contains(&n))
                })
            }
            2 => {
                let config = "OneOf(column: \"key\", nulls: Fail, \
                              values: [\"a\", \"\", \"null\", \" d \"])";
                Rule::new(config, "bad_key", |flow, row| {
                    let known = |key| ["a", "", "null", " d "].contains(&key);
                    flow.cell(row, "key").text().is_some_and(known)
                })
            }
            _ => {
                let expression = "n % 3 <> 0 or flag";
                let reason = format!("failed: {expression}");
                Rule::new(format!("Check(\"{expression}\")"), &reason, |flow, row| {
                    let (n, flag) = (flow.cell(row, "n"), flow.cell(row, "flag"));
                    // Null passes; and so `false or null` does.
                    !matches!((n, flag), (Cell::Int(n), Cell::Bool(false)) if n % 3 == 0)
                })
            }
        }
    }

    fn unique(&mut self) -> Rule {
        let window = 1 + self.dice.index(20);
        let config = format!("Unique(columns: [\"key\", \"n\"], nulls: Fail, window: {window})");
        let mut recent: VecDeque<Row> = VecDeque::new();
        Rule::new(config, "duplicate_key_n", move |flow, row| {
            let key: Row = vec![flow.cell(row, "key").clone(), flow.cell(row, "n").clone()];
            // A row without a key fails, and takes its place in the window all the same.
            let is_new = !key.contains(&Cell::Missing) && !recent.contains(&key);
            recent.push_back(key);
            if recent.len() > window {
                recent.pop_front();
            }
            is_new
        })
    }

    /// A look-up in a table of a few keys, and a computed column.
    pub(crate) fn add_enrichment(&mut self) {
        let Some((from, input)) = self.input(Flow::is_of_sources, false) else { return };
        let name = format!("e{}", self.stage_count());
        let (label, twice) = (format!("label_{name}"), format!("twice_{name}"));
        let table = self.table(&name);
        let (missing, absent) = match self.dice.below(3) {
            0 => ("Null".to_owned(), Cell::Missing),
            _ => (format!("Default({{\"{label}\": \"n/a\"}})"), Cell::Text("n/a".to_owned())),
        };
        let config = format!(
            "( lookups: [ Lookup( table: \"{{dir}}/{}\", on: {{\"key\": \"code\"}}, take: \
             {{\"{label}\": \"label\"}}, missing: {missing} ) ], \
             compute: {{\"{twice}\": \"n * 2 + 1\"}} )",
            table.0
        );
        self.add_plugin_stage((&name, "enrichment"), &from, &config, false);
        let mut columns = input.columns.clone();
        columns.extend([(label, Kind::Text), (twice, Kind::Int)]);
        self.add_flow(input.mapped(name, columns, |row| {
            let label = input.cell(row, "key").text().and_then(|key| table.1.get(key).cloned());
            let twice = input.cell(row, "n").int();
            let twice = twice.map_or(Cell::Missing, |n| Cell::Int(n * 2 + 1));
            Some([&**row, &[label.unwrap_or(absent.clone()), twice]].concat())
        }));
    }

    /// A table with about half of the keys: its file and what it says.
    fn table(&mut self, name: &str) -> (String, BTreeMap<String, Cell>) {
        let mut labels = BTreeMap::new();
        for key in KEYS {
            // At least one row: an NDJSON table without any has no columns.
            if key == KEYS[0] || self.dice.percent(50) {
                let label = match self.dice.percent(10) {
                    true => Cell::Missing,
                    false => Cell::Text(format!("<{key}>")),
                };
                labels.insert(key.to_owned(), label);
            }
        }
        let columns: Vec<Column> =
            vec![("code".to_owned(), Kind::Text), ("label".to_owned(), Kind::Text)];
        let rows: Vec<Row> = labels
            .iter()
            .map(|(key, label)| vec![Cell::Text(key.clone()), label.clone()])
            .collect();
        let (file, text) = match self.dice.percent(50) {
            true => (format!("table_{name}.csv"), cells::to_csv(&columns, &rows)),
            false => (format!("table_{name}.ndjson"), cells::to_ndjson(&columns, &rows)),
        };
        self.bench.write(&file, text);
        (file, labels)
    }
}
