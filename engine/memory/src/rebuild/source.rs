//! The memory that a description may name.

use std::any::Any;
use std::panic::RefUnwindSafe;
use std::ptr::NonNull;
use std::sync::Arc;

use arrow::array::{Array, ArrayData, RecordBatch};
use arrow::buffer::Buffer;

use super::error::{ColumnFault, RangeFault};
use super::trust::Trust;
use crate::segments::Known;
use crate::wire::Span;
use crate::{SegmentId, Segments};

/// Gives the buffers that a description names, after their ranges were checked.
pub(super) struct Source<'a> {
    segments: &'a Segments,
    /// The one segment that may be named freely; none for all.
    from: Option<SegmentId>,
    owner: Option<Arc<dyn Any + Send + Sync>>,
    input: Option<&'a RecordBatch>,
    /// Buffers of the input, looked up when one is first needed.
    lent: Option<Vec<Buffer>>,
    /// What the buffers of the last segment keep.
    held: Option<(SegmentId, Arc<Held>)>,
}

/// What a buffer over a segment keeps: the mapping, and the owner of the description.
struct Held {
    _segment: Known,
    _owner: Option<Arc<dyn Any + Send + Sync>>,
}

/// Nothing of it is ever looked at, so nobody sees it half changed after a panic.
impl RefUnwindSafe for Held {}

impl<'a> Source<'a> {
    pub(super) fn new(
        segments: &'a Segments,
        input: Option<&'a RecordBatch>,
        trust: &Trust<'_>,
    ) -> Self {
        let (from, owner) = match trust {
            Trust::InPlace { from, owner } => (*from, Some(Arc::clone(owner))),
            Trust::Copied { from, .. } => (Some(*from), None),
        };
        Self { segments, from, owner, input, lent: None, held: None }
    }

    /// Whether the data is trusted, so that it may be read in place (M6).
    pub(super) fn is_trusted(&self) -> bool {
        self.owner.is_some()
    }

    /// The first bytes of a span, all of which must lie in its segment.
    pub(super) fn buffer(&mut self, span: &Span, bytes: usize) -> Result<Buffer, ColumnFault> {
        if span.bytes.get() < bytes as u64 {
            return Err(ColumnFault::Short);
        }
        if bytes == 0 {
            return Ok(Buffer::default());
        }
        let id = SegmentId(span.segment.get());
        let (known, pointer) = find(self.segments, id, span.offset.get(), span.bytes.get())?;
        if self.from.is_some_and(|from| from != id) {
            return self.lent(pointer, bytes).ok_or(ColumnFault::Foreign { segment: id });
        }
        let owner = self.held(id, known);
        let pointer = NonNull::new(pointer.cast_mut()).expect("no mapping begins at address 0");
        // SAFETY: the range lies in a mapping that the buffer keeps; it does not change, or is only
        // copied (M4, and M6 or M5).
        Ok(unsafe { Buffer::from_custom_allocation(pointer, bytes, owner) })
    }

    /// Whether a buffer lies in the segment that only copies may be taken of. Its first byte says
    /// it: where the segment ends, the mapping of another one may begin.
    pub(super) fn is_foreign(&self, buffer: &Buffer) -> bool {
        let from = self.from.and_then(|from| self.segments.find(from));
        !buffer.is_empty()
            && from.is_some_and(|known| known.offset_of(buffer.as_ptr(), 1).is_some())
    }

    /// Size of the segment that only copies may be taken of.
    pub(super) fn foreign_bytes(&self) -> u64 {
        let from = self.from.and_then(|from| self.segments.find(from));
        from.map_or(0, |known| known.bytes() as u64)
    }

    fn held(&mut self, id: SegmentId, known: &Known) -> Arc<Held> {
        match &self.held {
            Some((last, held)) if *last == id => Arc::clone(held),
            Some(_) | None => {
                let held = Arc::new(Held { _segment: known.clone(), _owner: self.owner.clone() });
                self.held = Some((id, Arc::clone(&held)));
                held
            }
        }
    }

    /// Memory of the input: a part of one of its buffers, which is kept as long as it is used.
    fn lent(&mut self, pointer: *const u8, bytes: usize) -> Option<Buffer> {
        let input = self.input?;
        let lent = self.lent.get_or_insert_with(|| buffers_of(input));
        lent.iter().find_map(|buffer| {
            let start = pointer.addr().checked_sub(buffer.as_ptr().addr())?;
            let is_inside = start.checked_add(bytes)? <= buffer.len();
            is_inside.then(|| buffer.slice_with_length(start, bytes))
        })
    }
}

/// A segment and the address of a range in it.
pub(super) fn find(
    segments: &Segments,
    id: SegmentId,
    offset: u64,
    bytes: u64,
) -> Result<(&Known, *const u8), RangeFault> {
    let known = segments.find(id).ok_or(RangeFault::Unknown { segment: id })?;
    let pointer = known.at(offset, bytes).ok_or(RangeFault::Outside {
        segment: id,
        offset,
        bytes,
        segment_bytes: known.bytes(),
    })?;
    Ok((known, pointer))
}

fn buffers_of(batch: &RecordBatch) -> Vec<Buffer> {
    let mut buffers = Vec::new();
    for array in batch.columns() {
        collect(&array.to_data(), &mut buffers);
    }
    buffers
}

fn collect(data: &ArrayData, buffers: &mut Vec<Buffer>) {
    buffers.extend(data.nulls().map(|nulls| nulls.buffer().clone()));
    buffers.extend(data.buffers().iter().cloned());
    data.child_data().iter().for_each(|child| collect(child, buffers));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SegmentFile;

    #[test]
    fn buffer_right_behind_a_foreign_segment_is_not_foreign() {
        let id = SegmentId(1);
        let map = SegmentFile::create(4096).unwrap().map_reader().unwrap();
        let mut segments = Segments::default();
        segments.add_reader(id, Arc::clone(&map));
        let trust = Trust::InPlace { from: Some(id), owner: Arc::new(()) };
        let source = Source::new(&segments, None, &trust);
        let is_foreign = |offset| {
            let pointer = NonNull::new(map.base().wrapping_add(offset).cast_mut()).unwrap();
            // SAFETY: the buffer is asked for its address alone, and nothing is read.
            source.is_foreign(&unsafe { Buffer::from_custom_allocation(pointer, 1, Arc::new(())) })
        };
        assert!(is_foreign(0) && is_foreign(4095));
        assert!(!is_foreign(4096) && !is_foreign(usize::MAX));
    }
}
