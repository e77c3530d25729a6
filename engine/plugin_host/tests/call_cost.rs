//! What a call through the border costs, beside arrow-rs's own functions in the same run.
//!
//! `cargo test --release -p tanda-plugin-host --test call_cost -- --ignored --nocapture` prints it.
//! The budget is 10 us for 20 columns there and back on a quiet machine; the ratio holds on a busy
//! one too.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(unsafe_code, reason = "calls arrow-rs's own import, to compare with")]

mod support;

use std::sync::Arc;
use std::time::Instant;

use arrow::array::{
    Array, ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, StructArray,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::ffi::{FFI_ArrowArray, from_ffi_and_data_type};
use support::open;
use tanda_plugin::{Binding, Emitter, Flags, Host, Plugin, PluginError, Port, Reads};
use tanda_plugin_host::{Instance, Library};

/// Emits its input as it is, or as new columns.
struct Pass {
    fresh: bool,
}

impl Plugin for Pass {
    type Config = bool;
    const NAME: &'static str = "pass";
    const VERSION: &'static str = "1";
    const FLAGS: Flags = Flags::STATELESS;
    const CONFIG_REFERENCE: &'static str = "are the columns the plugin's own?";

    fn open(fresh: bool, _: &Host) -> Result<Self, PluginError> {
        Ok(Self { fresh })
    }

    fn bind(&mut self, input: &SchemaRef) -> Result<Binding, PluginError> {
        let fields = input.fields().iter().map(|field| field.as_ref().clone()).collect();
        let port = if self.fresh { Port::fresh("main", fields) } else { Port::passing("main") };
        Ok(Binding { ports: vec![port], reads: Reads::All, flags: Self::FLAGS })
    }

    fn process(&mut self, batch: &RecordBatch, out: &mut Emitter<'_>) -> Result<(), PluginError> {
        out.emit_all(0, batch.clone())
    }
}

/// 20 columns of numbers and text, a third of them with nulls.
fn wide(rows: i64) -> RecordBatch {
    let column = |index: usize| -> ArrayRef {
        let null = |row: i64| index.is_multiple_of(3) && row % 7 == 0;
        match index % 4 {
            0 => Arc::new(
                (0..rows)
                    .map(|row| (!null(row)).then(|| format!("text {row}")))
                    .collect::<StringArray>(),
            ),
            1 => Arc::new(
                (0..rows).map(|row| (!null(row)).then_some(row as f64)).collect::<Float64Array>(),
            ),
            _ => Arc::new((0..rows).map(|row| (!null(row)).then_some(row)).collect::<Int64Array>()),
        }
    };
    let columns: Vec<ArrayRef> = (0..20).map(column).collect();
    let fields = columns.iter().enumerate().map(|(index, column)| {
        Field::new(format!("column{index}"), column.data_type().clone(), true)
    });
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    RecordBatch::try_new(schema, columns).unwrap()
}

fn best_ns(instance: &mut Instance, batch: &RecordBatch, calls: u32) -> u128 {
    let round = |instance: &mut Instance| {
        let start = Instant::now();
        for _ in 0..calls {
            let outputs = instance.process(std::hint::black_box(batch)).unwrap();
            assert_eq!(outputs.ports[0].rows(), batch.num_rows() as u64);
        }
        start.elapsed().as_nanos() / u128::from(calls)
    };
    (0..10).map(|_| round(instance)).min().unwrap()
}

/// The same way with arrow-rs's own functions, arrays only: the rival.
fn rival_ns(batch: &RecordBatch, calls: u32) -> u128 {
    let data_type = DataType::Struct(batch.schema().fields().clone());
    let hop = |batch: &RecordBatch| {
        let array = FFI_ArrowArray::new(&StructArray::from(batch.clone()).to_data());
        // SAFETY: exported just now, of this type.
        let data = unsafe { from_ffi_and_data_type(array, data_type.clone()) }.unwrap();
        RecordBatch::from(StructArray::from(data))
    };
    let round = || {
        let start = Instant::now();
        for _ in 0..calls {
            let back = hop(&hop(std::hint::black_box(batch)));
            assert_eq!(back.num_rows(), batch.num_rows());
        }
        start.elapsed().as_nanos() / u128::from(calls)
    };
    (0..10).map(|_| round()).min().unwrap()
}

#[test]
#[ignore = "a measurement, for release builds"]
fn a_call_costs_less_than_half_of_what_arrow_rs_takes() {
    let library = Library::builtin::<Pass>().unwrap();
    for (what, config) in [("passed", "false"), ("fresh", "true")] {
        for rows in [1, 1_024, 16_384] {
            let batch = wide(rows);
            let mut instance = open(&library, config).unwrap();
            instance.bind(&batch.schema(), None).unwrap();
            let ns = best_ns(&mut instance, &batch, 2_000);
            let rival = rival_ns(&batch, 100);
            println!("20 {what} columns, {rows} rows: {ns} ns (budget 10000, arrow-rs {rival})");
            assert!(2 * ns <= rival, "less than twice as fast as arrow-rs");
        }
    }
}
