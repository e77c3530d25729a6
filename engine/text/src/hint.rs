//! The nearest name to one that does not exist.

use strsim::damerau_levenshtein;

/// The candidate that differs least from `name`, if it differs little enough to be a slip.
#[must_use]
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let slips_max = 1 + name.chars().count() / 4;
    let scored =
        candidates.into_iter().map(|candidate| (damerau_levenshtein(name, candidate), candidate));
    let (slips, candidate) = scored.min_by_key(|(slips, _)| *slips)?;
    (slips <= slips_max).then(|| candidate.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_found_and_another_word_is_not() {
        let columns = ["distance", "dest", "dep_delay"];
        assert_eq!(nearest("distence", columns).as_deref(), Some("distance"));
        assert_eq!(nearest("dets", columns).as_deref(), Some("dest"));
        assert_eq!(nearest("tailnum", columns), None);
    }
}
