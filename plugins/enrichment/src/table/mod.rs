//! Lookup tables: read once, at `open`; only the columns that are named.

mod bytes;
mod columns;
mod error;
mod file;
mod named;
mod parquet;
mod read;
mod text;

pub(crate) use self::columns::{Place, Table};
