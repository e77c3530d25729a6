//! Types of columns from the first values.

use arrow::datatypes::DataType;

use crate::numbers::{Form, integer, kept_double};
use crate::values::boolean;

/// What the values of one column have all been so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guess {
    seen: bool,
    integer: bool,
    float: bool,
    /// Some value had a digit: `NaN` alone makes no column of numbers.
    digits: bool,
    boolean: bool,
    /// Some value was quoted.
    quoted: bool,
    /// Some field spelt a missing value in quotes.
    quoted_null: bool,
}

impl Default for Guess {
    fn default() -> Self {
        Self {
            seen: false,
            integer: true,
            float: true,
            digits: false,
            boolean: true,
            quoted: false,
            quoted_null: false,
        }
    }
}

impl Guess {
    /// Takes a value into account. Cost: one look at each byte for every type it may still be.
    pub(crate) fn observe(&mut self, value: &[u8], is_quoted: bool) {
        self.seen = true;
        self.quoted |= is_quoted;
        self.integer = self.integer && integer::<i64>(value, Form::Plain).is_some();
        self.float = self.float && kept_double(value).is_some();
        self.digits = self.digits || value.iter().any(u8::is_ascii_digit);
        let is_boolean = boolean(value).is_some() && value.iter().all(u8::is_ascii_lowercase);
        self.boolean = self.boolean && is_boolean;
    }

    /// Takes a field into account that would be missing, did it not stand in quotes.
    pub(crate) fn observe_quoted_null(&mut self) {
        self.quoted_null = true;
    }

    /// Whether there was any value.
    pub(crate) fn is_seen(self) -> bool {
        self.seen || self.quoted_null
    }

    /// The narrowest type that loses nothing of any value; text when there was none.
    ///
    /// A missing value in quotes makes the column text, but where other values are quoted, too:
    /// there the writer quotes whatever it writes, and means nothing by it.
    pub(crate) fn data_type(self) -> DataType {
        match self {
            Self { seen: false, .. } => DataType::Utf8,
            Self { quoted_null: true, quoted: false, .. } => DataType::Utf8,
            Self { integer: true, .. } => DataType::Int64,
            Self { float: true, digits: true, .. } => DataType::Float64,
            Self { boolean: true, .. } => DataType::Boolean,
            Self { .. } => DataType::Utf8,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(values: &[&str]) -> DataType {
        let mut guess = Guess::default();
        values.iter().for_each(|value| guess.observe(value.as_bytes(), false));
        guess.data_type()
    }

    #[test]
    fn a_quoted_null_makes_text_unless_all_is_quoted() {
        let mut guess = Guess::default();
        guess.observe_quoted_null();
        assert!(guess.is_seen());
        assert_eq!(guess.data_type(), DataType::Utf8);
        guess.observe(b"1", false);
        assert_eq!(guess.data_type(), DataType::Utf8);
        guess.observe(b"2", true);
        assert_eq!(guess.data_type(), DataType::Int64);
    }

    #[test]
    fn fractions_of_more_digits_than_a_double_keeps_stay_text() {
        assert_eq!(guess(&["0.12345678901234567"]), DataType::Float64);
        assert_eq!(guess(&["0.123456789012345678"]), DataType::Utf8);
        assert_eq!(guess(&["0.30000000000000000001"]), DataType::Utf8);
        assert_eq!(guess(&["12345678901234567890.5"]), DataType::Utf8);
        assert_eq!(guess(&["1.10000000000000000000", "00000000000000000000.5"]), DataType::Utf8);
        assert_eq!(guess(&["1.10000000000000000000", "0.00000000000000000005"]), DataType::Float64);
        assert_eq!(guess(&["1.1e300", "1000000000000000000000.0"]), DataType::Float64);
    }

    #[test]
    fn a_type_is_taken_only_when_it_holds_every_value() {
        assert_eq!(guess(&["1", "-5", "0"]), DataType::Int64);
        assert_eq!(guess(&["1", "2.50", "1e5", "NaN"]), DataType::Float64);
        assert_eq!(guess(&["true", "false"]), DataType::Boolean);
        assert_eq!(guess(&[]), DataType::Utf8);
        let texts = [["007", "1"], ["+5", "1"], ["1", "abc"], ["NaN", "inf"], ["TRUE", "true"]];
        for values in texts {
            assert_eq!(guess(&values), DataType::Utf8, "{values:?}");
        }
    }

    #[test]
    fn long_numbers_stay_text_rather_than_lose_digits() {
        assert_eq!(guess(&["9223372036854775807"]), DataType::Int64);
        assert_eq!(guess(&["9223372036854775808"]), DataType::Utf8);
        assert_eq!(guess(&["9007199254740993", "0.5"]), DataType::Utf8);
        assert_eq!(guess(&["2013-01-01", "2013-01-02"]), DataType::Utf8);
    }
}
