//! The error of a plugin, and the hint for a near miss.

use std::fmt;

use arrow::error::ArrowError;

/// Why a call on a plugin failed, in words for the author of the scene.
///
/// Say what was found, what was expected and what to do. With [`about`](Self::about) the engine
/// points at the place in the scene file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginError {
    message: String,
    about: Option<String>,
    at: Option<(u32, u32)>,
}

impl PluginError {
    /// An error with this message: a sentence without a full stop at its end.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), about: None, at: None }
    }

    /// Names the token of the configuration that the error is about, as it is written there.
    #[must_use]
    pub fn about(mut self, token: impl Into<String>) -> Self {
        self.about = Some(token.into());
        self
    }

    /// Names the place in the configuration text: line and column, both from 1.
    #[must_use]
    pub fn at(mut self, line: u32, column: u32) -> Self {
        self.at = Some((line, column));
        self
    }

    /// The message.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The token of the configuration that the error is about.
    pub fn token(&self) -> Option<&str> {
        self.about.as_deref()
    }

    /// Line and column in the configuration text, from 1.
    pub fn position(&self) -> Option<(u32, u32)> {
        self.at
    }
}

impl fmt::Display for PluginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for PluginError {}

impl From<ArrowError> for PluginError {
    fn from(error: ArrowError) -> Self {
        Self::new(error.to_string())
    }
}

/// The candidate that is so close to `word` that it was probably meant.
///
/// Case does not count; otherwise a third of the letters may differ. The first of equals wins.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let far = word.chars().count() / 3 + 1;
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= far)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_miss_is_found_and_a_far_one_is_not() {
        let columns = ["distance", "dep_delay", "origin"];
        assert_eq!(nearest("distence", columns), Some("distance"));
        assert_eq!(nearest("DEP_DELAY", columns), Some("dep_delay"));
        assert_eq!(nearest("carrier", columns), None);
    }
}
