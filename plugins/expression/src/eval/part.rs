//! Parts of dates and times, in whole numbers, so that no value of a type is out of range.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, PrimitiveArray};
use arrow::compute::{binary, cast};
use arrow::datatypes::{DataType, Decimal128Type, Int64Type, TimeUnit};
use arrow::error::ArrowError;

use super::calendar::{Day, civil, iso_week};
use crate::cast::{decimals, zone_east};
use crate::functions::Part;

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 86_400;

/// The part as `int64`.
pub(super) fn part(array: &ArrayRef, part: Part) -> Result<ArrayRef, ArrowError> {
    let moments = Moments::of(array)?;
    let of_day = |f: fn(Day) -> i64| moments.each(|day, _| f(day));
    Ok(Arc::new(match part {
        Part::Year => of_day(|day| civil(day).year),
        Part::Quarter => of_day(|day| (civil(day).month + 2) / 3),
        Part::Month => of_day(|day| civil(day).month),
        Part::Week => of_day(iso_week),
        Part::Day => of_day(|day| civil(day).day),
        // 1970 began on a Thursday.
        Part::DayOfWeek => of_day(|day| (day + 4).rem_euclid(7)),
        Part::IsoDayOfWeek => of_day(|day| (day + 3).rem_euclid(7) + 1),
        Part::DayOfYear => of_day(|day| civil(day).day_of_year),
        Part::Hour => moments.each(|_, second| second.div_euclid(HOUR)),
        Part::Minute => moments.each(|_, second| second.rem_euclid(HOUR) / MINUTE),
        Part::Second => moments.each(|_, second| second.rem_euclid(MINUTE)),
    }))
}

/// The second with as many decimals as the type has.
pub(super) fn seconds(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let per_second = 10_i64.pow(second_decimals(array.data_type()));
    let moments = Moments::of(array)?;
    let whole = moments.each(|_, second| second.rem_euclid(MINUTE));
    let seconds: PrimitiveArray<Decimal128Type> =
        binary(&whole, &moments.counts, |whole, count| {
            i128::from(whole) * i128::from(per_second) + i128::from(count.rem_euclid(per_second))
        })?;
    Ok(Arc::new(seconds.with_data_type(seconds_type(array.data_type()))))
}

/// Two digits before the point, and the type's decimals behind it.
pub(crate) fn seconds_type(data_type: &DataType) -> DataType {
    let kept = second_decimals(data_type) as u8;
    DataType::Decimal128(2 + kept, kept as i8)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a date has no decimals of a second")]
fn second_decimals(data_type: &DataType) -> u32 {
    match data_type {
        DataType::Time32(unit) | DataType::Time64(unit) | DataType::Timestamp(unit, _) => {
            decimals(*unit)
        }
        _ => decimals(TimeUnit::Second),
    }
}

/// Whether values of this type have this part: a time has no year.
#[expect(clippy::wildcard_enum_match_arm, reason = "the types of moments")]
pub(crate) fn has_part(data_type: &DataType, part: Part) -> bool {
    match data_type {
        DataType::Date32 | DataType::Date64 => true,
        DataType::Time32(_) | DataType::Time64(_) => {
            matches!(part, Part::Hour | Part::Minute | Part::Second)
        }
        DataType::Timestamp(..) => zone_east(data_type).is_some(),
        _ => false,
    }
}

/// How the values of a type count.
#[derive(Debug, Clone, Copy)]
enum Counted {
    Days,
    /// Units since 1970 by a clock so many seconds east of Greenwich; so many units a second.
    Since1970(i64, i64),
    /// Units since midnight; 24:00:00 is the end of the day, not the beginning of the next.
    SinceMidnight(i64),
}

struct Moments {
    counts: Int64Array,
    counted: Counted,
}

impl Moments {
    #[expect(clippy::wildcard_enum_match_arm, reason = "`has_part` lets only moments through")]
    fn of(array: &ArrayRef) -> Result<Self, ArrowError> {
        let data_type = array.data_type();
        let per_second = |unit: &TimeUnit| 10_i64.pow(decimals(*unit));
        let counted = match data_type {
            DataType::Date64 => Counted::Since1970(0, per_second(&TimeUnit::Millisecond)),
            DataType::Timestamp(unit, _) => {
                Counted::Since1970(zone_east(data_type).unwrap_or(0), per_second(unit))
            }
            DataType::Time32(unit) | DataType::Time64(unit) => {
                Counted::SinceMidnight(per_second(unit))
            }
            _ => Counted::Days,
        };
        let counts = cast(array, &DataType::Int64)?;
        Ok(Self { counts: counts.as_primitive::<Int64Type>().clone(), counted })
    }

    /// What `f` makes of the day since 1970 and the second of that day.
    fn each(&self, f: impl Fn(Day, i64) -> i64) -> Int64Array {
        match self.counted {
            Counted::Days => self.counts.unary(|day| f(day, 0)),
            Counted::SinceMidnight(per) => self.counts.unary(|count| f(0, count.div_euclid(per))),
            // A divisor that the compiler knows is no division.
            Counted::Since1970(east, 1) => self.counts.unary(|count| since::<1>(count, east, &f)),
            Counted::Since1970(east, 1_000) => {
                self.counts.unary(|count| since::<1_000>(count, east, &f))
            }
            Counted::Since1970(east, 1_000_000) => {
                self.counts.unary(|count| since::<1_000_000>(count, east, &f))
            }
            Counted::Since1970(east, _) => {
                self.counts.unary(|count| since::<1_000_000_000>(count, east, &f))
            }
        }
    }
}

#[inline(always)]
fn since<const PER: i64>(count: i64, east: i64, f: &impl Fn(Day, i64) -> i64) -> i64 {
    let seconds = count.div_euclid(PER);
    let (day, second) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY) + east);
    f(day + second.div_euclid(DAY), second.rem_euclid(DAY))
}
