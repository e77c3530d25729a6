//! Groups, over all of the input or over windows of rows.

use std::collections::BTreeSet;

use crate::cells::{Cell, Column, Kind, Row};
use crate::draft::Draft;
use crate::flow::Flow;

/// An aggregate: its config, the column that it makes, and its value over the rows of a group.
struct Aggregate {
    config: &'static str,
    column: (&'static str, Kind),
    of: fn(&Flow, &[&Row]) -> Cell,
}

/// Those whose result does not depend on the order.
const ANY_ORDER: [Aggregate; 8] = [
    Aggregate {
        config: "Count()",
        column: ("count", Kind::Int),
        of: |_, rows| Cell::Int(rows.len() as i64),
    },
    Aggregate {
        config: "Count(\"n\")",
        column: ("count_n", Kind::Int),
        of: |flow, rows| Cell::Int(ints(flow, rows).len() as i64),
    },
    Aggregate {
        config: "Sum(\"n\")",
        column: ("sum_n", Kind::Int),
        of: |flow, rows| unless_empty(ints(flow, rows), |n| Cell::Int(n.iter().sum())),
    },
    Aggregate {
        config: "Mean(\"x\")",
        column: ("mean_x", Kind::Float),
        of: |flow, rows| {
            unless_empty(floats(flow, rows), |x| {
                Cell::Float(x.iter().sum::<f64>() / x.len() as f64)
            })
        },
    },
    Aggregate {
        config: "Min(\"n\")",
        column: ("min_n", Kind::Int),
        of: |flow, rows| least(present(flow, rows, "n"), false),
    },
    Aggregate {
        config: "Max(\"key\")",
        column: ("max_key", Kind::Text),
        of: |flow, rows| least(present(flow, rows, "key"), true),
    },
    Aggregate {
        config: "Quantile(column: \"n\", q: 0.5)",
        column: ("p50_n", Kind::Float),
        of: |flow, rows| unless_empty(ints(flow, rows), |n| Cell::Float(median(n))),
    },
    Aggregate {
        config: "Distinct(\"key\")",
        column: ("distinct_key", Kind::Int),
        of: |flow, rows| {
            let keys = present(flow, rows, "key");
            let texts: BTreeSet<String> = keys.iter().map(|cell| cell.to_csv()).collect();
            Cell::Int(texts.len() as i64)
        },
    },
];

/// Those whose result does.
const IN_ORDER: [Aggregate; 2] = [
    Aggregate {
        config: "First(\"n\")",
        column: ("first_n", Kind::Int),
        of: |flow, rows| or_missing(present(flow, rows, "n").first()),
    },
    Aggregate {
        config: "Last(\"id\")",
        column: ("last_id", Kind::Int),
        of: |flow, rows| or_missing(present(flow, rows, "id").last()),
    },
];

const GROUPS: [&[&str]; 4] = [&[], &["key"], &["flag"], &["flag", "key"]];

impl Draft<'_> {
    pub(crate) fn add_aggregation(&mut self) {
        let in_order = self.dice.percent(35);
        let Some((from, input)) = self.input(Flow::is_of_sources, in_order) else { return };
        let window = (in_order && self.dice.percent(50)).then(|| 1 + self.dice.index(120));
        let groups = self.dice.pick(&GROUPS);
        let mut aggregates: Vec<&Aggregate> = Vec::new();
        for aggregate in ANY_ORDER.iter().chain(in_order.then_some(&IN_ORDER).into_iter().flatten())
        {
            if aggregates.is_empty() || self.dice.percent(40) {
                aggregates.push(aggregate);
            }
        }
        let stage = self.stage_count();
        let name = format!("a{stage}");
        let configs: Vec<&str> = aggregates.iter().map(|aggregate| aggregate.config).collect();
        let rows_a_window =
            window.map(|rows| format!(", window: Rows({rows})")).unwrap_or_default();
        let config = format!(
            "( group_by: {groups:?}, aggregates: [ {} ]{rows_a_window} )",
            configs.join(", ")
        );
        self.add_plugin_stage((&name, "aggregation"), &from, &config, true);

        let rows: Vec<&Row> = input.all().collect();
        let mut result = Vec::new();
        match window {
            None => group(&input, &rows, groups, &aggregates, &[], &mut result),
            Some(size) => {
                for (index, part) in rows.chunks(size).enumerate() {
                    let start = index * size;
                    let bounds = [start, start + part.len()].map(|row| Cell::Int(row as i64));
                    group(&input, part, groups, &aggregates, &bounds, &mut result);
                }
            }
        }
        let columns = columns(&input, groups, &aggregates, window.is_some());
        let rows = [(stage, result)].into();
        self.add_flow(Flow { port: name, columns, rows, is_in_order: true });
    }
}

fn columns(
    input: &Flow,
    groups: &[&str],
    aggregates: &[&Aggregate],
    is_windowed: bool,
) -> Vec<Column> {
    let bounds = [("window_start", Kind::Int), ("window_end", Kind::Int)];
    let bounds = bounds.into_iter().filter(|_| is_windowed);
    let keys = groups.iter().map(|key| {
        let place = input.place(key).expect("a key is a column of the sources");
        (*key, input.columns[place].1)
    });
    let made = aggregates.iter().map(|aggregate| aggregate.column);
    bounds.chain(keys).chain(made).map(|(name, kind)| (name.to_owned(), kind)).collect()
}

/// One row for each group, ascending by key, missing keys last.
fn group(
    input: &Flow,
    rows: &[&Row],
    groups: &[&str],
    aggregates: &[&Aggregate],
    bounds: &[Cell],
    result: &mut Vec<Row>,
) {
    let key =
        |row: &Row| -> Row { groups.iter().map(|key| input.cell(row, key).clone()).collect() };
    let mut keys: Vec<Row> = rows.iter().map(|row| key(row)).collect();
    keys.sort_by(|one, other| one.partial_cmp(other).expect("no NaN"));
    keys.dedup();
    if groups.is_empty() && keys.is_empty() {
        keys.push(Vec::new());
    }
    for group in keys {
        let members: Vec<&Row> = rows.iter().copied().filter(|row| key(row) == group).collect();
        let made = aggregates.iter().map(|aggregate| (aggregate.of)(input, &members));
        result.push(bounds.iter().cloned().chain(group).chain(made).collect());
    }
}

fn present<'a>(flow: &Flow, rows: &[&'a Row], column: &str) -> Vec<&'a Cell> {
    let place = flow.place(column).expect("a column of the sources");
    let cells = rows.iter().map(|row| &row[place]);
    cells.filter(|cell| **cell != Cell::Missing).collect()
}

fn ints(flow: &Flow, rows: &[&Row]) -> Vec<i64> {
    present(flow, rows, "n").into_iter().filter_map(Cell::int).collect()
}

fn floats(flow: &Flow, rows: &[&Row]) -> Vec<f64> {
    present(flow, rows, "x").into_iter().filter_map(Cell::float).collect()
}

fn unless_empty<T>(values: Vec<T>, of: impl Fn(Vec<T>) -> Cell) -> Cell {
    if values.is_empty() { Cell::Missing } else { of(values) }
}

fn or_missing(cell: Option<&&Cell>) -> Cell {
    cell.map_or(Cell::Missing, |cell| (*cell).clone())
}

/// The least of the values, or the greatest.
fn least(mut values: Vec<&Cell>, greatest: bool) -> Cell {
    values.sort_by(|one, other| one.partial_cmp(other).expect("no NaN"));
    or_missing(if greatest { values.last() } else { values.first() })
}

fn median(mut values: Vec<i64>) -> f64 {
    values.sort_unstable();
    let (low, high) = ((values.len() - 1) / 2, values.len() / 2);
    (values[low] + values[high]) as f64 / 2.0
}
