//! Good CSV in all its forms.

use std::io::Write as _;

use expect_test::expect;
use tanda_spelling::type_name;

use super::{Folder, OnBad, limits};
use crate::{Limits, Piece, Source, Stop};

/// Reads `text` as the file `f.csv`.
fn csv(text: impl AsRef<[u8]>) -> String {
    let folder = Folder::new();
    folder.write("f.csv", text);
    folder.read(r#"Csv(path: "{dir}/f.csv")"#)
}

#[test]
fn types_are_taken_from_the_values() {
    expect![[r"
        id:int64 | code:utf8 | ratio:float64 | ok:bool | day:utf8 | none:utf8
        1 | 007 | 0.5 | true | 2013-01-01 | -
        -2 | 12 | 1000.0 | false | 2013-01-02 | -
        - | - | - | - | - | -
    "]]
    .assert_eq(&csv(
        "id,code,ratio,ok,day,none\n1,007,0.5,true,2013-01-01,\n-2,12,1e3,false,2013-01-02,\n,,,,,\n",
    ));
}

#[test]
fn line_ends_of_all_systems_and_a_missing_one_are_read() {
    let expected = expect![[r"
        a:int64 | b:utf8
        1 | x
        2 | y
    "]];
    expected.assert_eq(&csv("a,b\n1,x\n2,y\n"));
    expected.assert_eq(&csv("a,b\n1,x\n2,y"));
    expected.assert_eq(&csv("a,b\r\n1,x\r\n2,y\r\n"));
    expected.assert_eq(&csv("a,b\r\n1,x\r\n2,y"));
    expected.assert_eq(&csv("\n\na,b\n\n1,x\n\r\n2,y\n\n"));
}

#[test]
fn a_byte_order_mark_is_skipped() {
    expect![[r"
        a:int64
        1
    "]]
    .assert_eq(&csv("\u{feff}a\n1\n"));
}

#[test]
fn quotes_protect_separators_and_line_ends() {
    expect![[r#"
        a:utf8 | b,c:utf8
        x,y | line 1
        line 2
        say "hi" | 
    "#]]
    .assert_eq(&csv("a,\"b,c\"\n\"x,y\",\"line 1\nline 2\"\n\"say \"\"hi\"\"\",\"\"\n"));
}

#[test]
fn a_header_alone_is_a_source_without_rows() {
    let folder = Folder::new();
    for text in ["a,b", "a,b\n", "\u{feff}a,b\r\n"] {
        folder.write("f.csv", text);
        let source = folder.open(r#"Csv(path: "{dir}/f.csv")"#).unwrap();
        let names = source.schema().fields().iter().map(|f| f.name().clone()).collect::<Vec<_>>();
        assert_eq!(names, ["a", "b"]);
        let (mut reader, _) = source.start(None, OnBad::Fail);
        assert!(reader.next(&Stop::new().unwrap()).unwrap().is_none());
    }
}

#[test]
fn schema_names_the_types_of_some_columns() {
    let folder = Folder::new();
    folder.write("f.csv", "day,at,price,n,code\n2013-01-31,2013-01-01T10:00:00Z,1.5,+7,007\n");
    expect![[r"
        day:date32 | at:timestamp(us, UTC) | price:decimal(9, 2) | n:int8 | code:utf8
        2013-01-31 | 2013-01-01T10:00:00Z | 1.50 | 7 | 007
    "]]
    .assert_eq(&folder.read(
        r#"Csv(path: "{dir}/f.csv", schema: { "day": "date32", "at": "timestamp(us, UTC)",
                "price": "decimal(9, 2)", "n": "int8" })"#,
    ));
}

#[test]
fn other_separators_quotes_and_null_texts_are_set_by_the_scene() {
    let folder = Folder::new();
    folder.write("f.csv", "a;b\n1;'x;y'\nNA;NA\n");
    expect![[r"
        a:int64 | b:utf8
        1 | x;y
        - | -
    "]]
    .assert_eq(
        &folder.read(r#"Csv(path: "{dir}/f.csv", delimiter: ';', quote: '\'', null: "NA")"#),
    );
}

#[test]
fn what_is_quoted_is_text_where_a_column_is_text() {
    let folder = Folder::new();
    folder.write(
        "f.csv",
        "name,n,all,only\n\"NA\",1,\"2\",\"\"\n\"\",NA,\"NA\",\nNA,3,\"\",NA\n,,,\n",
    );
    let scene = r#"Csv(path: "{dir}/f.csv", null: "NA")"#;
    expect![[r"
        name:utf8 | n:int64 | all:int64 | only:utf8
        NA | 1 | 2 | 
         | - | - | -
        - | 3 | - | -
        - | - | - | -
    "]]
    .assert_eq(&folder.read(scene));
    folder.write("f.csv", "a\n\"\"\n\"NA\"\nNA\nx\n");
    assert_eq!(folder.read(scene), "a:utf8\n\nNA\n-\nx\n");
    // Blank lines are no records, so in a file of one column only `""` can say missing.
    assert_eq!(csv("a\n\"\"\n\n\"x\"\n"), "a:utf8\n-\nx\n");
    assert_eq!(csv("a\n\"\"\n\n1\n"), "a:int64\n-\n1\n");
}

#[test]
fn only_wanted_columns_are_decoded_and_in_the_wanted_order() {
    let folder = Folder::new();
    folder.write("f.csv", format!("a,b,c\n{}", "1,2,x\n".repeat(3)));
    let read = |columns| {
        let scene = r#"Csv(path: "{dir}/f.csv")"#;
        folder.read_with(scene, &limits(), Some(columns), OnBad::Fail)
    };
    assert_eq!(read(&[2, 0]), "c:utf8 | a:int64\nx | 1\nx | 1\nx | 1\n");
    assert_eq!(read(&[]), "\n\n\n\n");
}

#[test]
fn a_strict_source_rejects_the_same_records_whoever_reads_what() {
    let folder = Folder::new();
    folder.write("f.csv", "a,b,c\n1,2,x\n1,y,x\nz,2,x\n");
    folder.write("f.ndjson", "{\"a\":1,\"b\":2}\n{\"a\":1,\"b\":\"y\"}\n{\"a\":\"z\",\"b\":2}\n");
    let schema = r#"schema: { "a": "int64", "b": "int64" }"#;
    let read = |strict: &str, columns: &[usize]| {
        ["Csv(path: \"{dir}/f.csv\"", "Ndjson(path: \"{dir}/f.ndjson\""].map(|start| {
            let scene = format!("{start}, {schema}{strict})");
            folder.read_with(&scene, &limits(), Some(columns), OnBad::Reject)
        })
    };
    for columns in [&[][..], &[0], &[1], &[0, 1]] {
        for read in read(", strict: true", columns) {
            let rows = read.lines().skip(1).filter(|line| !line.starts_with('!'));
            assert!(read.contains("\"y\", expected") && read.contains("\"z\", expected"), "{read}");
            assert_eq!(rows.count(), 1, "{read}");
        }
    }
    let [csv, _] = read("", &[0]);
    assert!(!csv.contains("\"y\", expected") && csv.contains("\"z\", expected"), "{csv}");
}

#[test]
fn batches_have_exactly_the_rows_that_the_scene_asks_for() {
    let folder = Folder::new();
    folder.write("f.csv", "a\n1\n2\n3\n4\n5\n");
    let limits = Limits { batch_rows: 2, ..limits() };
    let read = folder.read_with(r#"Csv(path: "{dir}/f.csv")"#, &limits, None, OnBad::Fail);
    assert_eq!(read, "a:int64\n1\n2\n---\n3\n4\n---\n5\n");
}

#[test]
fn a_batch_is_closed_when_it_has_bytes_enough() {
    let folder = Folder::new();
    folder.write("f.csv", format!("a\n{}", "0123456789abcde\n".repeat(10_000)));
    let limits = Limits { batch_rows: usize::MAX >> 1, batch_bytes: 16 << 10, ..limits() };
    let stop = Stop::new().unwrap();
    let source = Source::open(&folder.scene(r#"Csv(path: "{dir}/f.csv")"#), &limits, &stop);
    let (mut reader, _) = source.unwrap().start(None, OnBad::Fail);
    let (mut rows, mut pieces) = (0, 0);
    while let Some(Piece::Raw(piece)) = reader.next(&stop).unwrap() {
        assert_eq!(piece.first_line(), 2 + rows as u64);
        assert_eq!(piece.offset(), 2 + 16 * rows as u64);
        assert!(piece.text().len() <= (16 << 10) + 64, "{}", piece.text().len());
        (rows, pieces) = (rows + piece.rows(), pieces + 1);
    }
    assert_eq!((rows, pieces), (10_000, 10));
}

#[test]
fn pieces_are_aligned_and_their_buffers_are_used_again() {
    let folder = Folder::new();
    folder.write("f.csv", format!("a\n{}", "1\n".repeat(100_000)));
    let stop = Stop::new().unwrap();
    let source = folder.open(r#"Csv(path: "{dir}/f.csv")"#).unwrap();
    let (mut reader, _) = source.start(None, OnBad::Fail);
    let mut places = std::collections::HashSet::new();
    let mut pieces = 0;
    while let Some(Piece::Raw(piece)) = reader.next(&stop).unwrap() {
        places.insert(piece.buffer.as_slice().as_ptr() as usize);
        pieces += 1;
    }
    assert_eq!(pieces, 100);
    assert!(places.len() <= 3, "{} buffers for {pieces} pieces", places.len());
    assert!(places.iter().all(|place| place % 64 == 0));
}

#[test]
fn the_files_of_a_glob_are_read_in_the_order_of_their_names() {
    let folder = Folder::new();
    folder.write("b.csv", "n,s\n2,b\n");
    folder.write("a.csv", "s,n\na,1\n");
    folder.write("c.csv", "n,s\n");
    std::fs::create_dir(folder.0.path().join("d.csv")).unwrap();
    expect![[r"
        s:utf8 | n:int64
        a | 1
        ---
        b | 2
    "]]
    .assert_eq(&folder.read(r#"Csv(path: "{dir}/*.csv")"#));
}

#[test]
fn a_glob_finds_hidden_files_only_by_their_dot() {
    let folder = Folder::new();
    folder.write("a.csv", "n\n1\n");
    folder.write(".b.csv", "n\n2\n");
    std::fs::create_dir(folder.0.path().join(".d")).unwrap();
    folder.write(".d/e.csv", "n\n3\n");
    let rows = |glob| folder.read(&format!("Csv(path: \"{{dir}}/{glob}\")"));
    assert_eq!(rows("*.csv"), "n:int64\n1\n");
    assert_eq!(rows("**/*.csv"), "n:int64\n1\n");
    assert_eq!(rows(".*.csv"), "n:int64\n2\n");
    assert_eq!(rows(".d/*.csv"), "n:int64\n3\n");
}

#[test]
fn gzip_filled_up_with_zeros_is_read() {
    use std::io::Write as _;
    let folder = Folder::new();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(b"n\n1\n").unwrap();
    let mut bytes = packed.finish().unwrap();
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    folder.write("f.csv.gz", bytes);
    assert_eq!(folder.read(r#"Csv(path: "{dir}/f.csv.gz")"#), "n:int64\n1\n");
}

#[test]
fn columns_without_any_value_are_known_as_such() {
    let folder = Folder::new();
    folder.write("f.csv", "a,b,c,d\n,NA,x,\n");
    let scene = r#"Csv(path: "{dir}/f.csv", null: "NA", schema: { "d": "int8" })"#;
    assert_eq!(folder.open(scene).unwrap().columns().unseen, ["a", "b"]);
    folder.write("f.ndjson", "{\"a\":null,\"b\":1}\n");
    let scene = r#"Ndjson(path: "{dir}/f.ndjson")"#;
    assert_eq!(folder.open(scene).unwrap().columns().unseen, ["a"]);
}

#[test]
fn schema_fills_columns_that_some_files_of_a_glob_lack() {
    let folder = Folder::new();
    folder.write("a.csv", "n\n1\n");
    folder.write("b.csv", "s,n\nx,2\n");
    expect![[r"
        n:int64 | s:utf8
        1 | -
        ---
        2 | x
    "]]
    .assert_eq(&folder.read(r#"Csv(path: "{dir}/*.csv", schema: { "s": "utf8" })"#));
}

#[test]
fn compressed_files_are_read_by_their_ending_all_members_of_them() {
    let folder = Folder::new();
    let text = "a,b\n1,x\n2,y\n";
    let gzip = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let zstd = |text: &str| zstd::encode_all(text.as_bytes(), 1).unwrap();
    let (head, tail) = text.split_at(7);
    folder.write("f.csv.gz", [gzip(head), gzip(tail)].concat());
    folder.write("f.csv.zst", [zstd(head), zstd(tail)].concat());
    for name in ["f.csv.gz", "f.csv.zst"] {
        let scene = format!(r#"Csv(path: "{{dir}}/{name}")"#);
        assert_eq!(folder.read(&scene), "a:int64 | b:utf8\n1 | x\n2 | y\n");
        let source = folder.open(&scene).unwrap();
        let bytes = std::fs::metadata(folder.0.path().join(name)).unwrap().len();
        assert_eq!(source.bytes_total(), Some(bytes));
        let (progress, stop) = (source.progress(), Stop::new().unwrap());
        let (mut reader, _) = source.start(None, OnBad::Fail);
        while reader.next(&stop).unwrap().is_some() {}
        assert_eq!(progress.load(std::sync::atomic::Ordering::Relaxed), bytes);
    }
}

#[test]
fn the_flights_have_their_types() {
    let folder = Folder::new();
    let head = "year,dep_time,tailnum,time_hour\n2013,517,N14228,2013-01-01T10:00:00Z\n";
    folder.write("f.csv", head);
    let schema = folder.open(r#"Csv(path: "{dir}/f.csv")"#).unwrap().schema();
    let types = schema.fields().iter().map(|f| type_name(f.data_type())).collect::<Vec<_>>();
    assert_eq!(types, ["int64", "int64", "utf8", "utf8"]);
}
