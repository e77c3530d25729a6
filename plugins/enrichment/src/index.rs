//! From keys to rows of a table.

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use arrow::error::ArrowError;
use arrow::row::{RowConverter, SortField};
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use tanda_expression::packed::{pack, words};

use crate::config::OnDuplicate;

/// Rows of a table by key. A key with a null in it is not there.
#[derive(Debug)]
pub(crate) enum Index {
    /// One key column of short texts.
    Texts(HashMap<u64, u32>),
    /// One key column of whole numbers, dates or times.
    Numbers(HashMap<i64, u32>),
    /// Any other keys, in Arrow's row format.
    Rows(RowConverter, HashMap<Box<[u8]>, u32>),
}

/// Why there is no index.
#[derive(Debug)]
pub(crate) enum IndexError {
    /// These rows have the same key.
    Duplicate(usize, usize),
    /// Arrow has no row format for the keys.
    Arrow(ArrowError),
}

impl From<ArrowError> for IndexError {
    fn from(error: ArrowError) -> Self {
        Self::Arrow(error)
    }
}

impl Index {
    /// Indexes the rows of a table by its key columns: at least one, of at most `u32::MAX` rows.
    pub(crate) fn new(keys: &[ArrayRef], on_duplicate: OnDuplicate) -> Result<Self, IndexError> {
        let nulls = nulls_of(keys);
        let present = (0..keys[0].len())
            .filter(|row| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(*row)));
        if let [key] = keys {
            if let Some(texts) = key.as_string_opt::<i32>().filter(|texts| all_short(texts)) {
                let word = words(texts);
                let map = collect(present.map(|row| (word(row), row)), on_duplicate)?;
                return Ok(Self::Texts(map));
            }
            if is_whole(key.data_type()) {
                let numbers = cast(key, &DataType::Int64)?;
                let numbers = numbers.as_primitive::<Int64Type>().values();
                let map = collect(present.map(|row| (numbers[row], row)), on_duplicate)?;
                return Ok(Self::Numbers(map));
            }
        }
        let fields = keys.iter().map(|key| SortField::new(key.data_type().clone())).collect();
        let converter = RowConverter::new(fields)?;
        let rows = converter.convert_columns(keys)?;
        let key = |row| Box::<[u8]>::from(rows.row(row).data());
        let map = collect(present.map(|row| (key(row), row)), on_duplicate)?;
        Ok(Self::Rows(converter, map))
    }

    /// The table row of every input row, or `missing` where the key is not in the table.
    pub(crate) fn find(&self, keys: &[ArrayRef], missing: u32) -> Result<Vec<u32>, ArrowError> {
        let nulls = nulls_of(keys);
        let present = |row| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
        let count = keys[0].len();
        match self {
            Self::Texts(map) => {
                let word = words(keys[0].as_string::<i32>());
                let find = |row| map.get(&word(row)).copied();
                Ok(rows(count, missing, |row| find(row).filter(|_| present(row))))
            }
            Self::Numbers(map) => {
                let numbers = cast(&keys[0], &DataType::Int64)?;
                let numbers = numbers.as_primitive::<Int64Type>().values();
                let find = |row: usize| map.get(&numbers[row]).copied();
                Ok(rows(count, missing, |row| find(row).filter(|_| present(row))))
            }
            Self::Rows(converter, map) => {
                let encoded = converter.convert_columns(keys)?;
                let find = |row| map.get(encoded.row(row).data()).copied();
                Ok(rows(count, missing, |row| find(row).filter(|_| present(row))))
            }
        }
    }
}

fn rows(count: usize, missing: u32, find: impl Fn(usize) -> Option<u32>) -> Vec<u32> {
    (0..count).map(|row| find(row).unwrap_or(missing)).collect()
}

fn collect<K: Eq + std::hash::Hash>(
    keys: impl Iterator<Item = (K, usize)>,
    on_duplicate: OnDuplicate,
) -> Result<HashMap<K, u32>, IndexError> {
    let mut map = HashMap::new();
    for (key, row) in keys {
        let row_u32 = u32::try_from(row).expect("a table has at most u32::MAX rows");
        match (map.entry(key), on_duplicate) {
            (Entry::Vacant(vacant), _) => _ = vacant.insert(row_u32),
            (Entry::Occupied(_), OnDuplicate::First) => {}
            (Entry::Occupied(mut known), OnDuplicate::Last) => _ = known.insert(row_u32),
            (Entry::Occupied(known), OnDuplicate::Error) => {
                return Err(IndexError::Duplicate(*known.get() as usize, row));
            }
        }
    }
    Ok(map)
}

/// Null where any part of the key is.
fn nulls_of(keys: &[ArrayRef]) -> Option<NullBuffer> {
    let nulls = keys.iter().fold(None, |all, key| NullBuffer::union(all.as_ref(), key.nulls()));
    nulls.filter(|nulls| nulls.null_count() > 0)
}

fn all_short(texts: &StringArray) -> bool {
    texts.iter().flatten().all(|text| pack(text).is_some())
}

/// Types whose values are whole numbers that fit into `i64`, in the same way on both sides.
#[expect(clippy::wildcard_enum_match_arm, reason = "the others go by their bytes")]
fn is_whole(data_type: &DataType) -> bool {
    match data_type {
        DataType::UInt64 => false,
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => true,
        other => other.is_integer(),
    }
}
