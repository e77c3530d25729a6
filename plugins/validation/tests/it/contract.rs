//! What the plugin promises to its host.

use std::sync::Arc;

use crate::common::{batch, open, rows};
use arrow::array::{Array, ArrayRef, DictionaryArray, Int64Array, RecordBatch};
use arrow::datatypes::{Int8Type, SchemaRef};
use tanda_plugin::{Flags, Reads};

fn config(rule: &str) -> String {
    format!("(rules: [{rule}])")
}

fn letters() -> RecordBatch {
    batch("id,letter\n1,a\n2,b\n3,\n4,a\n5,c\n6,b")
}

#[test]
fn valid_batch_passes_without_a_copy() {
    let input = letters();
    let mut harness = open(&config(r#"Required("id")"#), &input.schema()).unwrap();
    let output = harness.process(&input).unwrap()[0].clone().unwrap();
    for (before, after) in input.columns().iter().zip(output.columns()) {
        assert!(before.to_data().ptr_eq(&after.to_data()));
    }
}

#[test]
fn only_wanted_columns_leave() {
    let input = letters();
    let mut harness = open(&config(r#"Required("letter")"#), &input.schema()).unwrap();
    harness.wanted(&input.schema(), &[Some(&["id"]), Some(&["reason"])]).unwrap();
    let outputs = harness.process(&input).unwrap();
    assert_eq!(rows(outputs[0].as_ref().unwrap()), ["1", "2", "4", "5", "6"]);
    assert_eq!(rows(outputs[1].as_ref().unwrap()), ["missing_letter"]);
}

#[test]
fn rows_for_unconnected_ports_are_counted() {
    let input = letters();
    let mut harness = open(&config(r#"Required("letter")"#), &input.schema()).unwrap();
    harness.wanted(&input.schema(), &[None, None]).unwrap();
    assert_eq!(harness.process(&input).unwrap(), [None, None]);
    assert_eq!((harness.rows_out(0), harness.rows_out(1)), (5, 1));
    assert_eq!(harness.counter("rows_rejected"), 1);
}

#[test]
fn binding_says_what_is_read_and_what_the_instance_is() {
    let schema: SchemaRef = letters().schema();
    let promises = Flags::CONSERVES | Flags::PROJECTS;
    let harness = open(&config(r#"Required(["letter", "letter"])"#), &schema).unwrap();
    assert_eq!(harness.binding().reads, Reads::Columns(vec!["letter".to_owned()]));
    assert_eq!(harness.binding().flags, Flags::STATELESS | promises);
    let harness = open(&config(r#"Unique(columns: ["id"], window: 2)"#), &schema).unwrap();
    assert_eq!(harness.binding().flags, Flags::EXCLUSIVE | promises);
}

#[test]
fn dictionaries_are_judged_by_their_values() {
    let letters: DictionaryArray<Int8Type> =
        [Some("a"), None, Some("bb"), Some("a")].into_iter().collect();
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3, 4]));
    let input = RecordBatch::try_from_iter([("id", ids), ("letter", Arc::new(letters) as _)]);
    let input = input.unwrap();
    let rejected = |rule: &str| {
        let mut harness = open(&config(rule), &input.schema()).unwrap();
        let outputs = harness.process(&input).unwrap();
        rows(outputs[1].as_ref().unwrap()).join(" ")
    };
    assert_eq!(rejected(r#"Required("letter")"#), "2,~,missing_letter");
    assert_eq!(rejected(r#"OneOf(column: "letter", values: ["a"])"#), "3,bb,bad_letter");
    assert_eq!(rejected(r#"Length(column: "letter", max: 1)"#), "3,bb,bad_letter");
    assert_eq!(rejected(r#"Range(column: "letter", max: "az")"#), "3,bb,bad_letter");
    let unique = r#"Unique(columns: ["letter"], window: 9)"#;
    assert_eq!(rejected(unique), "4,a,duplicate_letter");
}

const EVERYTHING: &str = r#"
    Required("id"), OneOf(column: "letter", values: ["a", "b"]), Range(column: "id", max: 5),
    Matches(column: "letter", pattern: "[ab]", nulls: Fail), Length(column: "letter", max: 1),
    Type(column: "letter", type: "utf8"), Unique(columns: ["letter"], window: 3)"#;

#[test]
fn slices_are_judged_as_the_whole_is() {
    let input = letters();
    let judge = |step: usize| {
        let mut harness = open(&config(EVERYTHING), &input.schema()).unwrap();
        let mut ports = [Vec::new(), Vec::new()];
        for offset in (0..input.num_rows()).step_by(step) {
            let part = input.slice(offset, step.min(input.num_rows() - offset));
            let outputs = harness.process(&part).unwrap();
            for (port, output) in ports.iter_mut().zip(outputs) {
                port.extend(rows(&output.unwrap()));
            }
        }
        ports
    };
    let whole = judge(6);
    assert_eq!(whole[0].len() + whole[1].len(), 6);
    assert!(!whole[1].is_empty());
    for step in 1..6 {
        assert_eq!(judge(step), whole, "batches of {step}");
    }
}

#[test]
fn batch_of_no_rows_passes() {
    let input = letters();
    let mut harness = open(&config(EVERYTHING), &input.schema()).unwrap();
    let outputs = harness.process(&input.slice(0, 0)).unwrap();
    assert!(outputs.iter().all(|output| output.as_ref().unwrap().num_rows() == 0));
}

#[test]
fn restored_instance_judges_on_as_the_old_one() {
    let input = letters();
    let unique = config(r#"Unique(columns: ["letter"], window: 4)"#);
    let mut old = open(&unique, &input.schema()).unwrap();
    old.process(&input.slice(0, 3)).unwrap();
    let mut new = open(&unique, &input.schema()).unwrap();
    new.restore(&old.snapshot().unwrap()).unwrap();
    let rest = input.slice(3, 3);
    let judged = new.process(&rest).unwrap();
    assert_eq!(judged, old.process(&rest).unwrap());
    assert_eq!(rows(judged[1].as_ref().unwrap()), ["4,a,duplicate_letter", "6,b,duplicate_letter"]);
}

#[test]
fn damaged_snapshot_is_refused_and_changes_nothing() {
    let input = letters();
    let unique = config(r#"Unique(columns: ["letter"], window: 3)"#);
    let mut harness = open(&unique, &input.schema()).unwrap();
    harness.process(&input).unwrap();
    let good = harness.snapshot().unwrap();
    for len in 0..good.len() {
        assert!(harness.restore(&good[..len]).is_err(), "{len} of {} bytes", good.len());
    }
    assert!(harness.restore(&[&good[..], &[0]].concat()).is_err());
    assert!(harness.restore(&[&[9], &good[1..]].concat()).is_err());
    assert_eq!(harness.snapshot().unwrap(), good);
}
