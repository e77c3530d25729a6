//! Random typed expressions over a small table: a row alone has the value that it has in the
//! batch, and the value that PostgreSQL gives it.
//!
//! What the reference says is done otherwise is not made: floats divided by zero or beyond their
//! range, texts of floats and times, and what is computed of a quotient's last decimals. Nor are
//! divisions by zero: which of them a row never sees is PostgreSQL's planner's to say.

use std::sync::Arc;

use arrow::array::{ArrayRef, new_empty_array};
use arrow::compute::concat;
use arrow::record_batch::RecordBatch;
use tanda_expression::Expression;

use crate::{agree, evaluate, one_row, server};

/// Name, type and cells of each column, as both sides read them.
const COLUMNS: [(&str, &str, [&str; 5]); 12] = [
    ("i", "bigint", ["7", "-3", "null", "0", "90071992547"]),
    ("j", "bigint", ["2", "5", "1", "null", "-1"]),
    ("k", "smallint", ["12", "-12", "1", "0", "null"]),
    ("d", "decimal(10,2)", ["10.50", "-2.55", "0.01", "null", "99999999.99"]),
    ("e", "decimal(18,4)", ["0.0625", "1234.5678", "null", "-1", "3.3333"]),
    ("f", "float8", ["2.5", "-0.1", "1e10", "null", "0.285"]),
    ("g", "float8", ["1.005", "3", "-7.5", "0", "null"]),
    ("s", "text", ["'Abc'", "'a_c'", "''", "null", "'héllo'"]),
    ("n", "text", ["'12'", "' 7 '", "'1.5'", "null", "'x'"]),
    ("b", "boolean", ["true", "false", "null", "true", "false"]),
    ("day", "date", ["'2024-02-29'", "'1969-12-31'", "null", "'2024-01-01'", "'2000-01-01'"]),
    (
        "at",
        "timestamp",
        [
            "'2024-02-29 10:30:05.25'",
            "'1969-12-31 23:59:59.999999'",
            "'2000-01-01 00:00:00'",
            "null",
            "'2024-12-31 12:00:00'",
        ],
    ),
];
const ROWS: usize = 5;

/// Few in every run, more where a server answers.
const EXPRESSIONS: usize = 300;
const EXPRESSIONS_ASKED: usize = 3000;

#[test]
fn random_expressions_mean_the_same_in_a_row_and_in_a_batch() {
    let batch = batch();
    let mut made = Dice(1);
    for _ in 0..EXPRESSIONS {
        let expression = made.expression();
        let rows = by_row(&expression, &batch);
        let fails = rows.iter().any(|row| row == "error");
        match evaluate(&expression, &batch) {
            Ok(values) => assert_eq!(values, rows, "{expression}"),
            Err(error) => assert!(fails, "{expression}: {error}, but no row alone"),
        }
    }
}

#[test]
fn random_expressions_mean_what_postgresql_means() {
    let test = "random_expressions_mean_what_postgresql_means";
    let batch = batch();
    let mut made = Dice(seed());
    let expressions: Vec<String> = (0..EXPRESSIONS_ASKED).map(|_| made.expression()).collect();
    let select = |expression: &String, row| {
        format!("select coalesce(({expression})::text, 'null') from cells where row = {row}")
    };
    let selects: Vec<String> = expressions
        .iter()
        .flat_map(|expression| (0..ROWS).map(move |row| select(expression, row)))
        .collect();
    let Some(answers) = server::ask(test, &setup(), &selects) else { return };
    let mut wrong = Vec::new();
    for (expression, answers) in expressions.iter().zip(answers.chunks(ROWS)) {
        let rows = by_row(expression, &batch);
        let differs = |(ours, theirs): (&String, &String)| {
            // An operand that is null spares PostgreSQL the other, here both are computed.
            let spared = ours == "error" && theirs == "null";
            !spared && !agree(expression, ours, theirs)
        };
        if rows.iter().zip(answers).any(differs) {
            let why = evaluate(expression, &batch).err().unwrap_or_default();
            wrong.push(format!("{expression}\n  ours {rows:?} {why}\n  PostgreSQL {answers:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

fn seed() -> u64 {
    let seed = std::env::var("TANDA_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or(7);
    eprintln!("TANDA_SEED={seed}");
    seed
}

fn by_row(expression: &str, batch: &RecordBatch) -> Vec<String> {
    let row = |row| evaluate(expression, &batch.slice(row, 1));
    (0..ROWS).map(|at| row(at).map_or("error".to_owned(), |value| value.concat())).collect()
}

/// The columns, each cell read as a literal is.
fn batch() -> RecordBatch {
    let columns = COLUMNS.iter().map(|(name, sql, cells)| {
        let cell = |text: &&str| -> ArrayRef {
            let cell = Expression::parse(&format!("cast({text} as {sql})"));
            let cell = cell.and_then(|cell| cell.bind(&one_row().schema()));
            let cell = cell.unwrap_or_else(|error| panic!("{text}: {error}"));
            cell.evaluate(&one_row()).unwrap_or_else(|error| panic!("{text}: {error}"))
        };
        let cells: Vec<ArrayRef> = cells.iter().map(cell).collect();
        let empty = new_empty_array(cells[0].data_type());
        let all = cells.iter().map(AsRef::as_ref).chain([empty.as_ref()]);
        let all = concat(&all.collect::<Vec<_>>()).expect("cells of one type");
        (*name, Arc::clone(&all), true)
    });
    RecordBatch::try_from_iter_with_nullable(columns).expect("columns of equal length")
}

fn setup() -> String {
    let columns = COLUMNS.iter().map(|(name, sql, _)| format!(", {name} {sql}"));
    let mut script = format!("create temp table cells (row int{});\n", columns.collect::<String>());
    for row in 0..ROWS {
        let cells = COLUMNS.iter().map(|(.., cells)| format!(", {}", cells[row]));
        script += &format!("insert into cells values ({row}{});\n", cells.collect::<String>());
    }
    script
}

/// Makes expressions; the same seed makes the same ones (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % count as u64) as usize
    }

    fn one_of(&mut self, texts: &[&str]) -> String {
        texts[self.below(texts.len())].to_owned()
    }

    fn expression(&mut self) -> String {
        match self.below(8) {
            0 => self.integer(3),
            1 | 2 => self.decimal(3),
            7 => format!("({} / nullif({}, 0))", self.decimal(1), self.exact(0)),
            3 => self.float(3),
            4 => self.text(2),
            5 => self.moment(2),
            _ => self.truth(3),
        }
    }

    fn integer(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.one_of(&["i", "j", "k", "3::bigint", "-1::bigint", "i"]);
        }
        let depth = depth - 1;
        match self.below(10) {
            0 | 1 => {
                let op = self.one_of(&["+", "-", "*"]);
                format!("({} {op} {})", self.integer(depth), self.integer(depth))
            }
            2 | 3 => {
                let op = self.one_of(&["/", "%"]);
                format!("({} {op} nullif({}, 0))", self.integer(depth), self.integer(depth))
            }
            4 => format!("(- {})", self.integer(depth)),
            5 => format!("({})::bigint", self.decimal(depth)),
            6 => format!("({})::bigint", self.float(depth)),
            7 => format!("abs({})", self.integer(depth)),
            8 => self.choice(depth, Self::integer),
            _ => format!("length({})::bigint", self.text(depth)),
        }
    }

    fn decimal(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.one_of(&["d", "e", "1.5", "-0.25", "100.00", "0.1", "2.675", "d", "e"]);
        }
        let depth = depth - 1;
        match self.below(12) {
            0..=2 => {
                let op = self.one_of(&["+", "-"]);
                format!("({} {op} {})", self.decimal(depth), self.decimal(depth))
            }
            3 => format!("({} * {})", self.decimal(depth), self.decimal(0)),
            4 => format!("({} % nullif({}, 0))", self.decimal(depth), self.decimal(depth)),
            5 => {
                let op = self.one_of(&["+", "-", "*"]);
                format!("({} {op} {})", self.decimal(depth), self.integer(0))
            }
            6 => format!("(- {})", self.decimal(depth)),
            7 => {
                let target = self.one_of(&["decimal(12,1)", "decimal(20,3)", "decimal(6,2)"]);
                format!("({})::{target}", self.number(depth))
            }
            8 => {
                let places = self.below(3);
                format!("round({}, {places})", self.decimal(depth))
            }
            9 => {
                let function = self.one_of(&["abs", "ceil", "floor", "round"]);
                format!("{function}({})", self.decimal(depth))
            }
            _ => self.choice(depth, Self::decimal),
        }
    }

    fn float(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.one_of(&["f", "g", "0.1::float8", "-2.5::float8", "f", "g"]);
        }
        let depth = depth - 1;
        match self.below(8) {
            0..=2 => {
                let op = self.one_of(&["+", "-", "*"]);
                format!("({} {op} {})", self.float(depth), self.number(depth))
            }
            3 => format!("({} / 4::float8)", self.float(depth)),
            4 => format!("({})::float8", self.exact(depth)),
            5 => {
                let function = self.one_of(&["abs", "ceil", "floor", "round"]);
                format!("{function}({})", self.float(depth))
            }
            6 => format!("({})::real::float8", self.float(depth)),
            _ => self.choice(depth, Self::float),
        }
    }

    fn exact(&mut self, depth: usize) -> String {
        if self.below(2) == 0 { self.integer(depth) } else { self.decimal(depth) }
    }

    fn number(&mut self, depth: usize) -> String {
        if self.below(3) == 0 { self.float(depth) } else { self.exact(depth) }
    }

    fn text(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.one_of(&["s", "n", "'abc'", "''", "'a%'", "s"]);
        }
        let depth = depth - 1;
        match self.below(9) {
            0 => format!("({} || {})", self.text(depth), self.text(depth)),
            1 => {
                let (from, count) = (self.below(6) as i64 - 2, self.below(5));
                format!("substr({}, {from}, {count})", self.text(depth))
            }
            2 => format!("{}({})", self.one_of(&["upper", "lower", "trim"]), self.text(depth)),
            3 => format!("replace({}, 'a', {})", self.text(depth), self.text(0)),
            4 => format!("({})::text", self.integer(depth)),
            5 => format!("({})::decimal(20,3)::text", self.decimal(depth)),
            6 => format!("({})::text", self.truth(depth)),
            7 => format!("concat({}, {}, {})", self.text(depth), self.text(0), self.integer(0)),
            _ => self.choice(depth, Self::text),
        }
    }

    fn moment(&mut self, depth: usize) -> String {
        match self.below(7) {
            0 => self.choice(depth, |made, _| made.one_of(&["day", "at::date", "day"])),
            1 => format!("({})::timestamp", self.one_of(&["day", "at"])),
            2 => format!("at::timestamp({})", self.one_of(&["0", "3"])),
            3 => format!("extract({} from at)", self.part()),
            4 => format!("extract({} from day)", self.one_of(&["year", "month", "day", "dow"])),
            5 => "at::time".to_owned(),
            _ => format!("coalesce(at, {})", self.one_of(&["day", "'2024-01-01 10:00'", "null"])),
        }
    }

    fn part(&mut self) -> String {
        self.one_of(&["second", "minute", "hour", "year", "week", "doy", "quarter", "isodow"])
    }

    fn truth(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.one_of(&["b", "true", "false", "null::boolean", "b"]);
        }
        let depth = depth - 1;
        let not = self.one_of(&["", "", "not "]);
        match self.below(11) {
            0..=2 => {
                let op = self.one_of(&["=", "<>", "<", "<=", ">", ">="]);
                format!("({} {op} {})", self.number(depth), self.number(depth))
            }
            3 => format!("({} {not}in ({}, 2.5, 7))", self.number(depth), self.exact(0)),
            4 => format!(
                "({} {not}between {} and {})",
                self.number(depth),
                self.number(0),
                self.number(0)
            ),
            5 => format!("({} and {})", self.truth(depth), self.truth(depth)),
            6 => format!("({} or {})", self.truth(depth), self.truth(depth)),
            7 => format!("(not {})", self.truth(depth)),
            8 => format!("({} is {not}null)", self.number(depth)),
            9 => {
                let pattern = self.one_of(&["'%b%'", "'a_c'", "'a\\_c'", "'%'", "'_'", "s"]);
                let like = self.one_of(&["like", "ilike"]);
                format!("({} {not}{like} {pattern})", self.text(depth))
            }
            _ => {
                let op = self.one_of(&["=", "<", ">="]);
                format!("({} {op} {})", self.one_of(&["day", "at"]), self.one_of(&["at", "day"]))
            }
        }
    }

    /// A value of several of one kind.
    fn choice(&mut self, depth: usize, of: impl Fn(&mut Self, usize) -> String) -> String {
        match self.below(3) {
            0 => format!("coalesce({}, {})", of(self, depth), of(self, depth)),
            1 => format!("nullif({}, {})", of(self, depth), of(self, depth)),
            _ => {
                let truth = self.truth(depth);
                format!("case when {truth} then {} else {} end", of(self, depth), of(self, depth))
            }
        }
    }
}
