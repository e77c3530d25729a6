//! The error of a plugin.

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
