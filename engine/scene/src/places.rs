//! Where everything stands in the scene file, for errors that are found after parsing.

use std::collections::BTreeMap;
use std::ops::Range;

use super::expanded::Expanded;
use super::fault::{Fault, SceneFaults};
use super::outline::{Entry, Node, Shape};
use super::text::{Place, offset_of, place_at};
use super::tokens::{self, TokenKind};

/// Places of the stages of a scene and of their parts.
///
/// Every question about a stage or a part that is not there is answered with the nearest thing that
/// is: the stage, or the beginning of the file.
#[derive(Debug, Clone, Default)]
pub struct Places {
    file: String,
    source: String,
    expanded: Expanded,
    stages: BTreeMap<String, Entry>,
}

impl Places {
    pub(super) fn new(file: &str, source: &str, expanded: Expanded, stages: Vec<Entry>) -> Self {
        let stages = stages.into_iter().map(|entry| (entry.key.clone(), entry)).collect();
        Self { file: file.to_owned(), source: source.to_owned(), expanded, stages }
    }

    /// Name of the scene file, as it was given.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Faults found after parsing, such as a plugin's, printed like those of the scene itself.
    #[must_use]
    pub fn faults(&self, faults: Vec<Fault>) -> SceneFaults {
        SceneFaults::new(&self.file, &self.source, faults)
    }

    /// The key of `stage` in `stages`.
    #[must_use]
    pub fn name(&self, stage: &str) -> Place {
        self.place(self.stages.get(stage).map_or(0, |entry| entry.key_span.start))
    }

    /// The value of a field of `stage`: `library`, `config`, `instances`, `read`, `write`, ….
    #[must_use]
    pub fn field(&self, stage: &str, field: &str) -> Place {
        match self.node(stage, field) {
            Some(node) => self.place(node.span.start),
            None => self.name(stage),
        }
    }

    /// Entry `input_index` of the `from` of `stage`, from 0.
    #[must_use]
    pub fn input(&self, stage: &str, input_index: usize) -> Place {
        match self.node(stage, "from").map(|from| (from, &from.shape)) {
            Some((from, Shape::Items(items))) => {
                self.place(items.get(input_index).unwrap_or(from).span.start)
            }
            Some((from, _)) => self.place(from.span.start),
            None => self.name(stage),
        }
    }

    /// The `path` in the `read` or `write` of `stage`; the format's name if it has none.
    #[must_use]
    pub fn path(&self, stage: &str) -> Place {
        let part = self.node(stage, "read").or_else(|| self.node(stage, "write"));
        let path = part.map(|part| part.field("path").unwrap_or(part));
        path.map_or_else(|| self.name(stage), |path| self.place(path.span.start))
    }

    /// Line and column (both from 1) within the config text of `stage` as the plugin got it.
    #[must_use]
    pub fn in_config(&self, stage: &str, line: usize, column: usize) -> Place {
        let Some(config) = self.node(stage, "config") else { return self.plugin(stage) };
        let text = &self.expanded.text[config.span.clone()];
        let offset = offset_of(text, Place { line, column });
        self.place(config.span.start + token_start(text, offset))
    }

    /// First mention of `about` in the config of `stage`: a text or a name that is `about`, or else
    /// a text in which it occurs as a word. Without any, where the config begins.
    #[must_use]
    pub fn about(&self, stage: &str, about: &str) -> Place {
        match self.node(stage, "config") {
            Some(_) => self.mention(stage, "config", about),
            None => self.plugin(stage),
        }
    }

    /// First mention of `about` in a field of `stage`, as [`Places::about`] finds it in `config`.
    #[must_use]
    pub fn mention(&self, stage: &str, field: &str, about: &str) -> Place {
        let Some(node) = self.node(stage, field) else { return self.name(stage) };
        let offset = mention(&self.expanded.text[node.span.clone()], about).unwrap_or(0);
        self.place(node.span.start + offset)
    }

    /// The library of `stage`: what a plugin's error is about when it has no config.
    fn plugin(&self, stage: &str) -> Place {
        self.field(stage, "library")
    }

    fn node(&self, stage: &str, field: &str) -> Option<&Node> {
        self.stages.get(stage)?.value.field(field)
    }

    fn place(&self, offset: usize) -> Place {
        place_at(&self.source, self.expanded.source_offset(offset))
    }
}

/// Start of the token of `text` that covers `offset` or comes next; parsers stop inside or before.
fn token_start(text: &str, offset: usize) -> usize {
    let tokens = tokens::tokens(text);
    let token = tokens.iter().find(|token| token.span.end > offset);
    token.map_or(offset, |token| token.span.start)
}

fn mention(text: &str, about: &str) -> Option<usize> {
    let tokens = tokens::tokens(text);
    let is_about = |literal: &str, kind| match kind {
        TokenKind::Str => tokens::decode(literal).is_some_and(|decoded| decoded == about),
        TokenKind::Word => literal == about,
        TokenKind::Open(_) | TokenKind::Close(_) | TokenKind::Comma | TokenKind::Colon => false,
    };
    let whole = tokens.iter().find(|token| is_about(&text[token.span.clone()], token.kind));
    let mut texts = tokens.iter().filter(|token| token.kind == TokenKind::Str);
    whole
        .map(|token| token.span.start)
        .or_else(|| texts.find_map(|token| word_in(text, token.span.clone(), about)))
}

/// Offset of `word` inside `span` of `text`, with no letter, digit or `_` on either side.
fn word_in(text: &str, span: Range<usize>, word: &str) -> Option<usize> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let literal = &text[span.clone()];
    let mut hits = literal.match_indices(word).filter(|_| !word.is_empty());
    let hit = hits.find(|(at, _)| {
        let before = literal[..*at].chars().next_back();
        let after = literal[at + word.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    });
    hit.map(|(at, _)| span.start + at)
}
