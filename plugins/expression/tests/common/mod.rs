//! One small batch of every kind of column, and expressions over it as text.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float32Array,
    Float64Array, Int8Array, Int64Array, LargeStringArray, StringArray, TimestampMicrosecondArray,
    TimestampSecondArray, UInt64Array,
};
use arrow::datatypes::Int8Type;
use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use tanda_expression::Expression;

/// Four rows; the third is null in most columns.
pub(crate) fn batch() -> RecordBatch {
    let plane: DictionaryArray<Int8Type> =
        [Some("A320"), Some("B738"), None, Some("A320")].into_iter().collect();
    let price = Decimal128Array::from(vec![Some(1050), Some(-250), None, Some(0)]);
    let at = vec![Some(1_357_016_400_000_000), Some(1_388_534_399_999_999), None, Some(-1)];
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("distance", Arc::new(Int64Array::from(vec![Some(1400), Some(200), None, Some(0)]))),
        ("air_time", Arc::new(Int64Array::from(vec![Some(227), Some(53), None, Some(-7)]))),
        ("carrier", Arc::new(StringArray::from(vec![Some("UA"), Some("AA"), None, Some("")]))),
        (
            "name",
            Arc::new(LargeStringArray::from(vec![Some(" Zoë "), Some("x_y%z"), None, Some("ÉA")])),
        ),
        ("plane", Arc::new(plane)),
        ("late", Arc::new(BooleanArray::from(vec![Some(true), Some(false), None, Some(true)]))),
        ("speed", Arc::new(Float64Array::from(vec![Some(2.5), Some(-0.0), None, Some(f64::NAN)]))),
        ("ratio", Arc::new(Float32Array::from(vec![Some(0.1), Some(0.5), None, Some(-2.0)]))),
        ("month", Arc::new(Int8Array::from(vec![1, 2, 120, 12]))),
        ("id", Arc::new(UInt64Array::from(vec![0, 7, u64::MAX, 42]))),
        (
            "price",
            Arc::new(price.with_precision_and_scale(10, 2).expect("the values have few digits")),
        ),
        ("day", Arc::new(Date32Array::from(vec![Some(15_706), Some(16_070), None, Some(-1)]))),
        ("at", Arc::new(TimestampMicrosecondArray::from(at))),
        (
            "seen",
            Arc::new(
                TimestampSecondArray::from(vec![0, 1_357_016_400, 59, -1]).with_timezone("UTC"),
            ),
        ),
        ("tail num", Arc::new(StringArray::from(vec!["N14228", "N619AA", "", "n0"]))),
    ];
    let columns = columns.into_iter().map(|(name, array)| (name, array, true));
    RecordBatch::try_from_iter_with_nullable(columns).expect("columns of four rows")
}

/// `int64?: 1, 2, null, 4`, or the error; the question mark says that nulls are possible.
#[allow(dead_code, reason = "not every test file evaluates text")]
pub(crate) fn evaluate(text: &str) -> String {
    let batch = batch();
    let bound = match Expression::parse(text).and_then(|it| it.bind(&batch.schema())) {
        Ok(bound) => bound,
        Err(error) => return describe(&error),
    };
    match bound.evaluate(&batch) {
        Err(error) => format!("evaluation: {error}"),
        Ok(values) => {
            assert_eq!(values.data_type(), bound.data_type());
            assert_eq!(values.len(), batch.num_rows());
            assert!(bound.nullable() || values.null_count() == 0, "{text} made a null");
            let mark = if bound.nullable() { "?" } else { "" };
            format!("{}{mark}: {}", bound.data_type().to_string().to_lowercase(), show(&values))
        }
    }
}

/// The error with the token and the place that a plugin would pass on.
pub(crate) fn describe(error: &tanda_expression::ExpressionError) -> String {
    let place = error.place().map_or(String::new(), |(line, column)| format!(" {line}:{column}"));
    format!("[{}{place}] {error}", error.token().unwrap_or("-"))
}

#[allow(dead_code, reason = "not every test file evaluates text")]
fn show(values: &ArrayRef) -> String {
    let options = FormatOptions::new().with_null("null");
    let formatter = ArrayFormatter::try_new(values, &options).expect("every type can be shown");
    let values: Vec<String> =
        (0..values.len()).map(|row| formatter.value(row).to_string()).collect();
    values.join(", ")
}
