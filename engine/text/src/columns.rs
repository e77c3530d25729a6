//! Columns made from the fields of blocks, one loop a type.

use std::marker::PhantomData;
use std::sync::Arc;

use arrow::array::builder::{BooleanBufferBuilder, NullBufferBuilder};
use arrow::array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, Time64MicrosecondType, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow::array::{ArrayRef, BooleanArray, PrimitiveArray, StringArray};
use arrow::buffer::{Buffer, MutableBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, TimeUnit};

use crate::block::{BLOCK_ROWS, Block};
use crate::column::{Bad, Cells, Column};
use crate::numbers::{Form, double, integer, kept_double};
use crate::values::{boolean, date, decimal, is_off_utc, time, timestamp};

/// An empty column of `data_type` with room for `rows`; none for a type that no text stands for.
pub(crate) fn cells(data_type: &DataType, form: Form, rows: usize) -> Option<Box<dyn Cells>> {
    macro_rules! integers {
        ($($variant:ident $t:ty),*) => {
            match data_type {
                $(DataType::$variant => {
                    return primitive::<$t>(data_type, rows, move |text| integer(text, form));
                })*
                _ => {}
            }
        };
    }
    integers!(Int8 Int8Type, Int16 Int16Type, Int32 Int32Type, Int64 Int64Type);
    integers!(UInt8 UInt8Type, UInt16 UInt16Type, UInt32 UInt32Type, UInt64 UInt64Type);
    other_cells(data_type, form, rows)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "arrow has far more types than text has")]
fn other_cells(data_type: &DataType, form: Form, rows: usize) -> Option<Box<dyn Cells>> {
    match data_type {
        DataType::Float64 if form == Form::Plain => {
            primitive::<Float64Type>(data_type, rows, kept_double)
        }
        DataType::Float64 => {
            primitive::<Float64Type>(data_type, rows, move |text| double(text, form))
        }
        DataType::Float32 => primitive::<Float32Type>(data_type, rows, move |text| {
            let value = double(text, form)?;
            let single = value as f32;
            (single.is_finite() || !value.is_finite()).then_some(single)
        }),
        DataType::Utf8 => Some(Box::new(Texts::new(rows))),
        DataType::Boolean => Some(Box::new(Booleans::new(rows))),
        DataType::Date32 => primitive::<Date32Type>(data_type, rows, date),
        DataType::Time64(TimeUnit::Microsecond) => {
            primitive::<Time64MicrosecondType>(data_type, rows, time)
        }
        DataType::Timestamp(unit, zone) => timestamps(data_type, *unit, zone.as_deref(), rows),
        DataType::Decimal128(precision, scale) => {
            let (precision, scale) = (*precision, *scale);
            primitive::<Decimal128Type>(data_type, rows, move |text| {
                decimal(text, precision, scale)
            })
        }
        _ => None,
    }
}

fn timestamps(
    data_type: &DataType,
    unit: TimeUnit,
    zone: Option<&str>,
    rows: usize,
) -> Option<Box<dyn Cells>> {
    let is_local = zone.is_none();
    let zone = zone.unwrap_or("+00:00").parse().ok()?;
    let parse = move |text: &[u8]| match is_local && is_off_utc(text) {
        // A column without a zone would lose the offset.
        true => None,
        false => timestamp(text, unit, &zone),
    };
    match unit {
        TimeUnit::Second => primitive::<TimestampSecondType>(data_type, rows, parse),
        TimeUnit::Millisecond => primitive::<TimestampMillisecondType>(data_type, rows, parse),
        TimeUnit::Microsecond => primitive::<TimestampMicrosecondType>(data_type, rows, parse),
        TimeUnit::Nanosecond => primitive::<TimestampNanosecondType>(data_type, rows, parse),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "keeps the list of types free of wrapping")]
fn primitive<T: ArrowPrimitiveType>(
    data_type: &DataType,
    rows: usize,
    parse: impl Fn(&[u8]) -> Option<T::Native> + Send + 'static,
) -> Option<Box<dyn Cells>> {
    Some(Box::new(Primitives::<T, _> {
        native: PhantomData,
        data_type: data_type.clone(),
        parse,
        values: MutableBuffer::with_capacity(rows * size_of::<T::Native>()),
        valid: Validity::new(rows),
    }))
}

/// Which rows hold a value.
struct Validity {
    bits: NullBufferBuilder,
    block: [bool; BLOCK_ROWS],
}

impl Validity {
    fn new(rows: usize) -> Self {
        Self { bits: NullBufferBuilder::new(rows), block: [true; BLOCK_ROWS] }
    }

    /// Takes over the first `rows` marks of the block and sets them back.
    fn append(&mut self, rows: usize, all_valid: bool) {
        if all_valid {
            self.bits.append_n_non_nulls(rows);
        } else {
            self.bits.append_slice(&self.block[..rows]);
            self.block = [true; BLOCK_ROWS];
        }
    }
}

struct Primitives<T: ArrowPrimitiveType, P> {
    native: PhantomData<fn() -> T>,
    data_type: DataType,
    parse: P,
    values: MutableBuffer,
    valid: Validity,
}

impl<T, P> Column for Primitives<T, P>
where
    T: ArrowPrimitiveType,
    P: Fn(&[u8]) -> Option<T::Native> + Send + 'static,
{
    fn parse(&mut self, block: &Block, text: &[u8], index: usize, bad: &mut Vec<Bad>) {
        let spans = block.column(index);
        let mut values = [T::Native::default(); BLOCK_ROWS];
        let mut all_valid = true;
        for (row, (span, value)) in spans.iter().zip(&mut values).enumerate() {
            if !span.is_null() {
                if let Some(parsed) = (self.parse)(block.bytes(text, *span)) {
                    *value = parsed;
                    continue;
                }
                bad.push(Bad::field(row));
            }
            self.valid.block[row] = false;
            all_valid = false;
        }
        self.values.extend_from_slice(&values[..spans.len()]);
        self.valid.append(spans.len(), all_valid);
    }

    fn finish(mut self: Box<Self>) -> ArrayRef {
        let values = ScalarBuffer::from(Buffer::from(self.values));
        let array = PrimitiveArray::<T>::new(values, self.valid.bits.finish());
        Arc::new(array.with_data_type(self.data_type))
    }
}

impl<T, P> Cells for Primitives<T, P>
where
    T: ArrowPrimitiveType,
    P: Fn(&[u8]) -> Option<T::Native> + Send + 'static,
{
    fn push(&mut self, text: &[u8]) -> bool {
        let Some(value) = (self.parse)(text) else { return false };
        self.values.push(value);
        self.valid.bits.append_non_null();
        true
    }

    fn push_null(&mut self) {
        self.values.push(T::Native::default());
        self.valid.bits.append_null();
    }

    fn len(&self) -> usize {
        self.valid.bits.len()
    }

    fn truncate(&mut self, count: usize) {
        self.values.truncate(count * size_of::<T::Native>());
        self.valid.bits.truncate(count);
    }
}

struct Booleans {
    values: BooleanBufferBuilder,
    valid: Validity,
}

impl Booleans {
    fn new(rows: usize) -> Self {
        Self { values: BooleanBufferBuilder::new(rows), valid: Validity::new(rows) }
    }
}

impl Column for Booleans {
    fn parse(&mut self, block: &Block, text: &[u8], index: usize, bad: &mut Vec<Bad>) {
        let spans = block.column(index);
        let mut all_valid = true;
        for (row, span) in spans.iter().enumerate() {
            let parsed = if span.is_null() { None } else { boolean(block.bytes(text, *span)) };
            if parsed.is_none() {
                self.valid.block[row] = false;
                all_valid = false;
                bad.extend((!span.is_null()).then(|| Bad::field(row)));
            }
            self.values.append(parsed.unwrap_or(false));
        }
        self.valid.append(spans.len(), all_valid);
    }

    fn finish(mut self: Box<Self>) -> ArrayRef {
        Arc::new(BooleanArray::new(self.values.finish(), self.valid.bits.finish()))
    }
}

impl Cells for Booleans {
    fn push(&mut self, text: &[u8]) -> bool {
        let Some(value) = boolean(text) else { return false };
        self.values.append(value);
        self.valid.bits.append_non_null();
        true
    }

    fn push_null(&mut self) {
        self.values.append(false);
        self.valid.bits.append_null();
    }

    fn len(&self) -> usize {
        self.valid.bits.len()
    }

    fn truncate(&mut self, count: usize) {
        self.values.truncate(count);
        self.valid.bits.truncate(count);
    }
}

struct Texts {
    offsets: MutableBuffer,
    bytes: MutableBuffer,
    valid: Validity,
}

impl Texts {
    fn new(rows: usize) -> Self {
        let mut offsets = MutableBuffer::with_capacity((rows + 1) * size_of::<i32>());
        offsets.push(0_i32);
        Self { offsets, bytes: MutableBuffer::with_capacity(8 * rows), valid: Validity::new(rows) }
    }
}

impl Column for Texts {
    fn parse(&mut self, block: &Block, text: &[u8], index: usize, _bad: &mut Vec<Bad>) {
        let spans = block.column(index);
        let mut ends = [0_i32; BLOCK_ROWS];
        let mut all_valid = true;
        for (row, (span, end)) in spans.iter().zip(&mut ends).enumerate() {
            if span.is_null() {
                self.valid.block[row] = false;
                all_valid = false;
            } else {
                self.bytes.extend_from_slice(block.bytes(text, *span));
            }
            // A piece, and so all its texts, is shorter than `PIECE_BYTES_MAX`.
            *end = self.bytes.len() as i32;
        }
        self.offsets.extend_from_slice(&ends[..spans.len()]);
        self.valid.append(spans.len(), all_valid);
    }

    fn finish(mut self: Box<Self>) -> ArrayRef {
        let offsets = OffsetBuffer::new(ScalarBuffer::from(Buffer::from(self.offsets)));
        let array = StringArray::try_new(offsets, self.bytes.into(), self.valid.bits.finish());
        Arc::new(array.expect("records that are not UTF-8 were blanked before they got here"))
    }
}

impl Cells for Texts {
    fn push(&mut self, text: &[u8]) -> bool {
        self.bytes.extend_from_slice(text);
        self.offsets.push(self.bytes.len() as i32);
        self.valid.bits.append_non_null();
        true
    }

    fn push_null(&mut self) {
        self.offsets.push(self.bytes.len() as i32);
        self.valid.bits.append_null();
    }

    fn len(&self) -> usize {
        self.valid.bits.len()
    }

    fn truncate(&mut self, count: usize) {
        self.offsets.truncate((count + 1) * size_of::<i32>());
        let end = self.offsets.typed_data::<i32>().last().map_or(0, |end| *end as usize);
        self.bytes.truncate(end);
        self.valid.bits.truncate(count);
    }
}
