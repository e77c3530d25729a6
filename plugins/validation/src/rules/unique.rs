//! `Unique`: no equal key among the rows before, as far as the window reaches.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::Schema;
use arrow::row::{RowConverter, SortField};
use hashbrown::HashMap;

use super::{Draft, Rows, Test, settle};
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

/// The keys of the last rows that one rule has judged, in their order.
#[derive(Debug, Default, Clone)]
pub(crate) struct Seen {
    /// Rows judged so far; the number of the next one.
    count: u64,
    /// Number of the last row with this key.
    last: HashMap<Arc<[u8]>, u64>,
    /// The keys of the last rows, oldest first; never more than the window. A row whose key has a
    /// null has none, and takes its place all the same: it came as far as this rule.
    recent: VecDeque<Option<Arc<[u8]>>>,
}

impl Seen {
    /// Notes a row and says whether its key, if it has one, was among the `window` rows before it.
    fn meet(&mut self, key: Option<&[u8]>, window: u64) -> bool {
        let key = key.map(|key| match self.last.get_key_value(key) {
            Some((known, _)) => known.clone(),
            None => Arc::from(key),
        });
        let before =
            key.as_ref().is_some_and(|key| self.last.insert(key.clone(), self.count).is_some());
        self.recent.push_back(key);
        self.count += 1;
        if self.recent.len() as u64 > window {
            self.forget_oldest();
        }
        before
    }

    fn forget_oldest(&mut self) {
        let number = self.count - self.recent.len() as u64;
        if let Some(Some(key)) = self.recent.pop_front()
            && self.last.get(&key) == Some(&number)
        {
            self.last.remove(&key);
        }
    }

    /// Number of rows judged and the keys that are remembered, oldest first.
    pub(crate) fn parts(&self) -> (u64, impl ExactSizeIterator<Item = Option<&[u8]>>) {
        (self.count, self.recent.iter().map(Option::as_deref))
    }

    /// From what `parts` gave; `None` when there are more keys than rows.
    pub(crate) fn from_parts(count: u64, keys: Vec<Option<Arc<[u8]>>>) -> Option<Self> {
        let first = count.checked_sub(keys.len() as u64)?;
        let numbered = (first..).zip(&keys);
        let last = numbered.filter_map(|(number, key)| Some((key.clone()?, number))).collect();
        Some(Self { count, last, recent: keys.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows by the letter of their key, `~` for none, duplicates in upper case.
    fn judge(seen: &mut Seen, keys: &str, window: u64) -> String {
        let judge = |key: char| {
            let bytes = [key as u8];
            match seen.meet((key != '~').then_some(&bytes), window) {
                true => key.to_ascii_uppercase(),
                false => key,
            }
        };
        keys.chars().map(judge).collect()
    }

    #[test]
    fn a_key_is_a_duplicate_as_far_as_the_window_reaches() {
        assert_eq!(judge(&mut Seen::default(), "abaca", 2), "abAcA");
        assert_eq!(judge(&mut Seen::default(), "abca", 2), "abca");
        assert_eq!(judge(&mut Seen::default(), "aab", 1), "aAb");
        assert_eq!(judge(&mut Seen::default(), "aabba", 1), "aAbBa");
    }

    #[test]
    fn a_row_without_a_key_takes_its_place_in_the_window() {
        assert_eq!(judge(&mut Seen::default(), "a~a", 1), "a~a");
        assert_eq!(judge(&mut Seen::default(), "a~a~~a", 2), "a~A~~a");
        assert_eq!(judge(&mut Seen::default(), "~~~", 3), "~~~");
    }

    #[test]
    fn a_window_forgets_what_it_no_longer_needs() {
        let mut seen = Seen::default();
        judge(&mut seen, "abcdefghij", 3);
        assert_eq!((seen.last.len(), seen.recent.len()), (3, 3));
    }

    #[test]
    fn a_restored_window_goes_on_where_it_was() {
        let mut seen = Seen::default();
        judge(&mut seen, "xxab~c", 3);
        let (count, keys) = seen.parts();
        let keys = keys.map(|key| key.map(Arc::from)).collect();
        let mut copy = Seen::from_parts(count, keys).unwrap();
        assert_eq!(judge(&mut copy, "xabc", 3), judge(&mut seen, "xabc", 3));
    }
}
