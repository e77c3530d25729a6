//! Tables in Parquet.

use std::fs::File;
use std::sync::Arc;

use crate::common::Tables;
use ::parquet::arrow::ArrowWriter;
use arrow::array::{ArrayRef, DictionaryArray, Int32Array, LargeStringArray, RecordBatch};
use arrow::datatypes::Int8Type;
use expect_test::expect;

fn tables(keys: &[i32]) -> Tables {
    let tables = Tables::of(&[("torn.parquet", "PAR1 and nothing else")]);
    let names: DictionaryArray<Int8Type> = keys.iter().map(|_| "a").collect();
    let texts = keys.iter().map(|key| Some(format!("t{key}"))).collect::<LargeStringArray>();
    let columns: [(&str, ArrayRef); 3] = [
        ("k", Arc::new(Int32Array::from(keys.to_vec()))),
        ("name", Arc::new(names)),
        ("text", Arc::new(texts)),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let file = File::create(tables.path("t.parquet")).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    tables
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
