//! What to write instead of a name that is not known.

use tanda_plugin::nearest;

/// The near miss, or all that there is.
pub(crate) fn among<'a>(word: &str, names: impl Iterator<Item = &'a str> + Clone) -> String {
    match nearest(word, names.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are `{}`", names.collect::<Vec<_>>().join("`, `")),
    }
}
