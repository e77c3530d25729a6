//! Finds the poison rows of a batch by halving it.

use alloc::{vec, vec::Vec};
use core::ops::Range;

/// The search for the rows of a batch that a plugin fails at.
///
/// The batch is tried in halves, and what fails in halves again, until single rows are left. It
/// takes some `2 log2(n / k)` tries a poison row, for `k` of them among `n`, of which half fail;
/// beyond a bound of tries that fail, what is not told apart by then counts as poison.
#[derive(Clone, Debug)]
pub struct Bisection {
    /// Ranges still to be tried, the first rows on top.
    left: Vec<Range<usize>>,
    poison: Vec<Range<usize>>,
    fails_left: u32,
}

impl Bisection {
    /// For a batch of `rows` that failed as a whole.
    #[must_use]
    pub fn new(rows: usize, fails_max: u32) -> Self {
        let mut search = Self { left: Vec::new(), poison: Vec::new(), fails_left: fails_max };
        search.halve(0..rows);
        search
    }

    /// The rows to try next; `None` at the end.
    #[must_use]
    pub fn next(&self) -> Option<Range<usize>> {
        self.left.last().cloned()
    }

    /// Whether a failure of the rows that [`next`](Self::next) gave makes them poison for good.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.fails_left <= 1 || self.left.last().is_some_and(|range| range.len() <= 1)
    }

    /// The rows that [`next`](Self::next) gave are good.
    pub fn passed(&mut self) {
        self.left.pop();
    }

    /// The rows that [`next`](Self::next) gave fail; true if they are poison for good.
    pub fn failed(&mut self) -> bool {
        let Some(range) = self.left.pop() else { return false };
        self.fails_left = self.fails_left.saturating_sub(1);
        if range.len() > 1 && self.fails_left > 0 {
            self.halve(range);
            return false;
        }
        self.poison.push(range);
        true
    }

    /// The poison rows, ascending.
    #[must_use]
    pub fn poison(&self) -> &[Range<usize>] {
        &self.poison
    }

    fn halve(&mut self, range: Range<usize>) {
        let middle = range.start + range.len() / 2;
        let halves = vec![middle..range.end, range.start..middle];
        self.left.extend(halves.into_iter().filter(|half| !half.is_empty()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Searches for the rows of `poison`; what was found, and how many tries failed.
    fn search(rows: usize, poison: &[usize], fails_max: u32) -> (Vec<Range<usize>>, u32) {
        let mut search = Bisection::new(rows, fails_max);
        let mut fails = 0;
        while let Some(range) = search.next() {
            if poison.iter().any(|row| range.contains(row)) {
                fails += 1;
                let is_final = search.is_final();
                assert_eq!(search.failed(), is_final, "{range:?}");
            } else {
                search.passed();
            }
        }
        (search.poison().to_vec(), fails)
    }

    #[test]
    fn exactly_the_poison_rows_are_found() {
        for rows in 1..40 {
            for first in 0..rows {
                for second in 0..rows {
                    let (found, _) = search(rows, &[first, second], 1_000);
                    let mut expected = vec![first..first + 1, second..second + 1];
                    expected.sort_by_key(|range| range.start);
                    expected.dedup();
                    assert_eq!(found, expected, "{rows} rows");
                }
            }
        }
    }

    #[test]
    fn one_row_in_many_takes_a_try_a_halving() {
        assert_eq!(search(16_384, &[12_345], 1_000).1, 14);
    }

    #[test]
    fn good_rows_are_no_poison() {
        assert_eq!(search(100, &[], 1_000), (Vec::new(), 0));
        assert_eq!(search(0, &[], 1_000), (Vec::new(), 0));
    }

    #[test]
    fn beyond_the_bound_what_is_left_is_poison() {
        let all: Vec<usize> = (0..64).collect();
        let (found, _) = search(64, &all, 5);
        assert_eq!(found.iter().map(Range::len).sum::<usize>(), 64);
        assert!(found.len() < 64, "{found:?}");
        assert!(found.windows(2).all(|pair| pair[0].end == pair[1].start), "{found:?}");
    }
}
