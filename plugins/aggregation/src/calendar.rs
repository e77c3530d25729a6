//! Months of the proleptic Gregorian calendar, as numbers.
//!
//! After Howard Hinnant, "chrono-compatible low-level date algorithms": eras of 400 years that
//! begin on 1 March, so that the leap day comes last. A calendar of a library ends after some
//! 260,000 years, which seconds in an `i64` do not.

const DAYS_PER_ERA: i64 = 146_097;
const MONTHS_PER_ERA: i64 = 4_800;
/// From 0000-03-01 to 1970-01-01.
const DAYS_BEFORE_1970: i64 = 719_468;
const MONTHS_BEFORE_1970: i64 = 1970 * 12 - 2;

/// The month of a day, both counted from January 1970; none at the far end of `i64`.
pub(crate) fn month_of(day: i64) -> Option<i64> {
    let shifted = day.checked_add(DAYS_BEFORE_1970)?;
    let day_of_era = shifted.rem_euclid(DAYS_PER_ERA);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let months = 12 * year_of_era + month_from_march;
    Some(shifted.div_euclid(DAYS_PER_ERA) * MONTHS_PER_ERA + months - MONTHS_BEFORE_1970)
}

/// The first day of a month, both counted from January 1970; none if it is no `i64`.
pub(crate) fn first_day_of(month: i64) -> Option<i64> {
    let shifted = month.checked_add(MONTHS_BEFORE_1970)?;
    let month_of_era = shifted.rem_euclid(MONTHS_PER_ERA);
    let (year_of_era, month_from_march) = (month_of_era / 12, month_of_era % 12);
    let day_of_year = (153 * month_from_march + 2) / 5;
    let day_of_era = 365 * year_of_era + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let eras = shifted.div_euclid(MONTHS_PER_ERA).checked_mul(DAYS_PER_ERA)?;
    eras.checked_add(day_of_era - DAYS_BEFORE_1970)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_begin_on_their_first_day() {
        let cases = [
            (0, 0),
            (31, 1),
            (59, 2),
            (365, 12),
            (-1, -1),
            (-31, -1),
            (-32, -2),
            (19_782, 649),       // 2024-02-29
            (19_783, 650),       // 2024-03-01
            (-25_508, -838),     // 1900-03-01, after a February of 28 days
            (-719_528, -23_640), // 0000-01-01
        ];
        for (day, month) in cases {
            assert_eq!(month_of(day), Some(month), "{day}");
        }
    }

    #[test]
    fn days_and_months_agree_for_many_years() {
        let first_day = |month| first_day_of(month).unwrap();
        let mut begin = first_day(-40_000);
        for month in -40_000..40_000 {
            let next = first_day(month + 1);
            assert!((28..=31).contains(&(next - begin)), "{month}");
            assert_eq!((month_of(begin), month_of(next - 1)), (Some(month), Some(month)));
            begin = next;
        }
        assert_eq!(first_day(4800 * 7) - first_day(0), 7 * DAYS_PER_ERA);
    }
}
