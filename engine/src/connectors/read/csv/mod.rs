//! CSV: a header line, then records of as many fields.

mod agree;
mod header;
mod infer;
mod marks;
mod split;

use std::collections::BTreeMap;
use std::sync::Mutex;

use arrow::datatypes::DataType;

use crate::connectors::error::ReadError;
use crate::scene::model::CsvRead;

use self::agree::{Agreed, Agreement};
use self::header::Header;
use self::infer::Guess;
use self::split::{CsvSplit, Notes};
use super::block::{Block, Split};
use super::cut::Dialect;
use super::decode::{ColumnPlan, TextDecoder, slots};
use super::find::find_files;
use super::head::{SAMPLE_BYTES, SAMPLE_MORE_BYTES};
use super::rejects::OnBad;
use super::source::{Opening, record_bytes_max, schema_of};
use super::text::{Body, TextReader};
use super::types::parse_types;

/// CSV inputs whose columns are known.
pub(crate) struct CsvSource {
    pub(crate) columns: Vec<ColumnPlan>,
    pub(crate) bodies: Vec<Body>,
    /// For each order that some file has, the column of each of its fields.
    orders: Vec<Vec<usize>>,
    order_of_files: Vec<u32>,
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
        let null = read.null.as_ref().map(|null| null.clone().into_bytes());
        let (mut agreement, mut sample) = (Agreement::new(&types), Sample::default());
        let mut bodies = Vec::new();
        // Nothing of a file is kept but where its records begin: there may be very many.
        for file in find_files(&read.path, "csv")? {
            let wanted = if bodies.is_empty() { SAMPLE_BYTES } else { SAMPLE_MORE_BYTES };
            let head = plan.read(&file, wanted)?;
            let header = Header::read(&head, dialect)?;
            let (end, next_line) = (header.end, header.next_line);
            let order = agreement.take(file.path(), header)?;
            sample.take(head.records(end, Some(dialect)), order, dialect, null.as_deref());
            bodies.push(Body::new(head, end, next_line));
        }
        let Agreed { names, orders, order_of_files } = agreement.finish()?;
        let record_bytes = sample.bytes / sample.rows.max(1) + 1;
        let columns = plan_columns(names, &sample.guesses, &types);
        Ok(Self {
            columns,
            bodies,
            orders,
            order_of_files,
            dialect,
            null,
            record_bytes_max,
            record_bytes,
        })
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
        let slots = slots(self.columns.len(), wanted);
        let split = |order: &Vec<usize>| {
            CsvSplit::new(self.dialect, order.len(), |field| slots[order[field]])
        };
        let columns = wanted.iter().map(|index| self.columns[*index].clone()).collect::<Vec<_>>();
        let decoder = TextDecoder {
            splits: self.orders.iter().map(split).collect(),
            split_of_files: self.order_of_files,
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
#[derive(Default)]
struct Sample {
    guesses: Vec<Guess>,
    rows: usize,
    bytes: usize,
}

impl Sample {
    /// Takes whole records into account, whose fields are of the columns `order`.
    fn take(&mut self, text: &[u8], order: &[usize], dialect: Dialect, null: Option<&[u8]>) {
        let columns = order.iter().max().map_or(0, |last| last + 1);
        self.guesses.resize(self.guesses.len().max(columns), Guess::default());
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
