//! Parquet and Arrow files that say one thing and hold another, or what no decoder here reads.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, DictionaryArray, Int32Array, Int64Array, StringArray, StructArray,
};
use arrow::datatypes::{DataType, Field, Int8Type, Schema};
use arrow::record_batch::RecordBatch;
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use parquet::arrow::ArrowWriter;
use parquet::basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel};
use parquet::data_type::{Int96, Int96Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use super::Folder;

const PARQUET: &str = r#"Parquet(path: "{dir}/f")"#;
const ARROW: &str = r#"Arrow(path: "{dir}/f")"#;

fn numbers(rows: i64) -> RecordBatch {
    let n: ArrayRef = Arc::new(Int64Array::from_iter_values((0..rows).map(|n| n % 3)));
    RecordBatch::try_from_iter([("n", n)]).unwrap()
}

fn parquet(batch: &RecordBatch, compression: Compression) -> Vec<u8> {
    let mut bytes = Vec::new();
    let properties = WriterProperties::builder().set_compression(compression).build();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn arrow(batches: &[RecordBatch], compression: Option<CompressionType>) -> Vec<u8> {
    let options = IpcWriteOptions::default().try_with_compression(compression).unwrap();
    let schema = batches[0].schema();
    let mut writer = FileWriter::try_new_with_options(Vec::new(), &schema, options).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.finish().unwrap();
    writer.into_inner().unwrap()
}

fn stream(batches: &[RecordBatch]) -> Vec<u8> {
    let mut writer = StreamWriter::try_new(Vec::new(), &batches[0].schema()).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.finish().unwrap();
    writer.into_inner().unwrap()
}

/// Replaces the one place, or the first of several, where `old` stands.
fn patch(bytes: &mut [u8], old: &[u8], new: &[u8]) {
    let at = bytes.windows(old.len()).position(|window| window == old).expect("it is there");
    bytes[at..at + new.len()].copy_from_slice(new);
}

fn read(scene: &str, bytes: &[u8]) -> String {
    let folder = Folder::new();
    folder.write("f", bytes);
    folder.read(scene)
}

/// 4321 and 4001 rows as the footer has them: field, zigzag, varint.
const ROWS: [u8; 3] = [0x16, 0xc2, 0x43];
const OTHER_ROWS: [u8; 3] = [0x16, 0xc2, 0x3e];

#[test]
fn a_footer_of_other_rows_than_its_row_groups_is_damage() {
    let mut bytes = parquet(&numbers(4321), Compression::UNCOMPRESSED);
    patch(&mut bytes, &ROWS, &OTHER_ROWS);
    let read = read(PARQUET, &bytes);
    let said = "damaged Parquet data: the footer says 4001 rows, its row groups have 4321; ";
    assert!(read.contains(said), "{read}");
}

#[test]
fn a_row_group_of_other_rows_than_its_pages_is_damage() {
    let mut bytes = parquet(&numbers(4321), Compression::UNCOMPRESSED);
    // Rows of the file, values of the column, rows of the row group.
    (0..3).for_each(|_| patch(&mut bytes, &ROWS, &OTHER_ROWS));
    let last = read(PARQUET, &bytes);
    assert!(last.contains("column `n` of row group 0: the footer says 4001"), "{last}");
    assert!(last.contains("the pages hold 4321"), "{last}");
}

#[test]
fn every_codec_of_parquet_is_read() {
    let codecs = [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::BROTLI(BrotliLevel::default()),
        Compression::LZ4,
        Compression::LZ4_RAW,
        Compression::ZSTD(ZstdLevel::default()),
    ];
    for codec in codecs {
        let read = read(PARQUET, &parquet(&numbers(3), codec));
        assert_eq!(read, "n:int64\n0\n1\n2\n", "{codec:?}");
    }
}

#[test]
fn a_page_that_says_it_grows_beyond_its_codec_is_damage() {
    let zeros: ArrayRef = Arc::new(Int64Array::from(vec![0; 20_000]));
    let batch = RecordBatch::try_from_iter([("n", zeros)]).unwrap();
    for codec in
        [Compression::SNAPPY, Compression::LZ4_RAW, Compression::ZSTD(ZstdLevel::default())]
    {
        let properties =
            WriterProperties::builder().set_compression(codec).set_dictionary_enabled(false);
        let mut bytes = Vec::new();
        let schema = batch.schema();
        let mut writer =
            ArrowWriter::try_new(&mut bytes, schema, Some(properties.build())).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        assert!(read(PARQUET, &bytes).starts_with("n:int64\n0\n"));
        // The header of a data page (0) of 160,000 bytes, which become 1,048,575.
        let header = [0x15, 0, 0x15, 0x80, 0xc4, 0x13];
        patch(&mut bytes, &header, &[0x15, 0, 0x15, 0xfe, 0xff, 0x7f]);
        let read = read(PARQUET, &bytes);
        assert!(read.contains("damaged Parquet data: column `n` of row group 0: "), "{read}");
        assert!(read.contains(" compressed bytes say that they hold 1048575;"), "{read}");
    }
}

#[test]
fn lzo_is_named_before_anything_is_read() {
    let mut bytes = parquet(&numbers(3), Compression::SNAPPY);
    // Field 4 of the column's metadata: the codec's number.
    let end = bytes.len() - 8;
    let footer = end - usize::from(u16::from_le_bytes([bytes[end], bytes[end + 1]]));
    patch(&mut bytes[footer..], &[0x15, 2, 0x16, 6], &[0x15, 6, 0x16, 6]);
    let folder = Folder::new();
    folder.write("f", &bytes);
    let Err(error) = folder.open(PARQUET) else { panic!("LZO was opened") };
    let said = "column `n` of row group 0: pages compressed by LZO, which Tanda does not read; \
                write the file again compressed by zstd";
    assert!(error.to_string().contains(said), "{error}");
}

#[test]
fn an_encrypted_footer_is_named() {
    let mut bytes = parquet(&numbers(3), Compression::SNAPPY);
    let end = bytes.len();
    bytes[..4].copy_from_slice(b"PARE");
    bytes[end - 4..].copy_from_slice(b"PARE");
    let said = "found encrypted Parquet data, which Tanda does not read; write the file again \
                without encryption\n";
    assert!(read(PARQUET, &bytes).ends_with(said));
}

fn int96(values: &[[u32; 3]]) -> Vec<u8> {
    let schema = Arc::new(parse_message_type("message m { required int96 t; }").unwrap());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let values = values.iter().map(|[a, b, c]| Int96::from(vec![*a, *b, *c])).collect::<Vec<_>>();
    column.typed::<Int96Type>().write_batch(&values, None, None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.into_inner().unwrap()
}

#[test]
fn int96_reaches_beyond_nanoseconds_and_loses_none() {
    // Julian days of 1500-01-01, 1970-01-01 and 9999-12-31.
    let bytes = int96(&[[0, 0, 2_268_924], [1_000, 0, 2_440_588], [0, 0, 5_373_484]]);
    let expected = "t:timestamp(us)\n1500-01-01T00:00:00\n1970-01-01T00:00:00.000001\n\
                    9999-12-31T00:00:00\n";
    assert_eq!(read(PARQUET, &bytes), expected);
    let finer = read(PARQUET, &int96(&[[0, 0, 2_440_588], [1_001, 0, 2_440_588]]));
    let said = "column `t` of row group 0: an INT96 timestamp of Julian day 2440588 and 1001 ns, \
                which is no whole number of microseconds";
    assert!(finer.contains(said), "{finer}");
    assert!(finer.contains("write the column as an INT64 timestamp"), "{finer}");
}

#[test]
fn two_columns_of_one_name_are_refused_at_every_depth() {
    let n = || Arc::new(Int64Array::from(vec![1])) as ArrayRef;
    let field = |name| Arc::new(Field::new(name, DataType::Int64, false));
    let flat = RecordBatch::try_from_iter([("a", n()), ("b", n()), ("a", n())]).unwrap();
    let inner = StructArray::new(vec![field("x"), field("x")].into(), vec![n(), n()], None);
    let deep = RecordBatch::try_from_iter([("s", Arc::new(inner) as ArrayRef)]).unwrap();
    for (batch, name) in [(&flat, "a"), (&deep, "s.x")] {
        let said = format!("found two columns named `{name}`, which Tanda does not read; rename");
        let batches = std::slice::from_ref(batch);
        for read in [
            read(PARQUET, &parquet(batch, Compression::SNAPPY)),
            read(ARROW, &arrow(batches, None)),
            read(ARROW, &stream(batches)),
        ] {
            assert!(read.contains(&said), "{read}");
        }
    }
}

#[test]
fn a_group_without_leaves_is_left_out() {
    let schema = "message m { required int32 a; optional group g { optional group h { } } \
                  required int32 b; }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for value in [1, 2] {
        let mut column = group.next_column().unwrap().unwrap();
        let typed = column.typed::<parquet::data_type::Int32Type>();
        typed.write_batch(&[value], None, None).unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    let read = read(PARQUET, &writer.into_inner().unwrap());
    assert_eq!(read, "a:int32 | b:int32\n1 | 2\n");
}

#[test]
fn an_index_that_leaves_out_or_doubles_a_batch_is_damage() {
    let bytes = arrow(&[numbers(2), numbers(3)], None);
    let length = bytes.last_chunk::<10>().map(|tail| [tail[0], tail[1], tail[2], tail[3]]);
    let length = u32::from_le_bytes(length.unwrap()) as usize;
    let index = bytes.len() - 10 - length;
    let footer = arrow_ipc::root_as_footer(&bytes[index..index + length]).unwrap();
    let blocks = footer.recordBatches().unwrap().bytes().as_ptr() as usize;
    // The vector of two blocks: its length, then 24 bytes each.
    let count = blocks - bytes.as_ptr() as usize - 4;
    let mut fewer = bytes.clone();
    fewer[count] = 1;
    let said = "damaged Arrow data: its index leaves out batches that it has";
    assert!(read(ARROW, &fewer).contains(said), "{}", read(ARROW, &fewer));
    let mut doubled = bytes.clone();
    let first = bytes[count + 4..count + 28].to_vec();
    doubled[count + 28..count + 52].copy_from_slice(&first);
    let said = "damaged Arrow data: its index names some bytes twice";
    assert!(read(ARROW, &doubled).contains(said), "{}", read(ARROW, &doubled));
}

#[test]
fn a_stream_ends_with_its_mark_and_nothing_after_it() {
    let whole = stream(&[numbers(2), numbers(2)]);
    assert_eq!(read(ARROW, &whole), "n:int64\n0\n1\n---\n0\n1\n");
    let cut = read(ARROW, &whole[..whole.len() - 8]);
    assert!(cut.contains("truncated: the Arrow data ends too early"), "{cut}");
    let two = read(ARROW, &[whole.clone(), whole].concat());
    assert!(two.contains("bytes after the end of the stream, which Tanda does not read"), "{two}");
}

#[test]
fn streams_without_marks_and_of_format_version_4_are_read() {
    for is_legacy in [false, true] {
        let version = arrow_ipc::MetadataVersion::V4;
        let options = IpcWriteOptions::try_new(8, is_legacy, version).unwrap();
        let (batch, schema) = (numbers(2), numbers(2).schema());
        let mut writer = StreamWriter::try_new_with_options(Vec::new(), &schema, options).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
        let bytes = writer.into_inner().unwrap();
        assert_eq!(bytes.starts_with(&[0xff; 4]), !is_legacy);
        assert_eq!(read(ARROW, &bytes), "n:int64\n0\n1\n");
    }
    let text = read(ARROW, b"n,m\n1,2\n");
    assert!(text.contains("found other data, expected Arrow data"), "{text}");
}

#[test]
fn a_compressed_buffer_that_lies_about_its_size_is_damage() {
    for codec in [CompressionType::LZ4_FRAME, CompressionType::ZSTD] {
        let bytes = arrow(&[numbers(5000)], Some(codec));
        let size = 40_000_u64.to_le_bytes();
        for lie in [1_u64 << 33, 1 << 62, u64::MAX - 1] {
            let mut bytes = bytes.clone();
            patch(&mut bytes, &size, &lie.to_le_bytes());
            let read = read(ARROW, &bytes);
            assert!(read.starts_with("error: {dir}/f: damaged Arrow data: "), "{codec:?} {read}");
        }
        assert!(read(ARROW, &bytes).starts_with("n:int64\n0\n1\n"), "{codec:?}");
    }
}

/// A stream of one `int32` column with this endianness, and no batch.
fn empty_stream(endianness: arrow_ipc::Endianness) -> Vec<u8> {
    let mut builder = flatbuffers::FlatBufferBuilder::new();
    let int = arrow_ipc::IntArgs { bitWidth: 32, is_signed: true };
    let int = arrow_ipc::Int::create(&mut builder, &int).as_union_value();
    let name = builder.create_string("n");
    let children = builder.create_vector::<flatbuffers::WIPOffset<arrow_ipc::Field<'_>>>(&[]);
    let field = arrow_ipc::FieldArgs {
        name: Some(name),
        type_type: arrow_ipc::Type::Int,
        type_: Some(int),
        children: Some(children),
        ..Default::default()
    };
    let field = arrow_ipc::Field::create(&mut builder, &field);
    let fields = Some(builder.create_vector(&[field]));
    let schema = arrow_ipc::SchemaArgs { endianness, fields, ..Default::default() };
    let schema = arrow_ipc::Schema::create(&mut builder, &schema).as_union_value();
    let message = arrow_ipc::MessageArgs {
        version: arrow_ipc::MetadataVersion::V5,
        header_type: arrow_ipc::MessageHeader::Schema,
        header: Some(schema),
        ..Default::default()
    };
    let message = arrow_ipc::Message::create(&mut builder, &message);
    builder.finish(message, None);
    let mut head = builder.finished_data().to_vec();
    head.resize(head.len().next_multiple_of(8), 0);
    let length = u32::try_from(head.len()).unwrap().to_le_bytes();
    [&[0xff; 4][..], &length, &head, &[0xff; 4], &[0; 4]].concat()
}

#[test]
fn values_with_their_highest_byte_first_are_named() {
    assert_eq!(read(ARROW, &empty_stream(arrow_ipc::Endianness::Little)), "");
    let big = read(ARROW, &empty_stream(arrow_ipc::Endianness::Big));
    let said = "found values with their highest byte first (big-endian), which Tanda does not read";
    assert!(big.contains(said), "{big}");
}

#[test]
fn what_plugins_do_not_know_goes_on_as_its_plain_type() {
    let keys: DictionaryArray<Int8Type> =
        vec![Some("a"), None, Some("b"), Some("a")].into_iter().collect();
    let numbers = DictionaryArray::try_new(
        Int32Array::from(vec![1, 0, 1, 1]),
        Arc::new(Int64Array::from(vec![5, 6])) as ArrayRef,
    );
    let mut map = arrow::array::MapBuilder::new(
        None,
        arrow::array::StringBuilder::new(),
        arrow::array::Int64Builder::new(),
    );
    for row in 0..4 {
        map.keys().append_value("k");
        map.values().append_value(row);
        map.append(row != 2).unwrap();
    }
    let views = arrow::array::StringViewArray::from(vec!["x", "y", "z", "a text that is longer"]);
    let schema = Schema::new(vec![
        Field::new("d", keys.data_type().clone(), true),
        Field::new("n", DataType::Dictionary(DataType::Int32.into(), DataType::Int64.into()), true),
        Field::new("m", map.finish_cloned().data_type().clone(), true),
        Field::new("v", DataType::Utf8View, true),
        Field::new("s", DataType::Utf8, true),
    ]);
    let texts = StringArray::from(vec!["1", "2", "3", "4"]);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(keys),
        Arc::new(numbers.unwrap()),
        Arc::new(map.finish()),
        Arc::new(views),
        Arc::new(texts),
    ];
    let batch = RecordBatch::try_new(Arc::new(schema), columns).unwrap();
    let expected = "a | 6 | [{key: k, value: 0}] | x | 1\n- | 5 | [{key: k, value: 1}] | y | 2\n\
                    b | 6 | - | z | 3\na | 6 | [{key: k, value: 3}] | a text that is longer | 4\n";
    for bytes in [arrow(std::slice::from_ref(&batch), None), stream(&[batch])] {
        let read = read(ARROW, &bytes);
        let rows = read.split_once('\n').map(|(_, rows)| rows);
        assert_eq!(rows, Some(expected), "{read}");
    }
}
