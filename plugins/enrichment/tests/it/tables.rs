//! Tables of text are read by the rules by which sources read.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use expect_test::{Expect, expect};

use crate::common::Tables;

#[test]
fn a_table_is_read_by_the_rules_of_a_source() {
    let check = |text: &str, rest: &str, expected| {
        let tables = Tables::of(&[("a.csv", text)]);
        let lookup = format!(r#"table: "DIR/a.csv", on: {{"k": "k"}}, take: {{"x": "x"}}{rest}"#);
        tables.check_lookup(&lookup, "k\na\nb", expected);
    };
    check(
        "k,x\na,1\nb,\"2\nc,3",
        "",
        expect![[r#"
        DIR/a.csv, line 3: found a quoted field that is never closed; mend the table [DIR/a.csv]
    "#]],
    );
    check(
        "k,x\na,1\nb,\"2\"3",
        "",
        expect![[r#"
        DIR/a.csv, line 3: found "3" after the closing quote of field 2, expected the separator or the end of the line; write a quote inside a quoted field twice; mend the table [DIR/a.csv]
    "#]],
    );
    check(
        "k,x\n\n\na,\"\"\n\nb,",
        "",
        expect![[r#"
        main: k,x
            a,
            b,~
    "#]],
    );
    check(
        "k,x\na,05:30\nb,23:59:59.5",
        r#", types: {"x": "time"}"#,
        expect![[r#"
        main: k,x
            a,05:30:00
            b,23:59:59.500
    "#]],
    );
    check(
        "k,x\na,11\nb,12",
        r#", types: {"x": "time"}"#,
        expect![[r#"
        DIR/a.csv, line 2, column `x`: "11" is no time; mend the value or change types: {"x": "utf8"} [DIR/a.csv]
    "#]],
    );
    check(
        "k,x\na,1.005\nb,1",
        r#", types: {"x": "decimal(10, 2)"}"#,
        expect![[r#"
        DIR/a.csv, line 2, column `x`: "1.005" is no decimal(10, 2); mend the value or change types: {"x": "utf8"} [DIR/a.csv]
    "#]],
    );
    check(
        "k,x\na,1.23\nb,1",
        r#", types: {"x": "decimal(10, 2)"}"#,
        expect![[r#"
        main: k,x
            a,1.23
            b,1.00
    "#]],
    );
}

#[test]
fn keys_of_a_csv_table_are_exact() {
    let bind = |text: &str, data_type: DataType, expected: Expect| {
        let tables = Tables::of(&[("a.csv", text)]);
        let config = r#"(lookups: [Lookup(table: "DIR/a.csv", on: {"k": "k"}, known: "known")])"#;
        let mut harness = tables.open(config).unwrap();
        let schema = Schema::new(vec![Field::new("k", data_type, true)]);
        let bound = harness.bind(&Arc::new(schema));
        let told = bound.err().map_or("bound".to_owned(), |error| error.to_string());
        expected.assert_eq(&told.replace(&tables.folder(), "DIR/"));
    };
    let decimal = DataType::Decimal128(10, 2);
    bind(
        "k\n1.5\n1.500\n-3",
        decimal.clone(),
        expect![[
            r#"lookup 1 (DIR/a.csv): the key "1.50" stands on line 2 and on line 3; remove one, or say on_duplicate: First or Last"#
        ]],
    );
    bind("k\n1.5\n-3\n\"\"", decimal.clone(), expect!["bound"]);
    bind(
        "k\n1\n1.005",
        decimal,
        expect![[
            r#"lookup 1 (DIR/a.csv): line 3, column `k`: "1.005" is no decimal(10, 2), which the input column `k` is; mend the table"#
        ]],
    );
    let seconds = DataType::Timestamp(TimeUnit::Second, None);
    bind(
        "k\n2013-01-01T00:00:00.5",
        seconds,
        expect![[
            r#"lookup 1 (DIR/a.csv): line 2, column `k`: "2013-01-01T00:00:00.5" is no timestamp(s), which the input column `k` is; mend the table"#
        ]],
    );
    bind(
        "k\n11",
        DataType::Time64(TimeUnit::Microsecond),
        expect![[
            r#"lookup 1 (DIR/a.csv): line 2, column `k`: "11" is no time, which the input column `k` is; mend the table"#
        ]],
    );
    bind(
        "k\n300",
        DataType::UInt8,
        expect![[
            r#"lookup 1 (DIR/a.csv): line 2, column `k`: "300" is no uint8, which the input column `k` is; mend the table"#
        ]],
    );
}

#[test]
fn ndjson_tables_keep_their_numbers_and_names() {
    let check = |text: &str, rest: &str, expected| {
        let tables = Tables::of(&[("a.ndjson", text)]);
        let lookup =
            format!(r#"table: "DIR/a.ndjson", on: {{"k": "k"}}, take: {{"x": "x"}}{rest}"#);
        tables.check_lookup(&lookup, "k\n1", expected);
    };
    check(
        "{\"k\":1,\"x\":18446744073709551615}",
        "",
        expect![[r#"
        DIR/a.ndjson: column `x` holds integers beyond the range of int64; mend the table, or, if the column is taken, take it as text by types: {"x": "utf8"} [x]
    "#]],
    );
    check(
        "{\"k\":1,\"x\":18446744073709551615}",
        r#", types: {"x": "uint64"}"#,
        expect![[r#"
        main: k,x
            1,18446744073709551615
    "#]],
    );
    check(
        "{\"k\":1,\"x\":1,\"x\":2}",
        "",
        expect![[r#"
        DIR/a.ndjson, line 1: found the key `x` twice, expected it once; mend the table [DIR/a.ndjson]
    "#]],
    );
    check(
        "{\"k\":1,\"x\":1,\"y\":1}\n{\"k\":2,\"y\":\"a\"}",
        "",
        expect![[r#"
        main: k,x
            1,1
    "#]],
    );
    check(
        "{\"k\":1,\"x\":\"\\ud83d\\ude00\"}",
        "",
        expect![[r#"
        main: k,x
            1,😀
    "#]],
    );
}
