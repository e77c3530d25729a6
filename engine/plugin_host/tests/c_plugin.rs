//! A plugin in plain C, from its source to its results.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::RecordBatch;
use expect_test::expect;
use support::{batch, compile, open, schema, show};
use tanda_plugin_host::{CallError, Flags, Instance, Library, Output, Reads, Wanted, WantedPort};

fn double() -> Arc<Library> {
    Library::open(compile("double", &[]).path).unwrap()
}

fn bound(config: &str) -> Instance {
    let mut instance = open(&double(), config).unwrap();
    instance.bind(&schema(), None).unwrap();
    instance
}

fn show_all(instance: &mut Instance, batch: &RecordBatch) -> String {
    let ports = instance.process(batch).unwrap().ports;
    let show = |output: &Output| match output {
        Output::Batch(batch) => show(batch),
        Output::Rows(rows) => format!("{rows} rows"),
    };
    ports.iter().map(show).collect::<Vec<_>>().join("\n")
}

fn finished(instance: &mut Instance) -> String {
    let mut shown = Vec::new();
    let rows = instance.finish(&mut |port, batch| shown.push(format!("{port} {}", show(&batch))));
    format!("{:?} {}", rows.unwrap(), shown.join("\n"))
}

#[test]
fn table_is_read() {
    let library = double();
    assert_eq!((library.name(), library.version()), ("double", "0.3.0"));
    assert_eq!((library.abi_version(), library.flags()), (1, Flags::MERGEABLE));
    assert_eq!(library.config_format(), "text");
    assert_eq!(library.config_reference(), "the name of an int64 column, in quotes");
    assert!(library.path().ends_with("libdouble.so"));
}

#[test]
fn binding_gives_the_schema_of_every_port() {
    let mut instance = open(&double(), "\"value\"").unwrap();
    let bound = instance.bind(&schema(), None).unwrap();
    assert_eq!(bound.reads, Reads::Columns(vec!["value".to_owned()]));
    assert_eq!(bound.layout.flags, Flags::MERGEABLE);
    let ports = bound.layout.ports.iter().map(|port| {
        let fields = port.full.fields().iter();
        let fields = fields.map(|f| format!("{} {} {}", f.name(), f.data_type(), f.is_nullable()));
        format!("{}: {}", port.name, fields.collect::<Vec<_>>().join(", "))
    });
    expect![[r#"
        main: name Utf8 false, value Int64 true, doubled Int64 true
        large: value Int64 false
        sum: value Int64 false"#]]
    .assert_eq(&ports.collect::<Vec<_>>().join("\n"));
}

#[test]
fn rows_are_doubled_filtered_and_summed() {
    let mut instance = bound("(column: \"value\")");
    expect![[r#"
        name,value,doubled: row0,5,10 | row1,null,null | row2,20,40 | row3,11,22
        value: 20 | 11
        value: "#]]
    .assert_eq(&show_all(&mut instance, &batch(&[Some(5), None, Some(20), Some(11)])));
    assert_eq!(instance.take_counters(), [("batches".to_owned(), 1)].into());
    expect!["[0, 0, 1] 2 value: 36"].assert_eq(&finished(&mut instance));
}

#[test]
fn slices_and_empty_batches_are_read_at_their_offset() {
    let mut instance = bound("\"value\"");
    let whole = batch(&[Some(1), None, Some(20), None, Some(40), Some(50)]);
    expect![[r#"
        name,value,doubled: row1,null,null | row2,20,40 | row3,null,null | row4,40,80
        value: 20 | 40
        value: "#]]
    .assert_eq(&show_all(&mut instance, &whole.slice(1, 4)));
    expect![[r#"
        name,value,doubled: 
        value: 
        value: "#]]
    .assert_eq(&show_all(&mut instance, &whole.slice(2, 0)));
}

#[test]
fn passed_columns_come_back_as_the_arrays_that_went_in() {
    let mut instance = bound("\"value\"");
    let batch = batch(&[Some(5), Some(6)]);
    let outputs = instance.process(&batch).unwrap();
    let Output::Batch(main) = &outputs.ports[0] else { panic!("main is connected") };
    assert!(Arc::ptr_eq(main.column(0), batch.column(0)));
    assert!(Arc::ptr_eq(main.column(1), batch.column(1)));
}

#[test]
fn unwanted_columns_are_dropped_and_unread_ports_only_counted() {
    let mut instance = bound("\"value\"");
    let wanted = Wanted {
        ports: vec![
            WantedPort { connected: true, columns: vec![2, 0, 2] },
            WantedPort::default(),
            WantedPort::default(),
        ],
    };
    let bound = instance.bind(&schema(), Some(&wanted)).unwrap();
    assert_eq!(bound.layout.ports[0].delivered.fields().len(), 2);
    expect![[r#"
        name,doubled: row0,10 | row1,40
        1 rows
        0 rows"#]]
    .assert_eq(&show_all(&mut instance, &batch(&[Some(5), Some(20)])));
    expect!["[0, 0, 1] "].assert_eq(&finished(&mut instance));
}

#[test]
fn instances_are_merged_and_restored_by_snapshots() {
    let [mut one, mut two] = [bound("\"value\""), bound("\"value\"")];
    one.process(&batch(&[Some(5)])).unwrap();
    two.process(&batch(&[Some(7)])).unwrap();
    one.merge(&two.snapshot().unwrap()).unwrap();
    expect!["[0, 0, 1] 2 value: 12"].assert_eq(&finished(&mut one));
    two.restore(&one.snapshot().unwrap()).unwrap();
    expect!["[0, 0, 1] 2 value: 12"].assert_eq(&finished(&mut two));
    let error = one.restore(b"abc").unwrap_err();
    expect!["plugin `double` failed in `restore`: not a snapshot of this plugin"]
        .assert_eq(&error.to_string());
}

#[test]
fn errors_of_a_plugin_say_what_they_are_about() {
    let error = open(&double(), "no quotes").unwrap_err();
    expect!["plugin `double` failed in `open`: expected the name of a column in quotes"]
        .assert_eq(&error.to_string());
    let error = open(&double(), "\"name\"").unwrap().bind(&schema(), None).unwrap_err();
    expect!["plugin `double` failed in `bind`: no int64 column of this name: name"]
        .assert_eq(&error.to_string());
    let CallError::Failed { error, .. } = error else { panic!("{error}") };
    assert_eq!(error.token(), Some("name"));
}

#[test]
fn cancellation_is_seen_by_the_plugin() {
    let cancel = Arc::new(AtomicBool::new(false));
    let mut instance = double().open_instance("\"value\"", Arc::clone(&cancel), "test").unwrap();
    instance.bind(&schema(), None).unwrap();
    instance.process(&batch(&[Some(1)])).unwrap();
    cancel.store(true, Ordering::Relaxed);
    let error = instance.process(&batch(&[Some(1)])).unwrap_err();
    assert_eq!(error.to_string(), "plugin `double` failed in `process`: cancelled");
}

#[test]
fn an_instance_moves_between_threads_and_its_batches_outlive_it() {
    let mut instance = bound("\"value\"");
    let outputs = std::thread::spawn(move || instance.process(&batch(&[Some(30)])).unwrap());
    let outputs = outputs.join().unwrap();
    let Output::Batch(main) = &outputs.ports[0] else { panic!("main is connected") };
    assert_eq!(show(main), "name,value,doubled: row0,30,60");
}
