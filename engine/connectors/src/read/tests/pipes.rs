//! Named pipes stand for every input that never ends and cannot be read twice.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use arrow::array::{ArrayRef, Int8Array};
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use arrow_ipc::writer::StreamWriter;

use super::{Folder, Limits, OnBad, limits, rows};
use crate::{Piece, ReadError, Source, Stop};

/// A pipe named `p` and its writing end.
fn pipe(folder: &Folder, name: &str) -> std::fs::File {
    let path = folder.0.path().join(name);
    mkfifo(&path, Mode::S_IRWXU).unwrap();
    // Reading and writing at once: opening does not wait for the other side.
    OpenOptions::new().read(true).write(true).open(path).unwrap()
}

#[test]
fn what_was_read_for_the_columns_is_handed_out_again() {
    let folder = Folder::new();
    let mut writer = pipe(&folder, "p");
    writer.write_all(b"a,b\n1,x\n2,y\n3,").unwrap();
    let limits = Limits { linger: Duration::ZERO, ..limits() };
    let stop = Stop::new().unwrap();
    let source = Source::open(&folder.scene(r#"Csv(path: "{dir}/p")"#), &limits, &stop).unwrap();
    assert_eq!(source.bytes_total(), None);
    let (mut reader, decoder) = source.start(None, OnBad::Fail);
    let decoder = decoder.unwrap();
    let mut next = || match reader.next(&stop).unwrap() {
        Some(Piece::Raw(piece)) => rows(&decoder.decode(&piece).unwrap().batch),
        Some(Piece::Decoded(_)) | None => "end".to_owned(),
    };
    assert_eq!(next(), "1 | x\n2 | y\n");
    writer.write_all(b"z\n4,w\n5").unwrap();
    assert_eq!(next(), "3 | z\n4 | w\n");
    drop(writer);
    stop.ask();
    assert_eq!(next(), "end", "half a record is no record yet");
}

#[test]
fn a_stop_wakes_a_reader_and_loses_no_record() {
    let folder = Folder::new();
    let mut writer = pipe(&folder, "p");
    writer.write_all(b"a\n1\n").unwrap();
    let limits = Limits { linger: Duration::ZERO, ..limits() };
    let stop = Stop::new().unwrap();
    let source = Source::open(&folder.scene(r#"Csv(path: "{dir}/p")"#), &limits, &stop).unwrap();
    let mut source = Some(source);
    let (send, receive) = channel();
    let asked = stop.clone();
    let reader = std::thread::spawn(move || {
        let (mut reader, decoder) = source.take().unwrap().start(None, OnBad::Fail);
        let decoder = decoder.unwrap();
        while let Some(Piece::Raw(piece)) = reader.next(&stop).unwrap() {
            send.send(rows(&decoder.decode(&piece).unwrap().batch)).unwrap();
        }
    });
    assert_eq!(receive.recv().unwrap(), "1\n");
    writer.write_all(b"2\n3\n").unwrap();
    let mut rest = String::new();
    while !rest.ends_with("3\n") {
        rest += &receive.recv().unwrap();
    }
    asked.ask();
    reader.join().unwrap();
    assert_eq!(rest, "2\n3\n");
    assert!(receive.recv().is_err(), "nothing came after the end");
}

#[test]
fn a_stop_before_the_first_record_is_told_apart_from_an_end() {
    let folder = Folder::new();
    let _writer = pipe(&folder, "p");
    let stop = Stop::new().unwrap();
    stop.ask();
    let error = Source::open(&folder.scene(r#"Csv(path: "{dir}/p")"#), &limits(), &stop).err();
    assert!(matches!(error, Some(ReadError::Stopped { .. })), "{error:?}");
}

#[test]
fn what_follows_an_arrow_stream_in_a_pipe_is_refused() {
    let batch =
        RecordBatch::try_from_iter([("a", Arc::new(Int8Array::from(vec![1, 2])) as ArrayRef)]);
    let batch = batch.unwrap();
    let mut stream = StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    stream.write(&batch).unwrap();
    let stream = stream.into_inner().unwrap();
    let read = |parts: &[&[u8]]| {
        let folder = Folder::new();
        let mut writer = pipe(&folder, "p");
        writer.write_all(&parts.concat()).unwrap();
        let stop = Stop::new().unwrap();
        let source = Source::open(&folder.scene(r#"Arrow(path: "{dir}/p")"#), &limits(), &stop)?;
        drop(writer);
        let (mut reader, _) = source.start(None, OnBad::Fail);
        let mut count = 0;
        while let Some(Piece::Decoded(batch)) = reader.next(&stop)? {
            count += batch.num_rows();
        }
        Ok::<_, ReadError>(count)
    };
    assert_eq!(read(&[&stream]).unwrap(), 2);
    for more in [&*stream, b"\n"] {
        let error = read(&[&stream, more]).unwrap_err().to_string();
        assert!(error.contains("more bytes after the end of the stream"), "{error}");
    }
}

#[test]
fn a_check_takes_nothing_from_a_pipe() {
    let folder = Folder::new();
    let _writer = pipe(&folder, "p");
    let peek = |scene: &str| {
        let peeked = Source::peek(&folder.scene(scene), &limits());
        let names = |schema: SchemaRef| -> Vec<String> {
            schema.fields().iter().map(|field| field.name().clone()).collect()
        };
        peeked.map(|columns| names(columns.schema))
    };
    let error = peek(r#"Csv(path: "-")"#).unwrap_err().to_string();
    assert_eq!(
        error,
        "standard input: the columns of a pipe are not known before the run; name them all with their types in `schema:` to check the scene without reading"
    );
    assert!(matches!(peek(r#"Arrow(path: "{dir}/p")"#), Err(ReadError::ColumnsNotKnown { .. })));
    let given = peek(r#"Ndjson(path: "{dir}/p", schema: { "b": "int64", "a": "utf8" })"#);
    assert_eq!(given.unwrap(), ["b", "a"]);
    folder.write("f.csv", "x,y\n1,2\n");
    assert_eq!(peek(r#"Csv(path: "{dir}/f.csv")"#).unwrap(), ["x", "y"]);
}
