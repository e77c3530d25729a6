//! Sinks: batches in; a file, a pipe, standard output or nothing out.
//!
//! A file is written beside its name, as `<path>.part`, and takes its name only when all files of
//! the run are complete and on disk ([`publish`]): whatever stands at the path is either what stood
//! there before or the whole result.
//! Text formats are encoded by [`Encode`], side by side on any thread, and written in order by the
//! [`Writer`]; Parquet and Arrow are encoded by the writer itself.

mod batches;
mod cells;
mod csv;
mod declared;
mod downcast;
mod error;
mod ndjson;
mod number;
mod output;
mod outward;
mod parquet_form;
mod part;
mod plan;
mod publish;
mod schema;
mod sink;
mod style;
mod target;
mod text;
mod texts;
mod time;
mod writer;

#[cfg(test)]
mod tests;

pub use self::error::WriteError;
pub use self::publish::{Staged, publish};
pub use self::sink::{Sink, check, check_columns, open};
pub use self::writer::{Closed, Encode, Writer};
