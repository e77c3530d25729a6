//! The Gregorian calendar, before its beginning too, as whole numbers of any size.

/// Days since 1970.
pub(super) type Day = i64;

/// A day by the calendar. There is a year 0.
pub(super) struct Civil {
    pub(super) year: i64,
    /// From 1.
    pub(super) month: i64,
    /// From 1.
    pub(super) day: i64,
    /// From 1.
    pub(super) day_of_year: i64,
}

/// Days of 400 years, after which the calendar repeats.
const ERA_DAYS: i64 = 146_097;
/// Days from the 1st of March of the year 0 to 1970.
const MARCH_0: i64 = 719_468;

/// By Howard Hinnant's `civil_from_days`: years that begin in March end with the leap day.
#[inline]
pub(super) fn civil(day: Day) -> Civil {
    let day = day + MARCH_0;
    let (era, of_era) = (day.div_euclid(ERA_DAYS), day.rem_euclid(ERA_DAYS));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Five months from March on have 153 days, and so have the next five.
    let from_march = (5 * of_year + 2) / 153;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + 400 * era + i64::from(month <= 2);
    let leap = i64::from(is_leap(year));
    let day_of_year = if month <= 2 { of_year - 305 } else { of_year + 60 + leap };
    Civil { year, month, day: of_year - (153 * from_march + 2) / 5 + 1, day_of_year }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// The week by ISO 8601: from Monday, the first one that of the year's first Thursday.
#[inline]
pub(super) fn iso_week(day: Day) -> i64 {
    let thursday = day - (day + 3).rem_euclid(7) + 3;
    (civil(thursday).day_of_year - 1) / 7 + 1
}

#[cfg(test)]
mod tests {
    use arrow::array::{Date32Array, Int32Array};
    use arrow::compute::{DatePart, date_part};

    use super::*;

    #[test]
    fn the_calendar_is_that_of_chrono() {
        // Every day of 800 years, and some of the others that chrono has.
        let days = (-450_000..450_000).chain((-96_000_000..95_000_000).step_by(9_973));
        let days = Date32Array::from_iter_values(days);
        let check = |part: DatePart, found: fn(Day) -> i64| {
            let expected = date_part(&days, part).unwrap();
            let expected = expected.as_any().downcast_ref::<Int32Array>().unwrap();
            for (day, expected) in days.values().iter().zip(expected) {
                let Some(expected) = expected else { continue };
                assert_eq!(found((*day).into()), i64::from(expected), "{part} of {day}");
            }
        };
        check(DatePart::Year, |day| civil(day).year);
        check(DatePart::Month, |day| civil(day).month);
        check(DatePart::Day, |day| civil(day).day);
        check(DatePart::DayOfYear, |day| civil(day).day_of_year);
        check(DatePart::WeekISO, iso_week);
    }

    #[test]
    fn the_calendar_repeats_after_400_years() {
        for day in [i64::from(i32::MAX), i64::from(i32::MIN), i64::MAX / 86_400, i64::MIN / 86_400]
        {
            let (far, near) = (civil(day), civil(day.rem_euclid(ERA_DAYS)));
            let years = 400 * day.div_euclid(ERA_DAYS);
            assert_eq!((far.year, far.month, far.day), (near.year + years, near.month, near.day));
            assert_eq!(iso_week(day), iso_week(day.rem_euclid(ERA_DAYS)));
        }
        assert_eq!(civil(i64::from(i32::MAX)).year, 5_881_580);
    }
}
