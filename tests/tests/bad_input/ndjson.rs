//! JSON lines that are none.

use expect_test::{Expect, expect};

use super::bench::{done, fails, refused, rows, with};

const STAGES: &str = r#"
        "in": Source( read: Ndjson( path: "${at}/in.ndjson" ) ),
        "out": Sink( write: Ndjson( path: "${at}/out.ndjson" ), from: "in" ),
"#;

#[track_caller]
fn fails_at(bad: &[u8], expected: &Expect) {
    let mut text = "{\"n\":1,\"s\":\"x\"}\n".repeat(30_000).into_bytes();
    text.extend_from_slice(bad);
    text.extend_from_slice(b"{\"n\":2,\"s\":\"y\"}\n");
    fails(&with("in.ndjson", text), STAGES, expected);
}

#[test]
fn broken_json_line_fails_with_its_line() {
    fails_at(
        b"{\"n\":1,\"s\":\n",
        &expect![
            "stage `in`: {dir}/in.ndjson:30001: bad record: no JSON object: found the end of the line at byte 12 of the line, expected a value; to carry on without such records connect a sink to the source's port `rejected`"
        ],
    );
    fails_at(
        b"[1,2]\n",
        &expect![[
            r#"stage `in`: {dir}/in.ndjson:30001: bad record: no JSON object: found "[1,2]" at byte 1 of the line, expected an object, `{`; to carry on without such records connect a sink to the source's port `rejected`"#
        ]],
    );
    fails_at(
        b"{\"n\":1,\"s\":\"x\"} trailing\n",
        &expect![[
            r#"stage `in`: {dir}/in.ndjson:30001: bad record: no JSON object: found "trailing" at byte 17 of the line, expected the end of the line; to carry on without such records connect a sink to the source's port `rejected`"#
        ]],
    );
}

#[test]
fn wrong_values_fail_with_line_and_column() {
    fails_at(
        b"{\"n\":\"abc\",\"s\":\"x\"}\n",
        &expect![[
            r#"stage `in`: {dir}/in.ndjson:30001: bad record: column `n`: found a string, "abc", expected int64 as in the first rows; give `n` a type in `schema:`, for example utf8; to carry on without such records connect a sink to the source's port `rejected`"#
        ]],
    );
    fails_at(
        b"{\"n\":9223372036854775808,\"s\":\"x\"}\n",
        &expect![[
            r#"stage `in`: {dir}/in.ndjson:30001: bad record: column `n`: found "9223372036854775808", which is out of range, expected int64 as in the first rows; give `n` a type in `schema:`, for example utf8; to carry on without such records connect a sink to the source's port `rejected`"#
        ]],
    );
    fails_at(
        b"{\"n\":1,\"s\":\"caf\xe9\"}\n",
        &expect![[
            r#"stage `in`: {dir}/in.ndjson:30001: bad record: found byte \xe9 at byte 16 of the record, expected UTF-8; to carry on without such records connect a sink to the source's port `rejected`"#
        ]],
    );
}

#[test]
fn empty_file_is_refused() {
    refused(
        &with("in.ndjson", ""),
        STAGES,
        &expect![[r#"
        {dir}/scene.ron:6:43: error: stage `in`: {dir}/in.ndjson: is empty, expected one JSON object a line; a source without rows still needs its column names
          6 |         "in": Source( read: Ndjson( path: "${at}/in.ndjson" ) ),
            |                                           ^"#]],
    );
}

#[test]
fn last_line_needs_no_newline_and_crlf_reads_alike() {
    let bench = with("in.ndjson", "{\"n\":1}\r\n{\"n\":2}");
    assert_eq!(rows(&done(&bench, STAGES), "out", "written"), 2);
    assert_eq!(bench.read("out.ndjson"), "{\"n\":1}\n{\"n\":2}\n");
}
