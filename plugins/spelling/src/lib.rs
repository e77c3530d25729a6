//! How names, column types and values are written: one way for scenes, plugins and messages.
//!
//! Whoever reads what a person wrote gets from here what it means, and whoever tells a person of a
//! type, a zone or a near miss gets from here what to call it, so that a name which a message uses
//! can be written back.
//!
//! What it never does: read files, know a scene or a plugin, or speak SQL, whose types have names
//! of their own (`tanda-expression`).
//!
//! Begin with [`type_name`] and [`parse_type`].
//!
//! | module | knows |
//! |---|---|
//! | `near` | near misses: which known name was probably meant |
//! | `types` | the table of column types by name, lists and structs of them |
//! | `zone` | the one name of each time zone |
//! | `ending` | format and compression by the ending of a file's name |
//! | `scalar` | a value of a configuration, as a value of a column |

mod ending;
mod near;
mod scalar;
mod types;
mod zone;

pub use ending::{Ending, NamedFormat, Packing};
pub use near::{among, nearest};
pub use scalar::Scalar;
pub use types::{
    KNOWN_TYPES, parse_flat_type, parse_simple_type, parse_type, simple_types, type_name,
};
pub use zone::{UTC, one_zone};
