//! Near misses: what somebody who wrote a wrong name probably meant.

/// Names listed when none is near.
const NAMES_SHOWN_MAX: usize = 30;

/// `did you mean …?` when a candidate is near, otherwise the list of what there is.
pub(crate) fn hint(name: &str, what: &str, candidates: &[&str]) -> String {
    match nearest(name, candidates) {
        Some(near) => format!("did you mean `{near}`?"),
        None if candidates.is_empty() => format!("there are no {what}"),
        None => list(what, candidates),
    }
}

fn list(what: &str, candidates: &[&str]) -> String {
    let shown = candidates.len().min(NAMES_SHOWN_MAX);
    let more = match candidates.len() - shown {
        0 => String::new(),
        rest => format!(" and {rest} more"),
    };
    format!("the {what} are {}{more}", candidates[..shown].join(", "))
}

fn nearest<'a>(name: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let wanted = name.to_lowercase();
    let allowed = (wanted.chars().count() / 3).max(1);
    let distance = |candidate: &&'a str| {
        let edits = strsim::damerau_levenshtein(&wanted, &candidate.to_lowercase());
        (edits <= allowed).then_some((edits, *candidate))
    };
    candidates.iter().filter_map(distance).min_by_key(|(edits, _)| *edits).map(|(_, near)| near)
}
