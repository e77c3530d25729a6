//! Tests over real segments.

mod arenas;
mod blocks;
mod cost;
mod crossing;
mod flipping;
mod generate;
mod hostile;
mod seals;

use std::sync::Arc;

use arrow::array::{ArrayData, RecordBatch};
use arrow::buffer::Buffer;

use crate::copier::all_stay;
use crate::{
    Arena, RebuildError, Rebuilt, SegmentFile, SegmentId, Segments, Trust, describe, rebuild, seal,
};

/// The segment of the side that describes.
pub(super) const WRITER: SegmentId = SegmentId(7);
/// The segment of the side that rebuilds.
pub(super) const ENGINE: SegmentId = SegmentId(1);
pub(super) const SEGMENT_BYTES: usize = 8 << 20;

pub(super) fn arena(id: SegmentId, bytes: usize) -> Arena {
    Arena::new(id, SegmentFile::create(bytes).unwrap().map_writer().unwrap())
}

/// Two processes in one: each has an arena, and maps the other's segment for reading.
pub(super) struct Pair {
    pub(super) writer: Arena,
    pub(super) writer_sees: Segments,
    pub(super) engine: Arena,
    pub(super) engine_sees: Segments,
}

impl Pair {
    pub(super) fn new() -> Self {
        let files = [(); 2].map(|()| SegmentFile::create(SEGMENT_BYTES).unwrap());
        let [writer, engine] = [(WRITER, 0), (ENGINE, 1)]
            .map(|(id, index)| Arena::new(id, files[index].map_writer().unwrap()));
        let readers = files.map(|file| {
            file.seal_writes().unwrap();
            file.map_reader().unwrap()
        });
        let [of_writer, of_engine] = readers;
        let (mut writer_sees, mut engine_sees) = (Segments::default(), Segments::default());
        writer_sees.add_own(writer.clone());
        writer_sees.add_reader(ENGINE, of_engine);
        engine_sees.add_own(engine.clone());
        engine_sees.add_reader(WRITER, of_writer);
        Self { writer, writer_sees, engine, engine_sees }
    }

    /// Seals and describes a batch on the writer's side.
    pub(super) fn send(&self, batch: &RecordBatch, input: Option<&RecordBatch>) -> Sent {
        let (batch, copied) = seal(batch, &self.writer, &self.writer_sees).unwrap();
        let mut bytes = vec![0xAA; 3];
        describe(&batch, &self.writer_sees, input, &mut bytes).unwrap();
        Sent { batch, bytes, copied }
    }

    pub(super) fn receive(
        &self,
        sent: &Sent,
        input: Option<&RecordBatch>,
        trust: Trust<'_>,
    ) -> Result<Rebuilt, RebuildError> {
        rebuild(&sent.bytes, sent.batch.schema_ref(), &self.engine_sees, input, trust)
    }

    pub(super) fn copied(&self) -> Trust<'_> {
        Trust::Copied { from: WRITER, arena: &self.engine }
    }
}

pub(super) fn in_place() -> Trust<'static> {
    Trust::InPlace { from: Some(WRITER), owner: Arc::new(()) }
}

/// A batch that lies in the writer's segment, and its description.
pub(super) struct Sent {
    pub(super) batch: RecordBatch,
    pub(super) bytes: Vec<u8>,
    pub(super) copied: u64,
}

#[track_caller]
pub(super) fn assert_valid(batch: &RecordBatch) {
    for column in batch.columns() {
        column.to_data().validate_full().unwrap();
    }
}

/// Whether all memory of a batch lies in an arena.
pub(super) fn is_inside(batch: &RecordBatch, arena: &Arena) -> bool {
    let stays = |buffer: &Buffer| {
        buffer.is_empty() || arena.locate(buffer.as_ptr(), buffer.len()).is_some()
    };
    batch.columns().iter().map(|column| column.to_data()).all(|data| all_stay(&data, &stays))
}

/// A copy in memory that nobody else has.
pub(super) fn private_copy(batch: &RecordBatch) -> RecordBatch {
    fn copy(data: &ArrayData) -> ArrayData {
        let buffers = data.buffers().iter().map(|buffer| Buffer::from_slice_ref(buffer.as_slice()));
        let children = data.child_data().iter().map(copy).collect();
        let builder = data.clone().into_builder();
        builder.buffers(buffers.collect()).child_data(children).build().unwrap()
    }
    let columns =
        batch.columns().iter().map(|column| arrow::array::make_array(copy(&column.to_data())));
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(batch.schema(), columns.collect(), &options).unwrap()
}
