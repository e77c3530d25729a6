//! Bad records leave on a source's port `rejected`: good and bad are all there is.

use expect_test::expect;
use tanda_tests::Bench;

use super::bench::{CSV_WITH_REJECTED, done, rows, with};

#[test]
fn bad_records_keep_their_text_and_say_why() {
    let text = b"n,s\n1,a\nabc,b\n2\n3,caf\xe9\n4,d\n9223372036854775808,e\n5,f,g\n6,\"x\ny\"\n\"7";
    let bench = with("in.csv", text);
    done(&bench, CSV_WITH_REJECTED);
    expect![[r#"
        n,s
        1,a
        4,d
        6,"x
        y"
    "#]]
    .assert_eq(&bench.read("out.csv"));
    let bad = bench.read("bad.csv").replace(&*bench.path().to_string_lossy(), "{dir}");
    expect![[r#"
        raw,reason,file,line
        "abc,b","column `n`: found ""abc"", expected int64",{dir}/in.csv,3
        2,"found 1 field, expected 2 as in the header",{dir}/in.csv,4
        "3,caf\xe9","found byte \xe9 at byte 6 of the record, expected UTF-8",{dir}/in.csv,5
        "9223372036854775808,e","column `n`: found ""9223372036854775808"", which is out of range, expected int64",{dir}/in.csv,7
        "5,f,g","found 3 fields, expected 2 as in the header",{dir}/in.csv,8
        """7",found a quoted field that is never closed,{dir}/in.csv,11
    "#]].assert_eq(&bad);
}

/// Every third record is bad, over many batches and both instances.
#[test]
fn good_and_bad_records_together_are_all_records() {
    const RECORDS: usize = 100_000;
    let mut text = String::from("n,s\n");
    (0..RECORDS).for_each(|i| {
        text.push_str(&match i % 6 {
            0 => format!("x{i},bad\n"),
            3 => format!("{i}\n"),
            _ => format!("{i},good {i}\n"),
        });
    });
    let bench = with("in.csv", text);
    let report = done(&bench, CSV_WITH_REJECTED);
    assert_eq!(report.rows_in(), RECORDS as u64);
    let (good, bad) = (rows(&report, "in", "main"), rows(&report, "in", "rejected"));
    assert_eq!(good + bad, RECORDS as u64);
    assert_eq!(rows(&report, "out", "written"), good);
    assert_eq!(rows(&report, "bad", "written"), bad);
    assert_each_record_is_there_once(&bench, RECORDS);
}

/// By the number in each record, which the bad ones have in their raw text.
fn assert_each_record_is_there_once(bench: &Bench, records: usize) {
    let (out, bad) = (bench.read("out.csv"), bench.read("bad.csv"));
    let number = |line: &str| {
        let start = line.trim_start_matches(['"', 'x']);
        let digits = start.find(|c: char| !c.is_ascii_digit()).unwrap_or(start.len());
        start[..digits].parse::<usize>().unwrap_or_else(|_| panic!("{line}"))
    };
    let good = out.lines().skip(1).map(number);
    let mut seen: Vec<usize> = good.chain(bad.lines().skip(1).map(number)).collect();
    assert!(out.lines().skip(1).map(number).is_sorted(), "good records keep their order");
    seen.sort_unstable();
    assert!(seen.into_iter().eq(0..records));
}

#[test]
fn bad_json_lines_are_rejected_with_their_text() {
    let bench = with("in.ndjson", "{\"n\":1}\n{\"n\":\n{\"n\":3}\n[4]\n");
    let report = done(
        &bench,
        r#"
        "in": Source( read: Ndjson( path: "${at}/in.ndjson", schema: { "n": "int64" } ) ),
        "out": Sink( write: Ndjson( path: "${at}/out.ndjson" ), from: "in" ),
        "bad": Sink( write: Ndjson( path: "${at}/bad.ndjson" ), from: "in.rejected" ),
"#,
    );
    assert_eq!(report.rows_in(), 4);
    assert_eq!(bench.read("out.ndjson"), "{\"n\":1}\n{\"n\":3}\n");
    let bad = bench.read("bad.ndjson").replace(&*bench.path().to_string_lossy(), "{dir}");
    expect![[r#"
        {"raw":"{\"n\":","reason":"no JSON object: found the end of the line at byte 6 of the line, expected a value","file":"{dir}/in.ndjson","line":2}
        {"raw":"[4]","reason":"no JSON object: found \"[4]\" at byte 1 of the line, expected an object, `{`","file":"{dir}/in.ndjson","line":4}
    "#]].assert_eq(&bad);
}
