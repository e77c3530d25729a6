use std::sync::Arc;

use arrow::array::*;
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::datatypes::*;
use expect_test::{Expect, expect};

use super::*;

fn check_csv(write: CsvWrite, columns: Vec<(&str, ArrayRef)>, expected: Expect) {
    let to = |path| Write::Csv(CsvWrite { path, ..write.clone() });
    expected.assert_eq(&text(to, &batch(columns)).replace('\r', "␍"));
}

fn check_ndjson(columns: Vec<(&str, ArrayRef)>, expected: Expect) {
    expected.assert_eq(&text(|path| ndjson(&path), &batch(columns)));
}

fn texts(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn every_flat_type() -> Vec<(&'static str, ArrayRef)> {
    let zone = |array: TimestampNanosecondArray| array.with_timezone("America/New_York");
    vec![
        ("i8", Arc::new(Int8Array::from(vec![Some(-128), None]))),
        ("i16", Arc::new(Int16Array::from(vec![Some(-32_768), None]))),
        ("i32", Arc::new(Int32Array::from(vec![Some(i32::MIN), None]))),
        ("i64", Arc::new(Int64Array::from(vec![Some(i64::MIN), None]))),
        ("u8", Arc::new(UInt8Array::from(vec![Some(255), None]))),
        ("u16", Arc::new(UInt16Array::from(vec![Some(65_535), None]))),
        ("u32", Arc::new(UInt32Array::from(vec![Some(u32::MAX), None]))),
        ("u64", Arc::new(UInt64Array::from(vec![Some(u64::MAX), None]))),
        ("f32", Arc::new(Float32Array::from(vec![Some(0.1), None]))),
        ("f64", Arc::new(Float64Array::from(vec![Some(370.04405286343615), None]))),
        ("bool", Arc::new(BooleanArray::from(vec![Some(true), None]))),
        ("utf8", texts(&[Some("Zürich"), None])),
        ("large", Arc::new(LargeStringArray::from(vec![Some("x"), None]))),
        ("view", Arc::new(StringViewArray::from(vec![Some("longer than twelve"), None]))),
        ("dict", Arc::new([Some("a"), None].into_iter().collect::<DictionaryArray<Int32Type>>())),
        ("dict8", Arc::new([Some("b"), None].into_iter().collect::<DictionaryArray<Int8Type>>())),
        ("bin", Arc::new(BinaryArray::from(vec![Some(&b"\x00\xff"[..]), None]))),
        ("date", Arc::new(Date32Array::from(vec![Some(15_706), None]))),
        ("date64", Arc::new(Date64Array::from(vec![Some(15_706 * 86_400_000), None]))),
        ("time", Arc::new(Time32SecondArray::from(vec![Some(18_900), None]))),
        ("time_ns", Arc::new(Time64NanosecondArray::from(vec![Some(18_900_000_000_001), None]))),
        ("ts", Arc::new(TimestampSecondArray::from(vec![Some(1_357_034_400), None]))),
        ("ts_ms", Arc::new(TimestampMillisecondArray::from(vec![Some(-1), None]))),
        ("ts_utc", Arc::new(zone(vec![Some(1_357_034_400_000_001_000), None].into()))),
        ("dec", Arc::new(decimals(vec![Some(-12_345), None], 7, 2))),
        ("null", Arc::new(NullArray::new(2))),
    ]
}

/// Two columns at a time, so that the lines stay short.
fn by_type(to: impl Fn(String) -> Write) -> String {
    let columns = every_flat_type();
    columns.chunks(2).map(|some| text(&to, &batch(some.to_vec()))).collect()
}

fn decimals(values: Vec<Option<i128>>, precision: u8, scale: i8) -> Decimal128Array {
    Decimal128Array::from(values).with_precision_and_scale(precision, scale).unwrap()
}

#[test]
fn csv_text_of_every_type() {
    expect![[r#"
        i8,i16
        -128,-32768
        ,
        i32,i64
        -2147483648,-9223372036854775808
        ,
        u8,u16
        255,65535
        ,
        u32,u64
        4294967295,18446744073709551615
        ,
        f32,f64
        0.1,370.04405286343615
        ,
        bool,utf8
        true,Zürich
        ,
        large,view
        x,longer than twelve
        ,
        dict,dict8
        a,b
        ,
        bin,date
        00ff,2013-01-01
        ,
        date64,time
        2013-01-01,05:15:00
        ,
        time_ns,ts
        05:15:00.000000001,2013-01-01T10:00:00
        ,
        ts_ms,ts_utc
        1969-12-31T23:59:59.999,2013-01-01T10:00:00.000001Z
        ,
        dec,null
        -123.45,
        ,
    "#]]
    .assert_eq(&by_type(|path| Write::Csv(csv(&path))));
}

#[test]
fn ndjson_text_of_every_type() {
    expect![[r#"
        {"i8":-128,"i16":-32768}
        {"i8":null,"i16":null}
        {"i32":-2147483648,"i64":-9223372036854775808}
        {"i32":null,"i64":null}
        {"u8":255,"u16":65535}
        {"u8":null,"u16":null}
        {"u32":4294967295,"u64":18446744073709551615}
        {"u32":null,"u64":null}
        {"f32":0.1,"f64":370.04405286343615}
        {"f32":null,"f64":null}
        {"bool":true,"utf8":"Zürich"}
        {"bool":null,"utf8":null}
        {"large":"x","view":"longer than twelve"}
        {"large":null,"view":null}
        {"dict":"a","dict8":"b"}
        {"dict":null,"dict8":null}
        {"bin":"00ff","date":"2013-01-01"}
        {"bin":null,"date":null}
        {"date64":"2013-01-01","time":"05:15:00"}
        {"date64":null,"time":null}
        {"time_ns":"05:15:00.000000001","ts":"2013-01-01T10:00:00"}
        {"time_ns":null,"ts":null}
        {"ts_ms":"1969-12-31T23:59:59.999","ts_utc":"2013-01-01T10:00:00.000001Z"}
        {"ts_ms":null,"ts_utc":null}
        {"dec":-123.45,"null":null}
        {"dec":null,"null":null}
    "#]]
    .assert_eq(&by_type(|path| ndjson(&path)));
}

#[test]
fn csv_quotes_only_what_a_reader_would_misread() {
    let column = texts(&[
        Some("plain"),
        Some(" spaces stay "),
        Some("a,b"),
        Some("say \"hi\""),
        Some("two\nlines"),
        Some("carriage\rreturn"),
        Some("semi;colon"),
        Some("\""),
    ]);
    let one: ArrayRef = Arc::new(Int32Array::from(vec![1; 8]));
    check_csv(
        csv(""),
        vec![("a,\"b\"", column), ("one", one)],
        expect![[r#"
        "a,""b""",one
        plain,1
         spaces stay ,1
        "a,b",1
        "say ""hi""",1
        "two
        lines",1
        "carriage␍return",1
        semi;colon,1
        """",1
    "#]],
    );
}

#[test]
fn csv_keeps_an_empty_text_apart_from_a_missing_value() {
    let column = texts(&[Some(""), None, Some("x")]);
    let one: ArrayRef = Arc::new(Int32Array::from(vec![1; 3]));
    check_csv(
        csv(""),
        vec![("text", column), ("one", one)],
        expect![[r#"
        text,one
        "",1
        ,1
        x,1
    "#]],
    );
}

#[test]
fn csv_null_text_stands_for_missing_values_only() {
    let column = texts(&[Some(""), None, Some("NA")]);
    let number: ArrayRef = Arc::new(Int32Array::from(vec![Some(1), None, None]));
    let write = CsvWrite { null: "NA".to_owned(), delimiter: ';', ..csv("") };
    check_csv(
        write,
        vec![("text", column), ("n", number)],
        expect![[r#"
        text;n
        "";1
        NA;NA
        "NA";NA
    "#]],
    );
}

#[test]
fn csv_record_of_one_missing_value_is_no_empty_line() {
    check_csv(
        csv(""),
        vec![("text", texts(&[Some("x"), None, Some("y")]))],
        expect![[r#"
        text
        x
        ""
        y
    "#]],
    );
}

#[test]
fn csv_refuses_the_character_that_means_binary() {
    let columns = || vec![("n", texts(&[Some("1")])), ("text", texts(&[Some("a\0b")]))];
    let folder = tempdir().unwrap();
    let path = folder.path().join("x.csv").to_str().unwrap().to_owned();
    let mut sink = Sink::open(&Write::Csv(csv(&path)), &batch(columns()).schema()).unwrap();
    let error = write(&mut sink, &batch(columns())).unwrap_err().to_string();
    assert!(error.starts_with("column `text` holds the character U+0000"), "{error}");
}

#[test]
fn csv_of_one_column_refuses_an_empty_text_unless_missing_values_have_one() {
    let columns = || vec![("text", texts(&[Some("x"), Some("")]))];
    let folder = tempdir().unwrap();
    let path = folder.path().join("x.csv").to_str().unwrap().to_owned();
    let mut sink = Sink::open(&Write::Csv(csv(&path)), &batch(columns()).schema()).unwrap();
    expect![[r#"
        column `text` is the only one and holds an empty text, which in CSV would read as a missing value; give the sink another text for those, such as null: "NULL""#]]
    .assert_eq(&write(&mut sink, &batch(columns())).unwrap_err().to_string());
    check_csv(
        CsvWrite { null: "NULL".to_owned(), ..csv("") },
        columns(),
        expect![[r#"
        text
        x
        ""
    "#]],
    );
}

#[test]
fn csv_keeps_no_bytes_apart_from_a_missing_value() {
    let bytes: ArrayRef = Arc::new(BinaryArray::from(vec![Some(&b""[..]), None]));
    check_csv(
        csv(""),
        vec![("bytes", bytes), ("one", Arc::new(Int32Array::from(vec![1; 2])))],
        expect![[r#"
        bytes,one
        "",1
        ,1
    "#]],
    );
}

#[test]
fn csv_decimals_apply_to_floats_only() {
    let f64s: ArrayRef = Arc::new(Float64Array::from(vec![2.5, -0.0, 1e300 / 1e280, f64::NAN]));
    let f32s: ArrayRef = Arc::new(Float32Array::from(vec![0.1, 1.0, -3.0, f32::INFINITY]));
    let ints: ArrayRef = Arc::new(Int32Array::from(vec![1, 2, 3, 4]));
    let decimal: ArrayRef = Arc::new(decimals(vec![Some(5), Some(-5), Some(100), None], 5, 2));
    let columns = vec![("f64", f64s), ("f32", f32s), ("int", ints), ("dec", decimal)];
    let write = CsvWrite { decimals: Some(3), ..csv("") };
    check_csv(
        write,
        columns,
        expect![[r#"
        f64,f32,int,dec
        2.500,0.100,1,0.05
        -0.000,1.000,2,-0.05
        100000000000000000000.000,-3.000,3,1.00
        NaN,inf,4,
    "#]],
    );
}

#[test]
fn csv_floats_are_the_shortest_that_read_back() {
    let values = vec![5.0, 0.1, -0.0, 1e15, 1e16, 1e-4, 1e-5, 1e-7, 1.5e300, 5e-324, 1.0 / 3.0];
    let special = vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    let column = Float64Array::from([values, special].concat());
    check_csv(
        csv(""),
        vec![("f", Arc::new(column))],
        expect![[r#"
        f
        5.0
        0.1
        -0.0
        1000000000000000.0
        1e+16
        0.0001
        0.00001
        1e-7
        1.5e+300
        5e-324
        0.3333333333333333
        NaN
        inf
        -inf
    "#]],
    );
}

#[test]
fn ndjson_escapes_what_json_forbids_in_a_string() {
    let column = texts(&[Some("tab\t \"q\" back\\slash"), Some("\u{1}\r\n\u{7f}é"), Some("")]);
    check_ndjson(
        vec![("a \"name\"\n", column)],
        expect![[r#"
        {"a \"name\"\n":"tab\t \"q\" back\\slash"}
        {"a \"name\"\n":"\u0001\r\né"}
        {"a \"name\"\n":""}
    "#]],
    );
}

#[test]
fn ndjson_has_no_nan() {
    let column = Float64Array::from(vec![f64::NAN, f64::NEG_INFINITY, 1e16]);
    check_ndjson(
        vec![("f", Arc::new(column))],
        expect![[r#"
        {"f":null}
        {"f":null}
        {"f":1e+16}
    "#]],
    );
}

#[test]
fn ndjson_writes_lists_and_structs_by_the_same_rules() {
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>(vec![
        Some(vec![Some(1), None]),
        None,
        Some(vec![]),
    ]);
    let dates: ArrayRef = Arc::new(Date32Array::from(vec![Some(0), None, Some(1)]));
    let views: ArrayRef = Arc::new(StringViewArray::from(vec![Some("a\"b"), Some("c"), None]));
    let fields = Fields::from(vec![
        Field::new("date", DataType::Date32, true),
        Field::new("view", DataType::Utf8View, true),
    ]);
    let nulls = Some(vec![true, true, false].into());
    let structs = StructArray::new(fields, vec![dates, views], nulls);
    let columns: Vec<(&str, ArrayRef)> = vec![("list", Arc::new(list)), ("s", Arc::new(structs))];
    check_ndjson(
        columns,
        expect![[r#"
        {"list":[1,null],"s":{"date":"1970-01-01","view":"a\"b"}}
        {"list":null,"s":{"date":null,"view":"c"}}
        {"list":[],"s":null}
    "#]],
    );
}

#[test]
fn ndjson_writes_lists_of_every_kind() {
    let codes = Int8Array::from(vec![Some(1), Some(0), None, Some(0)]);
    let codes = DictionaryArray::new(codes, texts(&[Some("a"), None]));
    let item = Arc::new(Field::new("item", codes.data_type().clone(), true));
    let offsets = OffsetBuffer::from_lengths([2, 0, 2]);
    let dictionaries = ListArray::new(item, offsets, Arc::new(codes), None);
    let item = Arc::new(Field::new("item", DataType::Utf8, true));
    let offsets = OffsetBuffer::new(ScalarBuffer::from(vec![0_i64, 2, 3, 3]));
    let large = LargeListArray::new(item, offsets, texts(&[Some("x"), Some("\""), None]), None);
    let pairs = FixedSizeListArray::from_iter_primitive::<UInt8Type, _, _>(
        vec![Some(vec![Some(1), Some(2)]), None, Some(vec![None, Some(255)])],
        2,
    );
    check_ndjson(
        vec![
            ("dict", Arc::new(dictionaries)),
            ("large", Arc::new(large)),
            ("two", Arc::new(pairs)),
        ],
        expect![[r#"
            {"dict":[null,"a"],"large":["x","\""],"two":[1,2]}
            {"dict":[],"large":[null],"two":null}
            {"dict":[null,"a"],"large":[],"two":[null,255]}
        "#]],
    );
}

#[test]
fn slices_are_written_from_their_first_row() {
    let whole = batch(vec![
        ("text", texts(&[Some("needs, quotes"), Some("b"), None, Some("d")])),
        ("bool", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false), Some(true)]))),
    ]);
    let slice = whole.slice(1, 2);
    let written = text(|path| Write::Csv(csv(&path)), &slice);
    expect![[r#"
        text,bool
        b,
        ,false
    "#]]
    .assert_eq(&written);
}
