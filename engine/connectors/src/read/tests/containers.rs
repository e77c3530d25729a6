//! Parquet and Arrow IPC.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, Int64Array, ListArray, StringArray, StringViewArray, TimestampMicrosecondArray,
};
use arrow::record_batch::RecordBatch;
use arrow_ipc::writer::{FileWriter, StreamWriter};
use expect_test::expect;
use parquet::arrow::ArrowWriter;

use super::{Folder, Limits, OnBad, limits};
use crate::{Piece, Source, Stop};

fn batch(rows: i64) -> RecordBatch {
    let n: ArrayRef = Arc::new(Int64Array::from_iter_values(0..rows));
    let s: ArrayRef =
        Arc::new(StringArray::from_iter((0..rows).map(|n| (n % 3 > 0).then(|| format!("s{n}")))));
    let v: ArrayRef = Arc::new(StringViewArray::from_iter_values((0..rows).map(|n| n.to_string())));
    RecordBatch::try_from_iter_with_nullable([("n", n, false), ("s", s, true), ("v", v, true)])
        .unwrap()
}

fn parquet(batch: &RecordBatch) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn arrow_file(batch: &RecordBatch) -> Vec<u8> {
    let mut writer = FileWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(batch).unwrap();
    writer.finish().unwrap();
    writer.into_inner().unwrap()
}

fn arrow_stream(batch: &RecordBatch) -> Vec<u8> {
    let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(batch).unwrap();
    writer.finish().unwrap();
    writer.into_inner().unwrap()
}

/// A time in a zone of this name, and a list of such times.
fn times(zone: &str) -> RecordBatch {
    let times: ArrayRef =
        Arc::new(TimestampMicrosecondArray::from(vec![1_704_067_200_000_000]).with_timezone(zone));
    let item = arrow::datatypes::Field::new_list_field(times.data_type().clone(), true);
    let offsets = arrow::buffer::OffsetBuffer::from_lengths([1]);
    let list = ListArray::try_new(item.into(), offsets, times.clone(), None).unwrap();
    RecordBatch::try_from_iter([("t", times), ("list", Arc::new(list))]).unwrap()
}

#[test]
fn utc_is_one_zone_in_all_files_of_a_glob() {
    let expected = expect![[r#"
        t:timestamp(us, UTC) | list:list(timestamp(us, UTC))
        2024-01-01T00:00:00Z | [2024-01-01T00:00:00Z]
        ---
        2024-01-01T00:00:00Z | [2024-01-01T00:00:00Z]
        ---
        2024-01-01T00:00:00Z | [2024-01-01T00:00:00Z]
    "#]];
    let zones = ["UTC", "+00:00", "Etc/UTC"];
    for (format, encode) in [("Parquet", parquet as fn(&_) -> _), ("Arrow", arrow_file)] {
        let folder = Folder::new();
        for (name, zone) in ["a", "b", "c"].into_iter().zip(zones) {
            folder.write(name, encode(&times(zone)));
        }
        let scene = format!(r#"{format}(path: "{{dir}}/*")"#);
        expected.assert_eq(&folder.read(&scene));
    }
}

#[test]
fn every_container_gives_the_same_batches() {
    let expected = expect![[r"
        n:int64 | s:utf8 | v:utf8
        0 | - | 0
        1 | s1 | 1
        ---
        2 | s2 | 2
        3 | - | 3
        ---
        4 | s4 | 4
    "]];
    let files = [
        ("Parquet", parquet(&batch(5))),
        ("Arrow", arrow_file(&batch(5))),
        ("Arrow", arrow_stream(&batch(5))),
    ];
    for (format, bytes) in files {
        let folder = Folder::new();
        folder.write("f", &bytes);
        let limits = Limits { batch_rows: 2, ..limits() };
        let scene = format!(r#"{format}(path: "{{dir}}/f")"#);
        expected.assert_eq(&folder.read_with(&scene, &limits, None, OnBad::Fail));
        let wanted = folder.read_with(&scene, &limits, Some(&[2, 0]), OnBad::Fail);
        assert!(wanted.starts_with("v:utf8 | n:int64\n0 | 0\n1 | 1\n---\n"), "{wanted}");
        let stop = Stop::new().unwrap();
        let source = Source::open(&folder.scene(&scene), &limits, &stop).unwrap();
        let (total, progress) = (source.bytes_total(), source.progress());
        let (mut reader, _) = source.start(None, OnBad::Fail);
        while let Some(piece) = reader.next(&stop).unwrap() {
            assert!(matches!(piece, Piece::Decoded(_)));
        }
        let read = progress.load(std::sync::atomic::Ordering::Relaxed);
        assert!(total.unwrap().abs_diff(read) <= 8 + bytes.len() as u64, "{format} {read}");
        stop.ask();
        assert!(reader.next(&stop).unwrap().is_none());
    }
}

#[test]
fn truncated_containers_are_errors() {
    for (format, bytes) in [
        ("Parquet", parquet(&batch(1000))),
        ("Arrow", arrow_file(&batch(1000))),
        ("Arrow", arrow_stream(&batch(1000))),
    ] {
        let folder = Folder::new();
        for length in [9, bytes.len() / 2, bytes.len() - 1] {
            folder.write("f", &bytes[..length]);
            let read = folder.read(&format!(r#"{format}(path: "{{dir}}/f")"#));
            let expected = format!(
                "error: {{dir}}/f: truncated: the {format} data ends too early; copy or write the \
                 file again\n"
            );
            assert_eq!(read, expected, "{length} of {}", bytes.len());
        }
    }
}

#[test]
fn damaged_containers_never_panic() {
    for (format, bytes) in [("Parquet", parquet(&batch(50))), ("Arrow", arrow_file(&batch(50)))] {
        let folder = Folder::new();
        for at in (8..bytes.len() - 8).step_by(7) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x55;
            folder.write("f", &damaged);
            // Many flips are not found: the formats have no checksums. None may end the process.
            let _ = folder.read(&format!(r#"{format}(path: "{{dir}}/f")"#));
        }
    }
}

#[test]
fn other_files_are_no_containers() {
    let folder = Folder::new();
    folder.write("empty", "");
    folder.write("f.csv", "a,b\n1,2\n3,4\n");
    expect![[r"
        error: {dir}/empty: is empty, expected a Parquet file; a source without rows still needs its column names
    "]]
    .assert_eq(&folder.read(r#"Parquet(path: "{dir}/empty")"#));
    expect![[r"
        error: {dir}/f.csv: found other data, expected Arrow data; check the format that the scene names for this path
    "]]
    .assert_eq(&folder.read(r#"Arrow(path: "{dir}/f.csv")"#));
    expect![[r"
        error: standard input: Parquet cannot be read from a pipe, its index is at the end of the file; write it to a file first
    "]]
    .assert_eq(&folder.read(r#"Parquet(path: "-")"#));
}

#[test]
fn files_of_a_glob_must_agree_on_names_and_types() {
    let folder = Folder::new();
    let column = |name: &str, array: ArrayRef| RecordBatch::try_from_iter([(name, array)]).unwrap();
    let number = || Arc::new(Int64Array::from(vec![1])) as ArrayRef;
    let text = || Arc::new(StringArray::from(vec!["x"])) as ArrayRef;
    folder.write("a.parquet", parquet(&column("x", number())));
    folder.write("b.parquet", parquet(&column("x", text())));
    let scene = r#"Parquet(path: "{dir}/*.parquet")"#;
    assert!(folder.read(scene).contains("b.parquet: its columns differ from those of {dir}/a.parquet: `x` is utf8 here and int64 there;"));
    folder.write("b.parquet", parquet(&column("y", number())));
    assert!(folder.read(scene).contains("it lacks `x`"));
    folder.write("b.parquet", parquet(&column("x", number())));
    assert_eq!(folder.read(scene), "x:int64\n1\n---\n1\n");
}

#[test]
fn a_stream_comes_through_a_pipe() {
    let folder = Folder::new();
    let path = folder.0.path().join("p");
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let writer = std::thread::spawn(move || std::fs::write(path, arrow_stream(&batch(2))));
    let read = folder.read(r#"Arrow(path: "{dir}/p")"#);
    writer.join().unwrap().unwrap();
    assert_eq!(read, "n:int64 | s:utf8 | v:utf8\n0 | - | 0\n1 | s1 | 1\n");
}
