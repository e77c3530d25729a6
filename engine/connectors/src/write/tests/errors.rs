//! Every refusal names the place, what was found and what to do.

use std::fs;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::*;
use expect_test::{Expect, expect};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use tempfile::tempdir;

use super::*;

fn numbers() -> RecordBatch {
    batch(vec![("n", Arc::new(Int64Array::from(vec![1, 2])))])
}

/// Checks the text of an error, with a line for each part of it and `DIR` for the folder.
fn assert_told(error: &WriteError, folder: &Path, expected: &Expect) {
    let text = error.to_string().replace(folder.to_str().unwrap(), "DIR");
    let text = text
        .replace("; ", ";\n")
        .replace(", but ", ",\nbut ")
        .replace(" (", "\n(")
        .replace(", which", ",\nwhich");
    expected.assert_eq(&(text + "\n"));
}

fn check_refused(write: &Write, expected: Expect) {
    assert_told(&Sink::check(write).unwrap_err(), Path::new("DIR"), &expected);
}

/// The error of checking `<a new folder>/<name>`, with the folder written as `DIR`.
fn check_refused_in_folder(name: &str, prepare: impl Fn(&Path), expected: Expect) {
    let folder = tempdir().unwrap();
    prepare(folder.path());
    let path = folder.path().join(name).to_str().unwrap().to_owned();
    assert_told(&Sink::check(&Write::Csv(csv(&path))).unwrap_err(), folder.path(), &expected);
}

fn open_error(write: &Write, schema: &SchemaRef) -> WriteError {
    Sink::open(write, schema).err().expect("the sink is refused")
}

fn schema(fields: &[(&str, DataType)]) -> SchemaRef {
    let fields = fields.iter().map(|(name, data_type)| Field::new(*name, data_type.clone(), true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

#[test]
fn empty_path() {
    check_refused(
        &ndjson(""),
        expect![[r#"
        the path of the sink is empty;
        name a file, or `-` for standard output
    "#]],
    );
    check_refused(
        &file(""),
        expect![[r#"
        the path of the sink is empty;
        name a file, or `-` for standard output
    "#]],
    );
}

#[test]
fn folder() {
    check_refused_in_folder(
        "",
        |_| (),
        expect![[r#"
        cannot write DIR/: it is a folder;
        name a file in it, such as DIR/out.csv
    "#]],
    );
    check_refused_in_folder(
        "new/",
        |_| (),
        expect![[r#"
        cannot write DIR/new/: it is a folder;
        name a file in it, such as DIR/new/out.csv
    "#]],
    );
}

#[test]
fn file_in_place_of_a_folder() {
    let prepare = |folder: &Path| fs::write(folder.join("a"), "").unwrap();
    check_refused_in_folder(
        "a/out.csv",
        prepare,
        expect![[r#"
        cannot write DIR/a/out.csv: DIR/a is not a folder;
        choose another path or move that file away
    "#]],
    );
    check_refused_in_folder(
        "a/b/out.csv",
        prepare,
        expect![[r#"
        cannot write DIR/a/b/out.csv: DIR/a is not a folder;
        choose another path or move that file away
    "#]],
    );
}

#[test]
fn folder_that_may_not_be_written() {
    let Some(disk) = SmallDisk::mount("ro") else { return };
    let path = disk.path().join("new/out.csv");
    let error = Sink::check(&file(path.to_str().unwrap())).unwrap_err();
    assert_told(
        &error,
        disk.path(),
        &expect![[r#"
            cannot write DIR/new/out.csv: DIR may not be written
            (Read-only file system
            (os error 30));
            change its permissions or choose another folder
        "#]],
    );
}

#[test]
fn socket() {
    let prepare = |folder: &Path| {
        UnixListener::bind(folder.join("socket")).unwrap();
    };
    check_refused_in_folder(
        "socket",
        prepare,
        expect![[r#"
        cannot write DIR/socket: it is a socket;
        name a file, a named pipe, a character device or `-`
    "#]],
    );
}

#[test]
fn unknown_endings() {
    check_refused(
        &file("out"),
        expect![[r#"
        cannot tell the format of out: it has no ending;
        expected .csv, .ndjson, .jsonl, .parquet or .arrow
        (.csv, .ndjson and .jsonl may be followed by .gz or .zst)
    "#]],
    );
    check_refused(
        &file("a.b/out"),
        expect![[r#"
        cannot tell the format of a.b/out: it has no ending;
        expected .csv, .ndjson, .jsonl, .parquet or .arrow
        (.csv, .ndjson and .jsonl may be followed by .gz or .zst)
    "#]],
    );
    check_refused(
        &file("out.cvs"),
        expect![[r#"
        cannot tell the format of out.cvs: its ending is .cvs;
        expected .csv, .ndjson, .jsonl, .parquet or .arrow
        (.csv, .ndjson and .jsonl may be followed by .gz or .zst);
        did you mean .csv?
    "#]],
    );
    check_refused(
        &file("out.json.gz"),
        expect![[r#"
        cannot tell the format of out.json.gz: its ending is .json;
        expected .csv, .ndjson, .jsonl, .parquet or .arrow
        (.csv, .ndjson and .jsonl may be followed by .gz or .zst);
        one JSON object a line has the ending .ndjson or .jsonl
    "#]],
    );
    check_refused(
        &file("out.xlsx"),
        expect![[r#"
        cannot tell the format of out.xlsx: its ending is .xlsx;
        expected .csv, .ndjson, .jsonl, .parquet or .arrow
        (.csv, .ndjson and .jsonl may be followed by .gz or .zst)
    "#]],
    );
    check_refused(
        &file("-"),
        expect![[r#"
        cannot tell the format of -: standard output has no ending;
        expected .csv, .ndjson, .jsonl, .parquet or .arrow
        (.csv, .ndjson and .jsonl may be followed by .gz or .zst);
        for standard output write Csv( path: "-" ), Ndjson( path: "-" ) or Arrow( path: "-" )
    "#]],
    );
    check_refused(
        &file("out.parquet.gz"),
        expect![[r#"
        cannot tell the format of out.parquet.gz: parquet is not compressed as a whole,
        but the path ends in .gz or .zst;
        expected a path without that ending
    "#]],
    );
    check_refused(
        &arrow("out.arrow.zst"),
        expect![[r#"
        cannot tell the format of out.arrow.zst: Arrow is not compressed as a whole,
        but the path ends in .gz or .zst;
        expected a path without that ending
    "#]],
    );
}

#[test]
fn endings_may_be_written_large() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("OUT.CSV.GZ").display().to_string();
    assert!(Sink::check(&file(&path)).is_ok());
}

#[test]
fn settings_out_of_bounds() {
    check_refused(
        &Write::Csv(CsvWrite { delimiter: '"', ..csv("a.csv") }),
        expect![[r#"
            cannot write a.csv: `delimiter` is '"';
            expected one ASCII character,
            but no letter, no digit and none of " + - . :
        "#]],
    );
    check_refused(
        &Write::Csv(CsvWrite { delimiter: '→', ..csv("a.csv") }),
        expect![[r#"
            cannot write a.csv: `delimiter` is '→';
            expected one ASCII character,
            but no letter, no digit and none of " + - . :
        "#]],
    );
    check_refused(
        &Write::Csv(CsvWrite { decimals: Some(18), ..csv("a.csv") }),
        expect![[r#"
        cannot write a.csv: `decimals` is 18;
        expected 0 to 17 decimals
    "#]],
    );
    let null = "a,b".to_owned();
    check_refused(
        &Write::Csv(CsvWrite { null, ..csv("a.csv") }),
        expect![[r#"
        cannot write a.csv: `null` is "a,b";
        expected a text without quotes, line ends or the delimiter
    "#]],
    );
    check_refused(
        &parquet("a.parquet", ParquetCompression::None, 0),
        expect![[r#"
        cannot write a.parquet: `row_group_rows` is 0;
        expected at least 1 row
    "#]],
    );
}

#[test]
fn schemas_that_a_format_cannot_hold_are_refused_before_anything_is_created() {
    let folder = tempdir().unwrap();
    let refused = |name: &str, fields: &[(&str, DataType)], expected: Expect| {
        let path = folder.path().join(name).to_str().unwrap().to_owned();
        assert_told(&open_error(&file(&path), &schema(fields)), folder.path(), &expected);
    };
    let list = DataType::List(Arc::new(Field::new("item", DataType::Int64, true)));
    let month = DataType::Interval(IntervalUnit::YearMonth);
    refused(
        "x.csv",
        &[],
        expect![[r#"
        cannot write DIR/x.csv: its input has no columns;
        connect a port that has some
    "#]],
    );
    refused(
        "x.csv",
        &[("a", DataType::Int8), ("a", DataType::Utf8)],
        expect![[r#"
        cannot write DIR/x.csv: two columns are named `a`;
        rename one of them upstream
    "#]],
    );
    refused(
        "x.csv",
        &[("l", list)],
        expect![[r#"
            cannot write DIR/x.csv: column `l` has type List(Int64),
            which CSV cannot hold;
            write NDJSON, Parquet or Arrow instead
        "#]],
    );
    refused(
        "x.csv",
        &[("m", month.clone())],
        expect![[r#"
            cannot write DIR/x.csv: column `m` has type Interval(YearMonth),
            which Tanda cannot hold;
            convert it upstream
        "#]],
    );
    refused(
        "x.ndjson",
        &[("m", month)],
        expect![[r#"
            cannot write DIR/x.ndjson: column `m` has type Interval(YearMonth),
            which Tanda cannot hold;
            convert it upstream
        "#]],
    );
    let union = DataType::Union(UnionFields::empty(), UnionMode::Dense);
    refused(
        "x.parquet",
        &[("u", union)],
        expect![[r#"
            cannot write DIR/x.parquet: column `u` has type Union(Dense),
            which Tanda cannot hold;
            convert it upstream
        "#]],
    );
    let nothing = DataType::Struct(Fields::empty());
    refused(
        "x.parquet",
        &[("s", nothing)],
        expect![[r#"
        cannot write DIR/x.parquet as Parquet: Arrow: Parquet does not support writing empty structs
    "#]],
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn batch_of_another_schema() {
    let told = |declared: &SchemaRef| {
        let sinks = [ndjson("/dev/null"), arrow("/dev/null"), Write::Csv(csv("/dev/null"))];
        let errors = sinks.map(|to| {
            let mut sink = Sink::open(&to, declared).unwrap();
            write(&mut sink, &numbers()).unwrap_err()
        });
        assert!(errors.iter().all(|error| error.to_string() == errors[0].to_string()));
        errors.into_iter().next().unwrap()
    };
    let other_type = told(&schema(&[("n", DataType::Utf8)]));
    assert_told(
        &other_type,
        Path::new("DIR"),
        &expect![[r#"
        column 0 of a batch is `n: Int64`,
        but the sink was opened for `n: Utf8`;
        the stage before the sink emits another schema than it declared
    "#]],
    );
    let fewer_columns = told(&schema(&[("n", DataType::Int64), ("m", DataType::Int8)]));
    assert_told(
        &fewer_columns,
        Path::new("DIR"),
        &expect![[r#"
        column 1 of a batch is `no column`,
        but the sink was opened for `m: Int8`;
        the stage before the sink emits another schema than it declared
    "#]],
    );
}

#[test]
fn full_device() {
    let told = |to: Write| {
        let mut sink = Sink::open(&to, &numbers().schema()).unwrap();
        let written = write(&mut sink, &numbers()).and_then(|()| sink.writer.close());
        written.unwrap_err()
    };
    let csv = told(Write::Csv(csv("/dev/full")));
    assert_told(
        &csv,
        Path::new("DIR"),
        &expect![[r#"
        cannot write /dev/full: the disk is full
        (No space left on device
        (os error 28)) after 0 bytes;
        free space or choose another folder, then run again
    "#]],
    );
    let parquet = told(parquet("/dev/full", ParquetCompression::None, 1));
    assert_eq!(parquet.to_string(), csv.to_string());
}

#[test]
fn reader_that_goes_away() {
    let folder = tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    mkfifo(&pipe, Mode::S_IRWXU).unwrap();
    let mut sink = Sink::open(&ndjson(pipe.to_str().unwrap()), &numbers().schema()).unwrap();
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || drop(fs::File::open(pipe).unwrap())
    });
    // More than the buffer, so that this call opens the pipe, and more than the pipe holds.
    let big = vec![b'x'; 1 << 20];
    let mut error = None;
    while error.is_none() {
        error = sink.writer.write_bytes(&big).err();
    }
    reader.join().unwrap();
    let error = error.unwrap().to_string().replace(pipe.to_str().unwrap(), "PIPE");
    assert!(error.starts_with("cannot write PIPE: its reader closed it after "), "{error}");
}

#[test]
fn second_writer_of_one_file() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("out.csv").to_str().unwrap().to_owned();
    let mut first = Sink::open(&file(&path), &numbers().schema()).unwrap();
    let error = open_error(&file(&path), &numbers().schema());
    assert_told(
        &error,
        folder.path(),
        &expect![[r#"
        cannot write DIR/out.csv: another run is writing DIR/out.csv.part;
        wait for it to end or choose another path
    "#]],
    );
    write(&mut first, &numbers()).unwrap();
    close(first);
    assert_eq!(fs::read_to_string(&path).unwrap(), "n\n1\n2\n");
}
