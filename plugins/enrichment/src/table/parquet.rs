//! Parquet tables: only the named columns are read.

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;
use tanda_spelling::one_zone;

use super::columns::{Places, Table};
use super::error::TableError;
use super::file::open;
use super::named::{find_columns, named_columns};
use crate::config::Lookup;

pub(super) fn read(lookup: &Lookup) -> Result<Table, TableError> {
    if let Some((column, _)) = lookup.types.iter().next() {
        let (path, column) = (lookup.table.clone(), column.to_owned());
        return Err(TableError::TypesOfTyped { path, column });
    }
    let failed = |source| TableError::Parquet { path: lookup.table.clone(), source };
    let arrow_failed = |source| TableError::Arrow { path: lookup.table.clone(), source };
    let builder = ParquetRecordBatchReaderBuilder::try_new(open(&lookup.table)?).map_err(failed)?;
    let names = named_columns(lookup);
    let found = builder.schema().fields().clone();
    let indices = find_columns(lookup, &names, found.iter().map(|field| field.name().as_str()))?;
    let batch = read_columns(builder, &indices).map_err(failed)?;
    let mut columns = Vec::new();
    for name in &names {
        let column = batch.column_by_name(name);
        let column = column.expect("the projection holds every named column");
        columns.push(plain(column).map_err(arrow_failed)?);
    }
    Ok(Table::typed(lookup, &columns, Places::Rows))
}

fn read_columns(
    builder: ParquetRecordBatchReaderBuilder<std::fs::File>,
    indices: &[usize],
) -> Result<RecordBatch, ParquetError> {
    let mask = ProjectionMask::roots(builder.parquet_schema(), indices.iter().copied());
    let reader = builder.with_projection(mask).build()?;
    let schema = arrow::array::RecordBatchReader::schema(&reader);
    let batches = reader.collect::<Result<Vec<_>, ArrowError>>()?;
    Ok(concat_batches(&schema, &batches)?)
}

/// Without dictionaries and views, which a taken column does not need; zones by their one name.
#[expect(clippy::wildcard_enum_match_arm, reason = "the others are plain")]
fn plain(column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    match column.data_type() {
        DataType::Dictionary(_, values) => cast(column, values),
        DataType::Utf8View => cast(column, &DataType::Utf8),
        DataType::BinaryView => cast(column, &DataType::Binary),
        data_type => cast(column, &one_zone(data_type)),
    }
}
