//! Inputs that cannot be read, and inputs that change.

use std::io::Write as _;

use expect_test::{Expect, expect};

use super::{Folder, OnBad, limits};
use crate::{ReadError, Stop};

fn check(write: impl FnOnce(&Folder), scene: &str, expected: &Expect) {
    let folder = Folder::new();
    write(&folder);
    expected.assert_eq(folder.read_strictly(scene).trim_end());
}

/// Reads `text` as the file `f.csv`.
fn check_csv(text: impl AsRef<[u8]>, expected: &Expect) {
    check(|folder| _ = folder.write("f.csv", text), r#"Csv(path: "{dir}/f.csv")"#, expected);
}

#[test]
fn a_missing_file_is_named_and_the_nearest_one_too() {
    check(
        |folder| _ = folder.write("flights.csv", "a\n"),
        r#"Csv(path: "{dir}/fligths.csv")"#,
        &expect![
            "error: {dir}/fligths.csv: no such file, did you mean `{dir}/flights.csv`?; check the path, which is relative to the working directory"
        ],
    );
}

#[test]
fn a_directory_is_no_file() {
    check(
        |folder| std::fs::create_dir(folder.0.path().join("d")).unwrap(),
        r#"Csv(path: "{dir}/d/")"#,
        &expect![[
            r#"error: {dir}/d: is a directory, expected a file; to read the files in it give a glob such as "{dir}/d/*.csv""#
        ]],
    );
}

#[test]
fn a_glob_that_nothing_fits_is_an_error() {
    let expected = expect![
        "error: {dir}/*.csv: no file fits this glob; check the pattern, which is relative to the working directory"
    ];
    check(|_| (), r#"Csv(path: "{dir}/*.csv")"#, &expected);
    let expected = expect![
        "error: {dir}/***.csv: not a glob: wildcards are either regular `*` or recursive `**` at character {at}; write `[*]`, `[?]` or `[[]` for these characters themselves"
    ];
    let folder = Folder::new();
    let read = folder.read(r#"Csv(path: "{dir}/***.csv")"#);
    let at = format!("at character {}", folder.path().len() + 4);
    expected.assert_eq(read.replace(&at, "at character {at}").trim_end());
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_of_the_system() {
    let read = Folder::new().read(r#"Csv(path: "/proc/self/mem")"#);
    assert_eq!(read, "error: /proc/self/mem: reading failed: Input/output error (os error 5)\n");
}

#[test]
fn a_refused_permission_says_what_is_needed() {
    let denied = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
    let error = ReadError::io("f.csv", "opening", denied).to_string();
    let expected = "f.csv: permission denied; the engine's user needs read access to the file";
    assert_eq!(error, expected);
}

#[test]
fn an_empty_file_has_no_header() {
    let expected = expect![
        "error: {dir}/f.csv: is empty, expected CSV with a header line; a source without rows still needs its column names"
    ];
    check_csv("", &expected);
    check_csv("\u{feff}", &expected);
    check_csv("\n\r\n", &expected);
}

#[test]
fn headers_that_cannot_name_the_columns_are_refused() {
    check_csv(
        "a,b,a\n",
        &expect![
            "error: {dir}/f.csv:1: bad header: columns 1 and 3 are both named `a`, expected a name of its own for each; rename one in the file"
        ],
    );
    check_csv(
        b"\na,\xff\n",
        &expect![[r#"error: {dir}/f.csv:2: bad header: column 2 is "\xff", expected UTF-8 text"#]],
    );
    check_csv(
        "a,\"b\n1,2\n",
        &expect![
            "error: {dir}/f.csv:1: bad header: found a quote that is never closed; close it, or set `quote:`"
        ],
    );
    check_csv(
        "a,b\r1,2\r3,4\r",
        &expect![[
            r"error: {dir}/f.csv:1: bad header: column 2 holds a carriage return without a line feed; convert the line ends to \n or \r\n"
        ]],
    );
}

#[test]
fn other_formats_are_recognised() {
    check_csv(
        "PAR1....",
        &expect![
            "error: {dir}/f.csv: found a Parquet file, expected CSV with a header line; check the format that the scene names for this path"
        ],
    );
    check_csv(
        b"\x1f\x8b\x08",
        &expect![
            "error: {dir}/f.csv: found gzip data (name it with the ending `.gz` to have it decompressed), expected CSV with a header line; check the format that the scene names for this path"
        ],
    );
    check_csv(
        b"\xff\xfea\0",
        &expect![
            "error: {dir}/f.csv: found UTF-16 text (convert it to UTF-8), expected CSV with a header line; check the format that the scene names for this path"
        ],
    );
}

#[test]
fn a_field_of_100_mb_is_an_error_and_not_a_hang() {
    let long = "x".repeat(100_000_000);
    check_csv(
        format!("a,b\n3,{long}\n"),
        &expect![
            "error: {dir}/f.csv:2: record of more than 16777216 bytes; look for a quote that is never closed, or raise `record_bytes_max`"
        ],
    );
    check_csv(
        format!("a,\"{long}\n"),
        &expect![
            "error: {dir}/f.csv:1: record of more than 16777216 bytes; look for a quote that is never closed, or raise `record_bytes_max`"
        ],
    );
    let late = format!("a,b\n{}3,\"{long}\n", "1,2\n".repeat(500_000));
    let folder = Folder::new();
    folder.write("f.csv", late);
    let read = folder.read(r#"Csv(path: "{dir}/f.csv")"#);
    assert!(read.ends_with("error: {dir}/f.csv:500002: record of more than 16777216 bytes; look for a quote that is never closed, or raise `record_bytes_max`\n"));
}

const OVER_64: &str = "error: {dir}/f.csv:3: record of more than 64 bytes; look for a quote that is never closed, or raise `record_bytes_max`\n";

/// What a source makes of `record` between two good ones and one of another length.
fn around(record: &str, on_bad: OnBad) -> String {
    let folder = Folder::new();
    folder.write("f.csv", format!("a,b\n1,x\n{record}\r\n2,y\n3\n"));
    let scene = r#"Csv(path: "{dir}/f.csv", record_bytes_max: "64B", schema: { "a": "utf8" })"#;
    folder.read_with(scene, &limits(), None, on_bad)
}

#[test]
fn a_record_over_its_bound_fails_a_source_without_a_place_for_it() {
    for length in [65, 100, 5_000, 300_000, 3_000_000] {
        let read = around(&"x".repeat(length), OnBad::Fail);
        assert!(read.ends_with(OVER_64), "{length}: {read}");
    }
}

/// The same rows whether the record comes whole or in parts: up to 256 KiB are read at a time.
#[test]
fn a_record_over_its_bound_is_rejected_and_the_next_one_is_read() {
    for length in [65, 100, 3_000, 5_000, 262_140, 300_000, 3_000_000] {
        let record = format!("é,{}", "x".repeat(length - 3));
        let read = around(&record, OnBad::Reject);
        let (good, rejected): (Vec<_>, Vec<_>) = read
            .lines()
            .filter(|line| !line.starts_with("---"))
            .partition(|line| !line.starts_with("! "));
        assert_eq!(good, ["a:utf8 | b:utf8", "1 | x", "2 | y"], "{length}");
        let shown = &record[..record.len().min(1 << 10)];
        let long = format!(
            "! {shown} | record of more than 64 bytes, of which the first are shown; to read it raise `record_bytes_max` | {{dir}}/f.csv | 3"
        );
        let short = "! 3 | found 1 field, expected 2 as in the header | {dir}/f.csv | 5";
        assert_eq!(rejected, [&*long, short], "{length}");
    }
    let read = around(&"x".repeat(62), OnBad::Reject);
    assert!(
        read.contains("found 1 field, expected 2 as in the header | {dir}/f.csv | 3"),
        "{read}"
    );
    let read = around(&format!("{},x", "x".repeat(62)), OnBad::Reject);
    assert!(!read.contains("| {dir}/f.csv | 3"), "{read}");
}

/// What is behind the bound keeps its quotes, and lines inside them are counted.
#[test]
fn a_record_over_its_bound_ends_where_its_quotes_let_it_end() {
    for (before, inside) in [(70, 1), (70, 300_000), (300_000, 1), (300_000, 300_000)] {
        let (before, inside) = ("x".repeat(before), "y\n,\"\"".repeat(inside));
        let read = around(&format!("{before},\"{inside}\",\"\n\""), OnBad::Reject);
        assert!(read.contains("2 | y\n"), "{read}");
        let line = 5 + inside.matches('\n').count() + 1;
        assert!(read.ends_with(&format!("| {{dir}}/f.csv | {line}\n")), "{line}: {read}");
        assert_eq!(read.matches(" | {dir}/f.csv | ").count(), 2, "{read}");
    }
}

/// Its end might be anywhere: what was never closed must not take all that follows with it.
#[test]
fn a_quote_that_is_open_at_the_bound_ends_the_source() {
    for length in [65, 100, 5_000, 300_000, 3_000_000] {
        for record in
            [format!("1,\"{}", "x".repeat(length)), format!("\"{}\",x", "x".repeat(length))]
        {
            let read = around(&record, OnBad::Reject);
            assert!(read.ends_with(OVER_64), "{length}: {read}");
        }
    }
}

#[test]
fn a_last_record_over_its_bound_is_rejected_without_a_line_end() {
    let folder = Folder::new();
    for length in [100, 300_000, 3_000_000] {
        folder.write("f.ndjson", format!("{{\"a\":1}}\n{{\"a\":\"{}", "x".repeat(length)));
        let read = folder.read(r#"Ndjson(path: "{dir}/f.ndjson", record_bytes_max: "64B")"#);
        assert!(read.starts_with("a:int64\n1\n"), "{read}");
        assert!(
            read.ends_with("to read it raise `record_bytes_max` | {dir}/f.ndjson | 2\n"),
            "{read}"
        );
    }
}

#[test]
fn a_long_record_within_its_bound_is_read() {
    let folder = Folder::new();
    let long = "x".repeat(3_000_000);
    folder.write("f.csv", format!("a,b\n1,{long}\n2,y\n"));
    let limits = super::Limits { batch_bytes: 64 << 10, ..limits() };
    let scene = r#"Csv(path: "{dir}/f.csv")"#;
    let read = folder.read_with(scene, &limits, None, OnBad::Fail);
    assert_eq!(read, format!("a:int64 | b:utf8\n1 | {long}\n2 | y\n"));
}

#[test]
fn files_of_a_glob_that_disagree_are_named() {
    check(
        |folder| {
            folder.write("a.csv", "x,y\n");
            folder.write("b.csv", "y,z\n");
        },
        r#"Csv(path: "{dir}/*.csv")"#,
        &expect![
            "error: {dir}/b.csv: its columns differ from those of {dir}/a.csv: it lacks `x`; it has in addition `z`; give them a type in `schema:` to fill missing ones with null, or read the files by separate sources"
        ],
    );
}

#[test]
fn settings_that_cannot_be_are_refused() {
    let check = |setting: &str, expected: &Expect| {
        let scene = format!(r#"Csv(path: "{{dir}}/f.csv", {setting})"#);
        self::check(|folder| _ = folder.write("f.csv", "delay,b\n1,2\n"), &scene, expected);
    };
    check(
        r#"schema: { "dalay": "int64" }"#,
        &expect![
            "error: {dir}/f.csv: no column `dalay`, which `schema:` names, did you mean `delay`?; the columns are delay, b"
        ],
    );
    check(
        r#"schema: { "delay": "flaot64" }"#,
        &expect![
            "error: schema of column `delay`: unknown type `flaot64`, did you mean `float64`?; known are int8, int16, int32, int64, uint8, uint16, uint32, uint64, float32, float64, bool, utf8, date32, time, timestamp(s|ms|us|ns), timestamp(us, UTC), decimal(precision, scale); in NDJSON also list(int64), struct(name: utf8)"
        ],
    );
    check(
        "delimiter: '\u{e9}'",
        &expect!["error: `delimiter`: found 'é', expected one printable ASCII character or a tab"],
    );
    check(
        "quote: ','",
        &expect!["error: `quote`: found ',', expected another character than `delimiter`"],
    );
    check(
        "record_bytes_max: 0",
        &expect!["error: `record_bytes_max`: found 0, expected 1B to 512MiB"],
    );
}

fn packed(name: &str) -> Vec<u8> {
    let text = format!("a,b\n{}", (0..200_000).map(|n| format!("{n},x\n")).collect::<String>());
    if name == "gz" {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        return encoder.finish().unwrap();
    }
    zstd::encode_all(text.as_bytes(), 1).unwrap()
}

#[test]
fn truncated_and_damaged_compressed_files_are_errors() {
    for (ending, format) in [("gz", "gzip"), ("zst", "zstd")] {
        let folder = Folder::new();
        let bytes = packed(ending);
        let read = |content: &[u8]| {
            folder.write(&format!("f.csv.{ending}"), content);
            let read = folder.read(&format!(r#"Csv(path: "{{dir}}/f.csv.{ending}")"#));
            read[read.find("error: ").unwrap()..].to_owned()
        };
        for length in [5, bytes.len() / 2, bytes.len() - 1] {
            let expected = format!(
                "error: {{dir}}/f.csv.{ending}: truncated: the {format} data ends too early; copy \
                 or write the file again\n"
            );
            assert_eq!(read(&bytes[..length]), expected, "{length}");
        }
        let damaged = format!("error: {{dir}}/f.csv.{ending}: damaged {format} data: ");
        assert!(read(b"a,b\n1,2\n3,4\n5,6\n7,8\n").starts_with(&damaged));
        assert!(read(&[&bytes[..], b"more"].concat()).starts_with("error: "));
    }
}

/// Opens a file of 1 MB, reads one piece, lets `change` happen and reads on to the error.
fn changed_while_read(change: impl FnOnce(&Folder)) -> String {
    let folder = Folder::new();
    folder.write("f.csv", format!("a\n{}", "1\n".repeat(500_000)));
    let (mut reader, _) =
        folder.open(r#"Csv(path: "{dir}/f.csv")"#).unwrap().start(None, OnBad::Fail);
    let stop = Stop::new().unwrap();
    assert!(reader.next(&stop).unwrap().is_some());
    change(&folder);
    loop {
        match reader.next(&stop) {
            Ok(Some(_)) => {}
            Ok(None) => return "nothing was noticed".to_owned(),
            Err(error) => return error.to_string().replace(folder.path(), "{dir}"),
        }
    }
}

#[test]
fn a_file_truncated_while_it_is_read_is_noticed() {
    let truncated = changed_while_read(|folder| {
        let path = folder.0.path().join("f.csv");
        let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
        file.set_len(600_001).unwrap();
    });
    assert_eq!(
        truncated,
        "{dir}/f.csv: changed while it was read: it had 1000002 bytes and has 600001 now; run again when nothing writes to the file"
    );
}

#[test]
fn a_file_replaced_while_it_is_read_is_noticed() {
    let replaced = changed_while_read(|folder| {
        let other = folder.write("other", "a\n2\n");
        std::fs::rename(other, folder.0.path().join("f.csv")).unwrap();
    });
    assert_eq!(
        replaced,
        "{dir}/f.csv: changed while it was read: another file took its name; run again when nothing writes to the file"
    );
}

#[test]
fn a_file_that_grows_while_it_is_read_is_noticed() {
    let grown = changed_while_read(|folder| {
        let path = folder.0.path().join("f.csv");
        let mut file = std::fs::OpenOptions::new().append(true).open(path).unwrap();
        file.write_all(b"2\n").unwrap();
    });
    assert_eq!(
        grown,
        "{dir}/f.csv: changed while it was read: it had 1000002 bytes and has 1000004 now; run again when nothing writes to the file"
    );
}

#[test]
fn a_file_that_is_removed_while_it_is_read_is_still_read_to_its_end() {
    let removed = changed_while_read(|folder| {
        std::fs::remove_file(folder.0.path().join("f.csv")).unwrap();
    });
    assert_eq!(removed, "nothing was noticed");
}
