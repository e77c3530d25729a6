//! Tables in Parquet.

use std::fs::File;
use std::sync::Arc;

use crate::common::{Tables, rows};
use ::parquet::arrow::ArrowWriter;
use arrow::array::{
    ArrayRef, Date32Array, Date64Array, Decimal128Array, DictionaryArray, Float32Array,
    Float64Array, Int32Array, LargeStringArray, RecordBatch, Time32MillisecondArray,
    Time32SecondArray, Time64NanosecondArray, TimestampMicrosecondArray, TimestampMillisecondArray,
    TimestampNanosecondArray,
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
fn times_of_day_of_any_unit_match_and_so_do_dates() {
    let seconds: ArrayRef = Arc::new(Time32SecondArray::from(vec![0, 19_800, 86_399]));
    let millis: ArrayRef = Arc::new(Time32MillisecondArray::from(vec![0, 19_800_000, 19_800_500]));
    let nanos: ArrayRef = Arc::new(Time64NanosecondArray::from(vec![
        86_399_000_000_000,
        19_800_000_000_001,
        19_800_000_000_000,
    ]));
    assert_eq!(found(seconds.clone(), nanos.clone()), ["2", "~", "1"]);
    assert_eq!(found(nanos, seconds.clone()), ["~", "2", "0"]);
    assert_eq!(found(millis.clone(), seconds.clone()), ["0", "1", "~"]);
    assert_eq!(found(seconds, millis), ["0", "1", "~"]);
    let days: ArrayRef = Arc::new(Date32Array::from(vec![-1, 0, 15_706]));
    let day = 86_400_000;
    let dates: ArrayRef = Arc::new(Date64Array::from(vec![15_706 * day, -day, 1]));
    assert_eq!(found(days.clone(), dates.clone()), ["2", "0", "~"]);
    // Parquet has no date64: the table's dates are whole days.
    let whole: ArrayRef = Arc::new(Date64Array::from(vec![15_706 * day, -day, 0]));
    assert_eq!(found(whole, days), ["1", "2", "0"]);
}

#[test]
fn a_default_that_its_column_cannot_hold_is_refused() {
    let price = Decimal128Array::from(vec![15]).with_precision_and_scale(2, 1).unwrap();
    let large = Decimal128Array::from(vec![15]).with_precision_and_scale(38, 10).unwrap();
    let columns: [(&str, ArrayRef); 6] = [
        ("k", Arc::new(Int32Array::from(vec![1]))),
        ("price", Arc::new(price)),
        ("large", Arc::new(large)),
        ("double", Arc::new(Float64Array::from(vec![0.5]))),
        ("single", Arc::new(Float32Array::from(vec![0.5]))),
        ("at", Arc::new(TimestampMillisecondArray::from(vec![0]))),
    ];
    let tables = tables_of(&RecordBatch::try_from_iter(columns).unwrap());
    let key: ArrayRef = Arc::new(Int32Array::from(vec![2]));
    let input = RecordBatch::try_from_iter([("k", key)]).unwrap();
    let tried = |(column, default): (&str, &str)| {
        let lookup = format!(
            r#"(lookups: [Lookup(table: "DIR/t.parquet", on: {{"k": "k"}}, take: {{"v": "{column}"}},
               missing: Default({{"v": {default}}}))])"#
        );
        let result = tables.open(&lookup).and_then(|mut harness| {
            harness.bind(&input.schema())?;
            let output = harness.process(&input)?.remove(0).unwrap();
            Ok(rows(&output.project(&[1]).unwrap()).concat())
        });
        result.unwrap_or_else(|error| error.to_string()) + "\n"
    };
    let defaults = [
        ("price", "7.25"),
        ("price", "-0.10e1"),
        ("large", "1234567890123456789.123456789"),
        ("large", "1.00000000005"),
        ("double", "1e400"),
        ("double", "9007199254740993"),
        ("single", "16777217"),
        ("single", "0.1"),
        ("at", r#""2020-01-01 00:00:00.1236""#),
        ("at", r#""2020-01-01 00:00:00.123""#),
        ("k", "0.5"),
        ("k", "3000000000"),
    ];
    let found = defaults.map(tried).concat().replace(&tables.folder(), "DIR/");
    expect![[r#"
        lookup 1 (DIR/t.parquet): the default 7.25 is no value of `v`, which is decimal(2, 1); write a number with at most 1 digits before the point and 1 behind it
        -1.0
        1234567890123456789.1234567890
        lookup 1 (DIR/t.parquet): the default 1.00000000005 is no value of `v`, which is decimal(38, 10); write a number with at most 28 digits before the point and 10 behind it
        lookup 1 (DIR/t.parquet): the default 1e400 is no value of `v`, which is float64; write a number that is within its range
        lookup 1 (DIR/t.parquet): the default 9007199254740993 is no value of `v`, which is float64; write 9007199254740992.0, the nearest that there is
        lookup 1 (DIR/t.parquet): the default 16777217 is no value of `v`, which is float32; write 16777216.0, the nearest that there is
        0.1
        lookup 1 (DIR/t.parquet): the default "2020-01-01 00:00:00.1236" is no value of `v`, which is timestamp(ms); write a time with at most 3 decimals of a second, as in "2024-01-31T05:30:00.5"
        2020-01-01T00:00:00.123
        lookup 1 (DIR/t.parquet): the default 0.5 is no value of `v`, which is int32; write a whole number from -2147483648 to 2147483647
        lookup 1 (DIR/t.parquet): the default 3000000000 is no value of `v`, which is int32; write a whole number from -2147483648 to 2147483647
    "#]].assert_eq(&found);
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
