//! CSV: a header line, then records of as many fields.

mod header;
mod infer;
mod marks;
mod split;

use std::collections::BTreeMap;
use std::sync::Mutex;

use arrow::datatypes::DataType;

use crate::connectors::error::ReadError;
use crate::scene::model::CsvRead;

use self::header::Header;
use self::infer::Guess;
use self::split::{CsvSplit, Notes};
use super::block::{Block, Split};
use super::cut::Dialect;
use super::decode::{ColumnPlan, TextDecoder};
use super::files::find_files;
use super::head::{Head, HeadPlan, SAMPLE_BYTES, SAMPLE_MORE_BYTES};
use super::hint::nearest;
use super::rejects::OnBad;
use super::source::{Opening, record_bytes_max, schema_of};
use super::text::{Body, TextReader};
use super::types::parse_types;

/// CSV inputs whose columns are known.
pub(crate) struct CsvSource {
    pub(crate) columns: Vec<ColumnPlan>,
    pub(crate) bodies: Vec<Body>,
    /// For each input, the column of each of its fields.
    orders: Vec<Vec<usize>>,
    dialect: Dialect,
    null: Option<Vec<u8>>,
    record_bytes_max: usize,
    record_bytes: usize,
}

impl CsvSource {
    /// Finds the inputs, reads their headers and infers what `schema:` does not say.
    pub(crate) fn open(read: &CsvRead, opening: &Opening<'_>) -> Result<Self, ReadError> {
        let dialect = dialect(read)?;
        let types = parse_types(read.schema.as_ref())?;
        let record_bytes_max = record_bytes_max(read.record_bytes_max)?;
        let plan = opening.head_plan(Some(dialect), 2, record_bytes_max);
        let heads = read_heads(&read.path, &plan, dialect)?;
        let names = agree(&heads, &types)?;
        let orders = heads.iter().map(|(_, header)| order(header, &names)).collect::<Vec<_>>();
        let null = read.null.as_ref().map(|null| null.clone().into_bytes());
        let mut sample = Sample { guesses: vec![Guess::default(); names.len()], rows: 0, bytes: 0 };
        for ((head, header), order) in heads.iter().zip(&orders) {
            sample.take(head, header, order, dialect, null.as_deref());
        }
        let columns = plan_columns(names, &sample.guesses, &types);
        let bodies = heads.into_iter();
        let bodies = bodies.map(|(head, header)| Body::new(head, header.end, header.next_line));
        let (bodies, record_bytes) = (bodies.collect(), sample.bytes / sample.rows.max(1) + 1);
        Ok(Self { columns, bodies, orders, dialect, null, record_bytes_max, record_bytes })
    }

    /// A reader and a decoder of the columns `wanted`, in this order.
    pub(crate) fn start(
        self,
        wanted: &[usize],
        on_bad: OnBad,
        opening: &Opening<'_>,
    ) -> (TextReader, TextDecoder<CsvSplit>) {
        let reader = TextReader::new(
            self.bodies,
            opening.limits,
            Some(self.dialect),
            self.record_bytes_max,
            self.record_bytes,
            on_bad,
            opening.progress.clone(),
        );
        let slot = |column: usize| wanted.iter().position(|wanted| *wanted == column);
        let split = |order: &Vec<usize>| {
            CsvSplit::new(self.dialect, order.len(), |field| slot(order[field]))
        };
        let columns = wanted.iter().map(|index| self.columns[*index].clone()).collect::<Vec<_>>();
        let decoder = TextDecoder {
            splits: self.orders.iter().map(split).collect(),
            schema: schema_of(&columns),
            columns,
            null: self.null,
            record_bytes_max: self.record_bytes_max,
            dialect: Some(self.dialect),
            on_bad,
            desks: Mutex::default(),
        };
        (reader, decoder)
    }
}

fn dialect(read: &CsvRead) -> Result<Dialect, ReadError> {
    let byte = |setting, character: char| {
        let fits = character == '\t' || (character.is_ascii() && !character.is_ascii_control());
        fits.then_some(character as u8).ok_or_else(|| ReadError::Setting {
            setting,
            found: format!("{character:?}"),
            expected: "one printable ASCII character or a tab",
        })
    };
    let dialect = Dialect {
        delimiter: byte("delimiter", read.delimiter)?,
        quote: byte("quote", read.quote)?,
    };
    if dialect.delimiter == dialect.quote {
        return Err(ReadError::Setting {
            setting: "quote",
            found: format!("{:?}", read.quote),
            expected: "another character than `delimiter`",
        });
    }
    Ok(dialect)
}

fn read_heads(
    path: &str,
    plan: &HeadPlan<'_>,
    dialect: Dialect,
) -> Result<Vec<(Head, Header)>, ReadError> {
    let mut heads = Vec::new();
    for file in find_files(path, "csv")? {
        let bytes = if heads.is_empty() { SAMPLE_BYTES } else { SAMPLE_MORE_BYTES };
        let head = plan.read(&file, bytes)?;
        let header = Header::read(&head, dialect)?;
        heads.push((head, header));
    }
    Ok(heads)
}

/// The columns of all inputs. Only a column with a type in `schema:` may be missing from some.
fn agree(
    heads: &[(Head, Header)],
    types: &BTreeMap<String, DataType>,
) -> Result<Vec<String>, ReadError> {
    let Some((first, rest)) = heads.split_first() else { return Ok(Vec::new()) };
    let mut names = first.1.names.clone();
    for (head, header) in rest {
        let is_extra = |name: &&String| !names.contains(name);
        let is_missing = |name: &&String| !header.names.contains(name);
        let extra = header.names.iter().filter(is_extra).collect::<Vec<_>>();
        let missing = names.iter().filter(is_missing).collect::<Vec<_>>();
        let free = |names: &[&String]| names.iter().all(|name| types.contains_key(*name));
        if !free(&extra) || !free(&missing) {
            return Err(ReadError::ColumnsDiffer {
                path: head.file.path().to_owned(),
                first: first.0.file.path().to_owned(),
                difference: difference(&missing, &extra),
            });
        }
        let extra = extra.into_iter().cloned().collect::<Vec<_>>();
        names.extend(extra);
    }
    match types.keys().find(|name| !names.contains(name)) {
        Some(column) => Err(ReadError::UnknownColumn {
            path: first.0.file.path().to_owned(),
            column: column.clone(),
            hint: nearest(column, names.iter().map(String::as_str)),
            columns: names.join(", "),
        }),
        None => Ok(names),
    }
}

fn difference(missing: &[&String], extra: &[&String]) -> String {
    let listed = |what: &str, names: &[&String]| {
        let names = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        (!names.is_empty()).then(|| format!("{what} {names}"))
    };
    let parts = [listed("it lacks", missing), listed("it has in addition", extra)];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// Column of each field of a file with this header.
fn order(header: &Header, names: &[String]) -> Vec<usize> {
    let place = |name| names.iter().position(|known| known == name);
    header.names.iter().filter_map(place).collect()
}

/// Types from `schema:`, the others as guessed.
fn plan_columns(
    names: Vec<String>,
    guesses: &[Guess],
    types: &BTreeMap<String, DataType>,
) -> Vec<ColumnPlan> {
    let plan = |(name, guess): (String, &Guess)| {
        let inferred = !types.contains_key(&name);
        let data_type = types.get(&name).cloned().unwrap_or_else(|| guess.data_type());
        ColumnPlan { name, data_type, inferred, unseen: inferred && !guess.is_seen() }
    };
    names.into_iter().zip(guesses).map(plan).collect()
}

/// What the first records of all inputs say about the columns.
struct Sample {
    guesses: Vec<Guess>,
    rows: usize,
    bytes: usize,
}

impl Sample {
    fn take(
        &mut self,
        head: &Head,
        header: &Header,
        order: &[usize],
        dialect: Dialect,
        null: Option<&[u8]>,
    ) {
        let text = head.records(header.end, Some(dialect));
        let split = CsvSplit::new(dialect, order.len(), Some);
        let (mut block, mut notes) = (Block::new(order.len()), Notes::default());
        let mut from = 0;
        while from < text.len() {
            from = split.split(text, from, &mut block, &mut notes);
            self.rows += block.records.len();
            for (field, column) in order.iter().enumerate() {
                let spans = block.column(field).iter().filter(|span| !span.is_null());
                let values = spans.map(|span| block.bytes(text, *span));
                let values = values.filter(|value| Some(*value) != null);
                values.for_each(|value| self.guesses[*column].observe(value));
            }
        }
        self.bytes += text.len();
    }
}
