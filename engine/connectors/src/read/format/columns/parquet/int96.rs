//! INT96 timestamps: days and nanoseconds of the day, deprecated, and what Spark still writes.
//!
//! A column of them is read as `timestamp(us)`, which reaches beyond the year 290,000, where
//! nanoseconds end in 2262. A value that is finer than a microsecond or beyond all of that cannot
//! be kept, so each is looked at before the column is decoded.

use std::fs::File;
use std::sync::Arc;

use arrow::datatypes::{DataType, Schema, TimeUnit};
use parquet::basic::Type as Physical;
use parquet::column::reader::ColumnReaderImpl;
use parquet::data_type::{Int96, Int96Type};
use parquet::file::serialized_reader::SerializedPageReader;
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};

use crate::read::format::columns::fault::Fault;

use super::chunk::Chunk;
use super::leaves::change_leaves;

const EPOCH_JULIAN_DAY: i64 = 2_440_588;
const DAY_MICROS: i64 = 86_400_000_000;
/// Values that are looked at together.
const STEP: usize = 1024;

/// The schema with INT96 columns as microseconds; none if there are no such columns.
#[expect(clippy::wildcard_enum_match_arm, reason = "only timestamps are INT96")]
pub(super) fn in_microseconds(schema: &Schema, leaves: &SchemaDescriptor) -> Option<Schema> {
    let is_int96 = |leaf: &ColumnDescriptor| leaf.physical_type() == Physical::INT96;
    leaves.columns().iter().find(|leaf| is_int96(leaf))?;
    Some(change_leaves(schema, leaves, &|field, leaf| match field.data_type() {
        DataType::Timestamp(_, zone) if is_int96(leaf) => {
            let micros = DataType::Timestamp(TimeUnit::Microsecond, zone.clone());
            field.clone().with_data_type(micros)
        }
        _ => field.clone(),
    }))
}

/// Fails at the first value of an INT96 column that microseconds cannot hold.
pub(super) fn check(chunk: &Chunk<'_>, file: Arc<File>) -> Result<(), Fault> {
    if chunk.meta.column_type() != Physical::INT96 {
        return Ok(());
    }
    let rows = usize::try_from(chunk.rows).unwrap_or(usize::MAX);
    let pages = SerializedPageReader::new(file, chunk.meta, rows, None)?;
    let leaf = chunk.meta.column_descr_ptr();
    let has_levels = (leaf.max_def_level() > 0, leaf.max_rep_level() > 0);
    let mut reader = ColumnReaderImpl::<Int96Type>::new(leaf, Box::new(pages));
    loop {
        let (mut definitions, mut repetitions, mut values) = (Vec::new(), Vec::new(), Vec::new());
        let definitions = has_levels.0.then_some(&mut definitions);
        let repetitions = has_levels.1.then_some(&mut repetitions);
        let read = reader.read_records(STEP, definitions, repetitions, &mut values)?;
        if let Some(value) = values.iter().find(|value| micros(value).is_none()) {
            return Err(unheld(chunk, value));
        }
        if read.0 == 0 {
            return Ok(());
        }
    }
}

/// Microseconds since 1970, if they are the whole value.
fn micros(value: &Int96) -> Option<i64> {
    let (days, nanos) = days_and_nanos(value);
    let whole = nanos % 1000 == 0;
    let days = (days - EPOCH_JULIAN_DAY).checked_mul(DAY_MICROS)?;
    days.checked_add(nanos / 1000).filter(|_| whole)
}

/// The day of a Julian calendar, signed as the decoder takes it, and nanoseconds of it.
fn days_and_nanos(value: &Int96) -> (i64, i64) {
    let [low, high, day] = [0, 1, 2].map(|at| value.data()[at]);
    (i64::from(day as i32), (u64::from(high) << 32 | u64::from(low)) as i64)
}

fn unheld(chunk: &Chunk<'_>, value: &Int96) -> Fault {
    let (day, nanos) = days_and_nanos(value);
    let place = chunk.name();
    Fault::Refused {
        found: format!(
            "{place}: an INT96 timestamp of Julian day {day} and {nanos} ns, which is no whole \
             number of microseconds of the years to 290,000"
        ),
        remedy: "write the column as an INT64 timestamp",
    }
}
