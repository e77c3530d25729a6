//! The result does not depend on how the input is split, nor on who takes which part.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod support;

use std::sync::Arc;

use aggregation::Aggregation;
use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;
use proptest::prelude::*;
use support::{finish, instance, show};
use tanda_plugin::testing::Harness;

const ALL: &str = r#"(group_by: ["k", "g"], aggregates: [
    Count(), Count("x"), Sum("x"), Mean("x"), Sum("f"), Mean("f"), Min("f"), Max("f"), Min("s"),
    Max("s"), Max("x"), Variance("x"), StdDev("f"), Quantile(column: "x", q: 0.5),
    Quantile(column: "f", q: 0.95),
    Quantile(column: "f", q: 0.3, as: "about", method: Sketch(error: 0.05)),
    Distinct("s"), Distinct("f"), Distinct(column: "s", as: "hll", method: Hll),
])"#;

type Row = (Option<String>, Option<i64>, Option<i64>, Option<f64>, Option<String>);

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let x = prop_oneof![-20_i64..20, Just(i64::MAX >> 20), Just(i64::MIN >> 20)];
    let f = prop_oneof![
        -1.0..1.0,
        // No sum of so few is beyond all floats.
        proptest::num::f64::NORMAL.prop_map(|value| value * 1e-3),
        Just(1e300),
        Just(-1e300),
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(-0.0),
    ];
    let row = (
        prop::option::weighted(0.9, "[ab]{1,2}"),
        prop::option::weighted(0.9, 0_i64..4),
        prop::option::weighted(0.8, x),
        prop::option::weighted(0.8, f),
        prop::option::weighted(0.8, "[xyz]{0,10}"),
    );
    prop::collection::vec(row, 0..120)
}

fn batch(rows: &[Row]) -> RecordBatch {
    let texts = |text: fn(&Row) -> Option<&str>| -> ArrayRef {
        Arc::new(rows.iter().map(text).collect::<StringArray>())
    };
    let numbers = |number: fn(&Row) -> Option<i64>| -> ArrayRef {
        Arc::new(rows.iter().map(number).collect::<Int64Array>())
    };
    let floats: ArrayRef = Arc::new(rows.iter().map(|row| row.3).collect::<Float64Array>());
    RecordBatch::try_from_iter_with_nullable([
        ("k", texts(|row| row.0.as_deref()), true),
        ("g", numbers(|row| row.1), true),
        ("x", numbers(|row| row.2), true),
        ("f", floats, true),
        ("s", texts(|row| row.4.as_deref()), true),
    ])
    .unwrap()
}

/// The parts of a group meet where their sums do: it is beyond all floats, whoever took them in.
#[test]
fn a_merged_sum_beyond_all_floats_is_an_error() {
    let config = r#"(group_by: ["g"], aggregates: [Sum("f")])"#;
    let row = |f: f64| batch(&[(None, Some(1), None, Some(f), None)]);
    let merged = |values: &[f64]| {
        let mut harness = instance(config, &batch(&[]).schema()).unwrap();
        for value in values {
            let mut other = instance(config, &batch(&[]).schema()).unwrap();
            other.process(&row(*value)).unwrap();
            harness.merge(&other.snapshot().unwrap()).unwrap();
        }
        finish(&mut harness).map(|batches| show(&batches)).map_err(|error| error.to_string())
    };
    let error = merged(&[1.7e308, 1.7e308]).unwrap_err();
    assert!(error.contains("about 3.400e308 in group (g: 1)"), "{error}");
    assert_eq!(merged(&[1.7e308, 1.7e308, -1.7e308]).unwrap(), "g sum_f\n1 1.7e308\n");
    assert_eq!(merged(&[1.7e308, f64::INFINITY, 1.7e308]).unwrap(), "g sum_f\n1 inf\n");
}

fn open() -> Harness<Aggregation> {
    instance(ALL, &batch(&[]).schema()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn any_split_over_instances_in_any_order_gives_the_same_bytes(
        rows in rows(),
        instances in 1_usize..5,
        owners in prop::collection::vec(any::<prop::sample::Index>(), 120),
        batch_rows in 1_usize..40,
        seed in any::<u64>(),
    ) {
        let mut alone = open();
        alone.process(&batch(&rows)).unwrap();

        let mut batches: Vec<&[Row]> = rows.chunks(batch_rows).collect();
        let count = batches.len().max(1);
        batches.rotate_left(seed as usize % count);
        if seed & 1 == 1 {
            batches.reverse();
        }
        let mut harnesses: Vec<_> = (0..instances).map(|_| open()).collect();
        for (rows, owner) in batches.iter().zip(&owners) {
            harnesses[owner.index(instances)].process(&batch(rows)).unwrap();
        }
        let mut merged = harnesses.swap_remove(seed as usize % instances);
        for other in &harnesses {
            merged.merge(&other.snapshot().unwrap()).unwrap();
        }
        prop_assert_eq!(merged.snapshot().unwrap(), alone.snapshot().unwrap());
        let (found, expected) = (finish(&mut merged).unwrap(), finish(&mut alone).unwrap());
        prop_assert_eq!(show(&found), show(&expected));
    }

    #[test]
    fn a_restored_instance_goes_on_as_if_nothing_had_been(
        rows in rows(),
        cut in any::<prop::sample::Index>(),
    ) {
        let (before, after) = rows.split_at(cut.index(rows.len() + 1));
        let mut through = open();
        through.process(&batch(before)).unwrap();
        let mut restored = open();
        restored.process(&batch(after)).unwrap();
        restored.restore(&through.snapshot().unwrap()).unwrap();
        through.process(&batch(after)).unwrap();
        restored.process(&batch(after)).unwrap();
        prop_assert_eq!(restored.snapshot().unwrap(), through.snapshot().unwrap());
        let (found, expected) = (finish(&mut restored).unwrap(), finish(&mut through).unwrap());
        prop_assert_eq!(show(&found), show(&expected));
    }
}
