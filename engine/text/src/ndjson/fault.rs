//! What is wrong inside an array or an object, in words, and the way there.

use std::fmt::Write as _;

use arrow::datatypes::DataType;
use tanda_spelling::type_name;

use crate::column::Inside;
use crate::rejects::shown;

use super::token::Broken;

/// Why a value cannot be taken, and where in its column that is.
pub(super) struct Fault {
    found: String,
    /// Whether another type of the column would do.
    by_type: bool,
    /// From the inside out.
    path: Vec<Step>,
}

/// From an array or an object to what stands in it.
pub(super) enum Step {
    Item(usize),
    Key(String),
}

impl Fault {
    fn plain(found: String) -> Self {
        Self { found, by_type: false, path: Vec::new() }
    }

    /// What another type of the column would mend.
    #[cold]
    pub(super) fn by_type(found: String) -> Self {
        Self { found, by_type: true, path: Vec::new() }
    }

    #[cold]
    pub(super) fn unknown_key(raw: &[u8], expected: &DataType) -> Self {
        let (key, expected) = (shown(raw), type_name(expected));
        Self::by_type(format!("found the key {key}, expected {expected}"))
    }

    #[cold]
    pub(super) fn twice(name: &str) -> Self {
        Self::plain(format!("found the key `{name}` twice, expected it once"))
    }

    #[cold]
    pub(super) fn half_pair(raw: &[u8]) -> Self {
        Self::plain(format!("found {}, {PAIRS}", shown(raw)))
    }

    #[cold]
    pub(super) fn sparse(missing_max: usize) -> Self {
        let found = format!("found more than {missing_max} missing values, expected fewer");
        Self::by_type(found)
    }

    /// The same, seen from the array or object around.
    #[cold]
    pub(super) fn within(mut self, step: Step) -> Self {
        self.path.push(step);
        self
    }

    pub(super) fn told(self) -> Inside {
        let mut path = String::new();
        for step in self.path.iter().rev() {
            let written = match step {
                Step::Item(index) => write!(path, "[{index}]"),
                Step::Key(name) => write!(path, ".{name}"),
            };
            written.expect("a string takes any text");
        }
        Inside { path, found: self.found, by_type: self.by_type }
    }
}

impl From<Broken> for Fault {
    fn from(broken: Broken) -> Self {
        let Broken { at, expected } = broken;
        Self::plain(format!("found no JSON at byte {} of the value, expected {expected}", at + 1))
    }
}

/// What a string is expected to have that ends inside a character.
pub(super) const PAIRS: &str = "expected \\u escapes of surrogates in pairs";
