//! Dates and times as ISO 8601 text.

use arrow::datatypes::TimeUnit;

use super::number;

const DAY_SECONDS: i64 = 86_400;

/// A day of the proleptic Gregorian calendar, from days since 1970-01-01: `2013-01-31`.
///
/// Years outside 0 to 9999 have a sign and at least four digits, as ISO 8601 asks.
/// After Howard Hinnant, "chrono-compatible low-level date algorithms": eras of 400 years that
/// begin on 1 March, so that the leap day comes last.
pub(super) fn date(days: i64, out: &mut Vec<u8>) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    put_year(year_of_era + era * 400 + i64::from(month <= 2), out);
    let [m1, m2] = two_digits(month);
    let [d1, d2] = two_digits(day);
    out.extend_from_slice(&[b'-', m1, m2, b'-', d1, d2]);
}

fn put_year(year: i64, out: &mut Vec<u8>) {
    if let 0..=9999 = year {
        let [a, b] = two_digits(year / 100);
        let [c, d] = two_digits(year % 100);
        out.extend_from_slice(&[a, b, c, d]);
    } else {
        out.push(if year < 0 { b'-' } else { b'+' });
        let digits = year.unsigned_abs();
        out.extend((digits.max(1).ilog10()..3).map(|_| b'0'));
        number::unsigned(digits, out);
    }
}

/// A `Date64`, milliseconds since 1970-01-01: a day, or a point in time if it is not midnight,
/// which Arrow forbids but files contain.
pub(super) fn date64(milliseconds: i64, out: &mut Vec<u8>) {
    if milliseconds % (DAY_SECONDS * 1000) == 0 {
        date(milliseconds / (DAY_SECONDS * 1000), out);
    } else {
        timestamp(milliseconds, TimeUnit::Millisecond, false, out);
    }
}

/// A time of day: `05:15:00`, with 3, 6 or 9 decimals if it has any.
///
/// The end of the day is `24:00:00`. Files contain other times outside the day, too, which Arrow
/// forbids: they are written as what they are, with more hours, or with a minus.
pub(super) fn time(value: i64, unit: TimeUnit, out: &mut Vec<u8>) {
    let (seconds, nanoseconds) = split(value, unit);
    if (0..=DAY_SECONDS).contains(&seconds) {
        return put_time(seconds, nanoseconds, out);
    }
    put_time_outside(seconds, nanoseconds, out);
}

#[cold]
fn put_time_outside(seconds: i64, nanoseconds: i64, out: &mut Vec<u8>) {
    let (mut seconds, mut nanoseconds) = (seconds, nanoseconds);
    if seconds < 0 {
        out.push(b'-');
        seconds = -seconds - i64::from(nanoseconds > 0);
        nanoseconds = if nanoseconds > 0 { 1_000_000_000 - nanoseconds } else { 0 };
    }
    number::integer(seconds / 3_600, out);
    let from = out.len();
    put_time(seconds % 3_600, nanoseconds, out);
    // The hours stand there already.
    out.drain(from..from + 2);
}

/// A point in time: `2013-01-01T10:00:00`, with 3, 6 or 9 decimals if it has any, with a `Z` for
/// columns that have a time zone: Arrow keeps those in UTC, and so are they written.
pub(super) fn timestamp(value: i64, unit: TimeUnit, utc: bool, out: &mut Vec<u8>) {
    let (seconds, nanoseconds) = split(value, unit);
    date(seconds.div_euclid(DAY_SECONDS), out);
    out.push(b'T');
    put_time(seconds.rem_euclid(DAY_SECONDS), nanoseconds, out);
    if utc {
        out.push(b'Z');
    }
}

/// Whole seconds and the nanoseconds after them. Divisors the compiler knows cost a tenth.
fn split(value: i64, unit: TimeUnit) -> (i64, i64) {
    match unit {
        TimeUnit::Second => (value, 0),
        TimeUnit::Millisecond => (value.div_euclid(1_000), value.rem_euclid(1_000) * 1_000_000),
        TimeUnit::Microsecond => (value.div_euclid(1_000_000), value.rem_euclid(1_000_000) * 1_000),
        TimeUnit::Nanosecond => (value.div_euclid(1_000_000_000), value.rem_euclid(1_000_000_000)),
    }
}

fn put_time(seconds: i64, nanoseconds: i64, out: &mut Vec<u8>) {
    let [h1, h2] = two_digits(seconds / 3600);
    let [m1, m2] = two_digits(seconds / 60 % 60);
    let [s1, s2] = two_digits(seconds % 60);
    out.extend_from_slice(&[h1, h2, b':', m1, m2, b':', s1, s2]);
    if nanoseconds != 0 {
        put_fraction(nanoseconds, out);
    }
}

/// `.123`, `.123456` or `.123456789`, whichever loses nothing.
fn put_fraction(nanoseconds: i64, out: &mut Vec<u8>) {
    let (digits, count) = match nanoseconds {
        n if n % 1_000_000 == 0 => (n / 1_000_000, 3),
        n if n % 1_000 == 0 => (n / 1_000, 6),
        n => (n, 9),
    };
    out.push(b'.');
    out.extend((digits.max(1).ilog10() + 1..count).map(|_| b'0'));
    number::integer(digits, out);
}

fn two_digits(value: i64) -> [u8; 2] {
    [b'0' + (value / 10) as u8, b'0' + (value % 10) as u8]
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array, Date32Array, TimestampNanosecondArray, TimestampSecondArray};
    use arrow::util::display::array_value_to_string;
    use proptest::prelude::*;

    use super::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    fn arrows_text(array: &dyn Array) -> String {
        array_value_to_string(array, 0).unwrap()
    }

    #[test]
    fn years_beyond_four_digits_have_a_sign() {
        let cases = [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (19_782, "2024-02-29"),
            (-25_509, "1900-02-28"),
            (-25_508, "1900-03-01"),
            (-719_528, "0000-01-01"),
            (-719_529, "-0001-12-31"),
            (2_932_896, "9999-12-31"),
            (2_932_897, "+10000-01-01"),
        ];
        for (days, expected) in cases {
            assert_eq!(text(|out| date(days, out)), expected);
        }
    }

    #[test]
    fn no_timestamp_overflows() {
        for value in [i64::MIN, i64::MAX] {
            assert!(text(|out| timestamp(value, TimeUnit::Second, true, out)).ends_with('Z'));
            assert!(text(|out| time(value, TimeUnit::Nanosecond, out)).contains(':'));
            assert!(text(|out| date64(value, out)).contains('T'));
        }
    }

    #[test]
    fn fractions_have_three_six_or_nine_digits() {
        let cases = [
            (0, "00:00:00"),
            (5_000_000, "00:00:00.005"),
            (120_000, "00:00:00.000120"),
            (86_399_999_999_999, "23:59:59.999999999"),
            (86_400_000_000_000, "24:00:00"),
            (90_061_000_000_000, "25:01:01"),
            (-1, "-0:00:00.000000001"),
            (-3_601_500_000_000, "-1:00:01.500"),
        ];
        for (value, expected) in cases {
            assert_eq!(text(|out| time(value, TimeUnit::Nanosecond, out)), expected);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn dates_agree_with_arrows(days in -90_000_000..90_000_000_i32) {
            let expected = arrows_text(&Date32Array::from(vec![days]));
            prop_assert_eq!(text(|out| date(days.into(), out)), expected);
        }

        #[test]
        fn timestamps_agree_with_arrows(value: i64) {
            let expected = arrows_text(&TimestampNanosecondArray::from(vec![value]));
            let unit = TimeUnit::Nanosecond;
            prop_assert_eq!(text(|out| timestamp(value, unit, false, out)), expected);
            let seconds = value / 2_000_000;
            let expected = arrows_text(&TimestampSecondArray::from(vec![seconds]));
            let unit = TimeUnit::Second;
            prop_assert_eq!(text(|out| timestamp(seconds, unit, false, out)), expected);
        }
    }
}
