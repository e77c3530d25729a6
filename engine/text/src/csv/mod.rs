//! CSV: a header line, then records of as many fields.

mod agree;
mod header;
mod infer;
mod marks;
mod split;

use arrow::datatypes::DataType;

use self::agree::{Agreed, Agreement};
use self::header::Header;
use self::infer::Guess;
pub(crate) use self::split::CsvSplit;
use self::split::Notes;
use crate::beginning::Beginning;
use crate::block::{Block, Split};
use crate::cut::Dialect;
use crate::decode::TextDecoder;
use crate::error::TextError;
use crate::plan::{ColumnPlan, Rules, slots};
use crate::types::Types;

/// Learns the columns of CSV inputs from what each begins with. Of an input nothing is kept: there
/// may be very many.
pub struct CsvSample<'a> {
    dialect: Dialect,
    types: &'a Types,
    null: Option<&'a [u8]>,
    agreement: Agreement<'a>,
    sample: Sample,
}

impl<'a> CsvSample<'a> {
    /// Columns have their type from `types`, the others from their first values, among which `null`
    /// means a missing one.
    #[must_use]
    pub fn new(dialect: Dialect, types: &'a Types, null: Option<&'a [u8]>) -> Self {
        let (agreement, sample) = (Agreement::new(types), Sample::default());
        Self { dialect, types, null, agreement, sample }
    }

    /// Takes the next input into account, and at most `records_max` of its first records. Cost: one
    /// look at each of these bytes for every type that a column may still be of.
    ///
    /// # Errors
    /// [`TextError::Empty`], [`TextError::WrongFormat`], [`TextError::Header`] and
    /// [`TextError::ColumnsDiffer`].
    pub fn add(
        &mut self,
        head: &Beginning<'_>,
        records_max: usize,
    ) -> Result<BodyStart, TextError> {
        let header = Header::read(head, self.dialect)?;
        let start = BodyStart { skip: header.end, line: header.next_line };
        let order = self.agreement.take(head.path, header)?;
        let text = head.records(start.skip, Some(self.dialect), records_max);
        self.sample.take(text, order, self.dialect, self.null);
        Ok(start)
    }

    /// The columns of all inputs.
    ///
    /// # Errors
    /// [`TextError::UnknownColumn`].
    pub fn finish(self) -> Result<CsvPlan, TextError> {
        let Agreed { names, orders, order_of_inputs } = self.agreement.finish()?;
        Ok(CsvPlan {
            columns: plan_columns(names, &self.sample.guesses, self.types),
            record_bytes: self.sample.bytes / self.sample.rows.max(1) + 1,
            orders,
            order_of_inputs,
            dialect: self.dialect,
        })
    }
}

/// Where the records of an input begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyStart {
    /// Bytes before the first record.
    pub skip: usize,
    /// Line of the first record, from 1.
    pub line: u64,
}

/// The columns of CSV inputs, which all have the same, in whatever order.
#[derive(Debug)]
pub struct CsvPlan {
    /// All columns, in the order of the first input.
    pub columns: Vec<ColumnPlan>,
    /// Bytes of a record on the average of those looked at, at least 1.
    pub record_bytes: usize,
    /// For each order that some input has, the column of each of its fields.
    orders: Vec<Vec<usize>>,
    /// Which of the orders each input has, by its index.
    order_of_inputs: Vec<u32>,
    dialect: Dialect,
}

impl CsvPlan {
    /// A decoder of the columns `wanted`, in this order.
    ///
    /// # Panics
    /// When a column index is beyond [`Self::columns`].
    #[must_use]
    pub fn decoder(&self, wanted: &[usize], rules: Rules) -> TextDecoder {
        let slots = slots(self.columns.len(), wanted);
        let columns = wanted.iter().map(|index| self.columns[*index].clone()).collect::<Vec<_>>();
        let split = |order: &Vec<usize>| {
            let slot = |field| slots[order[field]];
            let has_empties = has_empty_texts(order.len(), rules.null.as_deref());
            let keeps = |plan: &ColumnPlan| has_empties && plan.data_type == DataType::Utf8;
            CsvSplit::new(self.dialect, order.len(), slot, columns.iter().map(keeps).collect())
        };
        let splits = self.orders.iter().map(split).collect();
        TextDecoder::csv(splits, self.order_of_inputs.clone(), columns, self.dialect, rules)
    }
}

/// Whether `""` is a text without a character in a file of so many `fields` a record.
///
/// In other columns than those of texts no value is so written, and it is missing. In a file of one
/// column it is, too: there it is the one way to write a record without a value, since blank lines
/// are no records, unless `null` is another.
fn has_empty_texts(fields: usize, null: Option<&[u8]>) -> bool {
    fields > 1 || null.is_some_and(|null| !null.is_empty())
}

/// Types from `schema:`, the others as guessed.
fn plan_columns(names: Vec<String>, guesses: &[Guess], types: &Types) -> Vec<ColumnPlan> {
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
        let keeps_empty = vec![has_empty_texts(order.len(), null); order.len()];
        let split = CsvSplit::new(dialect, order.len(), Some, keeps_empty);
        let (mut block, mut notes) = (Block::new(order.len()), Notes::default());
        let mut from = 0;
        while from < text.len() {
            from = split.split(text, from, &mut block, &mut notes);
            self.rows += block.records.len();
            for (field, column) in order.iter().enumerate() {
                let guess = &mut self.guesses[*column];
                for span in block.column(field).iter().filter(|span| !span.is_null()) {
                    let value = block.bytes(text, *span);
                    let is_quoted = span.is_quoted(text, dialect.quote);
                    match value.is_empty() || Some(value) == null {
                        true if is_quoted => guess.observe_quoted_null(),
                        true => {}
                        false => guess.observe(value, is_quoted),
                    }
                }
            }
        }
        self.bytes += text.len();
    }
}
