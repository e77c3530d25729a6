//! What a supervisor decides, held against a model that is written as OTP's supervisor is.

mod laws;
mod model;
mod random;
mod real;
mod table;
mod tree;

use self::{
    model::Model,
    real::Real,
    tree::{Did, Event, Tree},
};

/// Lets the same happen to what is tested and to the model, which must do the same.
pub(crate) struct Both {
    pub(crate) real: Real,
    model: Model,
}

impl Both {
    pub(crate) fn new(tree: &Tree) -> Self {
        Self { real: Real::new(tree), model: Model::new(tree) }
    }

    /// What is done about `event`; nothing happens if it cannot.
    ///
    /// # Panics
    /// When the two differ.
    pub(crate) fn after(&mut self, event: Event) -> Vec<Did> {
        if !self.real.happen(event) {
            return Vec::new();
        }
        self.model.happen(event);
        let did = self.real.settle();
        let expected = self.model.settle();
        assert_eq!(did, expected, "after {event:?}: {:#?}", self.model);
        did
    }
}
