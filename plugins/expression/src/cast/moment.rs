//! Dates, times and timestamps as texts: ISO 8601 and what PostgreSQL takes beside it.

use std::borrow::Cow;

use arrow::compute::kernels::cast_utils::Parser;
use arrow::datatypes::{Date32Type, TimeUnit};

const DAY_SECONDS: i64 = 86_400;
/// The first day of the year 1: there was no year 0, and years before it have no text here.
const FIRST_DAY: i32 = -719_162;
/// PostgreSQL takes offsets below 16 hours.
const OFFSET_SECONDS_MAX: i64 = 16 * 3600 - 1;

/// Decimals of a second that a unit counts.
pub(crate) fn decimals(unit: TimeUnit) -> u32 {
    match unit {
        TimeUnit::Second => 0,
        TimeUnit::Millisecond => 3,
        TimeUnit::Microsecond => 6,
        TimeUnit::Nanosecond => 9,
    }
}

/// Days since 1970. A time behind the date is left out, as when a timestamp becomes a date.
pub(super) fn date(text: &str) -> Option<i32> {
    let (date, clock) = split(text);
    if let Some(clock) = clock
        && !matches!(Clock::parse(clock)?.offset, None | Some(0))
    {
        return None;
    }
    days(date)
}

/// Units since midnight.
pub(super) fn time(text: &str, unit: TimeUnit) -> Option<i64> {
    let clock = Clock::parse(text.trim_ascii())?;
    let (units, rest) = clock.units(unit);
    let units = rounded(units, rest)?;
    let end = DAY_SECONDS * 10_i64.pow(decimals(unit));
    (matches!(clock.offset, None | Some(0)) && units < end).then_some(units)
}

/// What a text without an offset is told in.
#[derive(Debug, Clone, Copy)]
pub(super) enum Zone {
    /// No zone: an offset other than zero would be lost.
    None,
    /// So many seconds east of Greenwich.
    East(i64),
    /// A place whose offsets are not known: the text has to bring its own.
    Place,
}

/// Units since 1970.
pub(super) fn timestamp(text: &str, unit: TimeUnit, zone: Zone) -> Option<i64> {
    let (date, clock) = split(text);
    let clock = clock.map_or(Some(Clock::MIDNIGHT), Clock::parse)?;
    let offset = match (zone, clock.offset) {
        (Zone::None, None | Some(0)) => 0,
        (Zone::East(_) | Zone::Place, Some(offset)) | (Zone::East(offset), None) => offset,
        (Zone::None, Some(_)) | (Zone::Place, None) => return None,
    };
    let seconds = i64::from(days(date)?) * DAY_SECONDS - offset;
    let (units, rest) = clock.units(unit);
    let units = i128::from(seconds) * 10_i128.pow(decimals(unit)) + i128::from(units);
    rounded(i64::try_from(units).ok()?, rest)
}

/// The nearest unit, half to even, where digits are left behind those that are counted.
fn rounded(units: i64, rest: &str) -> Option<i64> {
    let is_later = match rest.trim_end_matches('0') {
        "5" => units % 2 != 0,
        rest => rest >= "5",
    };
    units.checked_add(i64::from(is_later))
}

/// The unit that keeps the decimals of a text, as far as PostgreSQL does: microseconds.
pub(super) fn unit_of(text: &str) -> TimeUnit {
    let (date, clock) = split(text);
    let clock = clock.and_then(Clock::parse).or_else(|| Clock::parse(date));
    let fraction = clock.map_or("", |clock| clock.fraction).trim_end_matches('0');
    match fraction.len() {
        0 => TimeUnit::Second,
        1..=3 => TimeUnit::Millisecond,
        _ => TimeUnit::Microsecond,
    }
}

/// Whether a text says how far it is from Greenwich.
pub(super) fn has_offset(text: &str) -> bool {
    let clock = split(text).1.and_then(Clock::parse);
    clock.is_some_and(|clock| clock.offset.is_some())
}

/// Seconds east of Greenwich: `Z`, `UTC`, `+02`, `-0530`, `+05:30`.
pub(super) fn offset(text: &str) -> Option<i64> {
    if text.eq_ignore_ascii_case("z") || text.eq_ignore_ascii_case("utc") {
        return Some(0);
    }
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes, seconds) = match digits.len() {
        4 if !digits.contains(':') => (number(&digits[..2])?, number(&digits[2..])?, 0),
        _ => {
            let mut parts = digits.split(':').map(number);
            let first = parts.next()??;
            let (second, third) = (parts.next().unwrap_or(Some(0)), parts.next());
            let third = third.unwrap_or(Some(0));
            if parts.next().is_some() {
                return None;
            }
            (first, second?, third?)
        }
    };
    let east = hours * 3600 + minutes * 60 + seconds;
    (minutes < 60 && seconds < 60 && east <= OFFSET_SECONDS_MAX).then_some(sign * east)
}

/// The date and what stands behind it.
fn split(text: &str) -> (&str, Option<&str>) {
    let text = text.trim_ascii();
    match text.split_once([' ', 'T', 't']) {
        Some((date, clock)) => (date, Some(clock.trim_ascii_start())),
        None => (text, None),
    }
}

/// `2013-01-31`, `2013-1-31`, `20130131`; more than four digits of a year with or without a plus.
fn days(text: &str) -> Option<i32> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    if !digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        return None;
    }
    let is_late = digits.find('-').is_some_and(|year| year > 4);
    let text = if is_late { Cow::Owned(format!("+{digits}")) } else { Cow::Borrowed(digits) };
    Date32Type::parse(&text).filter(|days| *days >= FIRST_DAY)
}

/// One or two digits.
fn number(text: &str) -> Option<i64> {
    let is_number = matches!(text.len(), 1 | 2) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

/// A time of day as a text has it.
struct Clock<'t> {
    /// Since midnight; 24:00:00 is the end of the day.
    seconds: i64,
    /// The digits behind the point.
    fraction: &'t str,
    offset: Option<i64>,
}

impl<'t> Clock<'t> {
    const MIDNIGHT: Self = Self { seconds: 0, fraction: "", offset: None };

    /// `5:30`, `05:30:00.25`, `053000`, with `Z`, an offset or `PM` behind it.
    fn parse(text: &'t str) -> Option<Self> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != ':').unwrap_or(text.len());
        let (clock, rest) = text.split_at(end);
        let (fraction, rest) = match rest.strip_prefix('.') {
            None => ("", rest),
            Some(rest) => {
                let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
                rest.split_at_checked(end).filter(|(fraction, _)| !fraction.is_empty())?
            }
        };
        let (hour, minute, second) = hand_positions(clock, !fraction.is_empty())?;
        let rest = rest.trim_ascii_start();
        let half = ["am", "pm"].iter().position(|half| rest.eq_ignore_ascii_case(half));
        let (hour, offset) = match half {
            Some(half) if hour <= 12 => (hour % 12 + 12 * half as i64, None),
            Some(_) => return None,
            None if rest.is_empty() => (hour, None),
            None => (hour, Some(offset(rest)?)),
        };
        let seconds = hour * 3600 + minute * 60 + second;
        let has_fraction = fraction.bytes().any(|byte| byte != b'0');
        // As in PostgreSQL a leap second is the first of the next minute.
        let fits = hour <= 24 && minute < 60 && second <= 60 && seconds <= DAY_SECONDS;
        let ends = second == 60 || seconds == DAY_SECONDS;
        (fits && !(ends && has_fraction)).then_some(Self { seconds, fraction, offset })
    }

    /// Whole units since midnight, and the digits of the fraction behind them.
    fn units(&self, unit: TimeUnit) -> (i64, &'t str) {
        let decimals = decimals(unit);
        let kept = self.fraction.len().min(decimals as usize);
        let (kept, rest) = self.fraction.split_at(kept);
        let missing = decimals - kept.len() as u32;
        let part = kept.parse::<i64>().unwrap_or(0) * 10_i64.pow(missing);
        (self.seconds * 10_i64.pow(decimals) + part, rest)
    }
}

/// Hour, minute and second; a fraction needs a second.
fn hand_positions(clock: &str, has_fraction: bool) -> Option<(i64, i64, i64)> {
    if clock.len() == 6 && !clock.contains(':') {
        return Some((number(&clock[..2])?, number(&clock[2..4])?, number(&clock[4..])?));
    }
    let mut hands = clock.split(':').map(number);
    let (hour, minute) = (hands.next()??, hands.next()??);
    let second = match hands.next() {
        Some(second) => second?,
        None if has_fraction => return None,
        None => 0,
    };
    hands.next().is_none().then_some((hour, minute, second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fraction_is_rounded_half_to_even_at_its_unit() {
        let micros = |text: &str| time(text, TimeUnit::Microsecond).map(|units| units % 1_000_000);
        assert_eq!(micros("00:00:00.1234565"), Some(123_456));
        assert_eq!(micros("00:00:00.1234575"), Some(123_458));
        assert_eq!(micros("00:00:00.12345650000000000001"), Some(123_457));
        assert_eq!(micros("00:00:00.12345649999999999999"), Some(123_456));
        assert_eq!(time("23:59:59.9999999", TimeUnit::Microsecond), None);
        assert_eq!(time("00:00:01.0000000005", TimeUnit::Nanosecond), Some(1_000_000_000));
    }

    #[test]
    fn half_a_unit_is_rounded_to_the_even_one() {
        let units = [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond];
        for unit in units.into_iter().chain([TimeUnit::Nanosecond]) {
            let per_second = 10_i64.pow(decimals(unit));
            for whole in -3..3_i64 {
                let zeros = usize::try_from(decimals(unit)).unwrap();
                let (second, part) = (whole.div_euclid(per_second), whole.rem_euclid(per_second));
                let part = if zeros == 0 { String::new() } else { format!("{part:0zeros$}") };
                let (day, clock) = match second {
                    0.. => ("1970-01-01", format!("00:00:0{second}.{part}")),
                    _ => ("1969-12-31", format!("23:59:{}.{part}", 60 + second)),
                };
                for (rest, expected) in [
                    ("5", whole + whole.rem_euclid(2)),
                    ("50", whole + whole.rem_euclid(2)),
                    ("500001", whole + 1),
                    ("499999", whole),
                ] {
                    let text = format!("{day} {clock}{rest}");
                    assert_eq!(timestamp(&text, unit, Zone::None), Some(expected), "{text}");
                    let expected = (second >= 0).then_some(expected);
                    let found = time(&format!("{clock}{rest}"), unit).filter(|_| second >= 0);
                    assert_eq!(found, expected, "{clock}{rest}");
                }
            }
        }
    }

    #[test]
    fn an_offset_has_few_forms() {
        assert_eq!(offset("-0530"), Some(-19_800));
        assert_eq!(offset("+5:30"), Some(19_800));
        assert_eq!(offset("+02"), Some(7200));
        for text in ["", "+", "+1:2:3:4", "+16", "+02:60", "+123", "+é", "02:00", "+02:"] {
            assert_eq!(offset(text), None, "{text}");
        }
    }
}
