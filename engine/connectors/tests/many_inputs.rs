//! Very many files and very many columns: what is kept for a file is small, and nothing is looked
//! up by a walk over all names.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use allocation_counter::measure;
use nix::sys::resource::{UsageWho, getrusage};
use tanda_connectors::{Limits, OnBad, Piece, Source, Stop};
use tanda_scene::Read;
use tempfile::TempDir;

/// Columns beyond which a look-up by a walk over all names takes minutes.
const COLUMNS: usize = 100_000;
/// Several times the work that it is, far less than with such look-ups.
const WORK_MAX: Duration = Duration::from_secs(30);

fn open(read: &str, stop: &Stop) -> Source {
    let extensions = ron::extensions::Extensions::UNWRAP_VARIANT_NEWTYPES
        | ron::extensions::Extensions::IMPLICIT_SOME;
    let options = ron::Options::default().with_default_extension(extensions);
    let read: Read = options.from_str(read).unwrap();
    let linger = Duration::from_secs(3600);
    let limits =
        Limits { batch_rows: 1_000, batch_bytes: 8 << 20, linger, unpacked_bytes_max: 1 << 30 };
    Source::open(&read, &limits, stop).unwrap()
}

/// Files of 64 KiB, as the sample of each would be.
fn write_files(folder: &Path, count: usize, ending: &str, head: &str, record: &str) {
    let content = format!("{head}{}", record.repeat((64 << 10) / record.len()));
    for number in 0..count {
        fs::write(folder.join(format!("{number:04}.{ending}")), &content).unwrap();
    }
}

/// Bytes that an open source of so many files keeps, before and after it is started.
fn bytes_kept(count: usize, format: &str, ending: &str, head: &str, record: &str) -> [i64; 2] {
    let folder = TempDir::new().unwrap();
    write_files(folder.path(), count, ending, head, record);
    let stop = Stop::new().unwrap();
    let read = format!("{format}(path: \"{}/*.{ending}\")", folder.path().display());
    let (mut source, mut started) = (None, None);
    let opened = measure(|| source = Some(open(&read, &stop)));
    let kept = measure(|| started = source.take().map(|source| source.start(None, OnBad::Fail)));
    assert!(started.is_some());
    [opened.bytes_current, opened.bytes_current + kept.bytes_current]
}

#[test]
fn file_of_a_glob_costs_a_few_hundred_bytes_of_memory() {
    for (format, ending, head, record) in [
        ("Csv", "csv", "a,b\n", "1,some text\n"),
        ("Ndjson", "ndjson", "", "{\"a\":1,\"b\":\"x\"}\n"),
    ] {
        let few = bytes_kept(100, format, ending, head, record);
        let many = bytes_kept(200, format, ending, head, record);
        for (few, many) in few.into_iter().zip(many) {
            let each = (many - few) / 100;
            assert!((1..=600).contains(&each), "{format}: {each} bytes a file");
        }
    }
}

/// Time that this thread has worked, which other programs do not make longer.
fn work() -> Duration {
    let time = getrusage(UsageWho::RUSAGE_THREAD).unwrap().user_time();
    Duration::new(time.tv_sec() as u64, time.tv_usec() as u32 * 1_000)
}

/// Reads everything; gives the number of rows.
fn rows(source: Source, columns: Option<&[usize]>, stop: &Stop) -> usize {
    let (mut reader, decoder) = source.start(columns, OnBad::Fail);
    let mut rows = 0;
    while let Some(piece) = reader.next(stop).unwrap() {
        rows += match piece {
            Piece::Decoded(batch) => batch.num_rows(),
            Piece::Raw(piece) => decoder.as_ref().unwrap().decode(&piece).unwrap().batch.num_rows(),
        };
    }
    rows
}

/// Two files that have the columns in another order.
fn write_wide_csv(folder: &Path) {
    let names = |text: &mut String, column: usize| write!(text, "column {column}").unwrap();
    let values = |text: &mut String, column: usize| write!(text, "{column}").unwrap();
    let line = |order: &mut dyn Iterator<Item = usize>, part: &dyn Fn(&mut String, usize)| {
        let mut line = String::new();
        for column in order {
            part(&mut line, column);
            line.push(',');
        }
        line.pop();
        line.push('\n');
        line
    };
    let forward = [line(&mut (0..COLUMNS), &names), line(&mut (0..COLUMNS), &values).repeat(3)];
    let backward = || (0..COLUMNS).rev();
    let backward = [line(&mut backward(), &names), line(&mut backward(), &values).repeat(2)];
    fs::write(folder.join("a.csv"), forward.concat()).unwrap();
    fs::write(folder.join("b.csv"), backward.concat()).unwrap();
}

fn write_wide_ndjson(folder: &Path) {
    for (name, lines) in [("a.ndjson", 3), ("b.ndjson", 2)] {
        let mut line = "{".to_owned();
        (0..COLUMNS).for_each(|column| write!(line, "\"column {column}\":{column},").unwrap());
        line.pop();
        line.push_str("}\n");
        fs::write(folder.join(name), line.repeat(lines)).unwrap();
    }
}

#[test]
fn time_grows_with_the_columns_and_not_with_their_square() {
    let folder = TempDir::new().unwrap();
    write_wide_csv(folder.path());
    write_wide_ndjson(folder.path());
    let stop = Stop::new().unwrap();
    let every_other = (0..COLUMNS).step_by(2).collect::<Vec<_>>();
    for (format, ending) in [("Csv", "csv"), ("Ndjson", "ndjson")] {
        let before = work();
        let read = format!("{format}(path: \"{}/*.{ending}\")", folder.path().display());
        for columns in [None, Some(&*every_other)] {
            let source = open(&read, &stop);
            assert_eq!(source.schema().fields().len(), COLUMNS);
            assert_eq!(rows(source, columns, &stop), 5, "{format}");
        }
        let work = work() - before;
        assert!(work < WORK_MAX, "{format}: {work:?}");
    }
}
