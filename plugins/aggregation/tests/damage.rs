//! Foreign and damaged snapshots are refused; none panics, and a refused one changes nothing.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod support;

use aggregation::Aggregation;
use expect_test::expect;
use proptest::prelude::*;
use support::{finish, instance, show, table};
use tanda_plugin::testing::Harness;
use twox_hash::XxHash64;

const CONFIG: &str = r#"(group_by: ["k"], aggregates: [
    Count(), Sum("x"), Sum("f"), Variance("f"), Min("k"), Max("f"), Quantile(column: "x", q: 0.5),
    Distinct("k"), Distinct(column: "x", as: "hll", method: Hll),
])"#;

const ROWS: &str = "k:text x:i64 f:f64\n a 1 0.5\n b 2 -\n - -3 1e300\n a 4 -0.25";

fn filled() -> Harness<Aggregation> {
    let batch = table(ROWS);
    let mut harness = instance(CONFIG, &batch.schema()).unwrap();
    harness.process(&batch).unwrap();
    harness
}

fn refusal(bytes: &[u8]) -> String {
    let mut harness = filled();
    let before = harness.snapshot().unwrap();
    let error = harness.restore(bytes).unwrap_err().to_string();
    assert_eq!(harness.snapshot().unwrap(), before);
    assert_eq!(harness.merge(bytes).unwrap_err().to_string(), error);
    error
}

/// Changes bytes of the state and makes the checksum right again.
fn forge(bytes: &mut Vec<u8>, change: impl FnOnce(&mut Vec<u8>)) {
    bytes.truncate(bytes.len() - 8);
    change(bytes);
    let checksum = XxHash64::oneshot(0, bytes);
    bytes.extend(checksum.to_le_bytes());
}

#[test]
fn foreign_bytes_are_refused() {
    expect!["not a snapshot of the aggregation plugin"].assert_eq(&refusal(b""));
    expect!["not a snapshot of the aggregation plugin"]
        .assert_eq(&refusal(b"PAR1 and so on, and on, and on"));
    let mut bytes = filled().snapshot().unwrap();
    forge(&mut bytes, |bytes| bytes[8] = 9);
    expect!["the snapshot has format 9, this plugin reads format 2"].assert_eq(&refusal(&bytes));
}

#[test]
fn every_truncation_and_every_flipped_byte_is_refused() {
    let bytes = filled().snapshot().unwrap();
    for end in 0..bytes.len() {
        refusal(&bytes[..end]);
    }
    for at in 0..bytes.len() {
        let mut bytes = bytes.clone();
        bytes[at] ^= 0x10;
        refusal(&bytes);
    }
}

#[test]
fn a_snapshot_of_another_configuration_is_refused_but_results_may_change() {
    let bytes = filled().snapshot().unwrap();
    let batch = table(ROWS);
    let other = CONFIG.replace(r#"["k"]"#, r#"["x"]"#);
    let error = instance(&other, &batch.schema()).unwrap().restore(&bytes).unwrap_err();
    assert!(error.to_string().contains("made with another configuration or input schema"));
    let wide = table("k:text x:i8 f:f64");
    assert!(instance(CONFIG, &wide.schema()).unwrap().restore(&bytes).is_err());

    let later = CONFIG.replace("q: 0.5", r#"q: 1, as: "largest""#);
    let mut harness = instance(&later, &batch.schema()).unwrap();
    harness.restore(&bytes).unwrap();
    expect![[r#"
        k count sum_x sum_f var_f min_k max_f largest distinct_k hll
        a 2 5 0.25 0.28125 a 0.5 4.0 1 2
        b 1 2 - - b - 2.0 1 1
        - 1 -3 1e300 - - 1e300 -3.0 0 1
    "#]]
    .assert_eq(&show(&finish(&mut harness).unwrap()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn forged_states_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        shorten in any::<bool>(),
    ) {
        let mut harness = filled();
        let mut bytes = harness.snapshot().unwrap();
        forge(&mut bytes, |bytes| {
            for (at, byte) in &changes {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            if shorten {
                bytes.truncate(cut.index(bytes.len()));
            }
        });
        if harness.restore(&bytes).is_ok() {
            let _ = harness.merge(&bytes);
            let _ = harness.snapshot();
            let _ = finish(&mut harness);
        }
    }
}
