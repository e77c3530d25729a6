//! Rules bound to a schema: each judges whole columns and says which rows fail.

mod bind;
mod check;
mod length;
mod matches;
mod one_of;
mod range;
mod required;
mod rule;
mod seen;
mod r#type;
mod unique;

pub(crate) use self::bind::bind;
pub(crate) use self::rule::{BoundRule, Rows};
pub(crate) use self::seen::Seen;
