//! NDJSON, good and bad.

use expect_test::{Expect, expect};

use super::{Folder, OnBad, limits};

fn check(text: impl AsRef<[u8]>, settings: &str, expected: &Expect) {
    let folder = Folder::new();
    folder.write("f.ndjson", text);
    let scene = format!(r#"Ndjson(path: "{{dir}}/f.ndjson"{settings})"#);
    expected.assert_eq(&folder.read(&scene));
}

#[test]
fn keys_become_columns_in_the_order_of_their_first_occurrence() {
    check(
        "{\"b\":1,\"a\":\"x\"}\n{\"a\":\"\",\"c\":true,\"b\":null}\r\n\n{\"d\":1.5}",
        "",
        &expect![[r"
            b:int64 | a:utf8 | c:bool | d:float64
            1 | x | - | -
            - |  | true | -
            - | - | - | 1.5
        "]],
    );
}

#[test]
fn keys_of_schema_alone_come_last_in_its_order() {
    check(
        "{\"m\":1}\n",
        r#", schema: { "z": "int64", "m": "int8", "b": "utf8", "a": "bool" }"#,
        &expect![[r"
            m:int8 | z:int64 | b:utf8 | a:bool
            1 | - | - | -
        "]],
    );
}

#[test]
fn keys_are_the_same_however_they_are_written() {
    check(
        r#"{"a":1,"a\"b":2,"c":3}
{ "a" : 4 , "a\"b" : 5 , "c" : 6 }
{"c":7,"a\u0022b":8,"\u0061":9}
{"a\"b":10,"a":11}
{"c":12}
{"a":13,"c":14}"#,
        "",
        &expect![[r#"
            a:int64 | a"b:int64 | c:int64
            1 | 2 | 3
            4 | 5 | 6
            9 | 8 | 7
            11 | 10 | -
            - | - | 12
            13 | - | 14
        "#]],
    );
}

#[test]
fn escapes_are_resolved_in_keys_and_values() {
    check(
        r#"{"a":"say \"hi\"\n","é":"\ud83d\ude00"}
{"\u0061":"plain","\u00e9":"é"}"#,
        "",
        &expect![[r#"
            a:utf8 | é:utf8
            say "hi"
             | 😀
            plain | é
        "#]],
    );
}

#[test]
fn nested_values_become_lists_and_structs() {
    check(
        "{\"a\":[1,2],\"o\":{\"x\":\"y\",\"n\":1.5}}\n{\"a\":[],\"o\":null}\n{\"o\":{\"x\":null}}\n",
        "",
        &expect![[r#"
            a:list(int64) | o:struct(x: utf8, n: float64)
            [1, 2] | {x: y, n: 1.5}
            [] | -
            - | {x: -, n: -}
        "#]],
    );
}

#[test]
fn schema_with_a_slip_in_a_key_is_refused() {
    let folder = Folder::new();
    folder.write("f.ndjson", "{\"amount\":1,\"day1\":2}\n");
    let read = |schema: &str| {
        folder.read(&format!("Ndjson(path: \"{{dir}}/f.ndjson\", schema: {{ {schema} }})"))
    };
    expect![[r#"
        error: {dir}/f.ndjson: none of the first records has a key `amuont`, which `schema:` names, did you mean `amount`? If both occur, give both a type"#]]
    .assert_eq(read(r#""amuont": "int64""#).trim_end());
    let found = read(r#""amuont": "int64", "amount": "int64", "day2": "int64", "other": "utf8""#);
    assert!(found.starts_with("amount:int64 | day1:int64 | "), "{found}");
}

#[test]
fn schema_names_types_and_columns_that_come_late() {
    check(
        "{\"at\":\"2013-01-01T10:00:00Z\",\"id\":7,\"price\":\"1.5\",\"n\":3}\n",
        r#", schema: { "at": "timestamp(s, UTC)", "id": "utf8", "price": "decimal(5,2)", "late": "date32", "n": "uint8" }"#,
        &expect![[r"
            at:timestamp(s, UTC) | id:utf8 | price:decimal(5, 2) | n:uint8 | late:date32
            2013-01-01T10:00:00Z | 7 | 1.50 | 3 | -
        "]],
    );
}

#[test]
fn only_wanted_keys_are_decoded() {
    let folder = Folder::new();
    folder.write("f.ndjson", "{\"a\":1,\"b\":2,\"c\":\"x\"}\n{\"c\":\"y\",\"a\":3}\n");
    let scene = r#"Ndjson(path: "{dir}/f.ndjson")"#;
    let read = folder.read_with(scene, &limits(), Some(&[2, 0]), OnBad::Fail);
    assert_eq!(read, "c:utf8 | a:int64\nx | 1\ny | 3\n");
}

#[test]
fn bad_records_are_rejected_with_their_reason() {
    let good = "{\"n\":1,\"s\":\"x\"}\n".repeat(10_000);
    let folder = Folder::new();
    let bad: &[&[u8]] = &[
        good.as_bytes(),
        b"{\"n\":2,\"s\":\"y\"}\n",
        b"{\"n\":3\n",
        b"nonsense\n",
        b"{\"n\":\"4\"}\n",
        b"{\"n\":1.5}\n",
        b"{\"n\":9223372036854775808}\n",
        b"{\"s\":7}\n",
        b"{\"n\":1,\"n\":2}\n",
        b"{\"n\":1,\"m\":2}\n",
        b"{\"s\":\"\\ud83d\"}\n",
        b"{\"s\":\"\xff\"}\n",
        b"{\"n\":8}{\"n\":9}\n",
        b"{\"n\":10}",
    ];
    folder.write("f.ndjson", bad.concat());
    let limits = super::Limits { batch_rows: 10_000, ..limits() };
    let scene = r#"Ndjson(path: "{dir}/f.ndjson")"#;
    let read = folder.read_with(scene, &limits, None, OnBad::Reject);
    expect![[r#"
        2 | y
        10 | -
        ! {"n":3 | no JSON object: found the end of the line at byte 7 of the line, expected a comma or `}` | {dir}/f.ndjson | 10002
        ! nonsense | no JSON object: found "nonsense" at byte 1 of the line, expected an object, `{` | {dir}/f.ndjson | 10003
        ! {"n":"4"} | column `n`: found a string, "4", expected int64 as in the first rows; give `n` a type in `schema:`, for example utf8 | {dir}/f.ndjson | 10004
        ! {"n":1.5} | column `n`: found "1.5", expected int64 as in the first rows; give `n` a type in `schema:`, for example utf8 | {dir}/f.ndjson | 10005
        ! {"n":9223372036854775808} | column `n`: found "9223372036854775808", which is out of range, expected int64 as in the first rows; give `n` a type in `schema:`, for example utf8 | {dir}/f.ndjson | 10006
        ! {"s":7} | column `s`: found a number, "7", expected utf8 as in the first rows; give `s` a type in `schema:`, for example utf8 | {dir}/f.ndjson | 10007
        ! {"n":1,"n":2} | found the key `n` twice, expected it once | {dir}/f.ndjson | 10008
        ! {"n":1,"m":2} | found the key "m", which the first records do not have; name it in `schema:` | {dir}/f.ndjson | 10009
        ! {"s":"\ud83d"} | column `s`: found "\ud83d", expected \u escapes of surrogates in pairs | {dir}/f.ndjson | 10010
        ! {"s":"\xff"} | found byte \xff at byte 7 of the record, expected UTF-8 | {dir}/f.ndjson | 10011
        ! {"n":8}{"n":9} | no JSON object: found "{"n":9}" at byte 8 of the line, expected the end of the line | {dir}/f.ndjson | 10012
    "#]]
    .assert_eq(read.split_once("---\n").unwrap().1);
}

#[test]
fn a_broken_line_ends_a_source_that_has_no_place_for_it() {
    let folder = Folder::new();
    folder.write("f.ndjson", "{\"a\":1}\n{\"a\":}\n");
    expect![[r#"
        error: {dir}/f.ndjson:2: bad record: no JSON object: found "}" at byte 6 of the line, expected a value; to carry on without such records connect a sink to the source's port `rejected`
    "#]]
    .assert_eq(&folder.read_strictly(r#"Ndjson(path: "{dir}/f.ndjson")"#));
}

#[test]
fn inputs_without_records_are_refused() {
    check(
        "",
        "",
        &expect![[r"
        error: {dir}/f.ndjson: is empty, expected one JSON object a line; a source without rows still needs its column names
    "]],
    );
    check(
        "[\n{\"a\":1}\n]\n",
        "",
        &expect![[r#"
        error: {dir}/f.ndjson: found a JSON array, expected one JSON object a line; check the format that the scene names for this path
    "#]],
    );
    check(
        "a,b\n1,2\n",
        "",
        &expect![[r#"
        error: {dir}/f.ndjson: found no JSON object on any of the first lines (the first: found "a,b" at byte 1 of the line, expected an object, `{`), expected one JSON object a line; check the format that the scene names for this path
    "#]],
    );
    let deep = format!("{{\"a\":{}\n", "[".repeat(100));
    check(
        deep,
        "",
        &expect![[r#"
        error: {dir}/f.ndjson: found no JSON object on any of the first lines (the first: found "[[[[[[[[[[[[[[[[[[[[" at byte 70 of the line, expected at most 64 arrays and objects inside each other), expected one JSON object a line; check the format that the scene names for this path
    "#]],
    );
    check("", r#", schema: { "a": "int64" }"#, &expect![""]);
}

#[test]
fn columns_of_mixed_types_are_refused_before_the_run() {
    check(
        "{\"a\":1}\n{\"a\":\"x\"}\n",
        "",
        &expect![[r"
        error: {dir}/f.ndjson: column `a` holds a number and a string; give it a type in `schema:`, utf8 takes any value, arrays and objects as their JSON text
    "]],
    );
    check(
        "{\"a\":18446744073709551615}\n",
        "",
        &expect![[r"
        error: {dir}/f.ndjson: column `a` holds integers beyond the range of int64; give it a type in `schema:`, utf8 takes any value, arrays and objects as their JSON text
    "]],
    );
}
