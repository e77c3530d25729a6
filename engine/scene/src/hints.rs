//! What to write instead of a name that is not known.

/// Most names a hint lists; the rest is counted.
const LISTED_MAX: usize = 16;

/// The known name nearest to `found`, if one is near enough to be meant.
///
/// Quotes around `found` do not count. Cost: one edit distance a known name.
pub fn nearest<'a>(found: &str, known: &'a [String]) -> Option<&'a str> {
    tanda_spelling::nearest(found.trim_matches('"'), known.iter().map(String::as_str))
}

/// "did you mean `path`? fields of Csv: `path`, `null`"; without a near miss only the list.
pub fn did_you_mean(found: &str, known: &[String], listed_as: &str) -> String {
    let all = if known.is_empty() { "none".to_owned() } else { list(known) };
    match nearest(found, known) {
        Some(name) => format!("did you mean `{name}`? {listed_as}: {all}"),
        None => format!("{listed_as}: {all}"),
    }
}

/// Names in back quotes, with commas between; a long list is cut and the rest counted.
pub(super) fn list(names: &[String]) -> String {
    let shown: Vec<_> = names.iter().take(LISTED_MAX).map(|name| format!("`{name}`")).collect();
    match names.len().saturating_sub(LISTED_MAX) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(found: &str, known: &[&str]) -> String {
        let known: Vec<_> = known.iter().map(|&name| name.to_owned()).collect();
        did_you_mean(found, &known, "columns")
    }

    #[test]
    fn a_near_miss_is_named_and_a_far_one_is_not() {
        let known = ["distance", "origin"];
        assert_eq!(
            hint("distence", &known),
            "did you mean `distance`? columns: `distance`, `origin`"
        );
        assert_eq!(hint("Orgiin", &known), "did you mean `origin`? columns: `distance`, `origin`");
        assert_eq!(hint("carrier", &known), "columns: `distance`, `origin`");
        assert_eq!(hint("x", &[]), "columns: none");
    }

    #[test]
    fn a_long_list_is_cut_and_counted() {
        let names: Vec<_> = (0..20).map(|index| index.to_string()).collect();
        assert!(list(&names).ends_with("`15` and 4 more"));
    }
}
