//! CSV as it is found in the wild.

use std::fs::File;
use std::io::{BufWriter, Write as _};

use expect_test::{Expect, expect};
use tanda_tests::Bench;

use super::bench::{CSV_TO_CSV, done, fails, refused, rows, with};

/// `text` is sound CSV: it comes out as `expected`.
#[track_caller]
fn reads_as(text: &str, expected: &Expect) {
    let bench = with("in.csv", text);
    let report = done(&bench, CSV_TO_CSV);
    let out = bench.read("out.csv");
    assert_eq!(rows(&report, "out", "written"), report.rows_in());
    expected.assert_eq(&out);
}

#[test]
fn header_only_gives_a_header_and_no_rows() {
    reads_as(
        "a,b\n",
        &expect![[r#"
        a,b
    "#]],
    );
    reads_as(
        "a,b",
        &expect![[r#"
        a,b
    "#]],
    );
}

#[test]
fn last_line_needs_no_newline() {
    reads_as(
        "a,b\n1,x\n2,y",
        &expect![[r#"
        a,b
        1,x
        2,y
    "#]],
    );
}

#[test]
fn crlf_and_lf_read_alike() {
    reads_as(
        "a,b\r\n1,x\r\n2,y\r\n",
        &expect![[r#"
        a,b
        1,x
        2,y
    "#]],
    );
    reads_as(
        "a,b\r\n1,x\n2,y",
        &expect![[r#"
        a,b
        1,x
        2,y
    "#]],
    );
}

#[test]
fn byte_order_mark_is_no_part_of_the_first_name() {
    reads_as(
        "\u{feff}a,b\n1,x\n",
        &expect![[r#"
        a,b
        1,x
    "#]],
    );
}

#[test]
fn separators_quotes_and_newlines_inside_quotes_stay_in_their_field() {
    reads_as(
        "a,b\n1,\"x,y\"\n2,\"say \"\"hi\"\"\"\n3,\"two\nlines\"\n4,\"\"\n",
        &expect![[r#"
        a,b
        1,"x,y"
        2,"say ""hi"""
        3,"two
        lines"
        4,""
    "#]],
    );
}

#[test]
fn empty_file_is_refused() {
    refused(
        &with("in.csv", ""),
        CSV_TO_CSV,
        &expect![[r#"
        {dir}/scene.ron:6:40: error: stage `in`: {dir}/in.csv: is empty, expected CSV with a header line; a source without rows still needs its column names
          6 |         "in": Source( read: Csv( path: "${at}/in.csv" ) ),
            |                                        ^"#]],
    );
}

#[test]
fn duplicate_header_is_refused() {
    refused(
        &with("in.csv", "a,b,a\n1,2,3\n"),
        CSV_TO_CSV,
        &expect![[r#"
        {dir}/scene.ron:6:40: error: stage `in`: {dir}/in.csv:1: bad header: columns 1 and 3 are both named `a`, expected a name of its own for each; rename one in the file
          6 |         "in": Source( read: Csv( path: "${at}/in.csv" ) ),
            |                                        ^"#]],
    );
}

/// Good rows before and behind a bad one; the run fails at it.
#[track_caller]
fn fails_at(bad: &[u8], expected: &Expect) {
    let mut text = b"n,s\n".to_vec();
    text.extend_from_slice("1,x\n".repeat(50_000).as_bytes());
    text.extend_from_slice(bad);
    text.extend_from_slice("2,y\n".repeat(1_000).as_bytes());
    fails(&with("in.csv", text), CSV_TO_CSV, expected);
}

#[test]
fn ragged_row_fails_with_its_line() {
    fails_at(
        b"1\n",
        &expect![
            "stage `in`: {dir}/in.csv:50002: bad record: found 1 field, expected 2 as in the header; to carry on without such records connect a sink to the source's port `rejected`"
        ],
    );
    fails_at(
        b"1,2,3\n",
        &expect![
            "stage `in`: {dir}/in.csv:50002: bad record: found 3 fields, expected 2 as in the header; to carry on without such records connect a sink to the source's port `rejected`"
        ],
    );
}

#[test]
fn text_in_an_integer_column_fails_with_line_and_column() {
    fails_at(
        b"abc,z\n",
        &expect![[
            r#"stage `in`: {dir}/in.csv:50002: bad record: column `n`: found "abc", expected int64 as in the first rows; give `n` a type in `schema:`, for example utf8; to carry on without such records connect a sink to the source's port `rejected`"#
        ]],
    );
}

#[test]
fn integer_overflow_fails_with_line_and_column() {
    fails_at(
        b"9223372036854775808,z\n",
        &expect![[
            r#"stage `in`: {dir}/in.csv:50002: bad record: column `n`: found "9223372036854775808", which is out of range, expected int64 as in the first rows; give `n` a type in `schema:`, for example utf8; to carry on without such records connect a sink to the source's port `rejected`"#
        ]],
    );
}

#[test]
fn invalid_utf8_fails_with_line_and_column() {
    fails_at(
        b"1,caf\xe9\n",
        &expect![[
            r#"stage `in`: {dir}/in.csv:50002: bad record: found byte \xe9 at byte 6 of the record, expected UTF-8; to carry on without such records connect a sink to the source's port `rejected`"#
        ]],
    );
}

#[test]
fn nul_byte_fails_with_its_line() {
    fails_at(
        b"1\0,x\n",
        &expect![
            "stage `in`: {dir}/in.csv:50002: bad record: found a NUL byte at byte 2 of the record, expected text; to carry on without such records connect a sink to the source's port `rejected`"
        ],
    );
    fails_at(
        b"1,x\0y\n",
        &expect![
            "stage `in`: {dir}/in.csv:50002: bad record: found a NUL byte at byte 4 of the record, expected text; to carry on without such records connect a sink to the source's port `rejected`"
        ],
    );
}

#[test]
fn quote_that_is_never_closed_fails_with_the_line_it_opens_on() {
    fails_at(
        b"1,\"x\n",
        &expect![
            "stage `in`: {dir}/in.csv:50002: bad record: found a quoted field that is never closed; to carry on without such records connect a sink to the source's port `rejected`"
        ],
    );
}

/// Writes `head` and then one field of 100 MB.
fn with_huge_field(head: &str) -> Bench {
    let bench = Bench::new();
    let mut file = BufWriter::new(File::create(bench.file("in.csv")).unwrap());
    file.write_all(head.as_bytes()).unwrap();
    let chunk = [b'x'; 1 << 16];
    (0..100_000_000 / chunk.len()).for_each(|_| file.write_all(&chunk).unwrap());
    file.flush().unwrap();
    bench
}

#[test]
fn field_of_100_mb_fails_with_its_line() {
    refused(
        &with_huge_field("n,s\n1,"),
        CSV_TO_CSV,
        &expect![[r#"
        {dir}/scene.ron:6:40: error: stage `in`: {dir}/in.csv:2: record of more than 16777216 bytes; look for a quote that is never closed, or raise `record_bytes_max`
          6 |         "in": Source( read: Csv( path: "${at}/in.csv" ) ),
            |                                        ^"#]],
    );
    let late = format!("n,s\n{}1,", "1,x\n".repeat(400_000));
    fails(
        &with_huge_field(&late),
        CSV_TO_CSV,
        &expect![
            "stage `in`: {dir}/in.csv:400002: record of more than 16777216 bytes; look for a quote that is never closed, or raise `record_bytes_max`"
        ],
    );
}
