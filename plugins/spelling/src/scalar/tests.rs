use arrow::array::{AsArray, Float64Array};
use arrow::datatypes::{Decimal128Type, Float64Type, Int8Type, TimeUnit, TimestampMicrosecondType};
use proptest::prelude::*;

use super::*;

/// The values that stand in a RON list.
fn scalars(list: &str) -> Vec<Scalar> {
    ron::from_str(list).unwrap_or_else(|error| panic!("{list}: {error}"))
}

/// The values of a RON list that the type does not hold, each with what to write.
fn misfits(list: &str, data_type: &DataType) -> Vec<String> {
    let found = scalars(list).into_iter();
    let misfits = found.filter(|scalar| scalar.to_array(data_type).is_none());
    misfits.map(|scalar| format!("{scalar}: {}", scalar.advice(data_type))).collect()
}

#[track_caller]
fn check(fitting: &str, misfitting: &[(&str, &str)], data_type: &DataType) {
    assert_eq!(misfits(fitting, data_type), [""; 0], "{data_type}");
    for (misfit, advice) in misfitting {
        let found = misfits(&format!("[{misfit}]"), data_type);
        assert_eq!(found, [format!("{misfit}: {advice}")], "{data_type}");
    }
}

#[test]
fn a_number_keeps_what_is_written_of_it() {
    let found =
        scalars("[1_000, -0.0, 1234567890123456789.123456789, 1e400, 0x10, 2.50 /* two */]");
    let texts = found.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(texts, ["1000", "-0.0", "1234567890123456789.123456789", "1e400", "16", "2.50"]);
    let found = scalars("[NaN, inf, -inf, true, \"a\\\"b\", r\"1\"]");
    let texts = found.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(texts, ["NaN", "inf", "-inf", "true", r#""a\"b""#, r#""1""#]);
    assert!(found[0].is_nan() && !found[1].is_nan());
    for list in ["[[1]]", "[()]", "[None]", "[{}]"] {
        let error = ron::from_str::<Vec<Scalar>>(list).unwrap_err().to_string();
        assert!(error.contains("expected a number, a text in quotes, true or false"), "{error}");
    }
}

#[test]
fn an_integer_is_whole_and_within_its_range() {
    let range = "a whole number from -128 to 127";
    let misfits =
        [("128", range), ("-129", range), ("0.5", range), ("NaN", range), ("1e400", range)];
    check("[-128, 127, 2.0, 1.2e2, 0e9, -0]", &misfits, &DataType::Int8);
    let range = "a whole number from 0 to 18446744073709551615";
    check("[0, 18446744073709551615]", &[("-1", range)], &DataType::UInt64);
    check("[0]", &[("\"1\"", "a number, without quotes")], &DataType::UInt64);
    check("[0]", &[("true", "a number, without quotes")], &DataType::Int64);
    let array = scalars("[1.2e2]")[0].to_array(&DataType::Int8).unwrap();
    assert_eq!(array.as_primitive::<Int8Type>().value(0), 120);
}

#[test]
fn a_decimal_is_never_rounded() {
    let small = DataType::Decimal128(4, 1);
    let advice = "a number with at most 3 digits before the point and 1 behind it";
    let misfits = [("7.25", advice), ("1000", advice), ("1e-2", advice), ("inf", advice)];
    check("[7.2, -999.9, 7.20, 25e-1, 9e2, 0]", &misfits, &small);
    let wide = DataType::Decimal128(38, 10);
    check("[1234567890123456789.123456789, 0.0000000001]", &[], &wide);
    let array = scalars("[1234567890123456789.123456789]")[0].to_array(&wide).unwrap();
    assert_eq!(
        array.as_primitive::<Decimal128Type>().value(0),
        12_345_678_901_234_567_891_234_567_890
    );
    for data_type in
        [DataType::Decimal32(4, 1), DataType::Decimal64(4, 1), DataType::Decimal256(4, 1)]
    {
        check("[7.2, -999.9]", &[("7.25", advice), ("1000", advice)], &data_type);
    }
}

#[test]
fn a_float_shows_the_number_that_is_written() {
    let double = &DataType::Float64;
    let beyond = "a number that is within its range";
    let misfits = [
        ("1e400", beyond),
        ("-1e99999999999", beyond),
        ("1e-400", "0.0, the nearest that there is"),
        ("9007199254740993", "9007199254740992.0, the nearest that there is"),
        ("0.1000000000000000001", "0.1, the nearest that there is"),
    ];
    check("[0.1, -0.0, 1e23, 1.7976931348623157e308, 5e-324, inf, NaN, 3]", &misfits, double);
    check("[0.1000000000000000055511151231257827]", &[], double);
    let single = [
        ("16777217", "16777216.0, the nearest that there is"),
        ("1e39", beyond),
        ("0.123456789", "0.12345679, the nearest that there is"),
    ];
    check("[0.1, 16777216, 3.4028235e38, -inf]", &single, &DataType::Float32);
    check("[0.5, 2048]", &[("2049", "2048, the nearest that there is")], &DataType::Float16);
}

#[test]
fn a_moment_is_all_that_is_written() {
    let date = "a date alone, as in \"2024-01-31\"";
    for data_type in [DataType::Date32, DataType::Date64] {
        let misfits = [
            ("\"2024-01-01T12:00:00\"", date),
            ("\"2024-01-01T00:00:00.5\"", date),
            ("\"soon\"", date),
            ("19000", date),
        ];
        check("[\"9999-12-31\", \"2024-01-01T00:00:00\", \"1969-12-31\"]", &misfits, &data_type);
    }
    let seconds = DataType::Timestamp(TimeUnit::Second, None);
    let whole = "a time of whole seconds, as in \"2024-01-31T05:30:00\"";
    let misfits = [("\"2024-01-01T00:00:00.5\"", whole), ("\"2016-12-31T23:59:60\"", whole)];
    check("[\"2024-01-01T00:00:01.000\", \"9999-12-31\"]", &misfits, &seconds);
    let offset = ("\"2024-01-01T00:00:00+02:00\"", whole);
    check("[\"2024-01-01T00:00:00Z\", \"2024-01-01T00:00:00+00:00\"]", &[offset], &seconds);
    let micros = DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into()));
    let six = "a time with at most 6 decimals of a second, as in \"2024-01-31T05:30:00.5\"";
    check(
        "[\"9999-12-31T00:00:00.000001Z\"]",
        &[("\"9999-12-31T00:00:00.0000001\"", six)],
        &micros,
    );
    let nanos = DataType::Timestamp(TimeUnit::Nanosecond, None);
    let nine = six.replace('6', "9");
    check("[\"2024-01-01T00:00:00.123456789\"]", &[], &nanos);
    check(
        "[]",
        &[("\"2024-01-01T00:00:00.1234567891\"", &nine), ("\"3000-01-01\"", &nine)],
        &nanos,
    );
}

#[test]
fn a_time_of_day_is_all_that_is_written() {
    let seconds = "a time of whole seconds, as in \"05:30:00\"";
    let six = "a time with at most 6 decimals of a second, as in \"05:30:00.5\"";
    let misfits = [("\"05:30:00.5\"", seconds), ("\"19800\"", seconds), ("\"24:00:01\"", seconds)];
    check("[\"05:30\", \"23:59:59.0\"]", &misfits, &DataType::Time32(TimeUnit::Second));
    let micros = DataType::Time64(TimeUnit::Microsecond);
    check("[\"12:00:00.000001\"]", &[("\"12:00:00.0000005\"", six)], &micros);
}

#[test]
fn a_time_of_a_place_needs_its_offset() {
    let berlin = DataType::Timestamp(TimeUnit::Microsecond, Some("Europe/Berlin".into()));
    let array = Scalar::Text("2024-01-01T01:00:00+01:00".into()).to_array(&berlin).unwrap();
    assert_eq!(array.data_type(), &berlin);
    assert_eq!(array.as_primitive::<TimestampMicrosecondType>().value(0), 1_704_067_200_000_000);
    let advice = "a time with its offset, as in \"2024-01-31T00:00:00+01:00\"";
    check("[]", &[("\"2024-01-01\"", advice)], &berlin);
}

#[test]
fn texts_and_truth_values_are_no_numbers() {
    check("[\"\", \"1\"]", &[("1", "a text, in quotes")], &DataType::Utf8);
    check("[true]", &[("1", "true or false"), ("\"true\"", "true or false")], &DataType::Boolean);
    let codes = DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::LargeUtf8));
    check("[\"a\"]", &[("true", "a text, in quotes")], &codes);
    let list = DataType::new_list(DataType::Int64, true);
    check("[]", &[("1", "none: lists and structs cannot be written here")], &list);
}

proptest! {
    #[test]
    fn every_float_is_what_it_is_written_as(value in any::<f64>()) {
        prop_assume!(!value.is_nan());
        let shortest = format!("{value:?}");
        let exact = format!("{value:.17e}");
        let expected: ArrayRef = std::sync::Arc::new(Float64Array::from(vec![value]));
        for text in [shortest, exact] {
            let text = if value.is_finite() { text } else { value.to_string() };
            let found = Scalar::Number(text).to_array(&DataType::Float64).unwrap();
            let bits = |array: &ArrayRef| array.as_primitive::<Float64Type>().value(0).to_bits();
            prop_assert_eq!(bits(&found), bits(&expected));
        }
    }
}
