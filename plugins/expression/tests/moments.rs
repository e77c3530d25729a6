//! Dates and times at the ends of their types, and in zones that are called by a place.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, Date32Array, Time32SecondArray, Time64MicrosecondArray,
    TimestampMicrosecondArray, TimestampSecondArray,
};
use arrow::record_batch::RecordBatch;
use arrow::util::display::array_value_to_string;
use tanda_expression::Expression;

/// The values of an expression over the column `x`, or the error.
fn evaluate(text: &str, values: ArrayRef) -> String {
    let batch = RecordBatch::try_from_iter([("x", values)]).expect("one column");
    let bound = Expression::parse(text).and_then(|it| it.bind(&batch.schema()));
    let found = match bound.map(|it| it.evaluate(&batch)) {
        Err(error) => return error.to_string(),
        Ok(Err(error)) => return format!("evaluation: {error}"),
        Ok(Ok(found)) => found,
    };
    let texts = (0..found.len()).map(|row| array_value_to_string(&found, row).expect("a value"));
    texts.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_time_may_be_the_end_of_the_day() {
    let micros = || Arc::new(Time64MicrosecondArray::from(vec![86_400_000_000, 86_399_500_000]));
    assert_eq!(evaluate("hour(x)", micros()), "24 23");
    assert_eq!(evaluate("minute(x)", micros()), "0 59");
    assert_eq!(evaluate("second(x)", micros()), "0 59");
    assert_eq!(evaluate("extract(second from x)", micros()), "0.000000 59.500000");
    assert_eq!(evaluate("x::text", micros()), "24:00:00 23:59:59.500");
    assert_eq!(evaluate("x || '!'", micros()), "24:00:00! 23:59:59.500!");
    let beyond = || Arc::new(Time32SecondArray::from(vec![86_401]));
    assert!(evaluate("x::text", beyond()).ends_with("is out of range"));
    assert_eq!(evaluate("try_cast(x as text)", beyond()), "");
    assert_eq!(evaluate("hour(x)", Arc::new(Time32SecondArray::from(vec![86_400]))), "24");
}

#[test]
fn a_year_has_no_bound() {
    let days = || Arc::new(Date32Array::from(vec![106_751_991, i32::MAX, i32::MIN]));
    assert_eq!(evaluate("year(x)", days()), "294247 5881580 -5877641");
    assert_eq!(evaluate("month(x)", days()), "1 7 6");
    assert_eq!(evaluate("day(x)", days()), "10 11 23");
    let seconds = || Arc::new(TimestampSecondArray::from(vec![i64::MAX, i64::MIN]));
    assert_eq!(evaluate("year(x)", seconds()), "292277026596 -292277022657");
    assert_eq!(evaluate("extract(second from x)", seconds()), "7 52");
    let east = seconds().as_ref().clone().with_timezone("+05:30");
    assert_eq!(evaluate("hour(x)", Arc::new(east.slice(0, 1))), "21");
    let east = TimestampMicrosecondArray::from(vec![-1]).with_timezone("-02:00");
    assert_eq!(evaluate("extract(second from x)", Arc::new(east.clone())), "59.999999");
    assert_eq!(evaluate("hour(x)", Arc::new(east)), "21");
}

#[test]
fn times_of_a_place_are_moments_without_a_clock() {
    let berlin = || {
        let times = TimestampMicrosecondArray::from(vec![0, 1_359_606_600_000_000]);
        Arc::new(times.with_timezone("Europe/Berlin"))
    };
    let written = "x = '2013-01-31 05:30:00+01:00'";
    assert_eq!(evaluate(written, berlin()), "false true");
    assert_eq!(evaluate("cast(x as timestamptz)::date", berlin()), "1970-01-01 2013-01-31");
    assert_eq!(evaluate("cast(x as bigint)", berlin()), "0 1359606600000000");
    assert_eq!(evaluate("x between '1970-01-01 00:00Z' and x", berlin()), "true true");
    let refused = |text: &str, help: &str| {
        let found = evaluate(text, berlin());
        assert!(found.ends_with(help), "{text}: {found}");
        assert!(found.contains("Europe/Berlin"), "{text}: {found}");
    };
    let utc = "write cast(x as timestamptz), the same times in UTC";
    for text in ["x::text", "x::date", "x::time", "x::timestamp", "hour(x)", "x || ''"] {
        refused(text, utc);
    }
    refused("extract(second from x)", utc);
    refused("x < date '2013-01-31'", "with its offset, '2013-01-31 05:30:00+01:00'");
    refused("x = '2013-01-31 05:30'", "with its offset, as '2013-01-31 05:30:00+01:00'");
}
