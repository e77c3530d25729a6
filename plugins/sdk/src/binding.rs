//! What `bind` says about an instance, and what the engine says it wants from it.

use arrow::datatypes::Field;

use crate::Flags;

/// What one instance, with its configuration and its input schema, reads and emits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// Named outputs, `1..=PORTS_MAX`; everywhere else a port is its index here.
    pub ports: Vec<Port>,
    /// Input columns that the plugin computes on.
    pub reads: Reads,
    /// What this instance is: exactly one of `STATELESS`, `MERGEABLE`, `EXCLUSIVE`, and what it
    /// promises. Part of [`crate::Plugin::FLAGS`].
    pub flags: Flags,
}

/// A named output. Its schema is the input's fields, if they pass, followed by its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// Name, unique among the ports; the one that matters most is called `main`.
    pub name: String,
    /// Do the columns of the input leave here too, in front of the own ones?
    pub passes_input: bool,
    /// Columns that the plugin makes.
    pub own: Vec<Field>,
}

impl Port {
    /// A port on which the input's columns leave as they came.
    pub fn passing(name: impl Into<String>) -> Self {
        Self { name: name.into(), passes_input: true, own: Vec::new() }
    }

    /// A port on which only the plugin's own columns leave.
    pub fn fresh(name: impl Into<String>, own: Vec<Field>) -> Self {
        Self { name: name.into(), passes_input: false, own }
    }

    /// The same port with more columns of the plugin's own.
    #[must_use]
    pub fn with(mut self, own: impl IntoIterator<Item = Field>) -> Self {
        self.own.extend(own);
        self
    }
}

/// Input columns that a plugin computes on; the others only pass through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reads {
    /// Every column.
    All,
    /// The columns of these names.
    Columns(Vec<String>),
}

/// What later stages want from an instance, port by port.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// One entry per port of the binding, in its order.
    pub ports: Vec<WantedPort>,
}

/// What later stages want from one port.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WantedPort {
    /// Does any stage read this port?
    pub connected: bool,
    /// Wanted columns: indices into the port's schema (the bound input's fields, if they pass, then
    /// the own ones). Order and repetition do not matter. Ignored when not connected.
    pub columns: Vec<usize>,
}
