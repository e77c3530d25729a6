//! What stands in the folder before, while and after a sink is written.

use std::fs;
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use arrow::array::{Int64Array, StringArray};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use tempfile::{TempDir, tempdir};

use super::*;

pub(super) fn numbers(count: i64) -> RecordBatch {
    batch(vec![("n", Arc::new(Int64Array::from_iter_values(0..count)))])
}

fn place(name: &str) -> (TempDir, String) {
    let folder = tempdir().unwrap();
    let path = folder.path().join(name).to_str().unwrap().to_owned();
    (folder, path)
}

fn part(path: &str) -> PathBuf {
    PathBuf::from(format!("{path}.part"))
}

pub(super) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = entries.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn file_takes_its_name_only_when_closed() {
    let (folder, path) = place("a/b/out.csv");
    let to = Write::Csv(csv(&path));
    let mut sink = Sink::open(&to, &numbers(0).schema()).unwrap();
    write(&mut sink, &numbers(2)).unwrap();
    assert_eq!(names(&folder.path().join("a/b")), ["out.csv.part"]);
    assert_eq!(close(sink), 6);
    assert_eq!(names(&folder.path().join("a/b")), ["out.csv"]);
    assert_eq!(fs::read_to_string(path).unwrap(), "n\n0\n1\n");
}

#[test]
fn old_file_stands_until_the_new_one_is_complete() {
    let (_folder, path) = place("out.csv");
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(part(&path), "left behind by a run that was killed, longer than the new").unwrap();
    let mut sink = Sink::open(&Write::Csv(csv(&path)), &numbers(0).schema()).unwrap();
    write(&mut sink, &numbers(1)).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    close(sink);
    assert_eq!(fs::read_to_string(&path).unwrap(), "n\n0\n");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn abandoned_text_stays_as_part() {
    for name in ["out.csv", "out.csv.gz", "out.csv.zst"] {
        let (folder, path) = place(name);
        let mut sink = Sink::open(&file(&path), &numbers(0).schema()).unwrap();
        write(&mut sink, &numbers(3)).unwrap();
        sink.writer.abandon();
        assert_eq!(names(folder.path()), [format!("{name}.part")]);
        let bytes = fs::read(part(&path)).unwrap();
        let text = match name {
            "out.csv.gz" => {
                let mut text = String::new();
                flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
                text
            }
            "out.csv.zst" => String::from_utf8(zstd::decode_all(&bytes[..]).unwrap()).unwrap(),
            _ => String::from_utf8(bytes).unwrap(),
        };
        assert_eq!(text, "n\n0\n1\n2\n");
    }
}

#[test]
fn abandoned_parquet_and_arrow_can_be_read() {
    let rows = |path: &Path, arrow: bool| {
        let file = fs::File::open(path).unwrap();
        if arrow {
            let reader = arrow_ipc::reader::FileReader::try_new(file, None).unwrap();
            return reader.map(|batch| batch.unwrap().num_rows()).sum::<usize>();
        }
        let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file);
        reader.unwrap().build().unwrap().map(|batch| batch.unwrap().num_rows()).sum()
    };
    for name in ["out.parquet", "out.arrow"] {
        let (folder, path) = place(name);
        let mut sink = Sink::open(&file(&path), &numbers(0).schema()).unwrap();
        write(&mut sink, &numbers(3)).unwrap();
        sink.writer.abandon();
        assert_eq!(names(folder.path()), [format!("{name}.part")]);
        assert_eq!(rows(&part(&path), name == "out.arrow"), 3);
    }
}

#[test]
fn dropped_sink_leaves_the_part() {
    let (folder, path) = place("out.csv");
    drop(Sink::open(&file(&path), &numbers(0).schema()).unwrap());
    assert_eq!(names(folder.path()), ["out.csv.part"]);
}

#[test]
fn check_touches_nothing() {
    let (folder, path) = place("a/b/out.csv");
    Sink::check(&file(&path)).unwrap();
    assert_eq!(names(folder.path()), [""; 0]);
}

#[test]
fn link_stays_and_its_target_is_written() {
    let (folder, path) = place("out.csv");
    fs::create_dir(folder.path().join("real")).unwrap();
    symlink("real/target.csv", &path).unwrap();
    write_all(&file(&path), &numbers(0).schema(), &[numbers(1)]);
    assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
    assert_eq!(names(&folder.path().join("real")), ["target.csv"]);
    assert_eq!(fs::read_to_string(&path).unwrap(), "n\n0\n");
}

#[test]
fn device_is_written_in_place() {
    let bytes = write_all(&Write::Csv(csv("/dev/null")), &numbers(0).schema(), &[numbers(1)]);
    assert_eq!(bytes, 4);
    assert!(!part("/dev/null").exists());
}

#[test]
fn pipe_is_opened_with_its_first_bytes() {
    let (folder, path) = place("pipe");
    mkfifo(path.as_str(), Mode::S_IRWXU).unwrap();
    let mut sink = Sink::open(&Write::Csv(csv(&path)), &numbers(0).schema()).unwrap();
    let reader = thread::spawn(move || fs::read_to_string(path).unwrap());
    write(&mut sink, &numbers(2)).unwrap();
    close(sink);
    assert_eq!(reader.join().unwrap(), "n\n0\n1\n");
    assert_eq!(names(folder.path()), ["pipe"]);
}

#[test]
fn reader_of_a_pipe_sees_the_end_of_an_empty_output() {
    let (_folder, path) = place("pipe");
    mkfifo(path.as_str(), Mode::S_IRWXU).unwrap();
    let sink = Sink::open(&ndjson(&path), &numbers(0).schema()).unwrap();
    let reader = thread::spawn(move || fs::read_to_string(path).unwrap());
    close(sink);
    assert_eq!(reader.join().unwrap(), "");
}

#[test]
fn pipe_without_reader_is_abandoned_without_waiting() {
    let (_folder, path) = place("pipe");
    mkfifo(path.as_str(), Mode::S_IRWXU).unwrap();
    Sink::open(&Write::Csv(csv(&path)), &numbers(0).schema()).unwrap().writer.abandon();
}

#[test]
fn compressed_bytes_do_not_depend_on_the_batches() {
    let whole: Vec<String> = (0..200_000).map(|n| format!("row {}", n * 7919 % 10_007)).collect();
    let whole = batch(vec![("text", Arc::new(StringArray::from(whole)))]);
    for name in ["x.csv.gz", "x.csv.zst"] {
        let written = |rows: usize| {
            let (_folder, path) = place(name);
            let starts = (0..whole.num_rows()).step_by(rows);
            let batches: Vec<_> = starts
                .map(|start| whole.slice(start, rows.min(whole.num_rows() - start)))
                .collect();
            write_all(&file(&path), &whole.schema(), &batches);
            fs::read(path).unwrap()
        };
        assert!(written(100) == written(100_000), "{name}");
    }
}

#[test]
fn parquet_row_groups_have_the_rows_asked_for() {
    for compression in
        [ParquetCompression::None, ParquetCompression::Snappy, ParquetCompression::Zstd]
    {
        let (_folder, path) = place("out.parquet");
        let to = parquet(&path, compression, 10);
        write_all(&to, &numbers(0).schema(), &[numbers(7), numbers(18)]);
        let file = fs::File::open(path).unwrap();
        let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file);
        let reader = reader.unwrap();
        let rows = reader.metadata().row_groups().iter().map(|group| group.num_rows());
        assert_eq!(rows.collect::<Vec<_>>(), [10, 10, 5]);
    }
}

#[test]
fn blackhole_takes_anything() {
    assert_eq!(write_all(&Write::Blackhole, &numbers(0).schema(), &[numbers(7)]), 0);
}

#[test]
fn full_disk_is_told_with_the_bytes_written_and_the_part_stays() {
    let Some(disk) = SmallDisk::mount("size=64k") else { return };
    for name in ["out.csv", "out.csv.gz", "out.parquet", "out.arrow"] {
        let path = disk.path().join(name).to_str().unwrap().to_owned();
        let error = write_until_it_fails(&path).to_string();
        let start = format!(
            "cannot write {path}: the disk is full (No space left on device (os error 28)) after "
        );
        let end = format!(
            " bytes; what was written is in {path}.part; \
             free space or choose another folder, then run again"
        );
        assert!(error.starts_with(&start) && error.ends_with(&end), "{error}");
        let bytes: u64 = error[start.len()..error.len() - end.len()].parse().unwrap();
        assert_eq!(fs::metadata(part(&path)).unwrap().len(), bytes);
        assert!(bytes > 0 && !Path::new(&path).exists());
        fs::remove_file(part(&path)).unwrap();
    }
}

/// Numbers that do not compress, a megabyte at most.
fn write_until_it_fails(path: &str) -> WriteError {
    let mut sink = Sink::open(&file(path), &numbers(0).schema()).unwrap();
    let mut seed = 1_i64;
    for _ in 0..8 {
        let random = std::iter::repeat_with(|| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
            seed
        });
        let random = Int64Array::from_iter_values(random.take(16_384));
        if let Err(error) = write(&mut sink, &batch(vec![("n", Arc::new(random))])) {
            sink.writer.abandon();
            return error;
        }
    }
    sink.writer.close().expect_err("the disk has 64 KiB")
}
