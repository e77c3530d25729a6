//! Descriptions that lie.

use std::env;
use std::sync::Arc;

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::SchemaRef;

use super::generate::{Random, batch as random_batch};
use super::{ENGINE, Pair, SEGMENT_BYTES, WRITER, in_place, is_inside};
use crate::{Trust, describe, rebuild};

/// A description, its schema, and the input that it is about.
struct Case {
    bytes: Vec<u8>,
    schema: SchemaRef,
    input: Option<RecordBatch>,
}

/// Small descriptions of all types; half of them pass columns of an input that the engine has.
fn cases(pair: &Pair) -> Vec<Case> {
    (0..120)
        .map(|seed| random_batch(seed).slice(0, random_batch(seed).num_rows().min(9)))
        .filter(|batch| batch.num_columns() > 0)
        .enumerate()
        .map(|(index, batch)| if index % 2 == 0 { own(pair, &batch) } else { passed(pair, &batch) })
        .collect()
}

fn own(pair: &Pair, batch: &RecordBatch) -> Case {
    let sent = pair.send(batch, None);
    let case = Case { bytes: sent.bytes, schema: batch.schema(), input: None };
    // The memory stays as it is: what is freed would be written again.
    std::mem::forget(sent.batch);
    case
}

fn passed(pair: &Pair, batch: &RecordBatch) -> Case {
    let (input, _) = crate::seal(batch, &pair.engine, &pair.engine_sees).unwrap();
    let mut bytes = Vec::new();
    describe(&input, &pair.engine_sees, None, &mut bytes).unwrap();
    let any = Trust::InPlace { from: None, owner: Arc::new(()) };
    let seen = rebuild(&bytes, input.schema_ref(), &pair.writer_sees, None, any).unwrap().batch;
    let new = pair.send(&batch.project(&[0]).unwrap(), None).batch;
    let mut columns = seen.columns().to_vec();
    columns[0] = Arc::clone(new.column(0));
    if let Some(last) = columns.last_mut().filter(|_| batch.num_columns() > 1) {
        *last = last.slice(0, last.len());
    }
    let output = RecordBatch::try_new(batch.schema(), columns).unwrap();
    let sent = pair.send(&output, Some(&seen));
    std::mem::forget((new, sent.batch));
    Case { bytes: sent.bytes, schema: batch.schema(), input: Some(input) }
}

/// Numbers that are on an edge somewhere.
fn edge(random: &mut Random) -> u64 {
    let edges = [
        0,
        1,
        7,
        8,
        9,
        63,
        64,
        u64::from(WRITER.0),
        u64::from(ENGINE.0),
        SEGMENT_BYTES as u64 - 1,
        SEGMENT_BYTES as u64,
        SEGMENT_BYTES as u64 + 1,
        i32::MAX as u64,
        i32::MAX as u64 + 1,
        u64::from(u32::MAX),
        1 << 32,
        i64::MAX as u64,
        1 << 63,
        u64::MAX - 7,
        u64::MAX,
    ];
    let edge = edges[random.below(edges.len())];
    match random.below(4) {
        0 => random.next() % SEGMENT_BYTES as u64,
        1 => edge.wrapping_sub(random.next() % 16),
        _ => edge,
    }
}

fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(3) {
        if bytes.is_empty() {
            return;
        }
        let at = random.below(bytes.len());
        match random.below(12) {
            0..4 => bytes[at] ^= 1 << random.below(8),
            4..6 => bytes[at] = random.next() as u8,
            6..10 => {
                // Fields begin at multiples of four.
                let edge = edge(random).to_le_bytes();
                let end = bytes.len().min(at / 4 * 4 + [4, 8][random.below(2)]);
                let field = &mut bytes[at / 4 * 4..end];
                field.copy_from_slice(&edge[..field.len()]);
            }
            10 => bytes.truncate(at),
            _ => {
                let other = random.below(bytes.len()) / 4 * 4;
                let count = 24.min(bytes.len() - other).min(bytes.len() - at / 4 * 4);
                bytes.copy_within(other..other + count, at / 4 * 4);
            }
        }
    }
}

/// Rebuilds a description both ways and checks what is accepted; says which were.
fn try_both(pair: &Pair, case: &Case, bytes: &[u8]) -> (bool, bool) {
    let input = case.input.as_ref();
    let segments = &pair.engine_sees;
    let in_place = rebuild(bytes, &case.schema, segments, input, in_place());
    let copied = rebuild(bytes, &case.schema, segments, input, pair.copied());
    let is_valid = |batch: &RecordBatch| {
        batch.columns().iter().all(|column| column.to_data().validate_full().is_ok())
    };
    if let Ok(copied) = &copied {
        assert!(is_valid(&copied.batch));
        assert!(is_inside(&copied.batch, &pair.engine));
        assert!(copied.bytes_copied <= SEGMENT_BYTES as u64);
    }
    if let (Ok(in_place), Ok(copied)) = (&in_place, &copied)
        && is_valid(&in_place.batch)
    {
        assert_eq!(in_place.batch, copied.batch);
    }
    (in_place.is_ok(), copied.is_ok())
}

#[test]
fn lying_descriptions_do_no_harm() {
    let iterations = env::var("TANDA_FUZZ_ITERATIONS")
        .map_or(1_000_000, |text| text.parse::<u64>().expect("a number of iterations"));
    let pair = Pair::new();
    let cases = cases(&pair);
    let used = pair.engine.used_bytes();
    for case in &cases {
        assert_eq!(try_both(&pair, case, &case.bytes), (true, true));
    }
    let mut accepted = (0, 0);
    let mut bytes = Vec::new();
    for seed in 0..iterations {
        let random = &mut Random(seed);
        let case = &cases[random.below(cases.len())];
        bytes.clone_from(&case.bytes);
        mutate(&mut bytes, random);
        let (in_place, copied) = try_both(&pair, case, &bytes);
        accepted.0 += u64::from(in_place);
        accepted.1 += u64::from(copied);
    }
    assert_eq!(pair.engine.used_bytes(), used, "what is refused is freed");
    // Both ways are walked to their ends, or the test would prove little.
    assert!(accepted.0 > iterations / 100 && accepted.0 < iterations, "{accepted:?}");
    assert!(accepted.1 > iterations / 100 && accepted.1 < iterations, "{accepted:?}");
}

#[test]
fn every_prefix_of_a_description_is_refused() {
    let pair = Pair::new();
    for case in cases(&pair) {
        for end in 0..case.bytes.len() {
            assert_eq!(try_both(&pair, &case, &case.bytes[..end]), (false, false));
        }
        let mut longer = case.bytes.clone();
        longer.push(0);
        assert_eq!(try_both(&pair, &case, &longer), (false, false));
    }
}
