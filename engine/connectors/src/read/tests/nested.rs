//! Arrays and objects in NDJSON, good and bad.

use expect_test::{Expect, expect};

use super::{Folder, Limits, OnBad, limits};

fn check(text: impl AsRef<[u8]>, settings: &str, expected: &Expect) {
    let folder = Folder::new();
    folder.write("f.ndjson", text);
    let scene = format!(r#"Ndjson(path: "{{dir}}/f.ndjson"{settings})"#);
    expected.assert_eq(&folder.read(&scene));
}

#[test]
fn characters_are_those_of_the_top() {
    check(
        r#"{"t":"\ud83e\udd80 \u00e9","l":["\ud83e\udd80","\ud842\udfb7"],"o":{"\u006b":"\ud83e\udd80"}}"#,
        "",
        &expect![[r"
            t:utf8 | l:list(utf8) | o:struct(k: utf8)
            🦀 é | [🦀, 𠮷] | {k: 🦀}
        "]],
    );
}

#[test]
fn values_may_be_missing_anywhere() {
    check(
        "{\"l\":[{\"x\":1},null],\"o\":{\"p\":null,\"q\":[null,[]]}}\n{\"l\":[null],\"o\":{}}\n{\"l\":[{}],\"o\":{\"p\":2.5}}\n",
        "",
        &expect![[r"
            l:list(struct(x: int64)) | o:struct(p: float64, q: list(list(utf8)))
            [{x: 1}, -] | {p: -, q: [-, []]}
            [-] | {p: -, q: -}
            [{x: -}] | {p: 2.5, q: -}
        "]],
    );
}

#[test]
fn keys_stand_in_the_order_of_their_first_occurrence() {
    check(
        "{\"o\":{\"z\":1}}\n{\"o\":{\"a\":2,\"z\":3}}\n{\"o\":{\"z\":4,\"m\":{},\"a\":5}}\n",
        "",
        &expect![[r"
            o:struct(z: int64, a: int64, m: struct())
            {z: 1, a: -, m: -}
            {z: 3, a: 2, m: -}
            {z: 4, a: 5, m: {}}
        "]],
    );
}

#[test]
fn numbers_widen_as_at_the_top() {
    check(
        "{\"t\":-0,\"l\":[1,2.5],\"o\":{\"n\":1}}\n{\"t\":1,\"l\":[-0],\"o\":{\"n\":1e2}}\n",
        "",
        &expect![[r"
            t:float64 | l:list(float64) | o:struct(n: float64)
            -0.0 | [1.0, 2.5] | {n: 1.0}
            1.0 | [-0.0] | {n: 100.0}
        "]],
    );
}

#[test]
fn what_no_type_holds_is_refused_before_the_run() {
    for (text, found) in [
        ("{\"a\":[1]}\n{\"a\":{}}\n", "an array and an object"),
        ("{\"a\":{\"b\":[{\"c\":1},{\"c\":\"x\"}]}}", "a number and a string at `a.b[].c`"),
        ("{\"a\":[[],true]}", "an array and a truth value at `a[]`"),
        ("{\"a\":{\"id\":18446744073709551615}}", "integers beyond the range of int64 at `a.id`"),
        (
            "{\"a\":[9007199254740993,0.5]}",
            "fractions and integers that float64 does not hold exactly at `a[]`",
        ),
    ] {
        let folder = Folder::new();
        folder.write("f.ndjson", text);
        let read = folder.read(r#"Ndjson(path: "{dir}/f.ndjson")"#);
        let advice = "give it a type in `schema:`, utf8 takes any value, arrays and objects as \
                      their JSON text";
        let expected = format!("error: {{dir}}/f.ndjson: column `a` holds {found}; {advice}\n");
        assert_eq!(read, expected);
    }
}

#[test]
fn utf8_takes_any_value_as_it_is_written() {
    check(
        "{\"a\":{\"x\" : 1.50,\"x\":\"\\u0041\"}}\n{\"a\":\"s\\n\"}\n{\"a\":[18446744073709551616, null]}\n{\"a\":-0}\n{\"a\":null}\n{\"a\":true}\n",
        r#", schema: { "a": "utf8" }"#,
        &expect![[r#"
            a:utf8
            {"x" : 1.50,"x":"\u0041"}
            s

            [18446744073709551616, null]
            -0
            -
            true
        "#]],
    );
    check(
        "{\"a\":[[1, 2],\"x\",{\"y\":[]}]}\n",
        r#", schema: { "a": "list(utf8)" }"#,
        &expect![[r#"
            a:list(utf8)
            [[1, 2], x, {"y":[]}]
        "#]],
    );
}

#[test]
fn a_schema_names_nested_types() {
    check(
        r#"{"o":{"id":18446744073709551615,"at":["2013-01-01T10:00:00Z",null],"price":1.5,"day":"2013-01-31"}}
{"o":{"price":"2.25","id":1,"n":-129}}
"#,
        r#", schema: { "o": "struct(id: uint64, at: list(timestamp(s, UTC)), price: decimal(5, 2), day: date32, n: int8)" }"#,
        &expect![[r#"
            o:struct(id: uint64, at: list(timestamp(s, UTC)), price: decimal(5, 2), day: date32, n: int8)
            {id: 18446744073709551615, at: [2013-01-01T10:00:00Z, -], price: 1.50, day: 2013-01-31, n: -}
            ! {"o":{"price":"2.25","id":1,"n":-129}} | column `o.n`: found "-129", which is out of range, expected int8 | {dir}/f.ndjson | 2
        "#]],
    );
}

#[test]
fn csv_has_no_nested_types() {
    let folder = Folder::new();
    folder.write("f.csv", "a\n1\n");
    let read = folder.read(r#"Csv(path: "{dir}/f.csv", schema: { "a": "list(int64)" })"#);
    let start = "error: schema of column `a`: unknown type `list(int64)`";
    assert!(read.starts_with(start), "{read}");
}

#[test]
fn bad_values_are_rejected_with_the_way_to_them() {
    let good = "{\"a\":{\"b\":[1,2],\"s\":\"x\"}}\n";
    let bad = [
        r#"{"a":{"b":[1,"2"]}}"#,
        r#"{"a":{"b":[1,2.5]}}"#,
        r#"{"a":{"b":[9223372036854775808]}}"#,
        r#"{"a":{"b":[-0]}}"#,
        r#"{"a":{"b":{}}}"#,
        r#"{"a":[]}"#,
        r#"{"a":{"s":7}}"#,
        r#"{"a":{"b":[1],"b":[2]}}"#,
        r#"{"a":{"s":"kept","c":1}}"#,
        r#"{"a":{"b":[3],"s":"\ud83d"}}"#,
        r#"{"a":{"\udc00":1}}"#,
    ];
    let last = "{\"a\":{\"s\":\"\\ud83d\\ude00\",\"b\":[null,4]}}\n";
    let folder = Folder::new();
    folder.write("f.ndjson", good.repeat(10_000) + &bad.join("\n") + "\n" + last);
    let limits = Limits { batch_rows: 10_000, ..limits() };
    let read = folder.read_with(r#"Ndjson(path: "{dir}/f.ndjson")"#, &limits, None, OnBad::Reject);
    expect![[r#"
        {b: [-, 4], s: 😀}
        ! {"a":{"b":[1,"2"]}} | column `a.b[1]`: found a string, "2", expected int64 as in the first rows; give `a` a type in `schema:`, for example utf8 | {dir}/f.ndjson | 10001
        ! {"a":{"b":[1,2.5]}} | column `a.b[1]`: found "2.5", expected int64 as in the first rows; give `a` a type in `schema:`, for example utf8 | {dir}/f.ndjson | 10002
        ! {"a":{"b":[9223372036854775808]}} | column `a.b[0]`: found "9223372036854775808", which is out of range, expected int64 as in the first rows; give `a` a type in `schema:`, for example utf8 | {dir}/f.ndjson | 10003
        ! {"a":{"b":[-0]}} | column `a.b[0]`: found "-0", which a number would not keep, expected int64 as in the first rows; give `a` a type in `schema:`, for example utf8 | {dir}/f.ndjson | 10004
        ! {"a":{"b":{}}} | column `a.b`: found an object, "{}", expected list(int64) as in the first rows; give `a` a type in `schema:`, for example utf8 | {dir}/f.ndjson | 10005
        ! {"a":[]} | column `a`: found an array, "[]", expected struct(b: list(int64), s: utf8) as in the first rows; give `a` a type in `schema:`, for example utf8 | {dir}/f.ndjson | 10006
        ! {"a":{"s":7}} | column `a.s`: found a number, "7", expected utf8 as in the first rows; give `a` a type in `schema:`, for example utf8 | {dir}/f.ndjson | 10007
        ! {"a":{"b":[1],"b":[2]}} | column `a`: found the key `b` twice, expected it once | {dir}/f.ndjson | 10008
        ! {"a":{"s":"kept","c":1}} | column `a`: found the key "c", expected struct(b: list(int64), s: utf8) as in the first rows; give `a` a type in `schema:`, for example utf8 | {dir}/f.ndjson | 10009
        ! {"a":{"b":[3],"s":"\ud83d"}} | column `a.s`: found "\ud83d", expected \u escapes of surrogates in pairs | {dir}/f.ndjson | 10010
        ! {"a":{"\udc00":1}} | column `a`: found the key "\udc00", expected struct(b: list(int64), s: utf8) as in the first rows; give `a` a type in `schema:`, for example utf8 | {dir}/f.ndjson | 10011
    "#]]
    .assert_eq(read.split_once("---\n").unwrap().1);
}

#[test]
fn one_record_does_not_swell_to_more_than_its_bound() {
    let keys = (0..2_000).map(|key| format!("\"k{key}\":1")).collect::<Vec<_>>().join(",");
    let sparse = vec!["{}"; 10_000].join(",");
    let folder = Folder::new();
    folder.write("f.ndjson", format!("{{\"a\":[{{{keys}}}]}}\n{{\"a\":[{sparse}]}}\n"));
    let read = folder.read(r#"Ndjson(path: "{dir}/f.ndjson")"#);
    let reason = "column `a[8384]`: found more than 16777216 missing values, expected fewer as in";
    let bad = read.lines().filter(|line| line.starts_with('!')).collect::<Vec<_>>();
    assert_eq!(bad.len(), 1);
    let told = bad[0].rsplit_once("]} | ").unwrap().1;
    assert!(told.starts_with(reason), "{told}");
}
