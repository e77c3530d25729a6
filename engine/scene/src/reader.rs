//! Reads parts of a scene's text and gathers what is wrong with them.

use serde::de::DeserializeOwned;

use super::outline::{Node, Shape, duplicates};
use super::problem::{Located, Problem};
use super::typed::{self, shown};

/// A struct of the scene file: its name in messages and its fields.
pub(super) struct Form {
    pub(super) name: &'static str,
    pub(super) required: &'static [&'static str],
    pub(super) optional: &'static [&'static str],
}

impl Form {
    fn knows(&self, field: &str) -> bool {
        self.required.contains(&field) || self.optional.contains(&field)
    }

    fn unknown(&self, found: &str) -> Problem {
        let known = self.required.iter().chain(self.optional);
        Problem::UnknownField {
            owner: self.name.to_owned(),
            found: found.to_owned(),
            known: known.map(|&name| name.to_owned()).collect(),
        }
    }
}

/// Reads the parts of an expanded scene text and gathers what is wrong with them.
pub(super) struct Reader<'a> {
    text: &'a str,
    pub(super) problems: Vec<Located>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, problems: Vec::new() }
    }

    /// Reports unknown, duplicate and missing fields of `node`.
    pub(super) fn check_fields(&mut self, node: &Node, form: &Form) {
        let entries = match &node.shape {
            Shape::Fields(entries) => entries.as_slice(),
            Shape::Items(items) if items.is_empty() => &[],
            Shape::Items(_) | Shape::Map(_) | Shape::Text(_) | Shape::Word => {
                return self.wrong_type(node, &format!("`{}( field: value, … )`", form.name));
            }
        };
        self.problems.extend(duplicates("field", entries));
        for entry in entries.iter().filter(|entry| !form.knows(&entry.key)) {
            self.problems.push((entry.key_span.start, form.unknown(&entry.key)));
        }
        for field in form.required.iter().filter(|field| node.field(field).is_none()) {
            let problem =
                Problem::MissingField { owner: form.name.to_owned(), field: (*field).to_owned() };
            self.problems.push((node.span.start, problem));
        }
    }

    pub(super) fn required<T: DeserializeOwned>(&mut self, node: &Node, field: &str) -> Option<T> {
        self.value(node.field(field)?)
    }

    pub(super) fn optional<T: DeserializeOwned>(
        &mut self,
        node: &Node,
        field: &str,
        default: T,
    ) -> T {
        node.field(field).and_then(|value| self.value(value)).unwrap_or(default)
    }

    pub(super) fn value<T: DeserializeOwned>(&mut self, node: &Node) -> Option<T> {
        let parsed = typed::parse(&self.text[node.span.clone()]);
        parsed.map_err(|(at, problem)| self.problems.push((node.span.start + at, problem))).ok()
    }

    /// The text of a part.
    pub(super) fn raw(&self, node: &Node) -> &'a str {
        &self.text[node.span.clone()]
    }

    pub(super) fn wrong_type(&mut self, node: &Node, expected: &str) {
        let found = shown(typed::first_token(&self.text[node.span.clone()]));
        let problem = Problem::WrongType { expected: expected.to_owned(), found };
        self.problems.push((node.span.start, problem));
    }
}
