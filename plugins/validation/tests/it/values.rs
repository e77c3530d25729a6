//! Which values are one: zeros, NaN, names of UTC, keys with nulls.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float32Array, Float64Array, RecordBatch, TimestampMicrosecondArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use expect_test::expect;

use crate::common::{check, check_rule, open, rows};

/// Rows that leave on `main` under one rule, for a column `x`.
fn passed(rule: &str, column: ArrayRef) -> Vec<String> {
    let batch = RecordBatch::try_from_iter([("x", column)]).unwrap();
    let mut harness = open(&format!("(rules: [{rule}])"), &batch.schema()).unwrap();
    rows(harness.process(&batch).unwrap()[0].as_ref().unwrap())
}

#[test]
fn there_is_one_zero() {
    let zeros: ArrayRef = Arc::new(Float64Array::from(vec![-0.0, 0.0, -5e-324]));
    let many = (0..20).map(|n| format!("{n}.0")).collect::<Vec<_>>().join(", ");
    let both = ["-0.0", "0.0"].map(str::to_owned);
    for rule in [
        r#"Range(column: "x", min: 0)"#,
        r#"Range(column: "x", min: -0.0)"#,
        r#"OneOf(column: "x", values: [0])"#,
        r#"OneOf(column: "x", values: [-0.0, 7])"#,
        &format!(r#"OneOf(column: "x", values: [{many}])"#),
    ] {
        assert_eq!(passed(rule, zeros.clone()), both, "{rule}");
        for data_type in [DataType::Float32, DataType::Float16] {
            let small = cast(&zeros.slice(0, 2), &data_type).unwrap();
            assert_eq!(passed(rule, small).len(), 2, "{rule} of {data_type}");
        }
    }
    let outside = passed(r#"Range(column: "x", exclusive_max: 0)"#, zeros.clone());
    assert_eq!(outside, ["-5e-324"]);
    assert!(passed(r#"Range(column: "x", exclusive_min: -0.0)"#, zeros.slice(0, 2)).is_empty());
}

#[test]
fn a_number_is_read_as_another_type_whatever_the_sign_of_its_zero() {
    let floats: ArrayRef = Arc::new(Float64Array::from(vec![-0.0, 0.5, 2.0, f64::NAN, 1e300]));
    for (wanted, kept) in [
        ("int64", &["-0.0", "2.0"][..]),
        ("float32", &["-0.0", "0.5", "2.0", "NaN"]),
        ("float64", &["-0.0", "0.5", "2.0", "NaN", "1e300"]),
    ] {
        let rule = format!("Type(column: \"x\", type: {wanted:?})");
        assert_eq!(passed(&rule, floats.clone()), kept, "{wanted}");
    }
}

#[test]
fn a_key_has_one_zero_and_one_nan() {
    let rule = r#"Unique(columns: ["x"], window: 10)"#;
    let floats = vec![-0.0, 0.0, f64::NAN, -f64::NAN, 1.0];
    let kept = ["-0.0", "NaN", "1.0"];
    assert_eq!(passed(rule, Arc::new(Float64Array::from(floats.clone()))), kept);
    let small = Float32Array::from_iter_values(floats.iter().map(|float| *float as f32));
    let half = cast(&small, &DataType::Float16).unwrap();
    assert_eq!(passed(rule, Arc::new(small)), kept);
    assert_eq!(passed(rule, half), ["-0", "NaN", "1"]);
}

#[test]
fn a_row_whose_key_has_a_null_takes_its_place_in_the_window() {
    let rule = r#"Unique(columns: ["k"], window: 1)"#;
    check_rule(
        rule,
        "n,k\n1,a\n2,~\n3,a\n4,a",
        expect![[r#"
            main: 1,a
            main: 2,~
            main: 3,a
            rejected: 4,a,duplicate_k
        "#]],
    );
    // What an earlier rule has failed did not come as far.
    check(
        r#"(rules: [Required("k"), Unique(columns: ["k"], window: 1)])"#,
        "n,k\n1,a\n2,~\n3,a",
        expect![[r#"
            main: 1,a
            rejected: 2,~,missing_k
            rejected: 3,a,duplicate_k
        "#]],
    );
    // What this rule fails did.
    check_rule(
        r#"Unique(columns: ["k"], window: 1, nulls: Fail)"#,
        "n,k\n1,a\n2,~\n3,a",
        expect![[r#"
            main: 1,a
            main: 3,a
            rejected: 2,~,duplicate_k
        "#]],
    );
}

#[test]
fn a_key_of_several_columns_with_a_null_equals_no_other() {
    check_rule(
        r#"Unique(columns: ["a", "b"], window: 10)"#,
        "a,b\n1,x\n1,~\n1,~\n~,x\n~,~\n~,~\n1,x",
        expect![[r#"
            main: 1,x
            main: 1,~
            main: 1,~
            main: ~,x
            main: ~,~
            main: ~,~
            rejected: 1,x,duplicate_a_b
        "#]],
    );
}

#[test]
fn nan_is_no_bound_but_a_value_of_a_list() {
    let floats: ArrayRef = Arc::new(Float64Array::from(vec![1.0, f64::NAN]));
    let batch = RecordBatch::try_from_iter([("x", floats.clone())]).unwrap();
    for bound in ["min", "max", "exclusive_min", "exclusive_max"] {
        let rule = format!(r#"(rules: [Range(column: "x", {bound}: NaN)])"#);
        let error = open(&rule, &batch.schema()).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("NaN is no bound"), "{error}");
    }
    assert_eq!(passed(r#"OneOf(column: "x", values: [NaN])"#, floats.clone()), ["NaN"]);
    assert_eq!(passed(r#"Range(column: "x", max: inf)"#, floats), ["1.0"]);
}

fn times(zone: &str) -> ArrayRef {
    let day = 86_400_000_000_i64;
    let times = TimestampMicrosecondArray::from(vec![19_722 * day, 19_723 * day]);
    Arc::new(times.with_timezone(zone))
}

#[test]
fn a_bound_of_times_is_read_in_the_zone_of_the_column() {
    for rule in [
        r#"Range(column: "x", min: "2024-01-01")"#,
        r#"Range(column: "x", min: "2024-01-01T01:00:00+01:00")"#,
        r#"OneOf(column: "x", values: ["2024-01-01"])"#,
    ] {
        assert_eq!(passed(rule, times("+00:00")), ["2024-01-01T00:00:00Z"], "{rule}");
    }
    let rule = r#"Range(column: "x", min: "2024-01-01T00:30:00")"#;
    assert_eq!(passed(rule, times("+01:00")), ["2024-01-01T01:00:00+01:00"]);
}

#[test]
fn a_bound_of_times_of_a_place_needs_its_offset() {
    let batch = RecordBatch::try_from_iter([("x", times("Europe/Berlin"))]).unwrap();
    let bound = |bound: &str| {
        let rule = format!(r#"(rules: [Range(column: "x", min: "{bound}")])"#);
        let opened = open(&rule, &batch.schema());
        let outputs = opened.and_then(|mut harness| harness.process(&batch));
        outputs.map(|outputs| outputs[0].as_ref().unwrap().num_rows()).map_err(|e| e.to_string())
    };
    assert_eq!(bound("2024-01-01T01:00:00+01:00"), Ok(1));
    let error = bound("2024-01-01T01:00:00").unwrap_err();
    assert!(error.contains("write a time with its offset"), "{error}");
}
