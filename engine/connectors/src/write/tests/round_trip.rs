//! What is written reads back equal, through the readers of the arrow project; nested NDJSON, which
//! theirs rounds, through ours.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::*;
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::{cast, concat, concat_batches};
use arrow::datatypes::*;
use proptest::collection::vec;
use proptest::num::{f32, f64};
use proptest::option::of;
use proptest::prelude::*;

use tanda_spelling::type_name;

use super::*;
use crate::{Limits, OnBad, Piece, Source, Stop};
use tanda_scene::model::{NdjsonRead, Read as Reading};

/// One row of random values.
#[derive(Debug, Clone)]
struct Row {
    int: Option<i64>,
    small: Option<i8>,
    unsigned: Option<u64>,
    double: Option<f64>,
    single: Option<f32>,
    flag: Option<bool>,
    text: Option<String>,
    word: Option<&'static str>,
    date: Option<i32>,
    time: Option<i64>,
    local: Option<i64>,
    utc: Option<i64>,
    decimal: Option<i128>,
}

/// Texts that tempt a writer to err; not empty, which arrow's CSV reader takes for missing.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a", " ", ",", ";", "\"", "\n", "\r", "\t", "\\", "é", "😀", "\u{1}", "null", "NA", "0",
    ]);
    vec(piece, 1..8).prop_map(|pieces| pieces.concat())
}

fn any_row() -> impl Strategy<Value = Row> {
    let doubles = f64::POSITIVE | f64::NEGATIVE | f64::NORMAL | f64::SUBNORMAL | f64::ZERO;
    let singles = f32::POSITIVE | f32::NEGATIVE | f32::NORMAL | f32::SUBNORMAL | f32::ZERO;
    let day_us = 86_400_000_000_i64;
    let numbers = (of(any::<i64>()), of(any::<i8>()), of(any::<u64>()), of(doubles), of(singles));
    let texts = (of(any::<bool>()), of(any_text()), of(prop::sample::select(vec!["x", "y,z"])));
    let moments = (of(-700_000..2_900_000), of(0..day_us), of(0..200 * 365 * day_us));
    let others = (of(-90 * 365 * day_us..0), of(-10_i128.pow(27)..10_i128.pow(27)));
    (numbers, texts, moments, others).prop_map(|(numbers, texts, moments, others)| Row {
        int: numbers.0,
        small: numbers.1,
        unsigned: numbers.2,
        double: numbers.3,
        single: numbers.4,
        flag: texts.0,
        text: texts.1,
        word: texts.2,
        date: moments.0,
        time: moments.1,
        local: moments.2,
        utc: others.0,
        decimal: others.1,
    })
}

fn to_batch(rows: &[Row]) -> RecordBatch {
    fn column<A, V>(rows: &[Row], value: impl Fn(&Row) -> Option<V>) -> A
    where
        A: FromIterator<Option<V>>,
    {
        rows.iter().map(value).collect()
    }
    let utc: TimestampMicrosecondArray = column(rows, |row| row.utc);
    let decimal: Decimal128Array = column(rows, |row| row.decimal);
    let decimal = decimal.with_precision_and_scale(38, 10).unwrap();
    let words: DictionaryArray<Int32Type> = rows.iter().map(|row| row.word).collect();
    batch(vec![
        ("int", Arc::new(column::<Int64Array, _>(rows, |row| row.int))),
        ("small", Arc::new(column::<Int8Array, _>(rows, |row| row.small))),
        ("unsigned", Arc::new(column::<UInt64Array, _>(rows, |row| row.unsigned))),
        ("double", Arc::new(column::<Float64Array, _>(rows, |row| row.double))),
        ("single", Arc::new(column::<Float32Array, _>(rows, |row| row.single))),
        ("flag", Arc::new(column::<BooleanArray, _>(rows, |row| row.flag))),
        ("text", Arc::new(column::<StringArray, _>(rows, |row| row.text.clone()))),
        ("word", Arc::new(words)),
        ("date", Arc::new(column::<Date32Array, _>(rows, |row| row.date))),
        ("time", Arc::new(column::<Time64MicrosecondArray, _>(rows, |row| row.time))),
        ("local", Arc::new(column::<TimestampMicrosecondArray, _>(rows, |row| row.local))),
        ("utc", Arc::new(utc.with_timezone("+00:00"))),
        ("decimal", Arc::new(decimal)),
    ])
}

/// The batch with its dictionary unpacked, which is how text and Arrow files hold it, and UTC by
/// the one name that is used inside.
#[expect(clippy::wildcard_enum_match_arm, reason = "every other type stays")]
fn unpacked(batch: &RecordBatch) -> RecordBatch {
    let columns = batch.columns().iter().zip(batch.schema_ref().fields());
    let columns = columns.map(|(array, field)| {
        let data_type = match field.data_type() {
            DataType::Dictionary(_, value) => value.as_ref().clone(),
            other => tanda_spelling::one_zone(other),
        };
        let field = field.as_ref().clone().with_data_type(data_type);
        (field, array)
    });
    let (fields, arrays): (Vec<_>, Vec<_>) = columns
        .map(|(field, array)| {
            let array = cast(array, field.data_type()).unwrap();
            (field, array)
        })
        .unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

/// Writes the rows as two batches, the second a slice, and returns what `read` makes of the file.
fn round_trip(
    rows: &[Row],
    cut: usize,
    name: &str,
    read: impl Fn(&Path, SchemaRef) -> Vec<RecordBatch>,
) -> (RecordBatch, RecordBatch) {
    let whole = to_batch(rows);
    let cut = cut % (rows.len() + 1);
    let parts = [whole.slice(0, cut), whole.slice(cut, rows.len() - cut)];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    let bytes = write_all(&file(path.to_str().unwrap()), &whole.schema(), &parts);
    assert_eq!(bytes, std::fs::metadata(&path).unwrap().len());
    let read = read(&path, unpacked(&whole).schema());
    let schema = read.first().map_or_else(|| unpacked(&whole).schema(), RecordBatch::schema);
    (unpacked(&whole), unpacked(&concat_batches(&schema, &read).unwrap()))
}

fn plain_bytes(path: &Path) -> Vec<u8> {
    let (file, mut bytes) = (File::open(path).unwrap(), Vec::new());
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("gz") => flate2::read::MultiGzDecoder::new(file).read_to_end(&mut bytes),
        Some("zst") => zstd::Decoder::new(file).unwrap().read_to_end(&mut bytes),
        Some(_) | None => BufReader::new(file).read_to_end(&mut bytes),
    }
    .unwrap();
    bytes
}

fn read_csv(path: &Path, schema: SchemaRef) -> Vec<RecordBatch> {
    let bytes = plain_bytes(path);
    let reader = arrow_csv::ReaderBuilder::new(schema).with_header(true).build(&bytes[..]).unwrap();
    reader.map(Result::unwrap).collect()
}

fn read_ndjson(path: &Path, schema: SchemaRef) -> Vec<RecordBatch> {
    let bytes = plain_bytes(path);
    let reader = arrow_json::ReaderBuilder::new(schema).build(&bytes[..]).unwrap();
    reader.map(Result::unwrap).collect()
}

fn read_parquet(path: &Path, _schema: SchemaRef) -> Vec<RecordBatch> {
    let file = File::open(path).unwrap();
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file);
    reader.unwrap().build().unwrap().map(Result::unwrap).collect()
}

fn read_arrow(path: &Path, _schema: SchemaRef) -> Vec<RecordBatch> {
    let reader = arrow_ipc::reader::FileReader::try_new(File::open(path).unwrap(), None).unwrap();
    reader.map(Result::unwrap).collect()
}

/// The same rows as objects, some of them missing, and as arrays of two objects or none. Times of
/// day have no type in `schema:`.
fn nested(rows: &RecordBatch) -> RecordBatch {
    let kept =
        (0..rows.num_columns()).filter(|column| rows.schema().field(*column).name() != "time");
    let (fields, arrays, _) =
        StructArray::from(rows.project(&kept.collect::<Vec<_>>()).unwrap()).into_parts();
    let nulls = NullBuffer::from_iter((0..rows.num_rows()).map(|row| row % 3 != 1));
    let objects: ArrayRef = Arc::new(StructArray::new(fields, arrays, Some(nulls)));
    // Two objects, none, two, none, …
    let lengths = (0..rows.num_rows()).map(|row| if row % 2 == 0 { 2 } else { 0 });
    let item = Arc::new(Field::new_list_field(objects.data_type().clone(), true));
    let offsets = OffsetBuffer::from_lengths(lengths);
    let items = concat(&[&objects, &objects]).unwrap();
    let lists = ListArray::new(item, offsets, items, None);
    batch(vec![("objects", objects), ("lists", Arc::new(lists))])
}

/// Reads a file with our own reader and the types of `schema`.
fn read_with_types(path: &Path, schema: &Schema) -> Vec<RecordBatch> {
    let types = schema.fields().iter();
    let types = types.map(|field| (field.name().clone(), type_name(field.data_type())));
    let path = path.to_str().unwrap().to_owned();
    let read =
        NdjsonRead { path, schema: Some(types.collect()), record_bytes_max: None, strict: false };
    let (linger, unpacked_bytes_max) = (Duration::ZERO, 1 << 20);
    let limits = Limits { batch_rows: 7, batch_bytes: 1 << 20, linger, unpacked_bytes_max };
    let stop = Stop::new().unwrap();
    let source = Source::open(&Reading::Ndjson(read), &limits, &stop).unwrap();
    let (mut reader, decoder) = source.start(None, OnBad::Fail);
    let mut batches = Vec::new();
    while let Some(Piece::Raw(piece)) = reader.next(&stop).unwrap() {
        batches.push(decoder.as_ref().unwrap().decode(&piece).unwrap().batch);
    }
    batches
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..Default::default()
    })]

    #[test]
    fn csv_reads_back_equal(rows in vec(any_row(), 0..20), cut: usize) {
        let (written, read) = round_trip(&rows, cut, "x.csv", read_csv);
        prop_assert_eq!(written, read);
    }

    #[test]
    fn compressed_csv_reads_back_equal(rows in vec(any_row(), 0..20), cut: usize) {
        let (written, read) = round_trip(&rows, cut, "x.csv.gz", read_csv);
        prop_assert_eq!(written, read);
    }

    #[test]
    fn ndjson_reads_back_equal(rows in vec(any_row(), 0..20), cut: usize) {
        let (written, read) = round_trip(&rows, cut, "x.ndjson", read_ndjson);
        prop_assert_eq!(written, read);
    }

    #[test]
    fn compressed_ndjson_reads_back_equal(rows in vec(any_row(), 0..20), cut: usize) {
        let (written, read) = round_trip(&rows, cut, "x.jsonl.zst", read_ndjson);
        prop_assert_eq!(written, read);
    }

    #[test]
    fn nested_ndjson_reads_back_equal(rows in vec(any_row(), 1..20)) {
        let flat = to_batch(&rows);
        let (written, expected) = (nested(&flat), nested(&unpacked(&flat)));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.ndjson");
        write_all(&file(path.to_str().unwrap()), &written.schema(), &[written]);
        let read = read_with_types(&path, &expected.schema());
        prop_assert_eq!(concat_batches(&expected.schema(), &read).unwrap(), expected);
    }

    #[test]
    fn parquet_reads_back_equal(rows in vec(any_row(), 0..20), cut: usize) {
        let (written, read) = round_trip(&rows, cut, "x.parquet", read_parquet);
        prop_assert_eq!(written, read);
    }

    #[test]
    fn arrow_reads_back_equal(rows in vec(any_row(), 0..20), cut: usize) {
        let (written, read) = round_trip(&rows, cut, "x.arrow", read_arrow);
        prop_assert_eq!(written, read);
    }
}
