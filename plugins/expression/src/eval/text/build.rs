//! Functions that make new text: `lower`, `upper`, `concat`, `||`, `replace`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, GenericStringArray, OffsetSizeTrait};
use arrow::buffer::{Buffer, OffsetBuffer};

use super::super::value::Evaluated;
use super::writer::{Texts, Writer, used_bytes};

pub(super) fn fold_case<O: OffsetSizeTrait>(
    writer: Writer<'_, O>,
    array: &GenericStringArray<O>,
    upper: bool,
) -> Evaluated<ArrayRef> {
    if used_bytes(array).is_ascii() {
        return Ok(Arc::new(fold_ascii(array, upper)));
    }
    let mut folded = String::new();
    writer.each_row(|writer, row| {
        if array.is_null(row) {
            return Ok(None);
        }
        let chars = array.value(row).chars();
        folded.clear();
        match upper {
            true => folded.extend(chars.flat_map(char::to_uppercase)),
            false => folded.extend(chars.flat_map(char::to_lowercase)),
        }
        writer.push(&folded);
        Ok(Some(()))
    })
}

/// Plain ASCII keeps its offsets: the bytes are folded in one pass.
fn fold_ascii<O: OffsetSizeTrait>(
    array: &GenericStringArray<O>,
    upper: bool,
) -> GenericStringArray<O> {
    let mut bytes = used_bytes(array).to_vec();
    match upper {
        true => bytes.make_ascii_uppercase(),
        false => bytes.make_ascii_lowercase(),
    }
    let start = array.value_offsets()[0];
    let offsets = array.value_offsets().iter().map(|offset| *offset - start).collect::<Vec<_>>();
    let offsets = OffsetBuffer::new(offsets.into());
    GenericStringArray::new(offsets, Buffer::from_vec(bytes), array.nulls().cloned())
}

/// All operands one after the other; a null operand is nothing, or makes the row null.
pub(super) fn concat<O: OffsetSizeTrait>(
    writer: Writer<'_, O>,
    operands: &[Texts<'_, O>],
    skip_nulls: bool,
) -> Evaluated<ArrayRef> {
    writer.each_row(|writer, row| {
        for operand in operands {
            match operand.at(row) {
                Some(text) => writer.push(text),
                None if skip_nulls => {}
                None => return Ok(None),
            }
        }
        Ok(Some(()))
    })
}

/// `replace(text, from, to)`; an empty `from` is found nowhere.
pub(super) fn replace<O: OffsetSizeTrait>(
    writer: Writer<'_, O>,
    operands: &[Texts<'_, O>],
) -> Evaluated<ArrayRef> {
    writer.each_row(|writer, row| {
        let (Some(text), Some(from), Some(to)) =
            (operands[0].at(row), operands[1].at(row), operands[2].at(row))
        else {
            return Ok(None);
        };
        let mut rest = 0;
        if !from.is_empty() {
            for (at, found) in text.match_indices(from) {
                writer.push(&text[rest..at]);
                writer.push(to);
                rest = at + found.len();
            }
        }
        writer.push(&text[rest..]);
        Ok(Some(()))
    })
}
