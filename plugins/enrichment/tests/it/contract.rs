//! What the plugin promises to its host.

use std::sync::Arc;

use crate::common::{Tables, batch, rows};
use arrow::array::{Array, ArrayRef, DictionaryArray, RecordBatch};
use arrow::datatypes::Int8Type;
use tanda_plugin::Reads;

const CONFIG: &str = r#"(
    lookups: [
        Lookup(table: "DIR/c.csv", on: {"carrier": "carrier"}, take: {"factor": "factor"},
               known: "known"),
        Lookup(table: "DIR/f.csv", on: {"factor": "factor"}, take: {"name": "name"}),
    ],
    compute: {"broken": "1 / (distance - distance)", "double": "distance * 2"},
)"#;

fn tables() -> Tables {
    let carriers = ("c.csv", "carrier,factor\nAA,2\nUA,0");
    Tables::of(&[carriers, ("f.csv", "factor,name\n2,two\n0,none")])
}

fn input() -> RecordBatch {
    batch("carrier,distance,minutes\nAA,120,60\nZZ,100,\nUA,0,30")
}

#[test]
fn what_nobody_wants_is_not_computed() {
    let input = input();
    let mut harness = tables().open(CONFIG).unwrap();
    harness.bind(&input.schema()).unwrap();
    harness.process(&input).expect_err("`broken` divides by zero");
    harness.wanted(&input.schema(), &[Some(&["minutes", "name", "double"])]).unwrap();
    let output = harness.process(&input).unwrap()[0].clone().unwrap();
    assert_eq!(rows(&output), ["60,two,240", "~,~,200", "30,none,0"]);
}

#[test]
fn binding_says_what_is_read() {
    let mut harness = tables().open(CONFIG).unwrap();
    harness.bind(&input().schema()).unwrap();
    let reads = ["carrier", "distance"].map(str::to_owned).to_vec();
    assert_eq!(harness.binding().reads, Reads::Columns(reads));
}

#[test]
fn columns_that_nobody_reads_may_be_left_out_of_the_input() {
    let input = input().project(&[1, 0]).unwrap();
    let mut harness = tables().open(CONFIG).unwrap();
    harness.wanted(&input.schema(), &[Some(&["name"])]).unwrap();
    let output = harness.process(&input).unwrap()[0].clone().unwrap();
    assert_eq!(rows(&output), ["two", "~", "none"]);
}

#[test]
fn input_columns_pass_without_a_copy() {
    let input = input();
    let config = CONFIG.replace("distance - distance", "7");
    let mut harness = tables().open(&config).unwrap();
    harness.bind(&input.schema()).unwrap();
    let output = harness.process(&input).unwrap()[0].clone().unwrap();
    for (before, after) in input.columns().iter().zip(output.columns()) {
        assert!(before.to_data().ptr_eq(&after.to_data()));
    }
}

#[test]
fn rows_for_unconnected_ports_are_counted() {
    let input = input();
    let config = r#"(lookups: [Lookup(
        table: "DIR/c.csv", on: {"carrier": "carrier"}, missing: Reject)])"#;
    let mut harness = tables().open(config).unwrap();
    harness.wanted(&input.schema(), &[None, None]).unwrap();
    harness.process(&input).unwrap();
    assert_eq!((harness.rows_out(0), harness.rows_out(1)), (2, 1));
    harness.wanted(&input.schema(), &[Some(&["distance"]), Some(&["reason"])]).unwrap();
    let outputs = harness.process(&input).unwrap();
    assert_eq!(rows(outputs[0].as_ref().unwrap()), ["120", "0"]);
    assert_eq!(rows(outputs[1].as_ref().unwrap()), ["unknown_carrier"]);
}

#[test]
fn slices_and_empty_batches_are_enriched_as_the_whole_is() {
    let input = input();
    let config = CONFIG.replace("distance - distance", "7");
    let mut harness = tables().open(&config).unwrap();
    harness.bind(&input.schema()).unwrap();
    let mut enrich = |part: &RecordBatch| rows(harness.process(part).unwrap()[0].as_ref().unwrap());
    let whole = enrich(&input);
    let parts: Vec<_> = (0..3).flat_map(|row| enrich(&input.slice(row, 1))).collect();
    assert_eq!(parts, whole);
    assert_eq!(enrich(&input.slice(3, 0)), Vec::<String>::new());
}

#[test]
fn dictionaries_are_looked_up_by_their_values() {
    let carriers: DictionaryArray<Int8Type> =
        [Some("UA"), None, Some("ZZ"), Some("AA")].into_iter().collect();
    let input = RecordBatch::try_from_iter([("carrier", Arc::new(carriers) as ArrayRef)]).unwrap();
    let config = r#"(lookups: [Lookup(
        table: "DIR/c.csv", on: {"carrier": "carrier"}, take: {"factor": "factor"})])"#;
    let mut harness = tables().open(config).unwrap();
    harness.bind(&input.schema()).unwrap();
    let output = harness.process(&input).unwrap()[0].clone().unwrap();
    assert_eq!(rows(&output), ["UA,0", "~,~", "ZZ,~", "AA,2"]);
}
