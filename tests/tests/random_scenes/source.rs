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

/// Lines that are no records of these columns, whichever of them later stages read.
const BAD_CSV: [&str; 5] = [
    "x,\"a\",1,1.5,true",
    "1,\"a\",1.5,1.5,true",
    "1,\"a\",1,1.5,perhaps",
    "1,\"a\",1,1.5",
    "1,\"a\",1,1.5,true,6",
];
const BAD_NDJSON: [&str; 5] = [
    r#"{"id": "x"}"#,
    r#"{"id": 1, "n": 1.5}"#,
    r#"{"id": 1, "key": "\ud800"}"#,
    r#"{"id": 1, "id": 2}"#,
    r#"{"id": 1,"#,
];

/// A format of sources.
struct Format {
    kind: &'static str,
    ending: &'static str,
    text: fn(&[Column], &[Row]) -> String,
    bad: &'static [&'static str],
}

const CSV: Format = Format { kind: "Csv", ending: "csv", text: cells::to_csv, bad: &BAD_CSV };
const NDJSON: Format =
    Format { kind: "Ndjson", ending: "ndjson", text: cells::to_ndjson, bad: &BAD_NDJSON };

impl Format {
    /// The rows as a file has them, with a bad record after every so many of them; what is bad goes
    /// to `bad`, too.
    fn file(
        &self,
        dice: &mut Dice,
        (columns, rows): (&[Column], &[Row]),
        rows_a_bad: usize,
        bad: &mut Vec<Row>,
    ) -> String {
        let header = (self.text)(columns, &[]);
        let mut text = header.clone();
        for (index, chunk) in rows.chunks(rows_a_bad).enumerate() {
            if index > 0 {
                let line = dice.pick(self.bad);
                text += line;
                text.push('\n');
                bad.push(vec![Cell::Text(line.to_owned())]);
            }
            text += &(self.text)(columns, chunk)[header.len()..];
        }
        text
    }
}

impl Draft<'_> {
    /// A source of up to 400 rows in one to three files, one in three with bad records among them.
    pub(crate) fn add_source(&mut self) {
        let origin = self.stage_count();
        let name = format!("s{origin}");
        let count = self.dice.pick(&[0, 1, 2, 60, 150, 400]);
        let first = origin as i64 * 100_000;
        let rows: Vec<Row> = (0..count).map(|n| row(&mut self.dice, first + n)).collect();
        let columns: Vec<Column> =
            COLUMNS.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect();
        let format = if self.dice.percent(50) { CSV } else { NDJSON };
        let is_bad = self.dice.percent(33);
        let rows_a_bad = if is_bad { 1 + self.dice.index(60) } else { usize::MAX };
        let mut rejected = Vec::new();
        let file_count = 1 + self.dice.index(3);
        let rows_a_file = rows.len().div_ceil(file_count).max(1);
        for file in 0..file_count {
            let from = (file * rows_a_file).min(rows.len());
            let to = (from + rows_a_file).min(rows.len());
            let part = (&*columns, &rows[from..to]);
            let text = format.file(&mut self.dice, part, rows_a_bad, &mut rejected);
            self.bench.write(&format!("{name}-{file}.{}", format.ending), text);
        }
        let schema: Vec<String> =
            columns.iter().map(|(name, kind)| format!("\"{name}\": \"{}\"", kind.name())).collect();
        self.add_stage(format!(
            "\"{name}\": Source( read: {}( path: \"{{dir}}/{name}-*.{}\", strict: {is_bad}, \
             schema: {{ {} }} ) )",
            format.kind,
            format.ending,
            schema.join(", ")
        ));
        let flow = |port, columns, rows| Flow {
            port,
            columns,
            rows: [(origin, rows)].into(),
            is_in_order: true,
        };
        self.add_flow(flow(name.clone(), columns, rows));
        if is_bad {
            let columns = vec![("raw".to_owned(), Kind::Text)];
            self.add_flow(flow(format!("{name}.rejected"), columns, rejected));
        }
    }
}
