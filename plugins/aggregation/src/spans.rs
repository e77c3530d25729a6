//! Lengths of time in the unit of a column.

use std::time::Duration;

use arrow::datatypes::{DataType, TimeUnit};
use tanda_plugin::PluginError;

use crate::config::Span;

/// A span as a number in the unit of the time column.
///
/// # Errors
/// The column has no times, the span is of the wrong sort, no whole number of units, or too long.
pub(crate) fn in_units_of(span: &Span, column: &str, unit: &DataType) -> Result<i64, PluginError> {
    match (span, nanos_per_unit(unit)) {
        (Span::Number(number), None) if is_clock(unit) => Ok(*number),
        (Span::Duration(text), Some(nanos)) => whole_units(text, nanos, column),
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

fn is_clock(unit: &DataType) -> bool {
    unit.is_integer() && *unit != DataType::UInt64
}

#[expect(clippy::wildcard_enum_match_arm, reason = "what is not listed holds no point in time")]
fn nanos_per_unit(data_type: &DataType) -> Option<u128> {
    match data_type {
        DataType::Date32 => Some(Duration::from_hours(24).as_nanos()),
        DataType::Date64 | DataType::Timestamp(TimeUnit::Millisecond, _) => Some(1_000_000),
        DataType::Timestamp(TimeUnit::Second, _) => Some(1_000_000_000),
        DataType::Timestamp(TimeUnit::Microsecond, _) => Some(1_000),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => Some(1),
        _ => None,
    }
}

fn whole_units(text: &str, nanos_per_unit: u128, column: &str) -> Result<i64, PluginError> {
    let fault = |why: &str| PluginError::new(format!("`{text}`: {why}")).about(text);
    let duration = humantime::parse_duration(text)
        .map_err(|error| fault(&format!("{error}: give a duration such as \"90s\" or \"1h\"")))?;
    let nanos = duration.as_nanos();
    if nanos % nanos_per_unit != 0 {
        return Err(fault(&format!("not a whole number of the units of column `{column}`")));
    }
    i64::try_from(nanos / nanos_per_unit).map_err(|_| fault("longer than 292 years"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_counted_in_the_unit_of_the_column() {
        let span = |text: &str, unit| {
            in_units_of(&Span::Duration(text.into()), "t", &unit).map_err(|e| e.to_string())
        };
        assert_eq!(span("1h", DataType::Timestamp(TimeUnit::Second, None)), Ok(3600));
        assert_eq!(span("2days", DataType::Date32), Ok(2));
        assert!(span("1h", DataType::Date32).unwrap_err().contains("not a whole number"));
        assert!(span("1h", DataType::Int64).unwrap_err().contains("whole number in its unit"));
        assert!(span("1h", DataType::Utf8).unwrap_err().contains("needs a timestamp"));
        assert_eq!(in_units_of(&Span::Number(5), "t", &DataType::UInt8), Ok(5));
    }
}
