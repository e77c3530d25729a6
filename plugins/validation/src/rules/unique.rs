//! `Unique`: no equal key among the rows before, as far as the window reaches.

use arrow::array::RecordBatch;
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::Schema;
use arrow::row::{RowConverter, SortField};

use super::rule::{Draft, Rows, Test, settle};
use crate::columns::Column;
use crate::config::{Nulls, Unique};
use crate::error::{BindError, JudgeError};

/// Rows that one window may remember; about 100 bytes each.
const WINDOW_ROWS_MAX: u64 = 10_000_000;

pub(super) fn bind(rule: &Unique, schema: &Schema, slot: usize) -> Result<Draft, BindError> {
    check_sense(rule)?;
    let find = |name: &String| Column::find(name, schema);
    let columns = rule.columns.iter().map(find).collect::<Result<Vec<_>, _>>()?;
    let field = |column: &Column| SortField::new(column.data_type.clone());
    let converter = RowConverter::new(columns.iter().map(field).collect())
        .map_err(|source| BindError::BadKey { columns: rule.columns.clone(), source })?;
    let test = First { columns, converter, slot, window: rule.window, nulls: rule.nulls };
    let default = format!("duplicate_{}", rule.columns.join("_"));
    Ok(Draft::new(test, rule.reason.as_ref(), default).reading(rule.columns.clone()))
}

fn check_sense(rule: &Unique) -> Result<(), BindError> {
    let what = if rule.columns.is_empty() {
        "it names no column; name the columns that make the key"
    } else if rule.window == 0 || rule.window > WINDOW_ROWS_MAX {
        "its window is not within 1..=10_000_000 rows; choose how far back a duplicate counts"
    } else {
        return Ok(());
    };
    Err(BindError::Senseless { what, about: "Unique".to_owned() })
}

struct First {
    columns: Vec<Column>,
    converter: RowConverter,
    slot: usize,
    window: u64,
    nulls: Nulls,
}

impl Test for First {
    fn failures(&self, rows: &mut Rows<'_>) -> Result<Option<BooleanBuffer>, JudgeError> {
        let arrays = self.columns.iter().map(|column| column.comparable(rows.batch));
        let arrays = arrays.collect::<Result<Vec<_>, _>>()?;
        let nulls = self.nulls_of(rows.batch);
        let keys = self.converter.convert_columns(&arrays)?;
        let seen = &mut rows.seen[self.slot];
        let failed = rows.failed;
        let duplicate = |row| {
            let is_null = nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
            let key = (!is_null).then(|| keys.row(row));
            let came = failed.is_none_or(|failed| !failed.value(row));
            came && seen.meet(key.as_ref().map(|key| key.data()), self.window)
        };
        let bad = BooleanBuffer::collect_bool(rows.batch.num_rows(), duplicate);
        Ok(settle(bad, nulls.as_ref(), self.nulls))
    }
}

impl First {
    /// A key is null where one of its parts is.
    fn nulls_of(&self, batch: &RecordBatch) -> Option<NullBuffer> {
        let parts = self.columns.iter().map(|column| column.raw(batch).logical_nulls());
        parts.fold(None, |all, part| NullBuffer::union(all.as_ref(), part.as_ref()))
    }
}
