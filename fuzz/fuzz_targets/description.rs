//! A worker writes any description and any memory: the engine refuses the batch, or gets a valid
//! one.
//!
//! The first byte chooses the schema, the next two say how much is the description; the rest is
//! what lies in the worker's segment.

#![no_main]

use std::sync::{Arc, LazyLock};

use arrow::array::Array;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use libfuzzer_sys::fuzz_target;
use tanda_memory::{Arena, SegmentFile, SegmentId, Segments, Trust, rebuild};

const ENGINE: SegmentId = SegmentId(0);
const WORKER: SegmentId = SegmentId(1);
const SEGMENT_BYTES: usize = 1 << 16;

struct World {
    schemas: Vec<SchemaRef>,
    /// What the worker writes.
    worker: Arena,
    engine: Arena,
    seen: Segments,
}

fn schemas() -> Vec<SchemaRef> {
    let text = DataType::Utf8;
    let list = DataType::List(Arc::new(Field::new("item", text.clone(), true)));
    let coded = DataType::Dictionary(Box::new(DataType::Int32), Box::new(text.clone()));
    let nested = DataType::Struct(vec![Field::new("f", text.clone(), true)].into());
    [
        vec![DataType::Int64],
        vec![text.clone()],
        vec![DataType::Boolean, DataType::Float32],
        vec![list],
        vec![coded],
        vec![nested],
        vec![DataType::LargeUtf8, DataType::Binary, DataType::Utf8View],
    ]
    .into_iter()
    .map(|types| {
        let field = |(index, data_type)| Field::new(format!("c{index}"), data_type, index % 2 == 0);
        let fields: Vec<_> = types.into_iter().enumerate().map(field).collect();
        Arc::new(Schema::new(fields))
    })
    .collect()
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let file = SegmentFile::create(SEGMENT_BYTES).unwrap();
    let worker = Arena::new(WORKER, file.map_writer().unwrap());
    let engine = SegmentFile::create(1 << 24).unwrap();
    let engine = Arena::new(ENGINE, engine.map_writer().unwrap());
    let mut seen = Segments::default();
    seen.add_own(engine.clone());
    seen.add_reader(WORKER, file.map_reader().unwrap());
    World { schemas: schemas(), worker, engine, seen }
});

fuzz_target!(|data: &[u8]| {
    let [which, low, high, rest @ ..] = data else { return };
    let world = &*WORLD;
    let schema = &world.schemas[usize::from(*which) % world.schemas.len()];
    let length = usize::from(u16::from_le_bytes([*low, *high])).min(rest.len());
    let (description, memory) = rest.split_at(length);
    // All of the segment, from its beginning.
    let mut extent = world.worker.allocate(SEGMENT_BYTES / 2).unwrap();
    let written = memory.len().min(SEGMENT_BYTES / 2);
    extent.as_mut_slice()[..written].copy_from_slice(&memory[..written]);
    let trust = Trust::Copied { from: WORKER, arena: &world.engine };
    if let Ok(rebuilt) = rebuild(description, schema, &world.seen, None, trust) {
        for column in rebuilt.batch.columns() {
            column.to_data().validate_full().expect("an accepted lie");
        }
    }
});
