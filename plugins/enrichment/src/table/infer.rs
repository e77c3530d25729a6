//! Types of the columns of a table that is nothing but text.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;

use super::TableError;
use crate::config::Lookup;
use crate::types;

/// Turns the texts of one table into columns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Types<'a> {
    lookup: &'a Lookup,
    /// Line of each row.
    lines: &'a [u64],
}

impl<'a> Types<'a> {
    /// Checks that every type that the scene gives is one of a column that is taken.
    pub(super) fn of(lookup: &'a Lookup, lines: &'a [u64]) -> Result<Self, TableError> {
        let taken = |column: &str| lookup.take.iter().any(|(_, taken)| taken == column);
        match lookup.types.iter().find(|(column, _)| !taken(column)) {
            None => Ok(Self { lookup, lines }),
            Some((column, _)) => Err(TableError::UnusedType {
                path: lookup.table.clone(),
                column: column.to_owned(),
            }),
        }
    }

    /// A column in the type that the scene gives, or in that of `guess`.
    pub(super) fn column(
        &self,
        name: &str,
        texts: &StringArray,
        guess: impl FnOnce(&StringArray) -> DataType,
    ) -> Result<ArrayRef, TableError> {
        let wanted = match self.lookup.types.get(name) {
            Some(given) => self.named(given)?,
            None => guess(texts),
        };
        let texts: ArrayRef = Arc::new(texts.clone());
        let column = cast(&texts, &wanted)
            .map_err(|source| TableError::Arrow { path: self.lookup.table.clone(), source })?;
        match first_lost(&texts, &column) {
            None => Ok(column),
            Some(row) => Err(self.bad_cell(name, &texts, row, &wanted)),
        }
    }

    fn named(&self, name: &str) -> Result<DataType, TableError> {
        types::named(name).ok_or_else(|| TableError::UnknownType {
            path: self.lookup.table.clone(),
            name: name.to_owned(),
            hint: crate::hint::among(name, types::names()),
        })
    }

    fn bad_cell(&self, name: &str, texts: &ArrayRef, row: usize, wanted: &DataType) -> TableError {
        TableError::BadCell {
            path: self.lookup.table.clone(),
            line: self.lines[row],
            column: name.to_owned(),
            found: types::text_at(texts, row),
            wanted: types::name(wanted),
        }
    }
}

/// The first row that had a value and has none after a cast.
pub(crate) fn first_lost(before: &ArrayRef, after: &ArrayRef) -> Option<usize> {
    if before.null_count() == after.null_count() {
        return None;
    }
    (0..before.len()).find(|row| before.is_valid(*row) && after.is_null(*row))
}

/// The narrowest type that holds all texts without changing what they say: int64, float64,
/// boolean or utf8. A column without any value is utf8.
pub(super) fn infer(texts: &StringArray) -> DataType {
    let all = |holds: fn(&str) -> bool| texts.iter().flatten().all(holds);
    if texts.null_count() == texts.len() {
        DataType::Utf8
    } else if all(is_integer) {
        DataType::Int64
    } else if all(is_decimal) {
        DataType::Float64
    } else if all(|text| matches!(text, "true" | "false")) {
        DataType::Boolean
    } else {
        DataType::Utf8
    }
}

/// Would it be printed in the same way? 007, +5 and -0 are no numbers but codes.
fn is_integer(text: &str) -> bool {
    text.parse::<i64>().is_ok_and(|number| number.to_string() == text)
}

/// A number without leading zeros or a plus sign, as JSON has it; a whole number only if a double
/// holds it exactly. Digits of a fraction beyond those that a double holds, and zeros at its end,
/// are lost: a column of version numbers needs `types`.
fn is_decimal(text: &str) -> bool {
    const EXACT_MAX: u64 = 1 << 53;
    if !text.contains(['.', 'e', 'E']) {
        return is_integer(text)
            && text.parse::<i64>().is_ok_and(|n| n.unsigned_abs() <= EXACT_MAX);
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    let whole = digits.split(['.', 'e', 'E']).next().unwrap_or_default();
    let numeric = !whole.is_empty() && whole.bytes().all(|byte| byte.is_ascii_digit());
    let plain = whole == "0" || !whole.starts_with('0');
    let ends = digits.ends_with(|last: char| last.is_ascii_digit());
    numeric && plain && ends && text.parse::<f64>().is_ok_and(f64::is_finite)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inferred(texts: &[&str]) -> DataType {
        infer(&texts.iter().map(|text| Some(*text).filter(|text| !text.is_empty())).collect())
    }

    #[test]
    fn a_column_gets_the_narrowest_type_that_changes_no_value() {
        assert_eq!(inferred(&["1", "-2", ""]), DataType::Int64);
        assert_eq!(inferred(&["1", "2.5", "-0.1", "1e3"]), DataType::Float64);
        assert_eq!(inferred(&["true", "false", ""]), DataType::Boolean);
        assert_eq!(inferred(&["", ""]), DataType::Utf8);
        assert_eq!(inferred(&[]), DataType::Utf8);
    }

    #[test]
    fn whole_numbers_that_a_double_would_round_stay_texts() {
        assert_eq!(inferred(&["12345678901234567890"]), DataType::Utf8);
        assert_eq!(inferred(&["0.5", "9007199254740993"]), DataType::Utf8);
        assert_eq!(inferred(&["0.5", "9007199254740992"]), DataType::Float64);
    }

    #[test]
    fn codes_that_look_like_numbers_stay_texts() {
        let codes = ["007", "+5", "-0", "1_000", "0x1F", "1.", ".5", "01.5", "NaN", "inf", "1e999"];
        for code in codes {
            assert_eq!(inferred(&["1", code]), DataType::Utf8, "{code}");
        }
        assert_eq!(inferred(&["0.5", "-0"]), DataType::Utf8);
        assert_eq!(inferred(&["True"]), DataType::Utf8);
        assert_eq!(inferred(&["1", "true"]), DataType::Utf8);
    }
}
