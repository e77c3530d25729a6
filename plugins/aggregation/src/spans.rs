//! Lengths of time in the unit of a column.

use std::time::Duration;

use arrow::datatypes::{DataType, TimeUnit};
use tanda_plugin::PluginError;

use crate::config::{Span, Tumbling};
use crate::grid::{Grid, MONTHS_MAX, Months};

const DAY: Duration = Duration::from_hours(24);
/// The first Monday of 1970 was the 5th.
const MONDAY_DAYS: i64 = 4;

/// A length of time, or a way to go in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// So many units of the column.
    Units(i64),
    /// So many months of the calendar.
    Months(i64),
}

/// A time column, for messages and for its unit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock<'a> {
    pub(crate) column: &'a str,
    pub(crate) data_type: &'a DataType,
}

impl Clock<'_> {
    /// The windows of a configuration.
    ///
    /// # Errors
    /// A span is of the wrong sort for the column, no whole number of its units, too long, or no
    /// length of a window.
    pub(crate) fn grid(self, windows: &Tumbling) -> Result<Grid, PluginError> {
        let offset = windows.offset.as_ref().map(|offset| self.step(offset)).transpose()?;
        match (self.step(&windows.every)?, offset) {
            (Step::Units(every @ ..=0), _) => Err(not_positive("every", every)),
            (Step::Months(months @ ..=0), _) => Err(not_positive("every", months)),
            (Step::Units(every), None) => Ok(self.even(every, 0)),
            (Step::Units(every), Some(Step::Units(offset))) => Ok(self.even(every, offset)),
            (Step::Units(_), Some(Step::Months(_))) => Err(PluginError::new(
                "offset: windows that are no months or years are moved by a time such as \"6h\"",
            )
            .about("offset")),
            (Step::Months(months), None) => Ok(self.months(months, 0, 0)),
            (Step::Months(months), Some(Step::Months(first))) => Ok(self.months(months, first, 0)),
            (Step::Months(months), Some(Step::Units(shift))) => Ok(self.months(months, 0, shift)),
        }
    }

    /// How far behind a row may be.
    ///
    /// # Errors
    /// As of [`Self::grid`], or it is negative, or in months.
    pub(crate) fn lateness(self, span: &Span) -> Result<i64, PluginError> {
        let why = match self.step(span)? {
            Step::Units(units @ 0..) => return Ok(units),
            Step::Units(units) => format!("{units} is negative"),
            Step::Months(_) => "months and years have no fixed length".to_owned(),
        };
        let message = format!("lateness: {why}: give how far behind a row may be, as in \"5m\"");
        Err(PluginError::new(message).about("lateness"))
    }

    fn even(self, every: i64, offset: i64) -> Grid {
        let monday = self.units_per_day().filter(|day| every % (7 * day) == 0);
        let monday = monday.map_or(0, |day| MONDAY_DAYS * day);
        let origin = i128::from(monday) + i128::from(offset);
        let origin = origin.rem_euclid(every.into());
        Grid::Even { every, origin: i64::try_from(origin).expect("it is less than `every`") }
    }

    fn months(self, months: i64, first: i64, shift: i64) -> Grid {
        let units_per_day = self.units_per_day().expect("columns without days have no months");
        Grid::Months(Months { months, first: first.rem_euclid(months), shift, units_per_day })
    }

    fn units_per_day(self) -> Option<i64> {
        let units = DAY.as_nanos() / nanos_per_unit(self.data_type)?;
        Some(i64::try_from(units).expect("a day has 86,400,000,000,000 ns"))
    }

    fn step(self, span: &Span) -> Result<Step, PluginError> {
        let Self { column, data_type: unit } = self;
        match (span, nanos_per_unit(unit)) {
            (Span::Number(number), None) if is_clock(unit) => Ok(Step::Units(*number)),
            (Span::Duration(text), Some(nanos)) => self.step_of(text, nanos),
            (Span::Duration(text), None) if is_clock(unit) => Err(PluginError::new(format!(
                "`{text}`: column `{column}` holds integers ({unit}), so give a whole number \
                 in its unit"
            ))
            .about(text)),
            (Span::Number(number), Some(_)) => Err(PluginError::new(format!(
                "{number}: column `{column}` is of type {unit}, so give a duration such as \"1h\""
            ))
            .about(number.to_string())),
            (Span::Number(_) | Span::Duration(_), None) => Err(PluginError::new(format!(
                "column `{column}` is of type {unit}: a window needs a timestamp, a date or an \
                 integer (UInt64 excepted)"
            ))
            .about(column)),
        }
    }

    fn step_of(self, text: &str, nanos_per_unit: u128) -> Result<Step, PluginError> {
        let fault = |why: &str| PluginError::new(format!("`{text}`: {why}")).about(text);
        let (sign, length) = match text.trim().strip_prefix('-') {
            Some(length) => (-1, length),
            None => (1, text),
        };
        if let Some(months) = months(length).map_err(fault)? {
            return Ok(Step::Months(sign * months));
        }
        let duration = humantime::parse_duration(length).map_err(|error| {
            fault(&format!("{error}: give a duration such as \"90s\" or \"1h\""))
        })?;
        let nanos = duration.as_nanos();
        if nanos % nanos_per_unit != 0 {
            let column = self.column;
            return Err(fault(&format!("not a whole number of the units of column `{column}`")));
        }
        let units = i64::try_from(nanos / nanos_per_unit);
        units.map(|units| Step::Units(sign * units)).map_err(|_| fault("longer than 292 years"))
    }
}

fn not_positive(what: &str, found: i64) -> PluginError {
    PluginError::new(format!("{what}: {found} is no length of a window: give at least 1"))
        .about(what)
}

fn is_clock(unit: &DataType) -> bool {
    unit.is_integer() && *unit != DataType::UInt64
}

#[expect(clippy::wildcard_enum_match_arm, reason = "what is not listed holds no point in time")]
fn nanos_per_unit(data_type: &DataType) -> Option<u128> {
    match data_type {
        DataType::Date32 => Some(DAY.as_nanos()),
        DataType::Date64 | DataType::Timestamp(TimeUnit::Millisecond, _) => Some(1_000_000),
        DataType::Timestamp(TimeUnit::Second, _) => Some(1_000_000_000),
        DataType::Timestamp(TimeUnit::Microsecond, _) => Some(1_000),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => Some(1),
        _ => None,
    }
}

/// The months of a text such as `1year 6months`; none if it is of units with a fixed length.
fn months(text: &str) -> Result<Option<i64>, &'static str> {
    let units = text.split(|c: char| !c.is_alphabetic()).filter(|unit| !unit.is_empty());
    let (calendar, fixed): (Vec<_>, Vec<_>) = units.partition(|unit| months_per(unit).is_some());
    match (calendar.is_empty(), fixed.is_empty()) {
        (true, _) => Ok(None),
        (false, true) => sum_months(text).map(Some),
        (false, false) => Err("months and years do not go together with units of a fixed length"),
    }
}

fn sum_months(text: &str) -> Result<i64, &'static str> {
    let (mut months, mut rest) = (0_i64, text.trim());
    while !rest.is_empty() {
        let unit_at = rest.find(char::is_alphabetic).unwrap_or(rest.len());
        let (number, after) = rest.split_at(unit_at);
        let end = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let number = number.trim_end();
        if number.is_empty() || unit.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit())
        {
            return Err("give whole numbers of months and years, such as \"1year 6months\"");
        }
        let each = months_per(unit).unwrap_or_default();
        let more = number.parse::<i64>().ok().and_then(|number| number.checked_mul(each));
        months = months.saturating_add(more.unwrap_or(i64::MAX));
        rest = after.trim_start();
    }
    if months > MONTHS_MAX { Err("longer than a million years") } else { Ok(months) }
}

fn months_per(unit: &str) -> Option<i64> {
    match unit {
        "month" | "months" | "M" => Some(1),
        "quarter" | "quarters" => Some(3),
        "year" | "years" | "yr" | "yrs" | "y" => Some(12),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(text: &str, data_type: &DataType) -> Result<Step, String> {
        let clock = Clock { column: "t", data_type };
        clock.step(&Span::Duration(text.into())).map_err(|error| error.to_string())
    }

    #[test]
    fn spans_are_counted_in_the_unit_of_the_column() {
        let seconds = DataType::Timestamp(TimeUnit::Second, None);
        assert_eq!(step("1h", &seconds), Ok(Step::Units(3600)));
        assert_eq!(step("-1h 30m", &seconds), Ok(Step::Units(-5400)));
        assert_eq!(step("2days", &DataType::Date32), Ok(Step::Units(2)));
        assert_eq!(step("1week", &DataType::Date32), Ok(Step::Units(7)));
        assert!(step("1h", &DataType::Date32).unwrap_err().contains("not a whole number"));
        assert!(step("1h", &DataType::Int64).unwrap_err().contains("whole number in its unit"));
        assert!(step("1month", &DataType::Int64).unwrap_err().contains("whole number in its unit"));
        assert!(step("1h", &DataType::Utf8).unwrap_err().contains("needs a timestamp"));
        let clock = Clock { column: "t", data_type: &DataType::UInt8 };
        assert_eq!(clock.step(&Span::Number(5)).unwrap(), Step::Units(5));
    }

    #[test]
    fn months_are_those_of_the_calendar() {
        let months = |text| step(text, &DataType::Date32);
        for (text, expected) in [
            ("1month", 1),
            ("2 months", 2),
            ("1M", 1),
            ("1quarter", 3),
            ("1y 6 months", 18),
            ("-1year", -12),
        ] {
            assert_eq!(months(text), Ok(Step::Months(expected)), "{text}");
        }
        assert!(months("1month 2days").unwrap_err().contains("do not go together"));
        assert!(months("1000001years").unwrap_err().contains("a million years"));
        assert!(months("99999999999999999999 years").unwrap_err().contains("a million years"));
        assert!(months("1moth").unwrap_err().contains("unknown time unit"));
        assert!(months("1.5months").unwrap_err().contains("give whole numbers"));
        assert!(months("month").unwrap_err().contains("give whole numbers"));
        assert!(months("1month 2").unwrap_err().contains("give whole numbers"));
        assert!(months("").unwrap_err().contains("give a duration"));
    }

    #[test]
    fn whole_weeks_begin_on_mondays() {
        let seconds = DataType::Timestamp(TimeUnit::Second, None);
        let clock = Clock { column: "t", data_type: &seconds };
        let origin = |every| match clock.even(every, 0) {
            Grid::Even { origin, .. } => origin,
            Grid::Months(_) => unreachable!("these are even"),
        };
        let day = 86_400;
        assert_eq!((origin(7 * day), origin(14 * day)), (4 * day, 4 * day));
        assert_eq!((origin(day), origin(10 * day), origin(7 * day + 1)), (0, 0, 0));
    }
}
