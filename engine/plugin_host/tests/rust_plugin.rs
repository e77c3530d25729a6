//! A plugin in Rust through the same border: panics, and what the SDK tells and is told.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::sync::Arc;

use arrow::array::{AsArray, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Int64Type, SchemaRef};
use expect_test::expect;
use serde::Deserialize;
use support::{batch, open, schema, show};
use tanda_plugin::{Binding, Emitter, Flags, Host, Level, Plugin, PluginError, Port, Reads};
use tanda_plugin_host::{CallError, Instance, Library, Output, Wanted, WantedPort};

/// Adds a column of squares and keeps what it saw; panics where it is told to.
struct Square {
    config: Config,
    index: usize,
    seen: Vec<RecordBatch>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    #[serde(default)]
    panic: Option<Place>,
}

#[derive(Deserialize, PartialEq, Clone, Copy)]
enum Place {
    Open,
    Bind,
    Process,
    Close,
}

impl Config {
    fn at(&self, place: Place) {
        assert!(self.panic != Some(place), "told to panic, see {}", "here");
    }
}

impl Plugin for Square {
    type Config = Config;
    const NAME: &'static str = "square";
    const VERSION: &'static str = "2.0.0";
    const FLAGS: Flags = Flags::EXCLUSIVE.union(Flags::PROJECTS).union(Flags::CONSERVES);
    const CONFIG_REFERENCE: &'static str = "panic: where to";

    fn open(config: Config, host: &Host) -> Result<Self, PluginError> {
        config.at(Place::Open);
        host.log(Level::Warn, "opened");
        Ok(Self { config, index: 0, seen: Vec::new() })
    }

    fn bind(&mut self, input: &SchemaRef) -> Result<Binding, PluginError> {
        self.config.at(Place::Bind);
        self.index = tanda_plugin::find_column(input, "value")?;
        let port = Port::passing("main").with([Field::new("square", DataType::Int64, true)]);
        let reads = Reads::Columns(vec!["value".to_owned()]);
        Ok(Binding { ports: vec![port, Port::passing("seen")], reads, flags: Self::FLAGS })
    }

    fn process(&mut self, batch: &RecordBatch, out: &mut Emitter<'_>) -> Result<(), PluginError> {
        self.config.at(Place::Process);
        let name = out.host().scratch().alloc_str("rows");
        out.host().counter_add(name, batch.num_rows() as u64);
        let values = batch.column(self.index).as_primitive::<Int64Type>();
        let squares: Int64Array = values.iter().map(|v| v.map(|v| v * v)).collect();
        let mut columns: Vec<_> =
            out.passed(0).iter().map(|&index| Arc::clone(batch.column(index))).collect();
        if out.wants(0, 0) {
            columns.push(Arc::new(squares));
        }
        self.seen.push(batch.clone());
        out.emit(0, columns, batch.num_rows())
    }

    fn finish(&mut self, out: &mut Emitter<'_>) -> Result<(), PluginError> {
        self.seen.drain(..).try_for_each(|batch| out.emit_all(1, batch))
    }
}

impl Drop for Square {
    fn drop(&mut self) {
        self.config.at(Place::Close);
    }
}

fn square(config: &str) -> Result<Instance, CallError> {
    open(&Library::builtin::<Square>().unwrap(), config)
}

fn first(outputs: &tanda_plugin_host::Outputs) -> &RecordBatch {
    let Output::Batch(batch) = &outputs.ports[0] else { panic!("the port is connected") };
    batch
}

#[test]
fn a_rust_plugin_crosses_the_same_border() {
    let mut instance = square("()").unwrap();
    instance.bind(&schema(), None).unwrap();
    let batch = batch(&[Some(3), None, Some(-5)]);
    let outputs = instance.process(&batch).unwrap();
    let main = first(&outputs);
    assert_eq!(show(main), "name,value,square: row0,3,9 | row1,null,null | row2,-5,25");
    assert!(Arc::ptr_eq(main.column(0), batch.column(0)), "passed, not wrapped");
    assert_eq!(outputs.ports[1].rows(), 0);
    assert_eq!(instance.take_counters(), [("rows".to_owned(), 3)].into());
}

#[test]
fn what_a_plugin_keeps_stays_valid_until_the_end() {
    let mut instance = square("()").unwrap();
    instance.bind(&schema(), None).unwrap();
    for start in 0..3 {
        instance.process(&batch(&[Some(start), None]).slice(start as usize % 2, 1)).unwrap();
    }
    let mut shown = Vec::new();
    let rows = instance.finish(&mut |port, batch| shown.push((port, show(&batch)))).unwrap();
    assert_eq!(rows, [0, 3]);
    let text = |row: &str| (1, format!("name,value: {row}"));
    assert_eq!(shown, [text("row0,0"), text("row1,null"), text("row0,2")]);
}

#[test]
fn a_projecting_plugin_emits_only_what_is_wanted() {
    let mut instance = square("()").unwrap();
    instance.bind(&schema(), None).unwrap();
    let wanted = Wanted {
        ports: vec![WantedPort { connected: true, columns: vec![0] }, WantedPort::default()],
    };
    let bound = instance.bind(&schema(), Some(&wanted)).unwrap();
    assert!(!bound.layout.ports[0].drops_columns());
    let outputs = instance.process(&batch(&[Some(3)])).unwrap();
    assert_eq!(show(first(&outputs)), "name: row0");
}

#[test]
fn panics_are_caught_at_the_border_and_poison_the_instance() {
    let open = square("(panic: Open)").unwrap_err();
    let bind = square("(panic: Bind)").unwrap().bind(&schema(), None).unwrap_err();
    let mut instance = square("(panic: Process)").unwrap();
    instance.bind(&schema(), None).unwrap();
    let batch = batch(&[Some(3)]);
    let process = instance.process(&batch).unwrap_err();
    let again = instance.snapshot().unwrap_err();
    let texts = [open, bind, process, again].map(|error| error.to_string());
    expect![[r#"
        plugin `square` panicked in `open`: told to panic, see here; its instance is closed
        plugin `square` panicked in `bind`: told to panic, see here; its instance is closed
        plugin `square` panicked in `process`: told to panic, see here; its instance is closed
        plugin `square`: snapshot on an instance that panicked before; open a new one"#]]
    .assert_eq(&texts.join("\n"));
    drop(square("(panic: Close)").unwrap());
}

#[test]
fn configuration_errors_carry_their_place() {
    let CallError::Failed { error, .. } = square("(\n  panik: Open)").unwrap_err() else {
        panic!("not an error of the plugin")
    };
    assert_eq!(error.token(), Some("panik"));
    assert_eq!(error.position(), Some((2, 3)));
    expect!["unknown field `panik` of `Config`: did you mean `panic`?"].assert_eq(error.message());
}

#[test]
fn a_batch_without_columns_keeps_its_rows() {
    let mut instance = square("()").unwrap();
    instance.bind(&schema(), None).unwrap();
    let none = Wanted {
        ports: vec![WantedPort { connected: true, columns: vec![] }, WantedPort::default()],
    };
    instance.bind(&schema(), Some(&none)).unwrap();
    let outputs = instance.process(&batch(&[Some(3), None])).unwrap();
    assert_eq!((first(&outputs).num_columns(), first(&outputs).num_rows()), (0, 2));
}

#[test]
#[should_panic(expected = "a batch of another schema than bound")]
fn a_batch_of_another_schema_is_never_handed_over() {
    let mut instance = square("()").unwrap();
    instance.bind(&schema(), None).unwrap();
    let other = batch(&[Some(3)]).project(&[1, 0]).unwrap();
    drop(instance.process(&other));
}

#[test]
fn a_panic_of_the_caller_is_not_taken_for_the_plugins() {
    let mut instance = square("()").unwrap();
    instance.bind(&schema(), None).unwrap();
    instance.process(&batch(&[Some(3)])).unwrap();
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        drop(instance.finish(&mut |_, _| panic!("the caller's own")));
    }));
    let payload = caught.unwrap_err();
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"the caller's own"));
}
