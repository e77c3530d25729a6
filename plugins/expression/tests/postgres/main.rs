//! Expressions mean what PostgreSQL 15 means by them: a table of cases, and random expressions.
//!
//! The results in the table are checked against this crate in every run. Where `TANDA_PSQL` holds
//! a command that reaches a server (`psql -h /tmp -U postgres`), the server is asked, too.

#![expect(clippy::print_stderr, reason = "a skipped test says so")]

mod random;
mod server;
mod table;

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};
use arrow::record_batch::RecordBatch;
use arrow::util::display::array_value_to_string;
use tanda_expression::Expression;

/// One row, for expressions that read no column.
fn one_row() -> RecordBatch {
    let column: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    RecordBatch::try_from_iter([("one", column)]).expect("one column")
}

/// The value in each row as text, `null`, or `error` for the whole batch.
fn evaluate(text: &str, batch: &RecordBatch) -> Result<Vec<String>, String> {
    let bound = Expression::parse(text).and_then(|parsed| parsed.bind(&batch.schema()));
    let values = bound.map_err(|error| error.to_string())?;
    let values = values.evaluate(batch).map_err(|error| error.to_string())?;
    let shown = |row| match values.is_null(row) {
        true => "null".to_owned(),
        false => array_value_to_string(&values, row).expect("every type can be shown"),
    };
    Ok((0..values.len()).map(shown).collect())
}

/// Whether two texts are one value: numbers by their digits (the last of a quotient aside), times
/// by whichever of ISO 8601's separators.
fn agree(expression: &str, ours: &str, theirs: &str) -> bool {
    let is_rounded = ["/", "power", "sqrt", "ln", "exp"].iter().any(|it| expression.contains(it));
    match (digits(ours), digits(theirs)) {
        (Some(_), Some(_)) if is_rounded => match (ours.parse::<f64>(), theirs.parse::<f64>()) {
            (Ok(ours), Ok(theirs)) => (ours - theirs).abs() <= ours.abs() * 1e-14 + 1e-15,
            _ => false,
        },
        (Some(left), Some(right)) => {
            // The shortest text of a float beyond 2^53 may have several last digits.
            let is_float = ours.contains('e') && theirs.contains('e');
            left == right || is_float && ours.parse::<f64>() == theirs.parse::<f64>()
        }
        _ => plain_time(ours) == plain_time(theirs),
    }
}

/// Sign, digits without zeros at either end, and the power of ten of the last one.
fn digits(text: &str) -> Option<(bool, String, i64)> {
    let text = match text {
        "Infinity" | "inf" => "1e999",
        "-Infinity" | "-inf" => "-1e999",
        text => text,
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let unsigned = whole.strip_prefix('-').unwrap_or(whole);
    let all = format!("{unsigned}{fraction}");
    if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let power = exponent.trim_start_matches('+').parse::<i64>().ok()? - fraction.len() as i64;
    let kept = all.trim_end_matches('0');
    let power = power + (all.len() - kept.len()) as i64;
    let kept = kept.trim_start_matches('0').to_owned();
    match kept.is_empty() {
        true => Some((false, kept, 0)),
        false => Some((whole.starts_with('-'), kept, power)),
    }
}

fn plain_time(text: &str) -> String {
    let is_time = text.contains(':') && text.bytes().any(|byte| byte.is_ascii_digit());
    if !is_time {
        return text.trim_start_matches('+').to_owned();
    }
    let text = text.trim_start_matches('+').replacen('T', " ", 1);
    let text = text.trim_end_matches('Z').trim_end_matches("+00").to_owned();
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

#[test]
fn one_value_has_many_texts() {
    for (left, right) in [
        ("1.50", "1.5"),
        ("-0.0", "0"),
        ("1e+20", "100000000000000000000"),
        ("inf", "Infinity"),
        ("2025-01-01T10:00:00", "2025-01-01 10:00:00"),
        ("2025-01-01T08:00:00Z", "2025-01-01 08:00:00+00"),
        ("10:00:00.250000", "10:00:00.25"),
    ] {
        assert!(agree("x", left, right), "{left} and {right}");
    }
    for (left, right) in
        [("1.5", "1.51"), ("1", "-1"), ("1", "null"), ("10:00:00", "10:00:01"), ("10", "1")]
    {
        assert!(!agree("x", left, right), "{left} and {right}");
    }
}
