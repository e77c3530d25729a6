//! Copies arrays into an arena: what the rows need, and only what is not there yet.

use std::ops::Range;
use std::ptr;

use arrow::array::ArrayData;
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer};

use crate::layout::{Layout, Width, layout};
use crate::{Arena, ArenaFull, Extent};

/// An array could not be copied. What was copied of it is freed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CopyFault {
    /// There is no room.
    Full(ArenaFull),
    /// The copies would need more bytes than were granted.
    TooMuch,
    /// A buffer or child is shorter than the array needs, or offsets run backwards.
    Short,
}

impl From<ArenaFull> for CopyFault {
    fn from(full: ArenaFull) -> Self {
        Self::Full(full)
    }
}

/// Copies arrays into an arena.
///
/// Nothing is read but from copies and from buffers that may stay, so the memory that is copied may
/// change at any time (M5). Results have the lengths that their types need; whether the data inside
/// is good is for the caller to find out.
pub(crate) struct Copier<'a> {
    arena: &'a Arena,
    /// Whether a buffer may stay where it is.
    stays: &'a dyn Fn(&Buffer) -> bool,
    /// Bytes that may still be copied.
    granted: u64,
    copied: u64,
}

/// Offsets in their place: unchanged, or in a new extent.
enum Offsets {
    Kept(Buffer),
    Copied(Extent),
}

impl<'a> Copier<'a> {
    pub(crate) fn new(arena: &'a Arena, stays: &'a dyn Fn(&Buffer) -> bool, granted: u64) -> Self {
        Self { arena, stays, granted, copied: 0 }
    }

    /// Bytes copied so far.
    pub(crate) fn copied(&self) -> u64 {
        self.copied
    }

    /// The elements of a range of an array, of a type that crosses.
    pub(crate) fn copy(
        &mut self,
        data: &ArrayData,
        range: Range<usize>,
    ) -> Result<ArrayData, CopyFault> {
        if range.end > data.len() {
            return Err(CopyFault::Short);
        }
        if range.is_empty() {
            return Ok(ArrayData::new_empty(data.data_type()));
        }
        let length = range.len();
        let nulls = self.nulls(data, range.start, length)?;
        let first = data.offset() + range.start;
        let parts = self.parts(data, first, length)?;
        let builder = ArrayData::builder(data.data_type().clone())
            .len(length)
            .offset(parts.bits)
            .nulls(nulls)
            .buffers(parts.buffers)
            .child_data(parts.children);
        // SAFETY: buffers and children are as long as the type needs; the data inside is as good as
        // that of the original, which the caller answers for.
        Ok(unsafe { builder.build_unchecked() })
    }

    fn parts(&mut self, data: &ArrayData, first: usize, length: usize) -> Result<Parts, CopyFault> {
        let (buffers, children) = (data.buffers(), data.child_data());
        let elements = first..first + length;
        let mut parts = Parts::default();
        match layout(data.data_type()).expect("the caller has seen that the type crosses") {
            Layout::Nothing => {}
            Layout::Fixed(width) => {
                parts.buffers.push(self.values(&buffers[0], elements, width)?)
            }
            Layout::Bits => {
                let (buffer, bits) = self.bits(&buffers[0], first, length)?;
                parts.buffers.push(buffer);
                parts.bits = bits;
            }
            Layout::Bytes(width) => self.bytes(buffers, elements, width, &mut parts)?,
            Layout::List(width, _) => self.list(data, elements, width, &mut parts)?,
            Layout::FixedList(size, _) => {
                let inside = first * size..(first + length) * size;
                parts.children.push(self.copy(&children[0], inside)?);
            }
            Layout::Struct(_) => {
                for child in children {
                    parts.children.push(self.copy(child, elements.clone())?);
                }
            }
            Layout::Dictionary(width, _) => {
                parts.buffers.push(self.values(&buffers[0], elements, width)?);
                parts.children.push(self.copy(&children[0], 0..children[0].len())?);
            }
        }
        Ok(parts)
    }

    fn nulls(
        &mut self,
        data: &ArrayData,
        start: usize,
        length: usize,
    ) -> Result<Option<NullBuffer>, CopyFault> {
        let Some(nulls) = data.nulls().filter(|nulls| nulls.null_count() > 0) else {
            return Ok(None);
        };
        let (buffer, bits) = self.bits(nulls.buffer(), nulls.offset() + start, length)?;
        let nulls = NullBuffer::new(BooleanBuffer::new(buffer, bits, length));
        Ok(Some(nulls).filter(|nulls| nulls.null_count() > 0))
    }

    /// Bits, and how many are in front of the first one.
    fn bits(
        &mut self,
        buffer: &Buffer,
        first: usize,
        length: usize,
    ) -> Result<(Buffer, usize), CopyFault> {
        let bits = first % 8;
        let start = first / 8;
        Ok((self.place(buffer, start..start + (bits + length).div_ceil(8))?, bits))
    }

    fn values(
        &mut self,
        buffer: &Buffer,
        elements: Range<usize>,
        width: usize,
    ) -> Result<Buffer, CopyFault> {
        self.place(buffer, elements.start * width..elements.end * width)
    }

    fn bytes(
        &mut self,
        buffers: &[Buffer],
        elements: Range<usize>,
        width: Width,
        parts: &mut Parts,
    ) -> Result<(), CopyFault> {
        let offsets = self.offsets(&buffers[0], elements, width)?;
        let Range { start, end } = offsets.range(width)?;
        let stays = start == 0 || (self.stays)(&buffers[1]);
        let used = if stays { 0..end } else { start..end };
        let bytes = self.place(&buffers[1], used)?;
        let offsets = if stays { offsets.freeze() } else { self.rebase(offsets, width)? };
        parts.buffers.extend([offsets, bytes]);
        Ok(())
    }

    fn list(
        &mut self,
        data: &ArrayData,
        elements: Range<usize>,
        width: Width,
        parts: &mut Parts,
    ) -> Result<(), CopyFault> {
        let child = &data.child_data()[0];
        let offsets = self.offsets(&data.buffers()[0], elements, width)?;
        let Range { start, end } = offsets.range(width)?;
        let stays = start == 0 || all_stay(child, self.stays);
        let used = if stays { 0..end } else { start..end };
        parts.children.push(self.copy(child, used)?);
        let offsets = if stays { offsets.freeze() } else { self.rebase(offsets, width)? };
        parts.buffers.push(offsets);
        Ok(())
    }

    fn offsets(
        &mut self,
        buffer: &Buffer,
        elements: Range<usize>,
        width: Width,
    ) -> Result<Offsets, CopyFault> {
        let range = elements.start * width.bytes()..(elements.end + 1) * width.bytes();
        check(buffer, &range)?;
        if (self.stays)(buffer) {
            return Ok(Offsets::Kept(buffer.slice_with_length(range.start, range.len())));
        }
        self.raw_copy(buffer, range).map(Offsets::Copied)
    }

    /// Subtracts the first offset from all.
    fn rebase(&mut self, offsets: Offsets, width: Width) -> Result<Buffer, CopyFault> {
        let mut extent = match offsets {
            Offsets::Copied(extent) => extent,
            Offsets::Kept(buffer) => self.raw_copy(&buffer, 0..buffer.len())?,
        };
        match width {
            Width::Four => {
                subtract_first(extent.as_mut_slice(), i32::from_ne_bytes, |value, first| {
                    value.wrapping_sub(first).to_ne_bytes()
                })
            }
            Width::Eight => {
                subtract_first(extent.as_mut_slice(), i64::from_ne_bytes, |value, first| {
                    value.wrapping_sub(first).to_ne_bytes()
                });
            }
        }
        Ok(extent.freeze())
    }

    fn place(&mut self, buffer: &Buffer, range: Range<usize>) -> Result<Buffer, CopyFault> {
        check(buffer, &range)?;
        if range.is_empty() {
            return Ok(Buffer::default());
        }
        if (self.stays)(buffer) {
            return Ok(buffer.slice_with_length(range.start, range.len()));
        }
        self.raw_copy(buffer, range).map(Extent::freeze)
    }

    fn raw_copy(&mut self, buffer: &Buffer, range: Range<usize>) -> Result<Extent, CopyFault> {
        check(buffer, &range)?;
        let bytes = range.len();
        self.granted = self.granted.checked_sub(bytes as u64).ok_or(CopyFault::TooMuch)?;
        let mut extent = self.arena.allocate(bytes)?;
        let to = extent.as_mut_slice().as_mut_ptr();
        // SAFETY: the range is inside the buffer, the extent is new and of that size; the source is
        // not looked at but copied (M5).
        unsafe { ptr::copy_nonoverlapping(buffer.as_ptr().add(range.start), to, bytes) };
        self.copied += bytes as u64;
        Ok(extent)
    }
}

/// What an array is made of.
#[derive(Default)]
struct Parts {
    buffers: Vec<Buffer>,
    children: Vec<ArrayData>,
    /// Bits in front of the first value.
    bits: usize,
}

impl Offsets {
    fn freeze(self) -> Buffer {
        match self {
            Self::Kept(buffer) => buffer,
            Self::Copied(extent) => extent.freeze(),
        }
    }

    /// The first and the last offset, which do not run backwards.
    fn range(&self, width: Width) -> Result<Range<usize>, CopyFault> {
        let bytes = match self {
            Self::Kept(buffer) => buffer.as_slice(),
            Self::Copied(extent) => extent.as_slice(),
        };
        let (first, last) = match width {
            Width::Four => ends(bytes, |value| i64::from(i32::from_ne_bytes(value))),
            Width::Eight => ends(bytes, i64::from_ne_bytes),
        };
        match (usize::try_from(first), usize::try_from(last)) {
            (Ok(first), Ok(last)) if first <= last => Ok(first..last),
            _ => Err(CopyFault::Short),
        }
    }
}

fn ends<const WIDTH: usize>(bytes: &[u8], value: impl Fn([u8; WIDTH]) -> i64) -> (i64, i64) {
    let first = bytes.first_chunk().expect("an array with elements has two offsets");
    let last = bytes.last_chunk().expect("an array with elements has two offsets");
    (value(*first), value(*last))
}

fn subtract_first<const WIDTH: usize, T: Copy>(
    bytes: &mut [u8],
    read: impl Fn([u8; WIDTH]) -> T,
    subtract: impl Fn(T, T) -> [u8; WIDTH],
) {
    let (offsets, _) = bytes.as_chunks_mut::<WIDTH>();
    let Some(first) = offsets.first().map(|first| read(*first)) else { return };
    for offset in offsets {
        *offset = subtract(read(*offset), first);
    }
}

fn check(buffer: &Buffer, range: &Range<usize>) -> Result<(), CopyFault> {
    if range.end <= buffer.len() { Ok(()) } else { Err(CopyFault::Short) }
}

/// Whether all buffers of an array, children included, may stay where they are. Of an array without
/// elements no buffer matters, and it may well have one with an offset in it.
pub(crate) fn all_stay(data: &ArrayData, stays: &dyn Fn(&Buffer) -> bool) -> bool {
    let nulls = data.nulls().filter(|nulls| nulls.null_count() > 0);
    data.is_empty()
        || nulls.is_none_or(|nulls| stays(nulls.buffer()))
            && data.buffers().iter().all(stays)
            && data.child_data().iter().all(|child| all_stay(child, stays))
}
