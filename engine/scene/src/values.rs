//! Bounds of single values: what the types alone do not say.

use std::fmt::Display;
use std::ops::RangeInclusive;

use tanda_components::limits::{BATCH_ROWS_MAX, INSTANCES_MAX, THREADS_MAX};

use super::model::{
    ByteSize, CsvRead, CsvWrite, Duration, EngineSettings, GeneratedColumn, GeneratorRead,
    Instances, Read, SourceStage, StageBody, Write,
};
use super::outline::{Node, Shape, duplicates};
use super::paths;
use super::problem::{Located, Problem};

/// Least `engine.memory`.
const DAY: std::time::Duration = std::time::Duration::from_secs(24 * 3_600);
const MEMORY_MIN: ByteSize = ByteSize(16 << 20);
/// Bounds of `batch_rows`.
const BATCH_ROWS: RangeInclusive<u32> = 1..=BATCH_ROWS_MAX;

/// Checks the settings of the engine, which stand at `node`.
pub(super) fn check_engine(settings: &EngineSettings, node: &Node) -> Vec<Located> {
    let mut checker = Checker { node, problems: Vec::new() };
    checker.at_least("memory", settings.memory, MEMORY_MIN);
    checker.within("batch_rows", settings.batch_rows, BATCH_ROWS);
    if let Some(threads) = settings.threads {
        checker.within("threads", threads, 1..=THREADS_MAX);
    }
    checker.problems
}

/// Checks one stage, which stands at `node`.
pub(super) fn check_stage(body: &StageBody, node: &Node) -> Vec<Located> {
    let part = |field| node.field(field).unwrap_or(node);
    match body {
        StageBody::Source(source) => {
            let mut problems = check_source(source, node);
            problems.extend(check_read(&source.read, part("read")));
            problems
        }
        StageBody::Plugin(plugin) => {
            let mut checker = Checker { node, problems: Vec::new() };
            if let Instances::Count(count) = plugin.instances {
                checker.within("instances", usize::from(count), 1..=INSTANCES_MAX);
            }
            checker.within("spares", usize::from(plugin.spares), 0..=INSTANCES_MAX);
            checker.time("start_timeout", plugin.start_timeout, false);
            if let Some(limit) = plugin.memory_limit {
                checker.at_least("memory_limit", limit, MEMORY_MIN);
            }
            if plugin.library.is_empty() {
                checker.out_of_bounds("library", "empty", "the name or the path of a plugin");
            }
            checker.problems
        }
        StageBody::Sink(sink) => check_write(&sink.write, part("write")),
    }
}

fn check_source(source: &SourceStage, node: &Node) -> Vec<Located> {
    let mut checker = Checker { node, problems: Vec::new() };
    checker.within("priority", source.priority, -100..=100);
    if let Some(rows) = source.batch_rows {
        checker.within("batch_rows", rows, BATCH_ROWS);
    }
    if let Some(bytes) = source.batch_bytes {
        checker.at_least("batch_bytes", bytes, ByteSize(1));
    }
    if source.linger.is_some_and(|linger| linger.0.is_zero()) {
        checker.out_of_bounds("linger", "0s", "more than 0s");
    }
    checker.problems
}

fn check_read(read: &Read, node: &Node) -> Vec<Located> {
    let mut checker = Checker { node, problems: Vec::new() };
    match read {
        Read::Csv(csv) => checker.csv_read(csv),
        Read::Ndjson(ndjson) => {
            checker.path(&ndjson.path);
            checker.schema();
            checker.record_bytes_max(ndjson.record_bytes_max);
        }
        Read::Parquet(file) => {
            checker.path(&file.path);
            checker.no_stream(&file.path, "Parquet", "read from standard input");
        }
        Read::Arrow(file) => checker.path(&file.path),
        Read::Generator(generator) => checker.generator(generator),
    }
    checker.problems
}

fn check_write(write: &Write, node: &Node) -> Vec<Located> {
    let mut checker = Checker { node, problems: Vec::new() };
    if let Some(path) = paths::of_write(write) {
        checker.path(path);
    }
    match write {
        Write::Csv(csv) => checker.csv_write(csv),
        Write::Parquet(parquet) => {
            checker.no_stream(&parquet.path, "Parquet", "written to standard output");
            checker.within("row_group_rows", parquet.row_group_rows, 1..=1 << 30);
        }
        Write::File(file) => checker.file_ending(&file.path),
        Write::Ndjson(_) | Write::Arrow(_) | Write::Blackhole => {}
    }
    checker.problems
}

/// Checks fields of the struct at `node`, so that a problem stands at its field.
pub(super) struct Checker<'a> {
    pub(super) node: &'a Node,
    pub(super) problems: Vec<Located>,
}

impl Checker<'_> {
    fn push(&mut self, field: &str, problem: Problem) {
        let place = self.node.field(field).unwrap_or(self.node);
        self.problems.push((place.span.start, problem));
    }

    fn out_of_bounds(&mut self, field: &'static str, found: impl Display, expected: &str) {
        let expected = expected.to_owned();
        self.push(field, Problem::OutOfBounds { field, found: found.to_string(), expected });
    }

    pub(super) fn within<T: PartialOrd + Display>(
        &mut self,
        field: &'static str,
        value: T,
        bounds: RangeInclusive<T>,
    ) {
        if !bounds.contains(&value) {
            let expected = format!("{} to {}", bounds.start(), bounds.end());
            self.out_of_bounds(field, value, &expected);
        }
    }

    /// A time of at most a day, and more than nothing if it is not `zero`.
    pub(super) fn time(&mut self, field: &'static str, value: Duration, zero: bool) {
        let Duration(time) = value;
        if time > DAY || (time.is_zero() && !zero) {
            let expected = if zero { "at most 24h" } else { "more than 0s, at most 24h" };
            self.out_of_bounds(field, humantime::format_duration(time), expected);
        }
    }

    fn at_least(&mut self, field: &'static str, value: ByteSize, least: ByteSize) {
        if value < least {
            self.out_of_bounds(field, value, &format!("at least {least}"));
        }
    }

    fn path(&mut self, path: &str) {
        if let Some(problem) = paths::problem(path) {
            self.push("path", problem);
        }
    }

    fn no_stream(&mut self, path: &str, format: &'static str, direction: &'static str) {
        if path == "-" {
            self.push("path", Problem::NoStream { format, direction });
        }
    }

    fn file_ending(&mut self, path: &str) {
        let is_file = path != "-" && paths::problem(path).is_none();
        if path == "-" {
            self.push("path", Problem::NamelessFormat);
        } else if is_file && !paths::names_format(path) {
            self.push("path", Problem::UnknownEnding(path.to_owned()));
        }
    }

    fn separator(&mut self, field: &'static str, found: char, other: Option<char>) {
        let is_usable = found.is_ascii() && !matches!(found, '\n' | '\r' | '\0');
        if !is_usable || Some(found) == other {
            self.push(field, Problem::BadSeparator { field, found });
        }
    }

    fn record_bytes_max(&mut self, bytes: Option<ByteSize>) {
        if let Some(bytes) = bytes {
            self.at_least("record_bytes_max", bytes, ByteSize(1));
        }
    }

    /// A map of the file keeps a key that is given twice, the map in memory does not.
    fn schema(&mut self) {
        let Some(Shape::Map(entries)) = self.node.field("schema").map(|node| &node.shape) else {
            return;
        };
        self.problems.extend(duplicates("column", entries));
    }

    fn csv_read(&mut self, csv: &CsvRead) {
        self.path(&csv.path);
        self.schema();
        self.separator("delimiter", csv.delimiter, Some(csv.quote));
        self.separator("quote", csv.quote, None);
        self.record_bytes_max(csv.record_bytes_max);
    }

    fn csv_write(&mut self, csv: &CsvWrite) {
        self.separator("delimiter", csv.delimiter, Some('"'));
        if let Some(decimals) = csv.decimals {
            self.within("decimals", decimals, 0..=17);
        }
    }

    fn generator(&mut self, generator: &GeneratorRead) {
        if generator.rows_per_second == Some(0) {
            self.out_of_bounds("rows_per_second", 0, "at least 1");
        }
        if generator.columns.is_empty() {
            self.out_of_bounds("columns", "empty", "at least one column");
        }
        for (index, (name, column)) in generator.columns.iter().enumerate() {
            if generator.columns[..index].iter().any(|(other, _)| other == name) {
                let name = name.clone();
                self.push("columns", Problem::Duplicate { what: "column", name, first: None });
            }
            if let Some(expected) = column.unmet() {
                let found = format!("{column:?} for column `{name}`");
                self.out_of_bounds("columns", found, expected);
            }
        }
    }
}

impl GeneratedColumn {
    /// What the column breaks, if anything.
    fn unmet(&self) -> Option<&'static str> {
        match self {
            Self::Sequence => None,
            Self::Int(low, high) => (low > high).then_some("the low end first"),
            Self::Float(low, high) => {
                let is_range = low.is_finite() && high.is_finite() && low < high;
                (!is_range).then_some("two finite ends, the low end first")
            }
            Self::Choice(texts) => texts.is_empty().then_some("at least one text"),
            Self::Bool(probability) => {
                (!(0.0..=1.0).contains(probability)).then_some("a probability from 0 to 1")
            }
        }
    }
}
