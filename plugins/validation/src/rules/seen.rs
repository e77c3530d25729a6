//! What a `Unique` rule remembers.

use std::collections::VecDeque;
use std::sync::Arc;

use hashbrown::HashMap;

/// The keys of the last rows that one rule has judged, in their order.
#[derive(Debug, Default, Clone)]
pub(crate) struct Seen {
    /// Rows judged so far; the number of the next one.
    count: u64,
    /// Number of the last row with this key.
    last: HashMap<Arc<[u8]>, u64>,
    /// The keys of the last rows, oldest first; never more than the window. A row whose key has a
    /// null has none, and takes its place all the same: it came as far as this rule.
    recent: VecDeque<Option<Arc<[u8]>>>,
}

impl Seen {
    /// Notes a row and says whether its key, if it has one, was among the `window` rows before it.
    pub(super) fn meet(&mut self, key: Option<&[u8]>, window: u64) -> bool {
        let key = key.map(|key| match self.last.get_key_value(key) {
            Some((known, _)) => known.clone(),
            None => Arc::from(key),
        });
        let before =
            key.as_ref().is_some_and(|key| self.last.insert(key.clone(), self.count).is_some());
        self.recent.push_back(key);
        self.count += 1;
        if self.recent.len() as u64 > window {
            self.forget_oldest();
        }
        before
    }

    fn forget_oldest(&mut self) {
        let number = self.count - self.recent.len() as u64;
        if let Some(Some(key)) = self.recent.pop_front()
            && self.last.get(&key) == Some(&number)
        {
            self.last.remove(&key);
        }
    }

    /// Number of rows judged and the keys that are remembered, oldest first.
    pub(crate) fn parts(&self) -> (u64, impl ExactSizeIterator<Item = Option<&[u8]>>) {
        (self.count, self.recent.iter().map(Option::as_deref))
    }

    /// From what `parts` gave; `None` when there are more keys than rows.
    pub(crate) fn from_parts(count: u64, keys: Vec<Option<Arc<[u8]>>>) -> Option<Self> {
        let first = count.checked_sub(keys.len() as u64)?;
        let numbered = (first..).zip(&keys);
        let last = numbered.filter_map(|(number, key)| Some((key.clone()?, number))).collect();
        Some(Self { count, last, recent: keys.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows by the letter of their key, `~` for none, duplicates in upper case.
    fn judge(seen: &mut Seen, keys: &str, window: u64) -> String {
        let judge = |key: char| {
            let bytes = [key as u8];
            match seen.meet((key != '~').then_some(&bytes), window) {
                true => key.to_ascii_uppercase(),
                false => key,
            }
        };
        keys.chars().map(judge).collect()
    }

    #[test]
    fn a_key_is_a_duplicate_as_far_as_the_window_reaches() {
        assert_eq!(judge(&mut Seen::default(), "abaca", 2), "abAcA");
        assert_eq!(judge(&mut Seen::default(), "abca", 2), "abca");
        assert_eq!(judge(&mut Seen::default(), "aab", 1), "aAb");
        assert_eq!(judge(&mut Seen::default(), "aabba", 1), "aAbBa");
    }

    #[test]
    fn a_row_without_a_key_takes_its_place_in_the_window() {
        assert_eq!(judge(&mut Seen::default(), "a~a", 1), "a~a");
        assert_eq!(judge(&mut Seen::default(), "a~a~~a", 2), "a~A~~a");
        assert_eq!(judge(&mut Seen::default(), "~~~", 3), "~~~");
    }

    #[test]
    fn a_window_forgets_what_it_no_longer_needs() {
        let mut seen = Seen::default();
        judge(&mut seen, "abcdefghij", 3);
        assert_eq!((seen.last.len(), seen.recent.len()), (3, 3));
    }

    #[test]
    fn a_restored_window_goes_on_where_it_was() {
        let mut seen = Seen::default();
        judge(&mut seen, "xxab~c", 3);
        let (count, keys) = seen.parts();
        let keys = keys.map(|key| key.map(Arc::from)).collect();
        let mut copy = Seen::from_parts(count, keys).unwrap();
        assert_eq!(judge(&mut copy, "xabc", 3), judge(&mut seen, "xabc", 3));
    }
}
