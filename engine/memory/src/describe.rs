//! Batches out: where their buffers lie, as bytes.

use std::sync::Arc;

use arrow::array::{Array, ArrayData, ArrayRef, RecordBatch};
use arrow::buffer::Buffer;
use arrow::datatypes::DataType;
use zerocopy::IntoBytes;
use zerocopy::little_endian::{U32, U64};

use crate::layout::{ELEMENTS_MAX, Layout, is_supported, layout};
use crate::wire::{Header, MAGIC, OWN, Span};
use crate::{SegmentId, Segments};

/// A batch cannot be described. What was written is to be thrown away.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DescribeError {
    /// A buffer lies in none of the segments: the batch was not sealed.
    #[error("column {column} does not lie in shared memory")]
    NotShared {
        /// Index of the column.
        column: usize,
    },
    /// The type of a column does not cross.
    #[error("column {column} is of the type {data_type}, which does not cross a process border")]
    Unsupported {
        /// Index of the column.
        column: usize,
        /// Its type.
        data_type: DataType,
    },
    /// There are more than [`ELEMENTS_MAX`] rows, or elements inside a column.
    #[error("the batch has {elements} elements in one array, at most {ELEMENTS_MAX} can cross")]
    TooLong {
        /// Rows or elements that there are.
        elements: usize,
    },
}

/// Describes a batch whose buffers all lie in `segments`; `out` is cleared first.
///
/// A column that is one of `input` (the batch that the stage was given) is described by its index,
/// which costs a comparison of pointers; any other takes 12 bytes, 24 for each buffer, and some 100
/// ns, or more if the input has many columns of its type.
/// The memory must stay unchanged as long as the other side may look at it (M6).
///
/// # Errors
/// The batch is not sealed, has a type that does not cross, or is too long.
pub fn describe(
    batch: &RecordBatch,
    segments: &Segments,
    input: Option<&RecordBatch>,
    out: &mut Vec<u8>,
) -> Result<(), DescribeError> {
    out.clear();
    check_length(batch.num_rows())?;
    let header = Header {
        magic: U32::new(MAGIC),
        columns: U32::new(batch.num_columns() as u32),
        rows: U64::new(batch.num_rows() as u64),
    };
    out.extend_from_slice(header.as_bytes());
    let known = input.map_or(&[][..], RecordBatch::columns);
    let mut next = 0;
    for (column, array) in batch.columns().iter().enumerate() {
        if let Some(index) = find_same(array, known, next) {
            out.extend_from_slice(&(index as u32).to_le_bytes());
            next = index + 1;
            continue;
        }
        out.extend_from_slice(&OWN.to_le_bytes());
        Writer { segments, column, out }.column(array, known)?;
    }
    Ok(())
}

/// The column of the input that this is, by the address of the array. Most keep their order, so the
/// one after the last found is tried first.
fn find_same(array: &ArrayRef, known: &[ArrayRef], next: usize) -> Option<usize> {
    if known.get(next).is_some_and(|other| Arc::ptr_eq(other, array)) {
        return Some(next);
    }
    known.iter().position(|other| Arc::ptr_eq(other, array))
}

fn check_length(elements: usize) -> Result<(), DescribeError> {
    match elements as u64 {
        0..=ELEMENTS_MAX => Ok(()),
        _ => Err(DescribeError::TooLong { elements }),
    }
}

/// Writes one column.
struct Writer<'a> {
    segments: &'a Segments,
    column: usize,
    out: &'a mut Vec<u8>,
}

impl Writer<'_> {
    fn column(&mut self, array: &ArrayRef, known: &[ArrayRef]) -> Result<(), DescribeError> {
        if !is_supported(array.data_type()) {
            let data_type = array.data_type().clone();
            return Err(DescribeError::Unsupported { column: self.column, data_type });
        }
        let data = array.to_data();
        if let Some(index) = find_same_memory(&data, array, known) {
            let tag = self.out.len() - size_of::<u32>();
            self.out.truncate(tag);
            self.out.extend_from_slice(&(index as u32).to_le_bytes());
            return Ok(());
        }
        self.node(&data, 0, data.len())
    }

    /// The elements `start..start + length` of an array and what is inside.
    fn node(&mut self, data: &ArrayData, start: usize, length: usize) -> Result<(), DescribeError> {
        check_length(length)?;
        self.out.extend_from_slice(&(length as u64).to_le_bytes());
        if length == 0 {
            return Ok(());
        }
        let first = data.offset() + start;
        let layout = layout(data.data_type()).expect("the types of the column were checked");
        if !matches!(layout, Layout::Nothing) {
            self.validity(data, start, length)?;
        }
        let (buffers, children) = (data.buffers(), data.child_data());
        match layout {
            Layout::Nothing => Ok(()),
            Layout::Fixed(width) => self.span(&buffers[0], first * width, length * width),
            Layout::Bits => self.bits(&buffers[0], first, length),
            Layout::Bytes(width) => {
                let width = width.bytes();
                self.span(&buffers[0], first * width, (length + 1) * width)?;
                self.span(&buffers[1], 0, buffers[1].len())
            }
            Layout::List(width, _) => {
                let width = width.bytes();
                self.span(&buffers[0], first * width, (length + 1) * width)?;
                self.node(&children[0], 0, children[0].len())
            }
            Layout::FixedList(size, _) => self.node(&children[0], first * size, length * size),
            Layout::Struct(_) => {
                children.iter().try_for_each(|child| self.node(child, first, length))
            }
            Layout::Dictionary(width, _) => {
                self.span(&buffers[0], first * width, length * width)?;
                self.node(&children[0], 0, children[0].len())
            }
        }
    }

    fn validity(
        &mut self,
        data: &ArrayData,
        start: usize,
        length: usize,
    ) -> Result<(), DescribeError> {
        match data.nulls().filter(|nulls| nulls.null_count() > 0) {
            Some(nulls) => self.bits(nulls.buffer(), nulls.offset() + start, length),
            None => self.push(&Span::EMPTY),
        }
    }

    fn bits(&mut self, buffer: &Buffer, first: usize, length: usize) -> Result<(), DescribeError> {
        let bits = first % 8;
        let mut span = self.locate(buffer, first / 8, (bits + length).div_ceil(8))?;
        span.bits = U32::new(bits as u32);
        self.push(&span)
    }

    fn span(&mut self, buffer: &Buffer, start: usize, bytes: usize) -> Result<(), DescribeError> {
        let span = self.locate(buffer, start, bytes)?;
        self.push(&span)
    }

    fn locate(&self, buffer: &Buffer, start: usize, bytes: usize) -> Result<Span, DescribeError> {
        if bytes == 0 {
            return Ok(Span::EMPTY);
        }
        let found = self.segments.locate(buffer.as_ptr().wrapping_add(start), bytes);
        let (SegmentId(segment), offset) =
            found.ok_or(DescribeError::NotShared { column: self.column })?;
        Ok(Span {
            segment: U32::new(segment),
            bits: U32::ZERO,
            offset: U64::new(offset),
            bytes: U64::new(bytes as u64),
        })
    }

    fn push(&mut self, span: &Span) -> Result<(), DescribeError> {
        self.out.extend_from_slice(span.as_bytes());
        Ok(())
    }
}

/// The column of the input that has the same buffers, though it is another array.
fn find_same_memory(data: &ArrayData, array: &ArrayRef, known: &[ArrayRef]) -> Option<usize> {
    known.iter().position(|other| {
        other.len() == array.len()
            && other.data_type() == array.data_type()
            && other.null_count() == array.null_count()
            && other.to_data().ptr_eq(data)
    })
}
