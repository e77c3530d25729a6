//! Functions that keep a part of their text: `trim` and `substr`.

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, OffsetSizeTrait};
use arrow::datatypes::Int64Type;

use super::super::value::{Evaluated, Value};
use super::writer::{Texts, Writer};
use crate::functions::Side;

/// Cuts off spaces, or any of the characters of the second operand.
pub(super) fn trim<O: OffsetSizeTrait>(
    writer: Writer<'_, O>,
    operands: &[Texts<'_, O>],
    side: Side,
) -> Evaluated<ArrayRef> {
    writer.each_row(|writer, row| {
        let Some(text) = operands[0].at(row) else { return Ok(None) };
        let set = match operands.get(1) {
            None => " ",
            Some(set) => match set.at(row) {
                Some(set) => set,
                None => return Ok(None),
            },
        };
        let is_cut = |c: char| if set == " " { c == ' ' } else { set.contains(c) };
        let kept = match side {
            Side::Both => text.trim_matches(is_cut),
            Side::Start => text.trim_start_matches(is_cut),
            Side::End => text.trim_end_matches(is_cut),
        };
        writer.push(kept);
        Ok(Some(()))
    })
}

/// `substr(text, start [, length])` in characters, counted from 1.
///
/// As in PostgreSQL a start before 1 uses up length: `substr('abc', 0, 2)` is `a`.
pub(super) fn substr<O: OffsetSizeTrait>(
    writer: Writer<'_, O>,
    values: &[Value],
) -> Evaluated<ArrayRef> {
    let texts = Texts::<O>::new(&values[0]);
    let starts = Integers::new(&values[1]);
    let lengths = values.get(2).map(Integers::new);
    writer.each_row(|writer, row| {
        let (Some(text), Some(start)) = (texts.at(row), starts.at(row)) else { return Ok(None) };
        let end = match &lengths {
            None => i64::MAX,
            Some(lengths) => match lengths.at(row) {
                None => return Ok(None),
                Some(length) if length < 0 => {
                    return Err(writer.invalid_argument(format!("the length {length} is negative")));
                }
                Some(length) => start.saturating_add(length),
            },
        };
        writer.push(slice(text, start, end));
        Ok(Some(()))
    })
}

/// The characters from `start` to before `end`, both counted from 1.
fn slice(text: &str, start: i64, end: i64) -> &str {
    let skip = usize::try_from(start.saturating_sub(1)).unwrap_or(0);
    let stop = usize::try_from(end.saturating_sub(1)).unwrap_or(0).max(skip);
    let from = byte_of(text, skip);
    let to = from + byte_of(&text[from..], stop - skip);
    &text[from..to]
}

/// Where a character starts, or the end of the text.
fn byte_of(text: &str, index: usize) -> usize {
    if index >= text.len() {
        return text.len();
    }
    text.char_indices().nth(index).map_or(text.len(), |(byte, _)| byte)
}

struct Integers<'v> {
    array: &'v Int64Array,
    scalar: bool,
}

impl<'v> Integers<'v> {
    fn new(value: &'v Value) -> Self {
        Self { array: value.array().as_primitive::<Int64Type>(), scalar: value.is_scalar() }
    }

    fn at(&self, row: usize) -> Option<i64> {
        let row = if self.scalar { 0 } else { row };
        self.array.is_valid(row).then(|| self.array.value(row))
    }
}
