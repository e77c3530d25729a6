//! What is written: records as text, columns as files have them, or nothing.

mod blackhole;
pub(crate) mod columns;
pub(crate) mod records;

pub(crate) use self::blackhole::Blackhole;
