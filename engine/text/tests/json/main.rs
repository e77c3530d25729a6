//! NDJSON beside a model and `serde_json`: the values, and the verdict on hostile bytes, whatever
//! the pieces in which the text comes.

#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

mod forms;
mod model;

use arrow::array::{AsArray, RecordBatch, StructArray};
use arrow::datatypes::UInt64Type;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use tanda_text::{
    Beginning, NdjsonPlan, NdjsonSample, OnBad, Rules, TextDecoder, TextPiece, Types,
};

use self::model::{Value, Written, present, record_shapes};

/// A decoder of all columns that `text` has by its own records.
fn decoder(text: &[u8]) -> Option<TextDecoder> {
    let head = Beginning { path: "f", bytes: text, ended: true, nameless: false };
    let mut sample = NdjsonSample::default();
    sample.add(&head, &Types::new(), usize::MAX).ok()?;
    let plan = NdjsonPlan::of("f", &sample, Types::new()).ok()?;
    let wanted = (0..plan.columns.len()).collect::<Vec<_>>();
    let rules = Rules { null: None, record_bytes_max: 1 << 20, on_bad: OnBad::Reject };
    Some(plan.decoder(&wanted, rules))
}

/// What became of the records.
#[derive(Debug, Default, PartialEq)]
struct Outcome {
    good: Vec<Value>,
    /// Line, text, reason.
    bad: Vec<(u64, String, String)>,
}

impl Outcome {
    fn add(&mut self, good: RecordBatch, bad: Option<RecordBatch>) {
        let rows = good.num_rows();
        let objects = StructArray::from(good);
        self.good.extend((0..rows).map(|row| Value::of_array(&objects, row)));
        let Some(bad) = bad else { return };
        let texts = |name| bad.column_by_name(name).unwrap().as_string::<i32>();
        let (raw, reasons) = (texts("raw"), texts("reason"));
        let lines = bad.column_by_name("line").unwrap().as_primitive::<UInt64Type>();
        self.bad.extend((0..bad.num_rows()).map(|row| {
            (lines.value(row), raw.value(row).to_owned(), reasons.value(row).to_owned())
        }));
    }
}

/// Decodes the text in pieces of so many lines.
fn decode(decoder: &TextDecoder, text: &[u8], piece_lines: usize) -> Outcome {
    let lines = text.split_inclusive(|byte| *byte == b'\n').collect::<Vec<_>>();
    let mut outcome = Outcome::default();
    for (index, lines) in lines.chunks(piece_lines).enumerate() {
        let text = lines.concat();
        let first_line = 1 + (index * piece_lines) as u64;
        let (rows, path) = (lines.len(), "f");
        let piece = TextPiece { text: &text, rows, path, input: 0, first_line, is_long: false };
        let decoded = decoder.decode(piece).unwrap();
        outcome.add(decoded.batch, decoded.rejected);
    }
    outcome
}

fn records() -> impl Strategy<Value = Vec<Written>> {
    record_shapes().prop_flat_map(|shape| vec(present(&shape), 1..12))
}

fn text_of(records: &[Written]) -> Vec<u8> {
    records.iter().map(|(_, text)| format!("{text}\n")).collect::<String>().into_bytes()
}

/// One byte put in, taken out or replaced; places as shares of the text.
fn edits() -> impl Strategy<Value = Vec<(Index, u8, u8)>> {
    let bytes = select(b"{}[]:,\"\\u019dD8.eE-+ \t\r\n\0tfn\xff\xc3a".to_vec());
    vec((any::<Index>(), 0..3_u8, bytes), 1..6)
}

fn edited(mut text: Vec<u8>, edits: &[(Index, u8, u8)]) -> Vec<u8> {
    for (place, kind, byte) in edits {
        if text.is_empty() {
            break;
        }
        let at = place.index(text.len());
        match kind {
            0 => text.insert(at, *byte),
            1 => drop(text.remove(at)),
            _ => text[at] = *byte,
        }
    }
    text
}

/// What failed is printed whole: nothing is written beside the sources.
fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn values_are_those_that_were_written(records in records()) {
        let text = text_of(&records);
        let decoder = decoder(&text).expect("the values of each place are of one type");
        let good = records.iter().map(|(value, _)| value.clone()).collect();
        let expected = Outcome { good, bad: Vec::new() };
        for piece_lines in [1, 2, 5, usize::MAX] {
            prop_assert_eq!(&decode(&decoder, &text, piece_lines), &expected);
        }
        for (value, text) in &records {
            let read = Value::of_json(&serde_json::from_str(text).unwrap());
            prop_assert_eq!(value, &read);
        }
    }

    #[test]
    fn hostile_bytes_get_one_verdict(records in records(), edits in edits()) {
        let text = text_of(&records);
        let decoder = decoder(&text).expect("the values of each place are of one type");
        let text = edited(text, &edits);
        let whole = decode(&decoder, &text, usize::MAX);
        for piece_lines in [1, 3] {
            prop_assert_eq!(&decode(&decoder, &text, piece_lines), &whole);
        }
        // Whatever is taken is what JSON says it is.
        let lines = (1..).zip(text.split(|byte| *byte == b'\n'));
        let is_bad = |line| whole.bad.iter().any(|(bad, ..)| *bad == line);
        let taken = lines.filter(|(line, text)| !text.trim_ascii().is_empty() && !is_bad(*line));
        let mut good = whole.good.iter();
        for (_, line) in taken {
            let read = Value::of_json(&serde_json::from_slice(line).unwrap());
            let value = good.next().unwrap();
            prop_assert_eq!(value, &read);
        }
        prop_assert_eq!(good.next(), None);
    }

    #[test]
    fn hostile_first_records_never_panic(records in records(), edits in edits()) {
        let text = edited(text_of(&records), &edits);
        if let Some(decoder) = decoder(&text) {
            prop_assert_eq!(decode(&decoder, &text, 1), decode(&decoder, &text, usize::MAX));
        }
    }
}
