//! What a lookup finds, what it makes of a row without a match, and what a table must look like.

use crate::common::Tables;
use expect_test::expect;

const ROWS: &str = "id,carrier,day
    1,AA,1
    2,ZZ,2
    3,,3
    4,UA,";

fn tables() -> Tables {
    Tables::of(&[
        (
            "carriers.csv",
            "carrier,name,fleet,share,budget,code
            AA,American,900,0.5,false,007
            UA,\"United, Inc\",800,1,true,042
            B6,,,,,",
        ),
        ("days.csv", "day,name\n1,Mon\n2,Tue\n007,Sun"),
        ("pairs.csv", "c,d,x\nAA,1,one\nAA,2,two\nZZ,2,three"),
        ("long.csv", "key,x\nAmerican,1\nUnited Inc,2\nB6,3"),
        ("twice.csv", "carrier,x\nAA,1\n\n\nAA,2\nUA,3"),
    ])
}

#[test]
fn columns_are_taken_renamed_typed_and_in_order() {
    tables().check_lookup(
        r#"table: "DIR/carriers.csv", on: {"carrier": "carrier"},
           take: {"fleet": "fleet", "airline": "name", "share": "share", "budget": "budget",
                  "code": "code"},
           known: "known""#,
        ROWS,
        expect![[r#"
            main: id,carrier,day,fleet,airline,share,budget,code,known
                1,AA,1,900,American,0.5,false,007,true
                2,ZZ,2,~,~,~,~,~,false
                3,~,3,~,~,~,~,~,false
                4,UA,~,800,United, Inc,1.0,true,042,true
        "#]],
    );
}

#[test]
fn compressed_tables_are_read_by_their_ending() {
    use std::io::Write as _;
    let tables = tables();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(b"carrier,x\nAA,1\n").unwrap();
    let gzip = gzip.finish().unwrap();
    std::fs::write(tables.path("a.csv.gz"), &gzip).unwrap();
    std::fs::write(tables.path("cut.csv.gz"), &gzip[..gzip.len() - 4]).unwrap();
    let lines = b"{\"carrier\":\"AA\",\"x\":1}\n";
    std::fs::write(tables.path("b.ndjson.zst"), zstd::encode_all(&lines[..], 0).unwrap()).unwrap();
    for name in ["a.csv.gz", "b.ndjson.zst"] {
        tables.check_lookup(
            &format!(r#"table: "DIR/{name}", on: {{"carrier": "carrier"}}, take: {{"x": "x"}}"#),
            "carrier\nAA\nZZ",
            expect![[r#"
                main: carrier,x
                    AA,1
                    ZZ,~
            "#]],
        );
    }
    tables.check_lookup(
        r#"table: "DIR/cut.csv.gz", on: {"carrier": "carrier"}, take: {"x": "x"}"#,
        "carrier\nAA",
        expect![[r#"
            DIR/cut.csv.gz: unexpected end of file; is it a whole gzip or zstd file? [DIR/cut.csv.gz]
        "#]],
    );
    tables.check_lookup(
        r#"table: "DIR/a.parquet.gz", on: {"carrier": "carrier"}, take: {"x": "x"}"#,
        "carrier\nAA",
        expect![[r#"
            DIR/a.parquet.gz: the ending names no known format; expected .csv, .tsv, .ndjson or .jsonl, also with .gz or .zst behind it, or .parquet, or say format: Csv [DIR/a.parquet.gz]
        "#]],
    );
}

#[test]
fn missing_keys_get_defaults() {
    tables().check_lookup(
        r#"table: "DIR/carriers.csv", on: {"carrier": "carrier"},
           take: {"airline": "name", "fleet": "fleet", "share": "share"}, known: "known",
           missing: Default({"airline": "n/a", "share": 0})"#,
        ROWS,
        expect![[r#"
            main: id,carrier,day,airline,fleet,share,known
                1,AA,1,American,900,0.5,true
                2,ZZ,2,n/a,~,0.0,false
                3,~,3,n/a,~,0.0,false
                4,UA,~,United, Inc,800,1.0,true
        "#]],
    );
}

#[test]
fn missing_keys_are_rejected_with_a_reason() {
    tables().check(
        r#"(lookups: [
            Lookup(table: "DIR/carriers.csv", on: {"carrier": "carrier"}, missing: Reject),
            Lookup(table: "DIR/days.csv", on: {"day": "day"}, take: {"name": "name"},
                   missing: Reject, reason: "no_day"),
            Lookup(table: "DIR/pairs.csv", on: {"carrier": "c", "day": "d"}, take: {"x": "x"}),
        ])"#,
        ROWS,
        expect![[r#"
            main: id,carrier,day,name,x
                1,AA,1,Mon,one
            rejected: id,carrier,day,reason
                2,ZZ,2,unknown_carrier
                3,~,3,unknown_carrier
                4,UA,~,no_day
        "#]],
    );
}

#[test]
fn keys_of_a_csv_table_take_the_type_of_the_input() {
    let lookup = r#"table: "DIR/days.csv", on: {"day": "day"}, take: {"name": "name"}"#;
    tables().check_lookup(
        lookup,
        "day\n1\n7\n8",
        expect![[r#"
        main: day,name
            1,Mon
            7,Sun
            8,~
    "#]],
    );
    tables().check_lookup(
        lookup,
        "day\n007\nx",
        expect![[r#"
        main: day,name
            007,Sun
            x,~
    "#]],
    );
    tables().check_lookup(lookup, "day\n2013-01-01", expect![[r#"
        lookup 1 (DIR/days.csv): line 2, column `day`: "1" is no date32, which the input column `day` is; mend the table [DIR/days.csv]
    "#]]);
}

#[test]
fn dates_and_truth_values_are_keys() {
    let feasts = [("f.csv", "day,open,name\n2013-01-01,false,New Year\n2013-01-02,true,none")];
    let tables = Tables::of(&feasts);
    let rows = "day,open\n2013-01-02,true\n2013-01-01,true\n2013-01-01,false";
    let check = |on: &str, expected| {
        let lookup = format!(r#"table: "DIR/f.csv", on: {{{on}}}, take: {{"name": "name"}}"#);
        tables.check_lookup(&lookup, rows, expected);
    };
    check(
        r#""day": "day""#,
        expect![[r#"
        main: day,open,name
            2013-01-02,true,none
            2013-01-01,true,New Year
            2013-01-01,false,New Year
    "#]],
    );
    check(
        r#""open": "open""#,
        expect![[r#"
        main: day,open,name
            2013-01-02,true,none
            2013-01-01,true,none
            2013-01-01,false,New Year
    "#]],
    );
    check(
        r#""open": "open", "day": "day""#,
        expect![[r#"
        main: day,open,name
            2013-01-02,true,none
            2013-01-01,true,~
            2013-01-01,false,New Year
    "#]],
    );
}

#[test]
fn composite_and_long_keys_match_in_full() {
    tables().check_lookup(
        r#"table: "DIR/pairs.csv", on: {"carrier": "c", "day": "d"}, take: {"x": "x"}"#,
        ROWS,
        expect![[r#"
            main: id,carrier,day,x
                1,AA,1,one
                2,ZZ,2,three
                3,~,3,~
                4,UA,~,~
        "#]],
    );
    let long = r#"table: "DIR/long.csv", on: {"name": "key"}, take: {"x": "x"}"#;
    tables().check_lookup(
        long,
        "name\nUnited Inc\nUnited\nB6",
        expect![[r#"
        main: name,x
            United Inc,2
            United,~
            B6,3
    "#]],
    );
}

#[test]
fn later_lookup_uses_columns_of_an_earlier_one() {
    tables().check(
        r#"(lookups: [
            Lookup(table: "DIR/carriers.csv", on: {"carrier": "carrier"}, take: {"airline": "name"}),
            Lookup(table: "DIR/long.csv", on: {"airline": "key"}, take: {"x": "x"}),
        ])"#,
        ROWS,
        expect![[r#"
            main: id,carrier,day,airline,x
                1,AA,1,American,1
                2,ZZ,2,~,~
                3,~,3,~,~
                4,UA,~,United, Inc,~
        "#]],
    );
}

#[test]
fn duplicate_keys_are_an_error_unless_told_otherwise() {
    let lookup = |rest| {
        format!(r#"table: "DIR/twice.csv", on: {{"carrier": "carrier"}}, take: {{"x": "x"}}{rest}"#)
    };
    tables().check_lookup(&lookup(""), ROWS, expect![[r#"
        lookup 1 (DIR/twice.csv): the key "AA" stands on line 2 and on line 5; remove one, or say on_duplicate: First or Last [DIR/twice.csv]
    "#]]);
    tables().check_lookup(
        &lookup(", on_duplicate: First"),
        ROWS,
        expect![[r#"
            main: id,carrier,day,x
                1,AA,1,1
                2,ZZ,2,~
                3,~,3,~
                4,UA,~,3
        "#]],
    );
    tables().check_lookup(
        &lookup(", on_duplicate: Last"),
        ROWS,
        expect![[r#"
            main: id,carrier,day,x
                1,AA,1,2
                2,ZZ,2,~
                3,~,3,~
                4,UA,~,3
        "#]],
    );
}

#[test]
fn given_types_are_kept_to() {
    let lookup = |types| {
        format!(
            r#"table: "DIR/carriers.csv", on: {{"carrier": "carrier"}},
               take: {{"code": "code", "fleet": "fleet"}}, types: {{{types}}}"#
        )
    };
    let tables = tables();
    tables.check_lookup(
        &lookup(r#""code": "int64", "fleet": "utf8""#),
        "carrier\nUA",
        expect![[r#"
        main: carrier,code,fleet
            UA,42,800
    "#]],
    );
    tables.check_lookup(&lookup(r#""fleet": "boolean""#), "carrier\nUA", expect![[r#"
        DIR/carriers.csv, line 2, column `fleet`: "900" is no bool; mend the value or change types: {"fleet": "utf8"} [DIR/carriers.csv]
    "#]]);
    tables.check_lookup(
        &lookup(r#""fleet": "int46""#),
        "carrier\nUA",
        expect![[r#"
        types of DIR/carriers.csv: there is no type "int46"; did you mean `int16`? [int46]
    "#]],
    );
    tables.check_lookup(
        &lookup(r#""name": "utf8""#),
        "carrier\nUA",
        expect![[r#"
        types of DIR/carriers.csv: column `name` is not among those that are taken; remove it [name]
    "#]],
    );
}

#[test]
fn tables_that_cannot_be_opened_are_named() {
    let check = |lookup: &str, expected| tables().check_lookup(lookup, ROWS, expected);
    check(
        r#"table: "DIR/none.csv", on: {"a": "b"}, take: {"x": "x"}"#,
        expect![[r#"
        DIR/none.csv: No such file or directory (os error 2); check the path, relative to the working directory [DIR/none.csv]
    "#]],
    );
    check(
        r#"table: "DIR/none.xls", on: {"a": "b"}, take: {"x": "x"}"#,
        expect![[r#"
        DIR/none.xls: the ending names no known format; expected .csv, .tsv, .ndjson or .jsonl, also with .gz or .zst behind it, or .parquet, or say format: Csv [DIR/none.xls]
    "#]],
    );
    check(
        r#"table: "DIR/", on: {"a": "b"}, take: {"x": "x"}, format: Csv"#,
        expect![[r#"
        DIR/: is a directory; check the path, relative to the working directory [DIR/]
    "#]],
    );
}

#[test]
fn a_default_that_its_column_would_round_is_refused() {
    tables().check_lookup(
        r#"table: "DIR/carriers.csv", on: {"carrier": "carrier"}, take: {"x": "fleet"},
           types: {"fleet": "decimal(9, 2)"}, missing: Default({"x": 0.255})"#,
        ROWS,
        expect![[r#"
            lookup 1 (DIR/carriers.csv): the default 0.255 is no value of `x`, which is decimal(9, 2); write a number with at most 7 digits before the point and 2 behind it [x]
        "#]],
    );
}

#[test]
fn faults_of_names_and_values_are_named() {
    let check = |lookup: &str, expected| tables().check_lookup(lookup, ROWS, expected);
    let on = r#"table: "DIR/carriers.csv", on: {"carrier": "carrier"}"#;
    check(
        r#"table: "DIR/carriers.csv", on: {}, take: {"x": "name"}"#,
        expect![[r#"
        lookup 1 (DIR/carriers.csv) names no key; add on: {"input column": "table column"} [DIR/carriers.csv]
    "#]],
    );
    check(
        on,
        expect![[r#"
        lookup 1 (DIR/carriers.csv) takes nothing; add take: {"new column": "table column"} or known: "column" [DIR/carriers.csv]
    "#]],
    );
    check(
        &format!(r#"{on}, take: {{"x": "nam"}}"#),
        expect![[r#"
        DIR/carriers.csv: there is no column `nam`; did you mean `name`? [nam]
    "#]],
    );
    check(
        &format!(r#"{on}, take: {{"day": "name"}}"#),
        expect![[r#"
        lookup 1 (DIR/carriers.csv): the new column `day` is already there; choose another name [day]
    "#]],
    );
    check(
        &format!(r#"{on}, take: {{"x": "name"}}, known: "x""#),
        expect![[r#"
        lookup 1 (DIR/carriers.csv): the new column `x` is already there; choose another name [x]
    "#]],
    );
    check(
        r#"table: "DIR/carriers.csv", on: {"carier": "carrier"}, known: "x""#,
        expect![[r#"
        lookup 1 (DIR/carriers.csv): there is no column `carier` in the input; did you mean `carrier`? [carier]
    "#]],
    );
    check(
        &format!(r#"{on}, take: {{"x": "fleet"}}, missing: Default({{"x": "many"}})"#),
        expect![[r#"
            lookup 1 (DIR/carriers.csv): the default "many" is no value of `x`, which is int64; write a number, without quotes [x]
        "#]],
    );
    check(
        &format!(r#"{on}, take: {{"fleet": "fleet"}}, missing: Default({{"flee": 1}})"#),
        expect![[r#"
            lookup 1 (DIR/carriers.csv): there is a default for `flee`, which is not taken; did you mean `fleet`? [flee]
        "#]],
    );
    tables().check(
        "()",
        ROWS,
        expect![[r#"
        there is neither a lookup nor a computed column; add one [config]
    "#]],
    );
    tables().check_lookup(
        r#"table: "DIR/carriers.csv", on: {"share": "share"}, known: "x""#,
        "share\n0.5",
        expect![[r#"
            lookup 1 (DIR/carriers.csv): column `share` is float64, which makes no exact key; look up by whole numbers, texts, dates, times or truth values [share]
        "#]],
    );
}

#[test]
fn faults_of_the_ron_text_have_a_place() {
    let check = |lookup: &str, expected| tables().check_lookup(lookup, ROWS, expected);
    check(
        r#"table: "t.csv", on: {"a": "a"}, take: {"x": "name", "x": "fleet"}"#,
        expect![[r#"
            1:72: `x` is there twice; remove one
        "#]],
    );
    check(
        r#"table: "t.csv", on: {"a": "a"}, takes: {"x": "name"}"#,
        expect![[r#"
            1:51: unknown field `takes` of `Lookup`: did you mean `take`? [takes]
        "#]],
    );
}

#[test]
fn reason_column_must_be_free_only_when_rows_are_rejected() {
    let lookup = r#"table: "DIR/carriers.csv", on: {"carrier": "carrier"}, known: "known""#;
    let rows = "carrier,reason\nAA,x";
    tables().check_lookup(
        lookup,
        rows,
        expect![[r#"
        main: carrier,reason,known
            AA,x,true
    "#]],
    );
    tables().check_lookup(&format!("{lookup}, missing: Reject"), rows, expect![[r#"
        the input already has a column `reason`, which port `rejected` adds; rename it, or do not use missing: Reject [Reject]
    "#]]);
}

#[test]
fn faults_of_a_csv_table_have_a_line() {
    let check = |name: &str, bytes: &[u8], expected| {
        let tables = Tables::of(&[]);
        std::fs::write(tables.path(name), bytes).unwrap();
        let lookup = format!(r#"table: "DIR/{name}", on: {{"k": "k"}}, take: {{"x": "x"}}"#);
        tables.check_lookup(&lookup, "k\n1", expected);
    };
    check(
        "a.csv",
        b"",
        expect![[r#"
            DIR/a.csv: the file is empty; expected CSV with a header line [DIR/a.csv]
        "#]],
    );
    check(
        "a.csv",
        b"k,x\n1,2\n\n\"3\n\",4,5\n",
        expect![[r#"
            DIR/a.csv, line 4: found 3 fields, expected 2 as in the header; mend the table [DIR/a.csv]
        "#]],
    );
    check(
        "a.csv",
        b"k,x\n1,2\n3,\xff\n",
        expect![[r#"
            DIR/a.csv, line 3: found byte \xff at byte 3 of the record, expected UTF-8; mend the table [DIR/a.csv]
        "#]],
    );
    check(
        "a.csv",
        b"k,x,x\n1,2,3\n",
        expect![[r#"
            DIR/a.csv:1: bad header: columns 2 and 3 are both named `x`, expected a name of its own for each; rename one in the file [DIR/a.csv]
        "#]],
    );
    check(
        "a.csv",
        b"k,x\n",
        expect![[r#"
        main: k,x
            1,~
    "#]],
    );
    check(
        "a.csv",
        b"\xef\xbb\xbfk,x\r\n1,yes\r\n",
        expect![[r#"
        main: k,x
            1,yes
    "#]],
    );
    check(
        "a.tsv",
        b"k\tx\n1\ta,b\n",
        expect![[r#"
        main: k,x
            1,a,b
    "#]],
    );
    check(
        "a.csv",
        b"k,x\n1,2\nx,4\n",
        expect![[r#"
            lookup 1 (DIR/a.csv): line 3, column `k`: "x" is no int64, which the input column `k` is; mend the table [DIR/a.csv]
        "#]],
    );
}

#[test]
fn ndjson_tables_have_the_types_of_json() {
    let check = |text: &str, expected| {
        let tables = Tables::of(&[("a.ndjson", text)]);
        let lookup = r#"table: "DIR/a.ndjson", on: {"k": "k"}, take: {"x": "x"}, known: "known""#;
        tables.check_lookup(lookup, "k\n1\n2\n3", expected);
    };
    check(
        "{\"k\": 1, \"x\": true}\n\n{\"k\": 2, \"y\": [1]}",
        expect![[r#"
            main: k,x,known
                1,true,true
                2,~,true
                3,~,false
        "#]],
    );
    check(
        "{\"k\": 1, \"x\": 1}\n{\"x\": 1.5, \"k\": 2}",
        expect![[r#"
        main: k,x,known
            1,1.0,true
            2,1.5,true
            3,~,false
    "#]],
    );
    check(
        "{\"k\": 1, \"x\": \"a\"}\n{\"k\": 1, \"x\": \"b\"}",
        expect![[r#"
            lookup 1 (DIR/a.ndjson): the key "1" stands on line 1 and on line 2; remove one, or say on_duplicate: First or Last [DIR/a.ndjson]
        "#]],
    );
    check(
        "{\"k\": 1, \"x\": 1}\n\n{\"k\": 2, \"x\": \"b\"}",
        expect![[r#"
            DIR/a.ndjson: column `x` holds a number and a string; mend the table, or, if the column is taken, take it as text by types: {"x": "utf8"} [x]
        "#]],
    );
    check(
        "{\"k\": 1, \"x\": 1}\n{\"k\": 2, \"x\": {}}",
        expect![[r#"
            DIR/a.ndjson: column `x` holds a number and an object; mend the table, or, if the column is taken, take it as text by types: {"x": "utf8"} [x]
        "#]],
    );
    check(
        "{\"k\": 1, \"x\": 1}\n{\"k\": 2, \"x\" 1}",
        expect![[r#"
            DIR/a.ndjson, line 2: no JSON object: found "1}" at byte 14 of the line, expected a colon after the key; mend the table [DIR/a.ndjson]
        "#]],
    );
    check(
        "{\"k\": 1, \"x\": 1}\n[]",
        expect![[r#"
            DIR/a.ndjson, line 2: no JSON object: found "[]" at byte 1 of the line, expected an object, `{`; mend the table [DIR/a.ndjson]
        "#]],
    );
    check(
        "{\"k\": \"1\", \"x\": 1}",
        expect![[r#"
            lookup 1 (DIR/a.ndjson): column `k` of the input is int64, but `k` of the table is utf8; no value of one equals any of the other [k]
        "#]],
    );
    check(
        "{\"k\": 1, \"X\": 1}",
        expect![[r#"
        DIR/a.ndjson: there is no column `x`; did you mean `X`? [x]
    "#]],
    );
}
