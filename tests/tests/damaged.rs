//! Parquet and Arrow files with bytes changed, cut off and counted up: each is read or refused
//! within a bound on memory, and none ends the process.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use allocation_counter::measure;
use arrow::array::{ArrayRef, Int64Array, ListArray, StringArray, StructArray};
use arrow::datatypes::{Field, Int64Type};
use arrow::record_batch::RecordBatch;
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use parquet::arrow::ArrowWriter;
use parquet::basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterVersion};
use tanda::connectors::{Limits, OnBad, ReadError, Source, Stop};
use tanda::scene::model::{FileRead, Read};

/// Memory that reading a file of `bytes` bytes may take at once.
fn bytes_max(bytes: usize) -> u64 {
    (64 << 20) + 64 * bytes as u64
}

/// What is tried, of each kind of file; `TANDA_DAMAGED=100` tries a hundred times as many.
fn rounds() -> u64 {
    let factor = std::env::var("TANDA_DAMAGED").ok().and_then(|factor| factor.parse().ok());
    150 * factor.unwrap_or(1_u64)
}

/// A small generator of numbers: the same seed gives the same ones.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % sides.max(1)
    }
}

fn batch() -> RecordBatch {
    let numbers =
        || Arc::new(Int64Array::from_iter((0..300).map(|n| (n % 7 > 0).then_some(n / 9))));
    let texts: ArrayRef =
        Arc::new(StringArray::from_iter((0..300).map(|n| Some(format!("t{}", n % 11)))));
    let lists = (0..300_i64).map(|n| (n % 5 > 0).then(|| (0..n % 4).map(Some)));
    let lists: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>(lists));
    let inner = Field::new("n", arrow::datatypes::DataType::Int64, true);
    let nested = StructArray::new(vec![inner].into(), vec![numbers() as ArrayRef], None);
    RecordBatch::try_from_iter_with_nullable([
        ("n", numbers() as ArrayRef, true),
        ("t", texts, true),
        ("l", lists, true),
        ("s", Arc::new(nested) as ArrayRef, true),
    ])
    .unwrap()
}

fn parquet(compression: Compression, version: WriterVersion) -> Vec<u8> {
    let mut bytes = Vec::new();
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .set_writer_version(version)
        .set_max_row_group_row_count(Some(200))
        .build();
    let batch = batch();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn arrow(compression: Option<CompressionType>, is_stream: bool) -> Vec<u8> {
    let options = IpcWriteOptions::default().try_with_compression(compression).unwrap();
    let (batch, schema) = (batch(), batch().schema());
    if is_stream {
        let mut writer = StreamWriter::try_new_with_options(Vec::new(), &schema, options).unwrap();
        (0..2).for_each(|_| writer.write(&batch).unwrap());
        writer.finish().unwrap();
        return writer.into_inner().unwrap();
    }
    let mut writer = FileWriter::try_new_with_options(Vec::new(), &schema, options).unwrap();
    (0..2).for_each(|_| writer.write(&batch).unwrap());
    writer.finish().unwrap();
    writer.into_inner().unwrap()
}

/// Every kind of file, with whether it is Parquet.
fn originals() -> Vec<(bool, Vec<u8>)> {
    let codecs = [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::BROTLI(BrotliLevel::default()),
        Compression::LZ4_RAW,
        Compression::ZSTD(ZstdLevel::default()),
    ];
    let versions = [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0];
    let of_parquet =
        codecs.into_iter().flat_map(|codec| versions.map(|version| parquet(codec, version)));
    let codecs = [None, Some(CompressionType::LZ4_FRAME), Some(CompressionType::ZSTD)];
    let of_arrow =
        codecs.into_iter().flat_map(|codec| [false, true].map(|stream| arrow(codec, stream)));
    of_parquet.map(|bytes| (true, bytes)).chain(of_arrow.map(|bytes| (false, bytes))).collect()
}

/// One to three changes: a bit, a byte, a number of four or eight bytes, a cut, a part again.
fn damage(bytes: &mut Vec<u8>, dice: &mut Dice) {
    const NUMBERS: [u64; 6] = [0, 1, 0x7fff_ffff, 0xffff_ffff, 1 << 62, u64::MAX];
    for _ in 0..=dice.roll(3) {
        let at = dice.roll(bytes.len().saturating_sub(8));
        match dice.roll(12) {
            0..4 => bytes[at] ^= 1 << dice.roll(8),
            4..7 => bytes[at] = [0, 0xff, 0x7f, 0x80, 1][dice.roll(5)],
            7 | 8 => bytes[at..at + 4].copy_from_slice(&NUMBERS[dice.roll(6)].to_le_bytes()[..4]),
            9 => bytes[at..at + 8].copy_from_slice(&NUMBERS[dice.roll(6)].to_le_bytes()),
            // The end is what opening looks at first.
            10 => {
                let end = bytes.len() - 9 - dice.roll(bytes.len().min(600) - 9);
                bytes[end] ^= 1 << dice.roll(8);
            }
            _ => bytes.truncate(bytes.len() - dice.roll(bytes.len() / 4)),
        }
        if bytes.len() < 32 {
            return;
        }
    }
}

fn read_whole(read: &Read) -> Result<u64, ReadError> {
    let limits = Limits {
        batch_rows: 1024,
        batch_bytes: 1 << 20,
        linger: Duration::ZERO,
        unpacked_bytes_max: 16 << 20,
    };
    let stop = Stop::new().unwrap();
    let (mut reader, _) = Source::open(read, &limits, &stop)?.start(None, OnBad::Fail);
    let mut pieces = 0;
    // Columns without bytes may say any number of rows.
    while pieces < 2000 && reader.next(&stop)?.is_some() {
        pieces += 1;
    }
    Ok(pieces)
}

fn source(path: &Path, is_parquet: bool) -> Read {
    let file = FileRead { path: path.to_str().unwrap().to_owned() };
    if is_parquet { Read::Parquet(file) } else { Read::Arrow(file) }
}

#[test]
fn no_damage_takes_the_process_or_its_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f");
    let (mut dice, mut refused, mut read) = (Dice(20_261_129), 0_u64, 0_u64);
    for (is_parquet, original) in originals() {
        fs::write(&path, &original).unwrap();
        read_whole(&source(&path, is_parquet)).unwrap();
        for round in 0..rounds() {
            let mut bytes = original.clone();
            let seed = dice.0;
            damage(&mut bytes, &mut dice);
            fs::write(&path, &bytes).unwrap();
            let mut result = Ok(0);
            let used = measure(|| result = read_whole(&source(&path, is_parquet)));
            let place = || format!("round {round} of seed {seed}: {used:?} for {}", bytes.len());
            assert!(used.bytes_max <= bytes_max(bytes.len()), "{}", place());
            match result {
                Ok(_) => read += 1,
                Err(error) => {
                    let text = error.to_string();
                    assert!(text.starts_with(path.to_str().unwrap()), "{text}");
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > read, "{refused} refused, {read} read: the damage does not reach them");
}
