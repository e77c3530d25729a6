//! Sources of random rows in files.

use tanda_tests::dice::Dice;

use crate::cells::{self, Cell, Column, Kind, Row};
use crate::draft::Draft;
use crate::flow::Flow;

/// Texts that are easily mistaken for something else.
pub(crate) const KEYS: [&str; 10] =
    ["a", "b", "c", "", " d ", "e,\"f\"", "null", "12", "Zo\u{eb} \u{20bb7}", "two\nlines"];

const COLUMNS: [(&str, Kind); 5] = [
    ("id", Kind::Int),
    ("key", Kind::Text),
    ("n", Kind::Int),
    ("x", Kind::Float),
    ("flag", Kind::Bool),
];

fn row(dice: &mut Dice, id: i64) -> Row {
    let or_missing = |cell: Cell, dice: &mut Dice| match dice.percent(10) {
        true => Cell::Missing,
        false => cell,
    };
    let key = Cell::Text(dice.pick(&KEYS).to_owned());
    let n = Cell::Int(dice.below(40) as i64 - 20);
    // Quarters are exact, and so are their sums.
    let x = Cell::Float((dice.below(8_000) as f64 - 4_000.0) / 4.0);
    let flag = Cell::Bool(dice.percent(50));
    let mut cells = vec![Cell::Int(id)];
    for cell in [key, n, x, flag] {
        cells.push(or_missing(cell, dice));
    }
    cells
}

impl Draft<'_> {
    /// A source of up to 400 rows in one to three files.
    pub(crate) fn add_source(&mut self) {
        let origin = self.stage_count();
        let name = format!("s{origin}");
        let count = self.dice.pick(&[1, 2, 60, 150, 400]);
        let first = origin as i64 * 100_000;
        let rows: Vec<Row> = (0..count).map(|n| row(&mut self.dice, first + n)).collect();
        let columns: Vec<Column> =
            COLUMNS.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect();
        let is_csv = self.dice.percent(50);
        let (kind, ending) = if is_csv { ("Csv", "csv") } else { ("Ndjson", "ndjson") };
        let file_count = 1 + self.dice.index(3);
        let rows_a_file = rows.len().div_ceil(file_count).max(1);
        for file in 0..file_count {
            let from = (file * rows_a_file).min(rows.len());
            let to = (from + rows_a_file).min(rows.len());
            let part = &rows[from..to];
            let text = match is_csv {
                true => cells::to_csv(&columns, part),
                false => cells::to_ndjson(&columns, part),
            };
            self.bench.write(&format!("{name}-{file}.{ending}"), text);
        }
        let schema: Vec<String> =
            columns.iter().map(|(name, kind)| format!("\"{name}\": \"{}\"", kind.name())).collect();
        self.add_stage(format!(
            "\"{name}\": Source( read: {kind}( path: \"{{dir}}/{name}-*.{ending}\", \
             schema: {{ {} }} ) )",
            schema.join(", ")
        ));
        let rows = [(origin, rows)].into();
        self.add_flow(Flow { port: name, columns, rows, is_in_order: true });
    }
}
