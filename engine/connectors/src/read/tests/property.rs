//! Whatever the records, the limits and the reads: the fields are those of the `csv` parser.

use std::time::Duration;

use proptest::prelude::*;
use tanda_text::{Cutter, Dialect};

use super::{Folder, Limits, OnBad, limits};
use crate::{Piece, Source, Stop};

/// A field as it may stand in a file, and its value; what is not quoted and empty is missing.
type Field = (String, Option<String>);

/// Records, each of as many fields.
type Records = Vec<Vec<Field>>;

fn field() -> impl Strategy<Value = Field> {
    let text = prop_oneof![
        "[a-z0-9 ]{0,12}",
        "[a-z]{1,3}\"[a-z]{0,3}",
        "\\PC{0,8}".prop_filter("a field of its own", |text| {
            !text.contains(['"', ',', '\r', '\n', '\0'])
        }),
    ];
    let plain = text.prop_map(|text| (text.clone(), Some(text).filter(|text| !text.is_empty())));
    let quoted = "[a-z,\r\n\"\u{e9}\u{1f600}]{0,10}"
        .prop_map(|text| (format!("\"{}\"", text.replace('"', "\"\"")), Some(text)));
    prop_oneof![3 => plain, 2 => quoted]
}

/// Blank lines between two records: mostly none, sometimes more than are looked at together.
fn blank_lines() -> impl Strategy<Value = usize> {
    prop_oneof![20 => Just(0), 4 => 1_usize..4, 1 => 500_usize..1_100]
}

/// Text of records of `columns` fields with blank lines among them, the last one with or without a
/// line end; and the records.
fn records(columns: usize) -> impl Strategy<Value = (String, Records)> {
    let record = (prop::collection::vec(field(), columns), any::<bool>(), blank_lines());
    (prop::collection::vec(record, 0..40), any::<bool>()).prop_map(|(lines, ended)| {
        let (mut text, mut records) = (String::new(), Vec::new());
        for (fields, crlf, blank) in lines {
            let end = if crlf { "\r\n" } else { "\n" };
            let line = fields.iter().map(|field| field.0.as_str()).collect::<Vec<_>>().join(",");
            text += &format!("{line}{end}{}", end.repeat(blank));
            if !line.is_empty() {
                records.push(fields);
            }
        }
        if !ended {
            text.truncate(text.trim_end_matches(['\r', '\n']).len());
        }
        (text, records)
    })
}

/// The texts of all fields as csv-core reads them, which knows no missing ones.
fn reference(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv_core::Reader::new();
    let (mut input, mut out, mut ends) = (text.as_bytes(), vec![0; text.len() + 1], [0; 8]);
    let (mut records, mut written, mut fields) = (Vec::new(), 0, 0);
    loop {
        let (result, read, more, ended) =
            reader.read_record(input, &mut out[written..], &mut ends[fields..]);
        (input, written, fields) = (&input[read..], written + more, fields + ended);
        match result {
            csv_core::ReadRecordResult::End => return records,
            csv_core::ReadRecordResult::Record => {
                let starts = std::iter::once(0).chain(ends.iter().copied());
                let field = |(end, start): (&usize, usize)| {
                    String::from_utf8(out[start..*end].to_vec()).unwrap()
                };
                records.push(ends[..fields].iter().zip(starts).map(field).collect());
                (written, fields) = (0, 0);
            }
            csv_core::ReadRecordResult::InputEmpty => {}
            csv_core::ReadRecordResult::OutputFull | csv_core::ReadRecordResult::OutputEndsFull => {
                panic!("{result:?}")
            }
        }
    }
}

/// What must be read of `records`: in a file of one column `""` is missing.
fn values(records: &Records) -> Vec<Vec<Option<String>>> {
    let value = |fields: &Vec<Field>| {
        let is_alone = fields.len() == 1;
        let value = |field: &Field| field.1.clone().filter(|text| !is_alone || !text.is_empty());
        fields.iter().map(value).collect()
    };
    records.iter().map(value).collect()
}

/// The records as a source reads them.
fn read(text: &str, columns: usize, limits: &Limits) -> Vec<Vec<Option<String>>> {
    let folder = Folder::new();
    let names = &["a", "b", "c"][..columns];
    folder.write("f.csv", format!("{}\n{text}", names.join(",")));
    let types = names.iter().map(|name| format!("\"{name}\": \"utf8\"")).collect::<Vec<_>>();
    let scene = format!("Csv(path: \"{{dir}}/f.csv\", schema: {{ {} }})", types.join(", "));
    let stop = Stop::new().unwrap();
    let source = Source::open(&folder.scene(&scene), limits, &stop).unwrap();
    let (mut reader, decoder) = source.start(None, OnBad::Fail);
    let mut records = Vec::new();
    let mut line = 2;
    while let Some(Piece::Raw(piece)) = reader.next(&stop).unwrap() {
        assert_eq!(piece.first_line(), line, "lines before {:?}", piece.text());
        line += piece.text().iter().filter(|byte| **byte == b'\n').count() as u64;
        let decoded = decoder.as_ref().unwrap().decode(&piece).unwrap();
        assert!(decoded.batch.num_rows() <= limits.batch_rows);
        let columns = decoded.batch.columns().iter();
        let columns = columns.map(arrow::array::AsArray::as_string::<i32>);
        let columns = columns.collect::<Vec<_>>();
        records.extend((0..decoded.batch.num_rows()).map(|row| {
            let value = |column: &&arrow::array::StringArray| {
                arrow::array::Array::is_valid(*column, row).then(|| column.value(row).to_owned())
            };
            columns.iter().map(value).collect::<Vec<_>>()
        }));
    }
    records
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn records_are_those_of_the_csv_parser_whatever_the_batches(
        (columns, (text, records)) in (1_usize..=3).prop_flat_map(|columns| {
            (Just(columns), records(columns))
        }),
        batch_rows in prop_oneof![1_usize..20, 500_usize..530, Just(16_384)],
    ) {
        let linger = Duration::ZERO;
        let limits = Limits { batch_rows, batch_bytes: 4096, linger, ..limits() };
        let found = read(&text, columns, &limits);
        prop_assert_eq!(&found, &values(&records));
        let texts = |fields: &Vec<Option<String>>| {
            fields.iter().map(|field| field.clone().unwrap_or_default()).collect::<Vec<_>>()
        };
        prop_assert_eq!(found.iter().map(texts).collect::<Vec<_>>(), reference(&text));
    }

    #[test]
    fn cuts_do_not_depend_on_how_the_text_grows(
        (text, _) in records(3),
        steps in prop::collection::vec(1_usize..30, 1..20),
        records_max in 1_usize..10,
    ) {
        let dialect = Some(Dialect { delimiter: b',', quote: b'"' });
        let mut whole = Cutter::new(dialect);
        whole.scan(text.as_bytes(), records_max);
        let mut grown = Cutter::new(dialect);
        let mut length = 0;
        for step in steps.iter().cycle() {
            length = (length + step).min(text.len());
            grown.scan(&text.as_bytes()[..length], records_max);
            if length == text.len() {
                break;
            }
        }
        prop_assert_eq!(
            (grown.end(), grown.records(), grown.end_lines()),
            (whole.end(), whole.records(), whole.end_lines())
        );
    }

    #[test]
    fn no_bytes_make_a_source_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let folder = Folder::new();
        let mut content = b"a,b\n".to_vec();
        content.extend_from_slice(&bytes);
        folder.write("f.csv", &content);
        let _ = folder.read(r#"Csv(path: "{dir}/f.csv")"#);
        content.splice(0..4, *b"{\"a\":1}\n");
        folder.write("f.ndjson", &content);
        let _ = folder.read(r#"Ndjson(path: "{dir}/f.ndjson")"#);
    }

    #[test]
    fn no_characters_of_csv_and_json_make_a_source_panic(text in "[a1\",\n\r{}:\\[\\]\\\\u.e-]{0,80}") {
        let folder = Folder::new();
        folder.write("f.csv", &text);
        let _ = folder.read(r#"Csv(path: "{dir}/f.csv")"#);
        folder.write("f.ndjson", format!("{{\"a\":1}}\n{text}"));
        let _ = folder.read(r#"Ndjson(path: "{dir}/f.ndjson")"#);
    }
}
