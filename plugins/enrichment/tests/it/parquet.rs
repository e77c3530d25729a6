//! Tables in Parquet.

use std::fs::File;
use std::sync::Arc;

use crate::common::{Tables, rows};
use ::parquet::arrow::ArrowWriter;
use arrow::array::{
    ArrayRef, Decimal128Array, DictionaryArray, Int32Array, LargeStringArray, RecordBatch,
    TimestampMicrosecondArray, TimestampNanosecondArray,
};
use arrow::datatypes::Int8Type;
use expect_test::expect;
use tanda_plugin::UTC;

fn tables(keys: &[i32]) -> Tables {
    let names: DictionaryArray<Int8Type> = keys.iter().map(|_| "a").collect();
    let texts = keys.iter().map(|key| Some(format!("t{key}"))).collect::<LargeStringArray>();
    let columns: [(&str, ArrayRef); 3] = [
        ("k", Arc::new(Int32Array::from(keys.to_vec()))),
        ("name", Arc::new(names)),
        ("text", Arc::new(texts)),
    ];
    tables_of(&RecordBatch::try_from_iter(columns).unwrap())
}

fn tables_of(batch: &RecordBatch) -> Tables {
    let tables = Tables::of(&[("torn.parquet", "PAR1 and nothing else")]);
    let file = File::create(tables.path("t.parquet")).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    tables
}

/// The column `v` of the table rows whose `k` equals these values.
fn found(key: ArrayRef, input: ArrayRef) -> Vec<String> {
    let v: ArrayRef = Arc::new(Int32Array::from_iter_values(0..key.len() as i32));
    let tables = tables_of(&RecordBatch::try_from_iter([("k", key), ("v", v)]).unwrap());
    let config = r#"(lookups: [Lookup(table: "DIR/t.parquet", on: {"x": "k"}, take: {"v": "v"})])"#;
    let input = RecordBatch::try_from_iter([("x", input)]).unwrap();
    let mut harness = tables.open(config).unwrap();
    harness.bind(&input.schema()).unwrap();
    let output = harness.process(&input).unwrap()[0].clone().unwrap();
    rows(&output.project(&[1]).unwrap())
}

#[test]
fn times_of_any_unit_match_in_utc_by_any_name() {
    let table = TimestampNanosecondArray::from(vec![1_000_000_000, 2_000_000_001, -1]);
    let input = TimestampMicrosecondArray::from(vec![1_000_000, 2_000_000, 0, -1]);
    let input: ArrayRef = Arc::new(input.with_timezone(UTC));
    for zone in ["UTC", "Etc/UTC", "+00:00"] {
        let table = Arc::new(table.clone().with_timezone(zone));
        assert_eq!(found(table, input.clone()), ["0", "~", "~", "~"], "{zone}");
    }
}

#[test]
fn decimals_of_any_scale_match_by_their_value() {
    let decimals = |values: Vec<i128>, scale| -> ArrayRef {
        Arc::new(Decimal128Array::from(values).with_precision_and_scale(10, scale).unwrap())
    };
    let (table, input) = (decimals(vec![1500, 1505, 0], 3), decimals(vec![150, 151, 150, 0], 2));
    assert_eq!(found(table, input), ["0", "~", "0", "2"]);
}

const LOOKUP: &str =
    r#"table: "DIR/t.parquet", on: {"k": "k"}, take: {"text": "text", "name": "name"}"#;

#[test]
fn integers_of_any_width_match() {
    tables(&[1, 2]).check_lookup(
        LOOKUP,
        "k\n1\n2\n5000000000",
        expect![[r#"
        main: k,text,name
            1,t1,a
            2,t2,a
            5000000000,~,~
    "#]],
    );
}

#[test]
fn texts_of_either_offset_match() {
    let lookup = r#"table: "DIR/t.parquet", on: {"k": "text"}, take: {"number": "k"}"#;
    tables(&[1, 2]).check_lookup(
        lookup,
        "k\nt2\nt3",
        expect![[r#"
        main: k,number
            t2,2
            t3,~
    "#]],
    );
}

#[test]
fn faults_are_named() {
    tables(&[1, 2, 1]).check_lookup(LOOKUP, "k\n1", expect![[r#"
        lookup 1 (DIR/t.parquet): the key "1" stands on row 1 and on row 3; remove one, or say on_duplicate: First or Last [DIR/t.parquet]
    "#]]);
    tables(&[1]).check_lookup(LOOKUP, "k\nx", expect![[r#"
        lookup 1 (DIR/t.parquet): column `k` of the input is utf8, but `k` of the table is int32; no value of one equals any of the other [k]
    "#]]);
    tables(&[1]).check_lookup(
        &format!(r#"{LOOKUP}, types: {{"text": "utf8"}}"#),
        "k\n1",
        expect![[r#"
            types: DIR/t.parquet says itself what type `text` is; remove it from types [text]
        "#]],
    );
    let torn = LOOKUP.replace("t.parquet", "torn.parquet");
    tables(&[1]).check_lookup(&torn, "k\n1", expect![[r#"
        DIR/torn.parquet: Parquet error: Invalid Parquet file. Corrupt footer; is it a whole Parquet file? [DIR/torn.parquet]
    "#]]);
}
