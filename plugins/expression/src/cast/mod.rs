//! Casts, explicit and implied: PostgreSQL's rules, and never a value that is only near.
//!
//! Every conversion makes null of a value that has no counterpart; [`cast_array`] then turns the
//! first such null into an error, unless the cast is lenient.

mod by_arrow;
mod moment;
mod number;
mod table;
mod text;
mod time;
mod zone;

pub(crate) use moment::decimals;
pub(crate) use number::shortest_digits;
pub use table::{can_cast, try_cast};
pub(crate) use table::{cast_array, how_to_write, keeping};
pub(crate) use zone::east as zone_east;
