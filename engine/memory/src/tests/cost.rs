//! What crossing costs. `cargo test --release -p tanda-memory -- --ignored --nocapture cost`

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};

use super::{Pair, WRITER, in_place};
use crate::{Trust, describe, rebuild, seal};

const ROWS: usize = 8_192;
const ROUNDS: u32 = 100_000;

fn batch(columns: usize) -> RecordBatch {
    let numbers: ArrayRef =
        Arc::new(Int64Array::from_iter((0..ROWS as i64).map(|row| (row % 10 > 0).then_some(row))));
    let texts: ArrayRef =
        Arc::new(StringArray::from_iter_values((0..ROWS).map(|row| format!("flight {row}"))));
    let arrays = (0..columns).map(|index| match index % 2 {
        0 => Arc::new(numbers.as_any().downcast_ref::<Int64Array>().unwrap().clone()) as ArrayRef,
        _ => Arc::new(texts.as_any().downcast_ref::<StringArray>().unwrap().clone()),
    });
    let fields = (0..columns).map(|index| {
        let data_type = if index % 2 == 0 { DataType::Int64 } else { DataType::Utf8 };
        Field::new(format!("c{index}"), data_type, true)
    });
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    RecordBatch::try_new(schema, arrays.collect()).unwrap()
}

fn measure(what: &str, rounds: u32, mut act: impl FnMut()) {
    let start = Instant::now();
    (0..rounds).for_each(|_| act());
    println!("{what:<46} {:>9.0} ns", start.elapsed().as_nanos() as f64 / f64::from(rounds));
}

#[test]
#[ignore = "a measurement; it has a meaning in release only"]
fn cost() {
    let pair = Pair::new();
    for columns in [1, 4, 20] {
        let input = pair.send(&batch(columns), None).batch;
        let input_there = pair.receive(&pair.send(&input, None), None, in_place()).unwrap().batch;
        let mut out = Vec::new();
        measure(&format!("{columns} passed: describe"), ROUNDS, || {
            describe(black_box(&input), &pair.writer_sees, Some(&input), &mut out).unwrap();
        });
        let trust = || Trust::InPlace { from: Some(WRITER), owner: Arc::new(()) };
        let read = |out: &[u8], input, trust| {
            let schema = input_there.schema_ref();
            black_box(rebuild(out, schema, &pair.engine_sees, input, trust).unwrap());
        };
        let there = Some(&input_there);
        measure(&format!("{columns} passed: rebuild"), ROUNDS, || read(&out, there, trust()));
        measure(&format!("{columns} sealed: seal again"), ROUNDS, || {
            black_box(seal(&input, &pair.writer, &pair.writer_sees).unwrap());
        });
        measure(&format!("{columns} own: describe"), ROUNDS, || {
            describe(black_box(&input), &pair.writer_sees, None, &mut out).unwrap();
        });
        measure(&format!("{columns} own: rebuild in place"), ROUNDS, || read(&out, None, trust()));
        measure(&format!("{columns} own: rebuild copied"), 1_000, || {
            read(&out, None, pair.copied());
        });
        let private = batch(columns);
        measure(&format!("{columns} private: seal"), 1_000, || {
            black_box(seal(&private, &pair.writer, &pair.writer_sees).unwrap());
        });
    }
}
