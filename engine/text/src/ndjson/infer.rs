//! Columns of NDJSON from its first records.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use arrow_json::reader::infer_json_schema;

use crate::numbers::{Form, integer, is_integer};

use super::scan::{Kind, Scanner, Token, unescape};
use super::split::found_instead;

/// Nested values of one key that are looked at.
const NESTED_MAX: usize = 1_000;

/// Keys in the order in which they first occur, and what their values are.
#[derive(Debug, Default)]
pub struct NdjsonSample {
    pub(crate) keys: Vec<SampledKey>,
    by_name: HashMap<String, usize>,
    pub(crate) records: usize,
    /// All bytes that were looked at.
    pub(crate) bytes: usize,
    /// What the first line that is not empty has instead of a record, if it is none.
    pub(crate) refusal: Option<String>,
}

/// What the values of one key have been so far.
#[derive(Debug, Default)]
pub(crate) struct SampledKey {
    pub(crate) name: String,
    kinds: Vec<Kind>,
    /// A number was written with a point or an exponent.
    float: bool,
    /// An integer that 64 bits with sign do not hold.
    beyond_int64: bool,
    /// An integer that a double does not hold exactly.
    beyond_float64: bool,
    /// Nested values, one a line.
    nested: Vec<u8>,
    nested_count: usize,
}

impl NdjsonSample {
    /// Takes the records of `text` into account; broken ones are left for decoding to refuse.
    pub(crate) fn take(&mut self, text: &[u8]) {
        for line in text.split(|byte| *byte == b'\n') {
            let mut members = Vec::new();
            let whole = Scanner::new(line, 0).object(|key, value| members.push((key, value)));
            if let Err(broken) = whole
                && self.records == 0
                && !line.trim_ascii().is_empty()
            {
                self.refusal.get_or_insert_with(|| found_instead(line, &(0..line.len()), broken));
            }
            if whole.is_ok() && std::str::from_utf8(line).is_ok() {
                self.records += 1;
                members.iter().for_each(|(key, value)| self.observe(line, key, value));
            }
        }
    }

    fn observe(&mut self, line: &[u8], key: &Token, value: &Token) {
        let mut name = Vec::new();
        if !unescape(&line[key.range.clone()], &mut name) {
            return;
        }
        let Ok(name) = String::from_utf8(name) else { return };
        let index = *self.by_name.entry(name).or_insert_with_key(|name| {
            self.keys.push(SampledKey { name: name.clone(), ..SampledKey::default() });
            self.keys.len() - 1
        });
        self.keys[index].observe(value.kind, &line[value.range.clone()]);
    }
}

impl SampledKey {
    fn observe(&mut self, kind: Kind, text: &[u8]) {
        let kind = if kind == Kind::Escaped { Kind::Text } else { kind };
        if kind != Kind::Null && !self.kinds.contains(&kind) {
            self.kinds.push(kind);
        }
        if kind == Kind::Number && is_integer(text) {
            const EXACT_MAX: u64 = 1 << 53;
            let value = integer::<i64>(text, Form::Any);
            self.beyond_int64 |= value.is_none();
            self.beyond_float64 |= value.is_none_or(|value| value.unsigned_abs() > EXACT_MAX);
        } else if kind == Kind::Number {
            self.float = true;
        } else if matches!(kind, Kind::Array | Kind::Object) && self.nested_count < NESTED_MAX {
            self.nested_count += 1;
            self.nested.extend_from_slice(b"{\"v\":");
            self.nested.extend_from_slice(text);
            self.nested.extend_from_slice(b"}\n");
        }
    }

    /// Whether there was any value.
    pub(crate) fn is_seen(&self) -> bool {
        !self.kinds.is_empty()
    }

    /// The type that holds every value as it is, or what stands in the way.
    pub(crate) fn data_type(&self) -> Result<DataType, String> {
        match self.kinds.as_slice() {
            [] => Ok(DataType::Utf8),
            [Kind::Number] if self.float && self.beyond_float64 => {
                Err("fractions and integers that float64 does not hold exactly".to_owned())
            }
            [Kind::Number] if self.float => Ok(DataType::Float64),
            [Kind::Number] if self.beyond_int64 => {
                Err("integers beyond the range of int64".to_owned())
            }
            [Kind::Number] => Ok(DataType::Int64),
            [Kind::Bool] => Ok(DataType::Boolean),
            [Kind::Text] => Ok(DataType::Utf8),
            [Kind::Array | Kind::Object] => nested_type(&self.nested),
            kinds => Err(kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(" and ")),
        }
    }
}

fn nested_type(lines: &[u8]) -> Result<DataType, String> {
    let unclear = || "arrays or objects whose values differ in type".to_owned();
    let (schema, _) = infer_json_schema(lines, None).map_err(|_| unclear())?;
    let field = schema.fields().first().ok_or_else(unclear)?;
    Ok(without_null_type(field.data_type()))
}

/// Where only nulls or empty arrays were seen, text is assumed, as for whole columns.
#[expect(clippy::wildcard_enum_match_arm, reason = "all other types stay as they are")]
fn without_null_type(data_type: &DataType) -> DataType {
    let inner = |field: &Arc<Field>| {
        let data_type = without_null_type(field.data_type());
        Arc::new(Field::new(field.name(), data_type, true))
    };
    match data_type {
        DataType::Null => DataType::Utf8,
        DataType::List(item) => DataType::List(inner(item)),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(inner).collect()),
        other => other.clone(),
    }
}
