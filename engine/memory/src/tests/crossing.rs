//! Batches from one side to the other.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, DurationSecondArray, Int32Array, Int64Array, ListArray,
    NullArray, RecordBatch, RecordBatchOptions, StringArray, make_array,
};
use arrow::buffer::Buffer;
use arrow::datatypes::{DataType, Field, Int32Type, Schema};
use proptest::prelude::*;

use super::generate::{Random, batch as random_batch};
use super::{ENGINE, Pair, Sent, WRITER, assert_valid, in_place, is_inside};
use crate::layout::DEPTH_MAX;
use crate::{
    Arena, ColumnFault, DescribeError, RangeFault, RebuildError, SealError, SegmentFile, SegmentId,
    Segments, Trust, copy_into, copy_out, describe, is_sealed, is_supported, rebuild, seal,
};

fn batch_of(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let fields: Vec<_> = columns
        .iter()
        .map(|(name, array)| Field::new(*name, array.data_type().clone(), true))
        .collect();
    let columns = columns.into_iter().map(|(_, array)| array).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

fn flights() -> RecordBatch {
    batch_of(vec![
        ("distance", Arc::new(Int64Array::from(vec![Some(1), None, Some(3), Some(4)])) as ArrayRef),
        ("carrier", Arc::new(StringArray::from(vec!["AA", "UA", "", "Zürich"]))),
        ("late", Arc::new(BooleanArray::from(vec![true, false, true, true]))),
    ])
}

#[track_caller]
fn assert_crosses(pair: &Pair, batch: &RecordBatch) {
    let sent = pair.send(batch, None);
    assert_eq!(&sent.batch, batch);
    assert!(is_inside(&sent.batch, &pair.writer));
    assert_eq!(seal(&sent.batch, &pair.writer, &pair.writer_sees).unwrap().1, 0);

    let built = pair.receive(&sent, None, in_place()).unwrap();
    assert_eq!(&built.batch, batch);
    assert_eq!(built.bytes_copied, 0);
    assert_valid(&built.batch);
    assert!(is_sealed(&built.batch, &pair.engine_sees));

    let copied = pair.receive(&sent, None, pair.copied()).unwrap();
    assert_eq!(&copied.batch, batch);
    assert!(copied.bytes_copied <= sent.copied, "{} of {}", copied.bytes_copied, sent.copied);
    assert_valid(&copied.batch);
    assert!(is_inside(&copied.batch, &pair.engine));
}

proptest! {
    #[test]
    fn random_batch_crosses_and_its_slices_do(seed in any::<u64>()) {
        let pair = Pair::new();
        let batch = random_batch(seed);
        assert_crosses(&pair, &batch);
        let mut random = Random(seed);
        let offset = random.below(batch.num_rows() + 1);
        let length = random.below(batch.num_rows() - offset + 1);
        assert_crosses(&pair, &batch.slice(offset, length));
        // A slice of what is already in shared memory is not copied.
        let sealed = pair.send(&batch, None).batch.slice(offset, length);
        let sent = pair.send(&sealed, None);
        prop_assert_eq!(sent.copied, 0);
        for trust in [in_place(), pair.copied()] {
            let built = pair.receive(&sent, None, trust).unwrap().batch;
            assert_valid(&built);
            prop_assert_eq!(&built, &sealed);
        }
        drop((sent, sealed));
        prop_assert_eq!((pair.writer.used_bytes(), pair.engine.used_bytes()), (0, 0));
    }
}

#[test]
fn edges_cross() {
    let pair = Pair::new();
    let rows = |count| RecordBatchOptions::new().with_row_count(Some(count));
    for count in [0, 1, 1_000_000] {
        let schema = Arc::new(Schema::empty());
        let none = RecordBatch::try_new_with_options(schema, vec![], &rows(count)).unwrap();
        assert_crosses(&pair, &none);
    }
    assert_crosses(&pair, &RecordBatch::new_empty(flights().schema()));
    assert_crosses(&pair, &flights().slice(4, 0));
    let nothing: [Option<&str>; 9] = [None; 9];
    assert_crosses(
        &pair,
        &batch_of(vec![
            ("null", Arc::new(NullArray::new(9))),
            ("all_null", Arc::new(StringArray::from(nothing.to_vec()))),
            ("all_empty", Arc::new(StringArray::from(vec![""; 9]))),
        ]),
    );
}

#[test]
fn sealing_copies_what_the_rows_need() {
    let pair = Pair::new();
    let batch = flights();
    // 4 x 8 and a byte of validity, 5 offsets and 11 bytes of text, 1 byte of bits.
    assert_eq!(pair.send(&batch, None).copied, 32 + 1 + 20 + 11 + 1);
    // 2 x 8, no validity as no row is null, 3 offsets and the last 7 bytes, bits.
    let sent = pair.send(&batch.slice(2, 2), None);
    assert_eq!(sent.copied, 16 + 12 + 7 + 1);
    let copied = pair.receive(&sent, None, pair.copied()).unwrap();
    assert_eq!(copied.bytes_copied, sent.copied);
}

#[test]
fn sealing_copies_only_the_buffers_that_are_new() {
    let pair = Pair::new();
    let sealed = pair.send(&flights(), None).batch;
    let carriers = sealed.column(1);
    let nulls = Some(vec![true, false, true, true].into());
    let data = carriers.to_data().into_builder().nulls(nulls).build().unwrap();
    let (batch, copied) =
        seal(&batch_of(vec![("c", make_array(data))]), &pair.writer, &pair.writer_sees).unwrap();
    assert_eq!(copied, 1);
    assert_eq!(batch.column(0).null_count(), 1);
}

#[test]
fn list_in_the_middle_of_its_child_is_copied_alone() {
    let pair = Pair::new();
    let lists = (0..100).map(|index| Some(vec![Some(index); 10]));
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>(lists);
    let batch = batch_of(vec![("list", Arc::new(list))]).slice(50, 2);
    let sent = pair.send(&batch, None);
    assert_eq!(sent.copied, 3 * 4 + 20 * 4);
    assert_eq!(sent.batch, batch);
}

#[test]
fn passed_columns_are_the_columns_of_the_input() {
    let pair = Pair::new();
    let sent = pair.send(&flights(), None);
    let engine_input = pair.receive(&sent, None, in_place()).unwrap().batch;
    let input = sent.batch;
    // Reordered, one twice, one new.
    let new: ArrayRef = Arc::new(Int32Array::from(vec![1, 2, 3, 4]));
    let output = batch_of(vec![
        ("late", Arc::clone(input.column(2))),
        ("new", new),
        ("distance", Arc::clone(input.column(0))),
        ("again", Arc::clone(input.column(0))),
        ("rebuilt", make_array(input.column(1).to_data())),
    ]);
    let sent = pair.send(&output, Some(&input));
    assert_eq!(sent.copied, 16);
    assert_eq!(sent.bytes.len(), 16 + 5 * 4 + 8 + 2 * 24, "one column is described");
    for trust in [in_place(), pair.copied()] {
        let built = pair.receive(&sent, Some(&engine_input), trust).unwrap().batch;
        assert_eq!(built, output);
        for (column, index) in [(0, 2), (2, 0), (3, 0), (4, 1)] {
            assert!(Arc::ptr_eq(built.column(column), engine_input.column(index)));
        }
    }
}

#[test]
fn slice_of_the_input_is_shared_whoever_gives_it() {
    let pair = Pair::new();
    let (input, _) = seal(&flights(), &pair.engine, &pair.engine_sees).unwrap();
    let mut bytes = Vec::new();
    describe(&input, &pair.engine_sees, None, &mut bytes).unwrap();
    let any = Trust::InPlace { from: None, owner: Arc::new(()) };
    let seen = rebuild(&bytes, input.schema_ref(), &pair.writer_sees, None, any).unwrap().batch;
    let sent = pair.send(&seen.slice(1, 2), Some(&seen));
    assert_eq!(sent.copied, 0);
    let used = pair.engine.used_bytes();
    for trust in [in_place(), pair.copied()] {
        let built = pair.receive(&sent, Some(&input), trust).unwrap();
        assert_eq!(built.batch, input.slice(1, 2));
        assert_eq!((built.bytes_copied, pair.engine.used_bytes()), (0, used));
    }
    // It is the input that makes it good.
    for trust in [in_place(), pair.copied()] {
        let refused = pair.receive(&sent, None, trust).unwrap_err();
        let fault = ColumnFault::Foreign { segment: ENGINE };
        assert_eq!(refused.to_string(), RebuildError::Column { column: 0, fault }.to_string());
    }
}

#[test]
fn owner_is_dropped_with_the_last_buffer() {
    let pair = Pair::new();
    let sent = pair.send(&flights(), None);
    let owner = Arc::new(());
    let trust =
        |owner: &Arc<()>| Trust::InPlace { from: Some(WRITER), owner: Arc::<()>::clone(owner) };
    let built = pair.receive(&sent, None, trust(&owner)).unwrap().batch;
    let column = built.slice(1, 1).column(1).clone();
    drop(built);
    assert!(Arc::strong_count(&owner) > 1);
    drop(column);
    assert_eq!(Arc::strong_count(&owner), 1);
    let passed = pair.send(&sent.batch, Some(&sent.batch));
    let _built = pair.receive(&passed, Some(&sent.batch), trust(&owner)).unwrap();
    assert_eq!(Arc::strong_count(&owner), 1, "no buffer is over the segment");
    let broken = Sent { bytes: sent.bytes[..30].to_vec(), ..sent };
    assert!(pair.receive(&broken, None, trust(&owner)).is_err());
    assert_eq!(Arc::strong_count(&owner), 1);
}

#[test]
fn rebuilt_batch_outlives_its_segments() {
    let mut pair = Pair::new();
    let sent = pair.send(&flights(), None);
    let built = pair.receive(&sent, None, in_place()).unwrap().batch;
    pair.engine_sees.remove(WRITER);
    assert!(!pair.engine_sees.contains(WRITER));
    let gone = pair.receive(&sent, None, in_place()).unwrap_err().to_string();
    assert_eq!(gone, "column 0: segment 7 is not known");
    drop(pair);
    assert_eq!(built, flights());
}

#[test]
fn unsealed_batch_is_not_described() {
    let pair = Pair::new();
    let mut bytes = Vec::new();
    let refused = describe(&flights(), &pair.writer_sees, None, &mut bytes);
    assert_eq!(refused, Err(DescribeError::NotShared { column: 0 }));
    assert!(!is_sealed(&flights(), &pair.writer_sees));
}

#[test]
fn batch_without_room_leaves_the_arena_as_it_was() {
    let pair = Pair::new();
    let rest = pair.writer.allocate(super::SEGMENT_BYTES - 128).unwrap();
    let used = pair.writer.used_bytes();
    let refused = seal(&flights(), &pair.writer, &pair.writer_sees).unwrap_err();
    assert!(matches!(refused, SealError::ArenaFull(full) if full.segment == WRITER));
    assert_eq!(pair.writer.used_bytes(), used);
    drop(rest);
    let sent = pair.send(&flights(), None);
    let rest = pair.engine.allocate(super::SEGMENT_BYTES - crate::ALIGNMENT).unwrap();
    let refused = pair.receive(&sent, None, pair.copied()).unwrap_err();
    let fault = matches!(refused, RebuildError::Column { fault: ColumnFault::ArenaFull(_), .. });
    assert!(fault, "{refused}");
    assert_eq!(pair.engine.used_bytes(), (super::SEGMENT_BYTES - crate::ALIGNMENT) as u64);
    drop(rest);
}

#[test]
fn hostile_writer_cannot_make_copies_larger_than_its_segment() {
    let pair = Pair::new();
    let third = super::SEGMENT_BYTES / 8 / 3 + 1;
    let column: ArrayRef = Arc::new(Int64Array::from(vec![5; third]));
    let sealed = pair.send(&batch_of(vec![("a", column)]), None).batch;
    let again = |name| (name, Arc::clone(sealed.column(0)));
    let batch = batch_of(vec![again("a"), again("b"), again("c")]);
    let sent = pair.send(&batch, None);
    assert_eq!(pair.receive(&sent, None, in_place()).unwrap().batch, batch);
    let refused = pair.receive(&sent, None, pair.copied()).unwrap_err();
    assert_eq!(refused.to_string(), "column 2: it names more memory than its segment has");
    assert_eq!(pair.engine.used_bytes(), 0);
}

#[test]
fn other_types_are_refused() {
    let pair = Pair::new();
    let batch = batch_of(vec![("d", Arc::new(DurationSecondArray::from(vec![1])))]);
    let refused = seal(&batch, &pair.writer, &pair.writer_sees).unwrap_err();
    assert!(matches!(refused, SealError::Unsupported { column: 0, .. }), "{refused}");
    let refused = describe(&batch, &pair.writer_sees, None, &mut Vec::new()).unwrap_err();
    assert!(matches!(refused, DescribeError::Unsupported { column: 0, .. }), "{refused}");
    let nested = |depth| {
        (0..depth).fold(DataType::Int8, |inside, _| {
            DataType::List(Arc::new(Field::new_list_field(inside, true)))
        })
    };
    assert!(is_supported(&nested(DEPTH_MAX)));
    assert!(!is_supported(&nested(DEPTH_MAX + 1)));
    assert!(!is_supported(&DataType::FixedSizeBinary(-1)));
    assert!(!is_supported(&DataType::Utf8View));
}

#[test]
fn raw_bytes_are_copied_out_within_bounds() {
    let pair = Pair::new();
    let mut extent = pair.writer.allocate(5).unwrap();
    extent.as_mut_slice().copy_from_slice(b"hello");
    let offset = extent.offset();
    let read = |id, offset, bytes| copy_out(&pair.engine_sees, id, offset, bytes, 100);
    assert_eq!(read(WRITER, offset, 5).unwrap(), b"hello");
    assert_eq!(read(WRITER, super::SEGMENT_BYTES as u64, 0).unwrap(), b"");
    assert!(matches!(read(WRITER, offset, 101), Err(RebuildError::TooLarge { max: 100, .. })));
    let segment = SegmentId(3);
    let unknown = read(segment, 0, 1).unwrap_err();
    assert!(matches!(unknown, RebuildError::Range(RangeFault::Unknown { segment: SegmentId(3) })));
    for (offset, bytes) in [(super::SEGMENT_BYTES as u64 - 4, 5), (u64::MAX, 1), (u64::MAX, 100)] {
        let outside = read(WRITER, offset, bytes).unwrap_err();
        assert!(matches!(outside, RebuildError::Range(RangeFault::Outside { .. })), "{outside}");
    }
}

/// Long enough for more than one part, of which the pages are given back in between.
#[test]
fn long_range_takes_the_place_of_what_was_there_and_can_be_read_again() {
    const BYTES: usize = 40 << 20;
    let file = SegmentFile::create(BYTES + 4096).unwrap();
    let writer = Arena::new(WRITER, file.map_writer().unwrap());
    let mut segments = Segments::default();
    segments.add_reader(WRITER, file.map_reader().unwrap());
    let mut extent = writer.allocate(BYTES).unwrap();
    let expected: Vec<u8> = (0..BYTES).map(|index| (index / 1021) as u8).collect();
    extent.as_mut_slice().copy_from_slice(&expected);
    let (offset, mut copy) = (extent.offset(), b"before".to_vec());
    let refused = copy_into(&segments, WRITER, offset, u64::MAX, usize::MAX, &mut copy);
    assert!(refused.is_err());
    assert_eq!(copy, b"before");
    for _ in 0..2 {
        copy_into(&segments, WRITER, offset, BYTES as u64, BYTES, &mut copy).unwrap();
        assert!(copy == expected);
    }
    copy_into(&segments, WRITER, offset, 3, BYTES, &mut copy).unwrap();
    assert_eq!(copy, [0, 0, 0]);
}

#[test]
fn nulls_of_a_field_without_nulls_are_refused() {
    let pair = Pair::new();
    let sent = pair.send(&flights(), None);
    let schema = flights().schema();
    let fields = schema.fields().iter().map(|f| f.as_ref().clone().with_nullable(false));
    let strict = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    for trust in [in_place(), pair.copied()] {
        let refused = rebuild(&sent.bytes, &strict, &pair.engine_sees, None, trust).unwrap_err();
        assert!(matches!(refused, RebuildError::Batch(_)), "{refused}");
    }
}

#[test]
fn text_that_is_no_text_is_refused_from_a_hostile_writer() {
    let pair = Pair::new();
    let sent = pair.send(&batch_of(vec![("t", Arc::new(StringArray::from(vec!["abc"])))]), None);
    let text: &Buffer = &sent.batch.column(0).to_data().buffers()[1].clone();
    // SAFETY: memory of the writer's mapping; what the test plays is a writer that changes it.
    unsafe { text.as_ptr().cast_mut().add(1).write_volatile(0xFF) };
    let refused = pair.receive(&sent, None, pair.copied()).unwrap_err();
    let is_fault = matches!(refused, RebuildError::Column { fault: ColumnFault::Invalid(_), .. });
    assert!(is_fault, "{refused}");
}
