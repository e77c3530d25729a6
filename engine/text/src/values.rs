//! Truth values, dates, times and decimals from bytes.

use arrow::array::timezone::Tz;
use arrow::array::types::Date32Type;
use arrow::compute::kernels::cast_utils::{Parser, string_to_datetime};
use arrow::datatypes::TimeUnit;

/// `true` or `false`, letter case aside.
pub(crate) fn boolean(text: &[u8]) -> Option<bool> {
    if text.eq_ignore_ascii_case(b"true") {
        return Some(true);
    }
    text.eq_ignore_ascii_case(b"false").then_some(false)
}

/// Days since 1970 of a date written `2013-01-31`.
pub(crate) fn date(text: &[u8]) -> Option<i32> {
    let is_shaped = text.len() == 10 && text[4] == b'-' && text[7] == b'-';
    Date32Type::parse(ascii(text).filter(|_| is_shaped)?)
}

/// Microseconds since midnight of a time written `05:30`, `05:30:07` or `05:30:07.25`; the last one
/// is `24:00:00`, the end of the day. None if it has finer decimals.
pub(crate) fn time(text: &[u8]) -> Option<i64> {
    const UNITS: [i64; 3] = [3_600_000_000, 60_000_000, 1_000_000];
    let point = memchr::memchr(b'.', text);
    let (whole, decimals) = text.split_at(point.unwrap_or(text.len()));
    let parts = whole.split(|byte| *byte == b':').collect::<Vec<_>>();
    let is_shaped = match parts.len() {
        2 => point.is_none(),
        3 => decimals.len() != 1,
        _ => false,
    };
    let mut micros = match decimals {
        [] => 0,
        decimals => i64::try_from(decimal(decimals, 6, 6)?).ok()?,
    };
    for ((part, unit), below) in parts.iter().zip(UNITS).zip([25, 60, 60]) {
        let &[tens, ones] = *part else { return None };
        let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
        let value = 10 * i64::from(tens) + i64::from(ones);
        if tens > 9 || ones > 9 || value >= below {
            return None;
        }
        micros += value * unit;
    }
    (is_shaped && micros <= 24 * UNITS[0]).then_some(micros)
}

/// Units since 1970 of a time written as in RFC 3339, a date alone meaning midnight. A time
/// without an offset is taken to be in `zone`. None if the unit cannot hold its last decimals.
pub(crate) fn timestamp(text: &[u8], unit: TimeUnit, zone: &Tz) -> Option<i64> {
    let time = string_to_datetime(zone, ascii(text)?).ok()?;
    let (second, nanos) = (time.timestamp(), i64::from(time.timestamp_subsec_nanos()));
    let per_second = match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    };
    let nanos_per_unit = 1_000_000_000 / per_second;
    let whole = nanos % nanos_per_unit == 0;
    let units = i128::from(second) * i128::from(per_second) + i128::from(nanos / nanos_per_unit);
    i64::try_from(units).ok().filter(|_| whole)
}

/// Whether a point in time is told with an offset from UTC that is not zero.
pub(crate) fn is_off_utc(text: &[u8]) -> bool {
    let time = text.get("2013-01-31T".len()..).unwrap_or_default();
    let sign = time.iter().position(|byte| matches!(byte, b'+' | b'-'));
    sign.is_some_and(|sign| time[sign..].iter().any(|byte| matches!(byte, b'1'..=b'9')))
}

/// The decimal times ten to the `scale`. None if digits would be lost on either side.
pub(crate) fn decimal(text: &[u8], precision: u8, scale: i8) -> Option<i128> {
    let (negative, body) = match text {
        [b'-', body @ ..] => (true, body),
        [b'+', body @ ..] => (false, body),
        body => (false, body),
    };
    let point = memchr::memchr(b'.', body).unwrap_or(body.len());
    let (whole, decimals) = (&body[..point], body.get(point + 1..).unwrap_or_default());
    let scale = usize::try_from(scale).ok()?;
    let (kept, lost) = decimals.split_at(decimals.len().min(scale));
    if whole.len() + decimals.len() == 0 || lost.iter().any(|byte| *byte != b'0') {
        return None;
    }
    let zeros = std::iter::repeat_n(&b'0', scale - kept.len());
    let mut value = 0_i128;
    for byte in whole.iter().chain(kept).chain(zeros) {
        let digit = byte.wrapping_sub(b'0');
        value = value.checked_mul(10)?.checked_add(i128::from(digit))?;
        if digit > 9 {
            return None;
        }
    }
    let fits = value < 10_i128.checked_pow(u32::from(precision))?;
    fits.then_some(if negative { -value } else { value })
}

/// Arrow's parsers cut texts at byte positions, so they are only given ASCII.
fn ascii(text: &[u8]) -> Option<&str> {
    std::str::from_utf8(text).ok().filter(|text| text.is_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_has_one_form() {
        assert_eq!(date(b"1970-01-02"), Some(1));
        assert_eq!(date(b"2013-02-29"), None);
        for text in ["2013-1-1", "20130101", "2013-01-01T00:00:00", "2013/01/01", "+2013-01-1"] {
            assert_eq!(date(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_time_is_one_of_the_day_and_never_loses_decimals() {
        assert_eq!(time(b"00:00"), Some(0));
        assert_eq!(time(b"23:59:59.999999"), Some(86_399_999_999));
        assert_eq!(time(b"01:02:03.5"), Some(3_723_500_000));
        assert_eq!(time(b"01:02:03.5000000"), Some(3_723_500_000));
        assert_eq!(time(b"24:00:00"), Some(86_400_000_000));
        for text in ["", "11", "1:02", "24:00:01", "24:01", "25:00", "00:60", "00:00:60", "01:02.5"]
        {
            assert_eq!(time(text.as_bytes()), None, "{text}");
        }
        for text in [
            "01:02:03.",
            "01:02:03.0000001",
            "01:02:03.-1",
            "-1:02:03",
            "01:02:03Z",
            "01:02:03.5.1",
        ] {
            assert_eq!(time(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_timestamp_never_loses_decimals() {
        let utc = "+00:00".parse().unwrap();
        let seconds = |text: &str| timestamp(text.as_bytes(), TimeUnit::Second, &utc);
        assert_eq!(seconds("1970-01-01T00:00:10Z"), Some(10));
        assert_eq!(seconds("1970-01-01 01:00:10+01:00"), Some(10));
        assert_eq!(seconds("1970-01-02"), Some(86_400));
        assert_eq!(seconds("1969-12-31T23:59:59.000Z"), Some(-1));
        assert_eq!(seconds("1970-01-01T00:00:10.5Z"), None);
        assert_eq!(timestamp(b"1969-12-31T23:59:59.5", TimeUnit::Millisecond, &utc), Some(-500));
        for text in ["", "soon", "1970-01-01T25:00:00Z", "1970-01-01T00:00:00\u{e9}", "3000-01-01"]
        {
            assert_eq!(timestamp(text.as_bytes(), TimeUnit::Nanosecond, &utc), None, "{text}");
        }
    }

    #[test]
    fn an_offset_is_found_behind_the_time() {
        for text in
            ["2013-01-31T05:00:00+02:00", "2013-01-31 05:00-0130", "2013-01-31T05:00:00.5-01"]
        {
            assert!(is_off_utc(text.as_bytes()), "{text}");
        }
        for text in
            ["2013-01-31", "2013-01-31T05:00:00", "2013-01-31T05:00:00Z", "", "2013-01-31T05+00:00"]
        {
            assert!(!is_off_utc(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_decimal_never_loses_digits() {
        let money = |text: &str| decimal(text.as_bytes(), 5, 2);
        assert_eq!(money("123.45"), Some(12_345));
        assert_eq!(money("-.5"), Some(-50));
        assert_eq!(money("7"), Some(700));
        assert_eq!(money("1.230"), Some(123));
        for text in ["", ".", "-", "1.234", "1234", "1e2", "1.2.3", "a"] {
            assert_eq!(money(text), None, "{text}");
        }
        assert_eq!(decimal(&[b'9'; 38], 38, 0), Some(10_i128.pow(38) - 1));
        assert_eq!(decimal(&[b'9'; 40], 38, 0), None);
    }
}
