//! What a CSV sink writes, a CSV source reads: every text, and which values are missing.

use std::time::Duration;

use arrow::array::{AsArray, StringArray};
use proptest::prelude::*;

use super::*;
use crate::{Limits, OnBad, Piece, Source, Stop};
use tanda_scene::model::{CsvRead, Read};

/// Values of one column, of which some are missing.
type Values = Vec<Option<String>>;

/// Texts that are easily taken for something else.
fn any_text() -> impl Strategy<Value = String> {
    let whole = ["", "NULL", "NA", "null", "\"\"", "\u{feff}", "-", " ", "007", "\n", "\r"];
    let whole = prop::sample::select(whole.to_vec()).prop_map(str::to_owned);
    prop_oneof![2 => whole, 1 => "[a\",;\t\r\n \u{e9}]{0,6}"]
}

/// One to three columns of as many values.
fn any_columns() -> impl Strategy<Value = Vec<Values>> {
    (1_usize..=3, 0_usize..40).prop_flat_map(|(columns, rows)| {
        prop::collection::vec(prop::collection::vec(prop::option::of(any_text()), rows), columns)
    })
}

/// What a source reads of the file at `path`, all columns being texts.
fn read(path: &str, write: &CsvWrite, names: &[&str], batch_rows: usize) -> Vec<Values> {
    let types = names.iter().map(|name| ((*name).to_owned(), "utf8".to_owned()));
    let read = Read::Csv(CsvRead {
        path: path.to_owned(),
        delimiter: write.delimiter,
        quote: '"',
        null: Some(write.null.clone()).filter(|null| !null.is_empty()),
        schema: Some(types.collect()),
        record_bytes_max: None,
        strict: false,
    });
    let (linger, unpacked_bytes_max) = (Duration::ZERO, 1 << 20);
    let limits = Limits { batch_rows, batch_bytes: 4096, linger, unpacked_bytes_max };
    let stop = Stop::new().unwrap();
    let source = Source::open(&read, &limits, &stop).unwrap();
    let (mut reader, decoder) = source.start(None, OnBad::Fail);
    let mut columns = vec![Values::new(); names.len()];
    while let Some(Piece::Raw(piece)) = reader.next(&stop).unwrap() {
        let decoded = decoder.as_ref().unwrap().decode(&piece).unwrap();
        for (values, array) in columns.iter_mut().zip(decoded.batch.columns()) {
            let texts = array.as_string::<i32>().iter();
            values.extend(texts.map(|text| text.map(str::to_owned)));
        }
    }
    columns
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 256,
        failure_persistence: None,
        ..Default::default()
    })]

    #[test]
    fn texts_and_missing_values_come_back_as_they_were(
        columns in any_columns(),
        null in prop::sample::select(vec!["", "NULL", "NA", "-"]),
        delimiter in prop::sample::select(vec![',', ';', '\t', '|']),
        batch_rows in 1_usize..50,
    ) {
        let folder = tempdir().unwrap();
        let path = folder.path().join("x.csv").to_str().unwrap().to_owned();
        let write = CsvWrite { delimiter, null: null.to_owned(), ..csv(&path) };
        let names = &["\u{feff}a", "", "c;,\""][..columns.len()];
        let arrays = columns.iter().map(|values| {
            Arc::new(StringArray::from_iter(values.iter().cloned())) as ArrayRef
        });
        let whole = batch(names.iter().copied().zip(arrays).collect());
        let mut sink = Sink::open(&Write::Csv(write.clone()), &whole.schema()).unwrap();
        let is_empty = |text: &Option<String>| text.as_deref() == Some("");
        if columns.len() == 1 && null.is_empty() && columns[0].iter().any(is_empty) {
            let error = super::write(&mut sink, &whole).unwrap_err();
            prop_assert!(matches!(error, WriteError::EmptyTextAlone { .. }), "{error}");
            return Ok(());
        }
        super::write(&mut sink, &whole).unwrap();
        close(sink);
        prop_assert_eq!(read(&path, &write, names, batch_rows), columns);
    }
}
