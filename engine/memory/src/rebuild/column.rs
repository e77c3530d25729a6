//! The array of a column, as its description says: lengths and ranges are checked, no data is read
//! that is not trusted.

use arrow::array::ArrayData;
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer};
use arrow::datatypes::DataType;
use zerocopy::little_endian::U64;

use super::error::ColumnFault;
use super::source::Source;
use crate::layout::{ELEMENTS_MAX, Layout, layout};
use crate::wire::{Reader, Span};

/// Reads the description of an array of a type that crosses.
///
/// Every buffer has exactly the bytes that its length needs: arrow-rs panics on offsets with a
/// rest. What the offsets need is not known yet, so what they lead into is all that was named. If
/// the source is not trusted, the number of nulls is not, either.
pub(super) fn read(
    reader: &mut Reader<'_>,
    source: &mut Source<'_>,
    data_type: &DataType,
) -> Result<ArrayData, ColumnFault> {
    let length = read_length(reader)?;
    if length == 0 {
        return Ok(ArrayData::new_empty(data_type));
    }
    let layout = layout(data_type).expect("the caller has seen that the type crosses");
    let mut array = Array { reader, source, length };
    let nulls = match layout {
        Layout::Nothing => None,
        Layout::Fixed(_) | Layout::Bits | Layout::Bytes(_) | Layout::List(..) => {
            array.validity()?
        }
        Layout::FixedList(..) | Layout::Struct(_) | Layout::Dictionary(..) => array.validity()?,
    };
    let (buffers, children, bits) = array.parts(layout)?;
    let builder = ArrayData::builder(data_type.clone())
        .len(length)
        .offset(bits)
        .nulls(nulls)
        .buffers(buffers)
        .child_data(children);
    // SAFETY: the buffers have the lengths that the type needs; the caller validates or copies the
    // array before it is used.
    Ok(unsafe { builder.build_unchecked() })
}

fn read_length(reader: &mut Reader<'_>) -> Result<usize, ColumnFault> {
    match reader.take::<U64>()?.get() {
        length @ 0..=ELEMENTS_MAX => Ok(length as usize),
        elements => Err(ColumnFault::TooLong { elements }),
    }
}

/// Buffers, children, and the bits in front of the first value.
type Parts = (Vec<Buffer>, Vec<ArrayData>, usize);

struct Array<'r, 'b, 's, 'a> {
    reader: &'r mut Reader<'b>,
    source: &'s mut Source<'a>,
    /// At least 1.
    length: usize,
}

impl Array<'_, '_, '_, '_> {
    fn parts(&mut self, layout: Layout<'_>) -> Result<Parts, ColumnFault> {
        let length = self.length;
        Ok(match layout {
            Layout::Nothing => (vec![], vec![], 0),
            Layout::Fixed(width) => (vec![self.values(length, width)?], vec![], 0),
            Layout::Bits => {
                let (buffer, bits) = self.bits()?;
                (vec![buffer], vec![], bits)
            }
            Layout::Bytes(width) => {
                let offsets = self.values(length + 1, width.bytes())?;
                (vec![offsets, self.whole()?], vec![], 0)
            }
            Layout::List(width, item) => {
                let offsets = self.values(length + 1, width.bytes())?;
                (vec![offsets], vec![self.child(item.data_type(), 0)?], 0)
            }
            Layout::FixedList(size, item) => {
                (vec![], vec![self.child(item.data_type(), length.saturating_mul(size))?], 0)
            }
            Layout::Struct(fields) => {
                let children = fields.iter().map(|field| self.child(field.data_type(), length));
                (vec![], children.collect::<Result<_, _>>()?, 0)
            }
            Layout::Dictionary(width, values) => {
                let keys = self.values(length, width)?;
                (vec![keys], vec![self.child(values, 0)?], 0)
            }
        })
    }

    fn span(&mut self) -> Result<Span, ColumnFault> {
        Ok(self.reader.take()?)
    }

    /// A buffer of which only the offsets say how much is needed.
    fn whole(&mut self) -> Result<Buffer, ColumnFault> {
        let span = self.span()?;
        let bytes = usize::try_from(span.bytes.get()).map_err(|_| ColumnFault::Short)?;
        self.source.buffer(&span, bytes)
    }

    /// A buffer of so many elements of so many bytes.
    fn values(&mut self, elements: usize, width: usize) -> Result<Buffer, ColumnFault> {
        let span = self.span()?;
        self.source.buffer(&span, elements.saturating_mul(width))
    }

    fn bits(&mut self) -> Result<(Buffer, usize), ColumnFault> {
        let span = self.span()?;
        self.bits_at(&span)
    }

    fn bits_at(&mut self, span: &Span) -> Result<(Buffer, usize), ColumnFault> {
        let bits = (span.bits.get() % 8) as usize;
        let buffer = self.source.buffer(span, (bits + self.length).div_ceil(8))?;
        Ok((buffer, bits))
    }

    fn validity(&mut self) -> Result<Option<NullBuffer>, ColumnFault> {
        let span = self.span()?;
        if span.bytes.get() == 0 {
            return Ok(None);
        }
        let (buffer, bits) = self.bits_at(&span)?;
        let buffer = BooleanBuffer::new(buffer, bits, self.length);
        if self.source.is_trusted() {
            return Ok(Some(NullBuffer::new(buffer)).filter(|nulls| nulls.null_count() > 0));
        }
        // SAFETY: the count is a stand-in, so that the bits are copied without being read (M5); the
        // copy's are counted.
        Ok(Some(unsafe { NullBuffer::new_unchecked(buffer, self.length) }))
    }

    fn child(&mut self, data_type: &DataType, needed: usize) -> Result<ArrayData, ColumnFault> {
        let child = read(self.reader, self.source, data_type)?;
        if child.len() < needed {
            return Err(ColumnFault::Length { found: child.len() as u64, expected: needed });
        }
        Ok(child)
    }
}
