//! Near misses: which known name was probably meant.

use strsim::damerau_levenshtein;

/// The candidate that is so close to `word` that it was probably meant; the first of equals.
///
/// Near enough: at most a third of the letters differ (at least one may), a swap of two neighbours
/// being one difference, letter case none. Cost: one edit distance a candidate.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let allowed = (word.chars().count() / 3).max(1);
    let scored = candidates.into_iter().map(|candidate| {
        let distance = damerau_levenshtein(&word, &candidate.to_lowercase());
        (distance, candidate)
    });
    let near = scored.filter(|(distance, _)| *distance <= allowed);
    near.min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

/// What to write instead of `word`: the near miss, or all names that there are.
pub fn among<'a>(word: &str, names: impl Iterator<Item = &'a str> + Clone) -> String {
    match nearest(word, names.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are `{}`", names.collect::<Vec<_>>().join("`, `")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_found_and_another_word_is_not() {
        let columns = ["distance", "dest", "dep_delay", "origin"];
        assert_eq!(nearest("distence", columns), Some("distance"));
        assert_eq!(nearest("dets", columns), Some("dest"));
        assert_eq!(nearest("DEP_DELAY", columns), Some("dep_delay"));
        for word in ["tailnum", "carrier", "deal"] {
            assert_eq!(nearest(word, columns), None, "{word}");
        }
    }

    #[test]
    fn a_short_word_may_differ_in_one_letter() {
        assert_eq!(nearest("k", ["n"]), Some("n"));
        assert_eq!(nearest("path", ["pat", "pa"]), Some("pat"));
        assert_eq!(nearest("path", ["pa"]), None);
    }

    #[test]
    fn without_a_near_miss_all_names_are_listed() {
        let names = ["a1", "b22"];
        assert_eq!(among("a2", names.into_iter()), "did you mean `a1`?");
        assert_eq!(among("carrier", names.into_iter()), "there are `a1`, `b22`");
    }
}
