//! Reading text operands row by row, and writing a text result without passing arrow's bounds.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, GenericStringArray, NullBufferBuilder, OffsetSizeTrait,
};
use arrow::buffer::{Buffer, OffsetBuffer};

use super::super::value::{Evaluated, Value};
use crate::error::EvaluateError;
use crate::plan::Node;

/// A text operand: an array, or one value for every row.
pub(super) struct Texts<'v, O: OffsetSizeTrait> {
    array: &'v GenericStringArray<O>,
    scalar: bool,
}

impl<'v, O: OffsetSizeTrait> Texts<'v, O> {
    pub(super) fn new(value: &'v Value) -> Self {
        Self { array: value.array().as_string(), scalar: value.is_scalar() }
    }

    pub(super) fn at(&self, row: usize) -> Option<&'v str> {
        let row = if self.scalar { 0 } else { row };
        self.array.is_valid(row).then(|| self.array.value(row))
    }
}

/// The bytes that the rows of an array cover, nulls included.
pub(super) fn used_bytes<O: OffsetSizeTrait>(array: &GenericStringArray<O>) -> &[u8] {
    let offsets = array.value_offsets();
    &array.value_data()[offsets[0].as_usize()..offsets[array.len()].as_usize()]
}

/// Writes one text for each row.
pub(super) struct Writer<'n, O: OffsetSizeTrait> {
    node: &'n Node,
    pub(super) count: usize,
    text: String,
    offsets: Vec<O>,
    nulls: NullBufferBuilder,
}

impl<'n, O: OffsetSizeTrait> Writer<'n, O> {
    pub(super) fn new(node: &'n Node, count: usize) -> Self {
        let mut offsets = Vec::with_capacity(count + 1);
        offsets.push(O::default());
        Self { node, count, text: String::new(), offsets, nulls: NullBufferBuilder::new(count) }
    }

    /// Adds to the text of the current row.
    pub(super) fn push(&mut self, piece: &str) {
        self.text.push_str(piece);
    }

    fn end_row(&mut self, valid: bool) -> Evaluated<()> {
        let too_large = || EvaluateError::TooLarge {
            operation: self.node.text.to_string(),
            limit: O::MAX_OFFSET,
        };
        self.offsets.push(O::from_usize(self.text.len()).ok_or_else(too_large)?);
        self.nulls.append(valid);
        Ok(())
    }

    pub(super) fn invalid_argument(&self, detail: String) -> EvaluateError {
        EvaluateError::Argument { operation: self.node.text.to_string(), detail }
    }

    /// One row for each row of the operands, null where `write` says `None`.
    pub(super) fn each_row(
        mut self,
        mut write: impl FnMut(&mut Self, usize) -> Evaluated<Option<()>>,
    ) -> Evaluated<ArrayRef> {
        for row in 0..self.count {
            let start = self.text.len();
            let written = write(&mut self, row)?;
            if written.is_none() {
                self.text.truncate(start);
            }
            self.end_row(written.is_some())?;
        }
        let offsets = OffsetBuffer::new(self.offsets.into());
        let text = Buffer::from_vec(self.text.into_bytes());
        Ok(Arc::new(GenericStringArray::new(offsets, text, self.nulls.finish())))
    }
}
