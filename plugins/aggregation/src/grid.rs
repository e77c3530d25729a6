//! Where windows of time begin and end.

use crate::calendar;

/// The ends of windows, in units of the time column since 1970-01-01T00:00:00.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grid {
    /// Windows of `every` units, at least 1, one of which begins at `origin`, `0..every`.
    Even { every: i64, origin: i64 },
    /// Windows of `months`, at least 1, of the calendar.
    Months(Months),
}

/// Windows of months in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Months {
    /// Length, `1..=MONTHS_MAX`.
    pub(crate) months: i64,
    /// A month in which one begins, counted from January 1970, `0..months`.
    pub(crate) first: i64,
    /// Units by which each begins after its month.
    pub(crate) shift: i64,
    pub(crate) units_per_day: i64,
}

/// Longest window of the calendar: a million years, far beyond what columns hold.
pub(crate) const MONTHS_MAX: i64 = 12_000_000;

impl Grid {
    /// Start and end of the window that holds a time; none if they are no `i64`.
    pub(crate) fn window(self, time: i64) -> Option<(i64, i64)> {
        match self {
            Self::Even { every, origin } => {
                // Both are below `every`, so nothing overflows before the start does.
                let behind = (time.rem_euclid(every) - origin).rem_euclid(every);
                let start = time.checked_sub(behind)?;
                Some((start, start.checked_add(every)?))
            }
            Self::Months(months) => months.window(time),
        }
    }
}

impl Months {
    fn window(self, time: i64) -> Option<(i64, i64)> {
        let day = time.checked_sub(self.shift)?.div_euclid(self.units_per_day);
        let month = calendar::month_of(day)?;
        // Months are fewer than days: these numbers are far from the ends of `i64`.
        let start = month - (month - self.first).rem_euclid(self.months);
        Some((self.begin(start)?, self.begin(start + self.months)?))
    }

    fn begin(self, month: i64) -> Option<i64> {
        let day = calendar::first_day_of(month)?;
        day.checked_mul(self.units_per_day)?.checked_add(self.shift)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_no_number_holds_is_no_window() {
        let grid = Grid::Even { every: 10, origin: 3 };
        assert_eq!(grid.window(i64::MIN), None);
        assert_eq!(grid.window(i64::MAX), None);
        assert_eq!(grid.window(-8), Some((-17, -7)));
        for units_per_day in [1, 86_400, 86_400_000_000_000] {
            let months = Months { months: MONTHS_MAX, first: 0, shift: 5, units_per_day };
            let ends = [i64::MIN, i64::MAX].map(|time| Grid::Months(months).window(time));
            assert_eq!(ends, [None; 2]);
        }
    }

    proptest! {
        #[test]
        fn a_time_lies_in_its_window_and_windows_meet(
            time in -1_i64 << 60..1 << 60,
            every in 1_i64..1 << 50,
            months in 1_i64..200,
            shift in -1_i64 << 40..1 << 40,
        ) {
            let even = Grid::Even { every, origin: shift.rem_euclid(every) };
            let first = shift.rem_euclid(months);
            let months = Months { months, first, shift, units_per_day: 86_400_000 };
            for grid in [even, Grid::Months(months)] {
                let (start, end) = grid.window(time).unwrap();
                prop_assert!(start <= time && time < end);
                prop_assert_eq!(grid.window(start), Some((start, end)));
                prop_assert_eq!(grid.window(end - 1), Some((start, end)));
                prop_assert_eq!(grid.window(end).unwrap().0, end);
            }
        }
    }
}
