//! Random schemas, batches and slices.

use std::sync::Arc;

use arrow::array::{ArrayData, ArrayRef, RecordBatch, RecordBatchOptions, make_array};
use arrow::buffer::{Buffer, NullBuffer};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};

use crate::layout::{Layout, Width, layout};

/// A stream of random numbers (SplitMix64).
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    pub(super) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }
}

fn item(random: &mut Random, depth: usize) -> Arc<Field> {
    let nullable = random.below(2) == 0;
    Arc::new(Field::new("item", data_type(random, depth - 1), nullable))
}

pub(super) fn data_type(random: &mut Random, depth: usize) -> DataType {
    let flat = [
        DataType::Null,
        DataType::Boolean,
        DataType::Int8,
        DataType::UInt16,
        DataType::Int32,
        DataType::UInt64,
        DataType::Float16,
        DataType::Float64,
        DataType::Date32,
        DataType::Time32(TimeUnit::Millisecond),
        DataType::Time64(TimeUnit::Nanosecond),
        DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        DataType::Decimal32(9, 2),
        DataType::Decimal64(18, 2),
        DataType::Decimal128(38, 10),
        DataType::Decimal256(76, 10),
        DataType::FixedSizeBinary(3),
        DataType::FixedSizeBinary(0),
        DataType::Utf8,
        DataType::LargeUtf8,
        DataType::Binary,
        DataType::LargeBinary,
        DataType::Dictionary(DataType::Int32.into(), DataType::Utf8.into()),
        DataType::Dictionary(DataType::UInt8.into(), DataType::LargeUtf8.into()),
    ];
    match random.below(if depth > 0 { 9 } else { 5 }) {
        5 => DataType::List(item(random, depth)),
        6 => DataType::LargeList(item(random, depth)),
        7 => DataType::FixedSizeList(item(random, depth), random.below(4) as i32),
        8 => {
            let count = random.below(3);
            let field = |name: usize, random: &mut Random| {
                let nullable = random.below(2) == 0;
                Field::new(format!("f{name}"), data_type(random, depth - 1), nullable)
            };
            DataType::Struct((0..count).map(|name| field(name, random)).collect())
        }
        _ => flat[random.below(flat.len())].clone(),
    }
}

fn nulls(random: &mut Random, length: usize) -> NullBuffer {
    match random.below(3) {
        0 => NullBuffer::new_null(length),
        1 => NullBuffer::new_valid(length),
        _ => (0..length).map(|_| random.below(3) > 0).collect(),
    }
}

fn offsets(random: &mut Random, length: usize, width: Width) -> (Buffer, usize) {
    let mut last = random.below(3);
    let mut all = vec![last as i64];
    for _ in 0..length {
        last += random.below(4);
        all.push(last as i64);
    }
    let buffer = match width {
        Width::Four => Buffer::from_iter(all.into_iter().map(|offset| offset as i32)),
        Width::Eight => Buffer::from_vec(all),
    };
    (buffer, last)
}

/// An array of a type, often a slice of a longer one.
pub(super) fn array(
    random: &mut Random,
    data_type: &DataType,
    nullable: bool,
    length: usize,
) -> ArrayRef {
    if random.below(3) > 0 {
        return make_array(whole(random, data_type, nullable, length));
    }
    let (before, after) = (random.below(20), random.below(20));
    let longer = whole(random, data_type, nullable, before + length + after);
    make_array(longer).slice(before, length)
}

fn whole(random: &mut Random, data_type: &DataType, nullable: bool, length: usize) -> ArrayData {
    let mut builder = ArrayData::builder(data_type.clone()).len(length);
    if nullable && *data_type != DataType::Null && random.below(2) == 0 {
        builder = builder.nulls(Some(nulls(random, length)));
    }
    let builder = match layout(data_type).unwrap() {
        Layout::Nothing => builder,
        Layout::Fixed(width) => builder.add_buffer(random.bytes(length * width).into()),
        Layout::Bits => builder.add_buffer(random.bytes(length.div_ceil(8)).into()),
        Layout::Bytes(width) => {
            let (offsets, last) = offsets(random, length, width);
            let is_text = matches!(data_type, DataType::Utf8 | DataType::LargeUtf8);
            let bytes = if is_text { vec![b'x'; last + 2] } else { random.bytes(last + 2) };
            builder.add_buffer(offsets).add_buffer(bytes.into())
        }
        Layout::List(width, item) => {
            let (offsets, last) = offsets(random, length, width);
            let child = array(random, item.data_type(), item.is_nullable(), last + 1);
            builder.add_buffer(offsets).add_child_data(child.to_data())
        }
        Layout::FixedList(size, item) => {
            let child = array(random, item.data_type(), item.is_nullable(), length * size);
            builder.add_child_data(child.to_data())
        }
        Layout::Struct(fields) => fields.iter().fold(builder, |builder, field| {
            let child = array(random, field.data_type(), field.is_nullable(), length);
            builder.add_child_data(child.to_data())
        }),
        Layout::Dictionary(width, values) => {
            let keys = (0..length).flat_map(|_| {
                let mut key = vec![0; width];
                key[0] = random.below(5) as u8;
                key
            });
            let builder = builder.add_buffer(keys.collect::<Vec<u8>>().into());
            builder.add_child_data(array(random, values, true, 5).to_data())
        }
    };
    builder.align_buffers(true).build().unwrap()
}

/// A batch of 0 to 5 columns and 0 to 40 rows.
pub(super) fn batch(seed: u64) -> RecordBatch {
    let random = &mut Random(seed);
    let rows = random.below(40).saturating_sub(2);
    let mut fields = Vec::new();
    let mut columns = Vec::new();
    for index in 0..random.below(6) {
        let data_type = data_type(random, 3);
        let nullable = random.below(2) == 0;
        columns.push(array(random, &data_type, nullable, rows));
        fields.push(Field::new(format!("c{index}"), data_type, nullable));
    }
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options).unwrap()
}
