//! Column types by name.

mod nested;
mod table;

pub use nested::{parse_type, type_name};
pub use table::{KNOWN_TYPES, parse_flat_type, parse_simple_type, simple_types};
