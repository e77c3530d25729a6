//! What to write instead of a name that is not known.

use tanda_spelling::nearest;

/// Names listed when none is near.
const NAMES_SHOWN_MAX: usize = 30;

/// `did you mean …?` when a candidate is near, otherwise the list of what there is.
pub(crate) fn hint(name: &str, what: &str, candidates: &[&str]) -> String {
    match nearest(name, candidates.iter().copied()) {
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
