//! Made-up rows: each value depends on the seed, its column and its row alone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{ArrayRef, BooleanArray, Float64Array, Int64Array, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use tanda_text::OnBad;

use crate::read::error::ReadError;
use crate::read::opening::{Format, Limits, Opening};
use crate::read::piece::Piece;
use crate::read::reader::{Reader, Started};
use crate::read::transport::{FileRef, Stop};
use tanda_scene::model::{GeneratedColumn, GeneratorRead};

/// A generator whose columns make sense.
pub(crate) struct GeneratorSource {
    read: GeneratorRead,
}

impl GeneratorSource {
    pub(crate) fn open(read: &GeneratorRead) -> Result<Self, ReadError> {
        for (index, (name, column)) in read.columns.iter().enumerate() {
            let is_twice = read.columns[..index].iter().any(|(earlier, _)| earlier == name);
            if is_twice {
                let found = format!("the name {name:?} twice");
                return Err(setting("columns", found, "a name of its own for each column"));
            }
            check(name, column)?;
        }
        if read.columns.is_empty() {
            return Err(setting("columns", "none".to_owned(), "at least one column"));
        }
        if read.rows_per_second == Some(0) {
            return Err(setting("rows_per_second", "0".to_owned(), "at least 1, or nothing"));
        }
        Ok(Self { read: read.clone() })
    }
}

impl Format for GeneratorSource {
    fn schema(&self) -> SchemaRef {
        let fields = self.read.columns.iter();
        let field = |(name, column): &(String, _)| Field::new(name, data_type(column), false);
        Arc::new(Schema::new(fields.map(field).collect::<Vec<_>>()))
    }

    fn inputs(&self) -> Vec<&FileRef> {
        Vec::new()
    }

    fn is_endless(&self) -> bool {
        self.read.rows.is_none()
    }

    fn bytes_total(&self) -> Option<u64> {
        None
    }

    fn rows_total(&self) -> Option<u64> {
        self.read.rows
    }

    fn start(self: Box<Self>, wanted: &[usize], _: OnBad, opening: &Opening<'_>) -> Started {
        let schema = self.schema().project(wanted).expect("the columns are of this schema");
        let columns =
            wanted.iter().map(|index| (*index as u64, self.read.columns[*index].1.clone()));
        let reader = GeneratorReader {
            schema: Arc::new(schema),
            columns: columns.collect(),
            rows_max: batch_rows(&self.read, opening.limits) as u64,
            read: self.read,
            linger: opening.limits.linger,
            made: 0,
            began: None,
        };
        (Box::new(reader), None)
    }
}

fn setting(setting: &'static str, found: String, expected: &'static str) -> ReadError {
    ReadError::Setting { setting, found, expected }
}

fn check(name: &str, column: &GeneratedColumn) -> Result<(), ReadError> {
    let (fits, expected) = match column {
        GeneratedColumn::Sequence => (true, ""),
        GeneratedColumn::Int(low, high) => (low <= high, "Int(low, high) with low <= high"),
        GeneratedColumn::Float(low, high) => (
            low < high && (high - low).is_finite(),
            "Float(low, high) with low < high, both finite",
        ),
        GeneratedColumn::Choice(texts) => (!texts.is_empty(), "Choice([…]) of at least one text"),
        GeneratedColumn::Bool(p) => ((0.0..=1.0).contains(p), "Bool(p) with p from 0 to 1"),
    };
    let found = || format!("column {name:?}: {column:?}");
    if fits { Ok(()) } else { Err(setting("columns", found(), expected)) }
}

fn data_type(column: &GeneratedColumn) -> DataType {
    match column {
        GeneratedColumn::Sequence | GeneratedColumn::Int(_, _) => DataType::Int64,
        GeneratedColumn::Float(_, _) => DataType::Float64,
        GeneratedColumn::Choice(_) => DataType::Utf8,
        GeneratedColumn::Bool(_) => DataType::Boolean,
    }
}

/// Rows of a batch that keep it within `batch_bytes`.
fn batch_rows(read: &GeneratorRead, limits: &Limits) -> usize {
    let bytes = |column: &GeneratedColumn| match column {
        GeneratedColumn::Choice(texts) => 4 + texts.iter().map(String::len).max().unwrap_or(0),
        GeneratedColumn::Bool(_) => 1,
        GeneratedColumn::Sequence | GeneratedColumn::Int(_, _) | GeneratedColumn::Float(_, _) => 8,
    };
    let row_bytes = read.columns.iter().map(|(_, column)| bytes(column)).sum::<usize>();
    limits.batch_rows.min((limits.batch_bytes / row_bytes.max(1)).max(1))
}

/// Makes the rows, at the pace that the scene asks for.
struct GeneratorReader {
    schema: SchemaRef,
    /// Wanted columns and their index among all, which is part of what makes their values.
    columns: Vec<(u64, GeneratedColumn)>,
    rows_max: u64,
    read: GeneratorRead,
    linger: Duration,
    made: u64,
    began: Option<Instant>,
}

impl Reader for GeneratorReader {
    fn next(&mut self, stop: &Stop) -> Result<Option<Piece>, ReadError> {
        let left = self.read.rows.map_or(u64::MAX, |rows| rows - self.made);
        let rows = self.rows_max.min(left);
        if rows == 0 || stop.is_asked() {
            return Ok(None);
        }
        let rows = match self.read.rows_per_second {
            None => rows,
            Some(rate) => match self.wait(rate, rows, stop)? {
                0 => return Ok(None),
                due => due,
            },
        };
        let batch = self.batch(rows);
        self.made += rows;
        Ok(Some(Piece::Decoded(batch)))
    }
}

impl GeneratorReader {
    /// Sleeps until `rows` rows are due, or at least one and the batch has waited long enough.
    /// Gives how many are due; 0 when a stop was asked.
    fn wait(&mut self, rate: u64, rows: u64, stop: &Stop) -> Result<u64, ReadError> {
        let began = *self.began.get_or_insert_with(Instant::now);
        let due_at = |row: u64| began + Duration::from_secs_f64(row as f64 / rate as f64);
        let lingered = (Instant::now() + self.linger).max(due_at(self.made + 1));
        let until = due_at(self.made + rows).min(lingered);
        let slept = stop.sleep_until(until);
        if slept.map_err(|error| ReadError::io("generator", "waiting", error))? {
            return Ok(0);
        }
        let due = (began.elapsed().as_secs_f64() * rate as f64) as u64;
        Ok(due.saturating_sub(self.made).clamp(1, rows))
    }

    fn batch(&self, rows: u64) -> RecordBatch {
        let rows = self.made..self.made + rows;
        let seed = self.read.seed;
        let array = |(index, column): &(u64, GeneratedColumn)| {
            array(column, rows.clone(), |row| random(seed, *index, row))
        };
        let columns = self.columns.iter().map(array).collect();
        let options =
            RecordBatchOptions::new().with_row_count(Some((rows.end - rows.start) as usize));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
            .expect("the columns were made from the schema")
    }
}

fn array(
    column: &GeneratedColumn,
    rows: std::ops::Range<u64>,
    random: impl Fn(u64) -> u64,
) -> ArrayRef {
    match column {
        GeneratedColumn::Sequence => {
            Arc::new(Int64Array::from_iter_values(rows.map(|row| row as i64)))
        }
        GeneratedColumn::Int(low, high) => {
            let value = |row| between(random(row), *low, *high);
            Arc::new(Int64Array::from_iter_values(rows.map(value)))
        }
        GeneratedColumn::Float(low, high) => {
            let value = |row| (low + (high - low) * unit(random(row))).min(high.next_down());
            Arc::new(Float64Array::from_iter_values(rows.map(value)))
        }
        GeneratedColumn::Choice(texts) => {
            let last = texts.len() as i64 - 1;
            let value = |row| &texts[between(random(row), 0, last) as usize];
            Arc::new(StringArray::from_iter_values(rows.map(value)))
        }
        GeneratedColumn::Bool(p) => {
            let value = |row| unit(random(row)) < *p;
            Arc::new(BooleanArray::from(rows.map(value).collect::<Vec<_>>()))
        }
    }
}

/// Uniform from `low` to `high`, both included (Lemire's multiplication; the bias is below 2^-11
/// for fewer than 2^53 values).
fn between(random: u64, low: i64, high: i64) -> i64 {
    let count = high.abs_diff(low) as u128 + 1;
    let offset = (u128::from(random) * count) >> 64;
    low.wrapping_add(offset as u64 as i64)
}

/// Uniform from 0 up to, not including, 1.
fn unit(random: u64) -> f64 {
    (random >> 11) as f64 / (1_u64 << 53) as f64
}

/// A random number of its own for every seed, column and row (the finalizer of SplitMix64, twice).
fn random(seed: u64, column: u64, row: u64) -> u64 {
    mix(mix(seed ^ column.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_add(row))
}

fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
