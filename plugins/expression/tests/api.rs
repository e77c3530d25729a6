//! The rest of the contract: columns, predicates, batches of another schema, bounds.

mod common;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use expect_test::expect;
use tanda_expression::{EvaluateError, Expression, ExpressionError};

fn parse(text: &str) -> tanda_expression::Unbound {
    Expression::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn expressions_may_be_shared_between_threads() {
    fn shared<T: Send + Sync + Clone>() {}
    shared::<Expression>();
    shared::<tanda_expression::Unbound>();
}

#[test]
fn columns_are_listed_once_in_the_order_of_the_text() {
    let parsed = parse("case when late then air_time / distance else air_time end + month");
    assert_eq!(parsed.columns(), ["late", "air_time", "distance", "month"]);
    let bound = parsed.bind(&common::batch().schema()).unwrap();
    let batch = common::batch();
    let names: Vec<_> =
        bound.columns().iter().map(|it| batch.schema().field(*it).name().clone()).collect();
    let mut names_sorted = names.clone();
    names_sorted.sort();
    assert_eq!(names_sorted, ["air_time", "distance", "late", "month"]);
}

#[test]
fn one_parse_binds_to_several_schemas() {
    let parsed = parse("distance / (air_time / 60.0)");
    let batch = common::batch();
    let narrow = batch.project(&[1, 0]).unwrap();
    let wide = parsed.bind(&batch.schema()).unwrap().evaluate(&batch).unwrap();
    let same = parsed.bind(&narrow.schema()).unwrap().evaluate(&narrow).unwrap();
    assert_eq!(&wide, &same);
}

#[test]
fn speed_has_the_bits_of_float_arithmetic() {
    let batch = common::batch();
    let speeds = parse("distance / (air_time / 60.0)").bind(&batch.schema()).unwrap();
    let speeds = speeds.evaluate(&batch).unwrap();
    let speeds = speeds.as_primitive::<Float64Type>();
    let distances = batch.column(0).as_primitive::<Int64Type>();
    let times = batch.column(1).as_primitive::<Int64Type>();
    for row in (0..batch.num_rows()).filter(|row| distances.is_valid(*row)) {
        let expected = distances.value(row) as f64 / (times.value(row) as f64 / 60.0);
        assert_eq!(speeds.value(row).to_bits(), expected.to_bits());
    }
}

#[test]
fn predicates_keep_their_nulls() {
    let batch = common::batch();
    let bound = parse("distance > 100").bind_predicate(&batch.schema()).unwrap();
    let found: Vec<_> = bound.evaluate_predicate(&batch).unwrap().iter().collect();
    assert_eq!(found, [Some(true), Some(true), None, Some(false)]);
    let bound = parse("null").bind_predicate(&batch.schema()).unwrap();
    assert_eq!(bound.evaluate_predicate(&batch).unwrap().null_count(), 4);
}

#[test]
fn predicates_that_are_not_boolean_are_refused() {
    let batch = common::batch();
    let error = parse("distance + 1").bind_predicate(&batch.schema()).unwrap_err();
    expect!["[distance 1:1] `distance + 1` at line 1, column 1 has type int64, expected a boolean: compare it with something"]
        .assert_eq(&common::describe(&error));
    let bound = parse("distance + 1").bind(&batch.schema()).unwrap();
    let error = bound.evaluate_predicate(&batch).unwrap_err();
    expect!["the expression has type int64, expected a boolean"].assert_eq(&error.to_string());
}

#[test]
fn batches_of_another_schema_are_refused() {
    let batch = common::batch();
    let bound = parse("air_time + 1").bind(&batch.schema()).unwrap();
    let check = |columns: &[usize]| {
        let error = bound.evaluate(&batch.project(columns).unwrap()).unwrap_err();
        assert!(matches!(error, EvaluateError::Batch { .. }));
        error.to_string()
    };
    expect!["the batch does not fit the expression: column 1 is utf8, expected int64"]
        .assert_eq(&check(&[1, 2]));
    expect!["the batch does not fit the expression: column 1 is missing, expected int64"]
        .assert_eq(&check(&[0]));
}

#[test]
fn empty_batches_have_empty_results() {
    let empty = common::batch().slice(0, 0);
    for text in [
        "distance / 0",
        "1",
        "null",
        "carrier || 'x'",
        "lower(name)",
        "late and true",
        "case when late then 1 / 0 else 2 end",
        "carrier in ('a')",
        "coalesce(distance, 1)",
    ] {
        let bound = parse(text).bind(&empty.schema()).unwrap();
        assert_eq!(bound.evaluate(&empty).unwrap().len(), 0, "{text}");
    }
}

#[test]
fn slices_of_a_batch_evaluate_like_the_batch() {
    let batch = common::batch();
    for text in [
        "lower(name)",
        "length(name)",
        "plane = 'A320'",
        "carrier || plane",
        "distance + 1",
        "case when late then name end",
        "substr(name, 2)",
        "speed > 1",
        "plane in ('A320', 'x')",
    ] {
        let bound = parse(text).bind(&batch.schema()).unwrap();
        let whole = bound.evaluate(&batch).unwrap();
        for start in 0..batch.num_rows() {
            let part = bound.evaluate(&batch.slice(start, 1)).unwrap();
            assert_eq!(part.to_data(), whole.slice(start, 1).to_data(), "{text} row {start}");
        }
    }
}

#[test]
fn between_compares_each_bound_in_its_own_type() {
    // In float64 both sides of the first comparison would be 2^53.
    let text = "9007199254740993 between 9007199254740992 + distance - distance + 2 and 1e300";
    let batch = common::batch();
    let found = parse(text).bind(&batch.schema()).unwrap().evaluate(&batch).unwrap();
    assert!(!found.as_boolean().value(0));
}

#[test]
fn ambiguous_columns_are_refused() {
    let batch = common::batch();
    let twice = batch.project(&[0, 0]).unwrap();
    let error = parse("distance").bind(&twice.schema()).unwrap_err();
    expect!["[distance 1:1] column `distance` at line 1, column 1 is ambiguous: 2 columns have this name, rename them"]
        .assert_eq(&common::describe(&error));
}

#[test]
fn nested_columns_pass_through_but_have_no_order() {
    let list = DataType::new_list(DataType::Int64, true);
    let schema =
        arrow::datatypes::Schema::new(vec![arrow::datatypes::Field::new("tags", list, true)]);
    assert!(parse("tags is null").bind(&schema).is_ok());
    let error = parse("tags = null").bind(&schema).unwrap_err();
    expect!["[tags 1:1] `tags = NULL` at line 1, column 1: expected a value with an order, found `tags` of type list(int64)"]
        .assert_eq(&common::describe(&error));
}

#[test]
fn expressions_have_bounds_and_no_stack_overflows() {
    let refused = |text: &str| match Expression::parse(text) {
        Err(error @ ExpressionError::TooLarge { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    };
    expect!["the expression has more than 50 levels of parentheses: split it, or group it with parentheses"]
        .assert_eq(&refused(&format!("{}1{}", "(".repeat(2000), ")".repeat(2000))));
    refused(&format!("1{}", " + 1".repeat(4095)));
    expect!["the expression has more than 128 operators in a row or nested: split it, or group it with parentheses"]
        .assert_eq(&refused(&format!("1{}", " + 1".repeat(2000))));
    expect!["the expression has more than 4096 operators and names: split it, or group it with parentheses"]
        .assert_eq(&refused(&format!("1{}", " + 1".repeat(5000))));
    expect!["the expression has more than 1048576 bytes: split it, or group it with parentheses"]
        .assert_eq(&refused(&format!("1 {}", " ".repeat(1 << 20))));
}

#[test]
fn deep_chains_and_long_lists_inside_the_bounds_work() {
    let batch = common::batch();
    let evaluate =
        |text: &str| parse(text).bind(&batch.schema()).unwrap().evaluate(&batch).unwrap();
    let sum = evaluate(&format!("distance{}", " + 1".repeat(125)));
    assert_eq!(sum.as_primitive::<Int64Type>().value(0), 1525);
    let any = evaluate(&format!("late{}", " or late and distance > 1".repeat(120)));
    assert!(any.as_boolean().value(0));
    let list: Vec<String> = (0..20_000).map(|it| it.to_string()).collect();
    let found = evaluate(&format!("distance in ({})", list.join(", ")));
    assert!(found.as_boolean().value(0));
    let list: Vec<String> = (0..20_000).map(|it| format!("'{it}'")).collect();
    let found = evaluate(&format!("carrier in ({}, 'UA')", list.join(", ")));
    assert!(found.as_boolean().value(0) && !found.as_boolean().value(1));
}

#[test]
fn case_chains_evaluate_each_row_once() {
    let branches: String =
        (0..200).map(|it| format!("when distance = {it} then {it} / distance ")).collect();
    let batch = common::batch();
    let bound = parse(&format!("case {branches} else -1 end")).bind(&batch.schema()).unwrap();
    let error = bound.evaluate(&batch).unwrap_err();
    expect!["division by zero in `0 / distance`: guard it, for example with nullif(divisor, 0)"]
        .assert_eq(&error.to_string());
    let found = bound.evaluate(&batch.slice(0, 3)).unwrap();
    assert_eq!(found.as_primitive::<Int64Type>().values(), &[-1, -1, -1]);
}

#[test]
fn nesting_that_multiplies_is_bounded() {
    let nested = (0..22).fold("late".to_owned(), |inner, _| {
        format!("case {inner} when true then false when false then true end")
    });
    let error = parse(&nested).bind(&common::batch().schema()).unwrap_err();
    expect!["the expression has more than 262144 steps once it is typed: split it, or group it with parentheses"]
        .assert_eq(&error.to_string());
}
