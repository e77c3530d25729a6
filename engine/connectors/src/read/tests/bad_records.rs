//! Bad CSV records: each is rejected with its text, reason and line, or ends the source.

use expect_test::{Expect, expect};

use super::{Folder, OnBad, limits};

/// 200 good rows, so that types are known, then `text`; shows what comes after the good rows.
fn after_good_rows(text: impl AsRef<[u8]>, rejected: &Expect, failed: &Expect) {
    let folder = Folder::new();
    let mut content = b"n,s\n".to_vec();
    content.extend_from_slice("1,x\n".repeat(10_000).as_bytes());
    content.extend_from_slice(text.as_ref());
    folder.write("f.csv", content);
    let limits = super::Limits { batch_rows: 10_000, ..limits() };
    let scene = r#"Csv(path: "{dir}/f.csv")"#;
    let read = |on_bad| folder.read_with(scene, &limits, None, on_bad);
    let all = read(OnBad::Reject);
    rejected.assert_eq(all.split_once("---\n").map_or(all.as_str(), |(_, after)| after));
    let all = read(OnBad::Fail);
    failed.assert_eq(&all[all.find("error: ").unwrap()..]);
}

#[test]
fn abc_in_an_integer_column_is_rejected() {
    after_good_rows(
        "2,y\nabc,z\n3,w\n",
        &expect![[r#"
            2 | y
            3 | w
            ! abc,z | column `n`: found "abc", expected int64 as in the first rows; give `n` a type in `schema:`, for example utf8 | {dir}/f.csv | 10003
        "#]],
        &expect![[r#"
            error: {dir}/f.csv:10003: bad record: column `n`: found "abc", expected int64 as in the first rows; give `n` a type in `schema:`, for example utf8; to carry on without such records connect a sink to the source's port `rejected`
        "#]],
    );
}

#[test]
fn an_integer_overflow_is_rejected() {
    after_good_rows(
        "9223372036854775808,y\n",
        &expect![[r#"
            ! 9223372036854775808,y | column `n`: found "9223372036854775808", which is out of range, expected int64 as in the first rows; give `n` a type in `schema:`, for example utf8 | {dir}/f.csv | 10002
        "#]],
        &expect![[r#"
            error: {dir}/f.csv:10002: bad record: column `n`: found "9223372036854775808", which is out of range, expected int64 as in the first rows; give `n` a type in `schema:`, for example utf8; to carry on without such records connect a sink to the source's port `rejected`
        "#]],
    );
}

#[test]
fn a_float_in_an_integer_column_is_rejected() {
    after_good_rows(
        "1.5,y\n",
        &expect![[r#"
            ! 1.5,y | column `n`: found "1.5", expected int64 as in the first rows; give `n` a type in `schema:`, for example utf8 | {dir}/f.csv | 10002
        "#]],
        &expect![[r#"
            error: {dir}/f.csv:10002: bad record: column `n`: found "1.5", expected int64 as in the first rows; give `n` a type in `schema:`, for example utf8; to carry on without such records connect a sink to the source's port `rejected`
        "#]],
    );
}

#[test]
fn ragged_rows_are_rejected() {
    after_good_rows(
        "2\n3,y\n4,z,w\n",
        &expect![[r#"
            3 | y
            ! 2 | found 1 field, expected 2 as in the header | {dir}/f.csv | 10002
            ! 4,z,w | found 3 fields, expected 2 as in the header | {dir}/f.csv | 10004
        "#]],
        &expect![[r#"
            error: {dir}/f.csv:10002: bad record: found 1 field, expected 2 as in the header; to carry on without such records connect a sink to the source's port `rejected`
        "#]],
    );
}

#[test]
fn invalid_utf8_is_rejected_and_its_bytes_are_shown() {
    after_good_rows(
        b"2,y\n3,\xffz\n4,\xc3\xa9\n",
        &expect![[r#"
            2 | y
            4 | é
            ! 3,\xffz | found byte \xff at byte 3 of the record, expected UTF-8 | {dir}/f.csv | 10003
        "#]],
        &expect![[r#"
            error: {dir}/f.csv:10003: bad record: found byte \xff at byte 3 of the record, expected UTF-8; to carry on without such records connect a sink to the source's port `rejected`
        "#]],
    );
}

#[test]
fn nul_bytes_are_rejected() {
    after_good_rows(
        "2,a\0b\n3,z\n",
        &expect![[r#"
            3 | z
            ! 2,a\x00b | found a NUL byte at byte 4 of the record, expected text | {dir}/f.csv | 10002
        "#]],
        &expect![[r#"
            error: {dir}/f.csv:10002: bad record: found a NUL byte at byte 4 of the record, expected text; to carry on without such records connect a sink to the source's port `rejected`
        "#]],
    );
}

#[test]
fn a_quote_that_is_never_closed_is_rejected_with_all_it_swallows() {
    after_good_rows(
        "2,\"y\n3,z\n",
        &expect![[r#"
            ! 2,"y
            ! 3,z
            !  | found a quoted field that is never closed | {dir}/f.csv | 10002
        "#]],
        &expect![[r#"
            error: {dir}/f.csv:10002: bad record: found a quoted field that is never closed; to carry on without such records connect a sink to the source's port `rejected`
        "#]],
    );
}

#[test]
fn lines_are_counted_over_line_ends_in_quotes() {
    after_good_rows(
        "2,\"a\nb\nc\"\nx,y\n",
        &expect![[r#"
            2 | a
            b
            c
            ! x,y | column `n`: found "x", expected int64 as in the first rows; give `n` a type in `schema:`, for example utf8 | {dir}/f.csv | 10005
        "#]],
        &expect![[r#"
            error: {dir}/f.csv:10005: bad record: column `n`: found "x", expected int64 as in the first rows; give `n` a type in `schema:`, for example utf8; to carry on without such records connect a sink to the source's port `rejected`
        "#]],
    );
}

#[test]
fn a_number_that_would_change_is_rejected_unless_schema_says_number() {
    let folder = Folder::new();
    folder.write("f.csv", format!("n\n{}007\n", "1\n".repeat(10_000)));
    let inferred = folder.read(r#"Csv(path: "{dir}/f.csv")"#);
    assert!(inferred.contains(
        "! 007 | column `n`: found \"007\", which a number would not keep, expected int64"
    ));
    let given = folder.read(r#"Csv(path: "{dir}/f.csv", schema: { "n": "int64" })"#);
    assert!(given.ends_with("\n7\n"), "{given}");
}

#[test]
fn a_bad_value_in_a_column_that_schema_types_is_rejected() {
    let folder = Folder::new();
    folder.write("f.csv", "d,n\n2013-02-29,1\n2013-02-28,999\n2013-03-01,7\n");
    expect![[r#"
        d:date32 | n:int8
        2013-03-01 | 7
        ! 2013-02-29,1 | column `d`: found "2013-02-29", expected date32 | {dir}/f.csv | 2
        ! 2013-02-28,999 | column `n`: found "999", which is out of range, expected int8 | {dir}/f.csv | 3
    "#]]
    .assert_eq(&folder.read(
        r#"Csv(path: "{dir}/f.csv", schema: { "d": "date32", "n": "int8" })"#,
    ));
}

#[test]
fn every_record_may_be_bad() {
    let folder = Folder::new();
    folder.write("f.csv", format!("n\n{}", "x\n".repeat(2_000)));
    let scene = r#"Csv(path: "{dir}/f.csv", schema: { "n": "int64" })"#;
    let read = folder.read(scene);
    assert_eq!(read.lines().filter(|line| line.starts_with("! x | ")).count(), 2_000);
    assert!(read.ends_with("| {dir}/f.csv | 2001\n"));
}

#[test]
fn a_number_that_a_float_column_would_not_keep_is_rejected() {
    let folder = Folder::new();
    let lines = "1.5\n".repeat(10_000)
        + "9007199254740992\n9007199254740993\n0.12345678901234567\n0.123456789012345678\n1e400\n";
    folder.write("f.csv", format!("x\n{lines}"));
    let all = folder.read_with(
        r#"Csv(path: "{dir}/f.csv")"#,
        &super::Limits { batch_rows: 10_000, ..limits() },
        None,
        OnBad::Reject,
    );
    expect![[r#"
        9007199254740992.0
        0.12345678901234566
        ! 9007199254740993 | column `x`: found "9007199254740993", of which a float would lose digits, expected float64 as in the first rows; give `x` a type in `schema:`, for example utf8 | {dir}/f.csv | 10003
        ! 0.123456789012345678 | column `x`: found "0.123456789012345678", of which a float would lose digits, expected float64 as in the first rows; give `x` a type in `schema:`, for example utf8 | {dir}/f.csv | 10005
        ! 1e400 | column `x`: found "1e400", expected float64 as in the first rows; give `x` a type in `schema:`, for example utf8 | {dir}/f.csv | 10006
    "#]].assert_eq(all.split_once("---\n").unwrap().1);
    let given = folder.read_with(
        r#"Csv(path: "{dir}/f.csv", schema: { "x": "float64" })"#,
        &super::Limits { batch_rows: 10_000, ..limits() },
        None,
        OnBad::Reject,
    );
    expect![[r#"
        9007199254740992.0
        9007199254740992.0
        0.12345678901234566
        0.12345678901234568
        ! 1e400 | column `x`: found "1e400", expected float64 | {dir}/f.csv | 10006
    "#]]
    .assert_eq(given.split_once("---\n").unwrap().1);
}

#[test]
fn a_time_whose_offset_would_be_lost_is_rejected() {
    let times = ["05:00:00", "05:00:00Z", "05:00:00+00:00", "05:00:00+02:00", "05:00:00-01:30"];
    let folder = Folder::new();
    let lines: Vec<String> = times.iter().map(|time| format!("2013-01-31T{time}")).collect();
    folder.write("f.csv", format!("t\n{}\n", lines.join("\n")));
    let objects: Vec<String> = lines.iter().map(|line| format!("{{\"t\":\"{line}\"}}")).collect();
    folder.write("f.ndjson", objects.join("\n"));
    for read in ["Csv(path: \"{dir}/f.csv\"", "Ndjson(path: \"{dir}/f.ndjson\""] {
        let scene = |data_type| format!("{read}, schema: {{ \"t\": \"{data_type}\" }})");
        let local = folder.read(&scene("timestamp(us)"));
        assert_eq!(local.matches("whose offset would be lost").count(), 2, "{local}");
        assert_eq!(local.matches("\n2013-01-31T05:00:00").count(), 3, "{local}");
        let utc = folder.read(&scene("timestamp(us, UTC)"));
        assert!(
            utc.contains("2013-01-31T03:00:00Z") && utc.contains("2013-01-31T06:30:00Z"),
            "{utc}"
        );
    }
}
