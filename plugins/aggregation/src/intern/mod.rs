//! Numbers the distinct values of a column, in the order in which they are first seen.
//!
//! That order depends on how the input was split, so it never leaves the plugin: snapshots and
//! results are written in the order of the values.

mod bytes;
mod numbers;

use arrow::array::{Array, ArrayRef, AsArray};

use crate::column::Values;
use crate::error::StateError;
use crate::value::{Kind, Value};

use bytes::BytesInterner;
use numbers::{Wides, Words};

/// The code of a missing value. Values have codes from 1.
pub(crate) const NULL: u32 = 0;

/// The distinct values of one column.
///
/// Memory: a value, its table entry and, for text, its end: 20 to 70 bytes and the text.
#[derive(Debug)]
pub(crate) enum Interner {
    Words(Words),
    Wides(Wides),
    Bytes(BytesInterner),
}

impl Interner {
    pub(crate) fn new(kind: Kind) -> Self {
        match kind {
            Kind::Word => Self::Words(Words::default()),
            Kind::Wide => Self::Wides(Wides::default()),
            Kind::Bytes => Self::Bytes(BytesInterner::default()),
        }
    }

    /// Codes of the rows of a column into `out`, which is emptied first.
    ///
    /// # Errors
    /// There could be more distinct values than codes, or the column cannot be read.
    pub(crate) fn codes(&mut self, array: &ArrayRef, out: &mut Vec<u32>) -> Result<(), StateError> {
        if let Some(dictionary) = array.as_any_dictionary_opt() {
            let mut codes = Vec::new();
            self.codes(dictionary.values(), &mut codes)?;
            let keys = arrow::compute::cast(dictionary.keys(), &arrow::datatypes::DataType::Int64)?;
            let keys: &arrow::array::Int64Array = keys.as_primitive();
            out.clear();
            out.extend(keys.iter().map(|key| key.map_or(NULL, |key| codes[key as usize])));
            return Ok(());
        }
        self.codes_of(&Values::of(array)?, array.len(), out)
    }

    /// Codes of values into `out`, which is emptied first.
    ///
    /// # Errors
    /// There could be more distinct values than codes.
    pub(crate) fn codes_of(
        &mut self,
        values: &Values,
        rows: usize,
        out: &mut Vec<u32>,
    ) -> Result<(), StateError> {
        self.check_room(rows)?;
        out.clear();
        out.resize(rows, NULL);
        match (self, values) {
            (Self::Words(words), Values::Words(values, nulls)) => {
                words.codes(values, nulls.as_ref(), out);
            }
            (Self::Wides(wides), Values::Wides(values, nulls)) => {
                wides.codes(values, nulls.as_ref(), out);
            }
            (Self::Bytes(bytes), Values::Bytes(array)) => bytes.codes(array, out),
            (Self::Bytes(bytes), Values::LargeBytes(array)) => bytes.codes(array, out),
            (Self::Words(_) | Self::Wides(_) | Self::Bytes(_), _) => {
                unreachable!("a column has one kind")
            }
        }
        Ok(())
    }

    /// Code of one value.
    ///
    /// # Errors
    /// There are no more codes.
    pub(crate) fn code(&mut self, value: Option<Value<'_>>) -> Result<u32, StateError> {
        self.check_room(1)?;
        Ok(match (self, value) {
            (_, None) => NULL,
            (Self::Words(words), Some(Value::Word(word))) => words.code(word),
            (Self::Wides(wides), Some(Value::Wide(wide))) => wides.code(wide),
            (Self::Bytes(interner), Some(Value::Bytes(bytes))) => interner.code(bytes),
            (Self::Words(_) | Self::Wides(_) | Self::Bytes(_), Some(_)) => {
                unreachable!("a column has one kind")
            }
        })
    }

    fn check_room(&self, more: usize) -> Result<(), StateError> {
        match self.len().saturating_add(more) < u32::MAX as usize {
            true => Ok(()),
            false => Err(StateError::TooMany),
        }
    }

    /// The value of a code; `NULL` has none.
    pub(crate) fn value(&self, code: u32) -> Option<Value<'_>> {
        let index = (code as usize).checked_sub(1)?;
        Some(match self {
            Self::Words(words) => Value::Word(words.values()[index]),
            Self::Wides(wides) => Value::Wide(wides.values()[index]),
            Self::Bytes(bytes) => Value::Bytes(bytes.get(index)),
        })
    }

    /// Distinct values so far.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Words(words) => words.values().len(),
            Self::Wides(wides) => wides.values().len(),
            Self::Bytes(bytes) => bytes.len(),
        }
    }

    /// For each code its rank among the values, ascending; `NULL` ranks last.
    pub(crate) fn ranks(&self) -> Vec<u32> {
        let mut codes: Vec<u32> = (1..=self.len() as u32).collect();
        codes.sort_unstable_by_key(|code| self.value(*code));
        let mut ranks = vec![u32::MAX; codes.len() + 1];
        for (rank, code) in (0..).zip(codes) {
            ranks[code as usize] = rank;
        }
        ranks
    }

    /// Memory held.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Words(words) => words.bytes(),
            Self::Wides(wides) => wides.bytes(),
            Self::Bytes(bytes) => bytes.bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{DictionaryArray, Int64Array, StringArray};
    use arrow::datatypes::Int8Type;
    use proptest::prelude::*;

    use super::*;

    fn codes(interner: &mut Interner, array: impl Array + 'static) -> Vec<u32> {
        let mut out = vec![7];
        let array: ArrayRef = Arc::new(array);
        interner.codes(&array, &mut out).unwrap();
        out
    }

    #[test]
    fn dictionaries_and_plain_text_share_codes() {
        let mut interner = Interner::new(Kind::Bytes);
        let plain = StringArray::from(vec![Some("b"), None, Some("a"), Some("b")]);
        assert_eq!(codes(&mut interner, plain), [1, 0, 2, 1]);
        let keyed: DictionaryArray<Int8Type> = [Some("a"), None, Some("c")].into_iter().collect();
        assert_eq!(codes(&mut interner, keyed), [2, 0, 3]);
    }

    #[test]
    fn ranks_follow_values_with_null_last() {
        let mut interner = Interner::new(Kind::Bytes);
        codes(&mut interner, StringArray::from(vec!["b", "aa", "a"]));
        assert_eq!(interner.ranks(), [u32::MAX, 2, 1, 0]);
    }

    /// Short, of two overlapping words, of two words, and longer with equal ends.
    const TEXTS: &str = "[ab]{0,4}|[ab]{7,10}|[ab]{8}c[ab]{0,9}|a{8}[ab]{1,4}b{8}";

    proptest! {
        #[test]
        fn equal_words_have_equal_codes_and_codes_give_the_words_back(
            batches in prop::collection::vec(prop::collection::vec(prop_oneof![
                -50_i64..50, 1_000_000_i64..1_000_300, any::<i64>(), Just(i64::MIN), Just(i64::MAX),
            ], 0..80), 1..8),
        ) {
            let mut interner = Interner::new(Kind::Word);
            for batch in batches {
                let found = codes(&mut interner, Int64Array::from(batch.clone()));
                let back = found.iter().map(|code| interner.value(*code));
                prop_assert!(back.eq(batch.iter().map(|word| Some(Value::Word(*word)))));
            }
            let distinct: std::collections::BTreeSet<_> =
                (1..=interner.len() as u32).map(|code| interner.value(code)).collect();
            prop_assert_eq!(distinct.len(), interner.len());
        }

        #[test]
        fn equal_texts_have_equal_codes_and_codes_give_the_texts_back(
            batches in prop::collection::vec(prop::collection::vec(TEXTS, 0..40), 1..6),
        ) {
            let mut interner = Interner::new(Kind::Bytes);
            for batch in batches {
                let found = codes(&mut interner, StringArray::from(batch.clone()));
                let back = found.iter().map(|code| interner.value(*code));
                prop_assert!(back.eq(batch.iter().map(|text| Some(Value::Bytes(text.as_bytes())))));
            }
            let distinct: std::collections::BTreeSet<_> =
                (1..=interner.len() as u32).map(|code| interner.value(code)).collect();
            prop_assert_eq!(distinct.len(), interner.len());
        }
    }
}
