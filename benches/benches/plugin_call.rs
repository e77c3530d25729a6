//! What a call of an in-process plugin costs through the C ABI, there and back, without its work.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{Field, Schema, SchemaRef};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use tanda_benches::Gauge;
use tanda_plugin::{Binding, Emitter, Flags, Host, Plugin, PluginError, Port, Reads};
use tanda_plugin_host::Library;

/// Nanoseconds a call of 20 columns.
const BUDGET: f64 = 10_000.0;
const COLUMNS: usize = 20;
const ROWS: usize = 16_384;

/// Emits its input as it is; the columns are its input's, or declared as its own.
struct Pass {
    fresh: bool,
}

impl Plugin for Pass {
    type Config = bool;
    const NAME: &'static str = "pass";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const FLAGS: Flags = Flags::STATELESS.union(Flags::CONSERVES);
    const CONFIG_REFERENCE: &'static str = "true: the columns are the plugin's own";

    fn open(fresh: bool, _: &Host) -> Result<Self, PluginError> {
        Ok(Self { fresh })
    }

    fn bind(&mut self, input: &SchemaRef) -> Result<Binding, PluginError> {
        let fields = || input.fields().iter().map(|field| field.as_ref().clone()).collect();
        let port = if self.fresh { Port::fresh("main", fields()) } else { Port::passing("main") };
        Ok(Binding { ports: vec![port], reads: Reads::All, flags: Self::FLAGS })
    }

    fn process(&mut self, batch: &RecordBatch, out: &mut Emitter<'_>) -> Result<(), PluginError> {
        out.emit_all(0, batch.clone())
    }
}

/// Text, floats and integers in turn; every other column misses values.
fn flights_like() -> RecordBatch {
    let column = |index: usize| -> ArrayRef {
        let there = |row: &usize| index.is_multiple_of(2) || !row.is_multiple_of(7);
        let rows = (0..ROWS).map(|row| Some(row).filter(there));
        match index % 3 {
            0 => {
                Arc::new(rows.map(|row| row.map(|row| format!("N{row}"))).collect::<StringArray>())
            }
            1 => Arc::new(rows.map(|row| row.map(|row| row as f64)).collect::<Float64Array>()),
            _ => Arc::new(rows.map(|row| row.map(|row| row as i64)).collect::<Int64Array>()),
        }
    };
    let columns: Vec<ArrayRef> = (0..COLUMNS).map(column).collect();
    let field = |(index, column): (usize, &ArrayRef)| {
        Field::new(format!("column{index}"), column.data_type().clone(), true)
    };
    let fields: Vec<Field> = columns.iter().enumerate().map(field).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).expect("the columns are its own")
}

fn there_and_back(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("plugin_call/20_columns");
    let library = Library::builtin::<Pass>().expect("the plugin has a valid table");
    let batch = flights_like();
    for (what, config) in [("passed_on", "false"), ("emitted_anew", "true")] {
        let never = Arc::new(AtomicBool::new(false));
        let opened = library.open_instance(config, never, "bench");
        let mut instance = opened.expect("the plugin takes this config");
        instance.bind(&batch.schema(), None).expect("the plugin takes every schema");
        let outputs = instance.process(&batch).expect("the plugin passes everything");
        let tanda_plugin_host::Output::Batch(out) = &outputs.ports[0] else {
            panic!("the port is connected")
        };
        assert_eq!(*out, batch, "what came back is what went in");
        let mut gauge = Gauge::default();
        group.bench_function(BenchmarkId::from_parameter(what), |bencher| {
            bencher.iter_custom(|calls| {
                gauge.time(calls, 1, || {
                    let outputs = instance.process(&batch).expect("as before");
                    assert_eq!(outputs.ports[0].rows(), ROWS as u64);
                })
            });
        });
        gauge.beside_budget("a call there and back", BUDGET);
    }
}

criterion_group!(benches, there_and_back);
criterion_main!(benches);
