//! Sinks: batches in; a file, a pipe, standard output or nothing out.
//!
//! A file is written beside its name, as `<path>.part`, and takes its name only when all files of
//! the run are complete and on disk ([`publish`]): whatever stands at the path is either what stood
//! there before or the whole result.
//! Text formats are encoded by [`Encode`], side by side on any thread, and written in order by the
//! [`Writer`]; Parquet and Arrow are encoded by the writer itself.
//!
//! | module | knows |
//! |---|---|
//! | `sink`, `plan` | the sink as a whole; what its settings come down to |
//! | `writer` | what sinks and formats say to each other |
//! | `schema`, `declared` | which columns a format can hold; whether a batch has them |
//! | `format` | CSV, NDJSON, Parquet, Arrow |
//! | `transport` | files, pipes, compression, how outputs take their names |

mod declared;
mod error;
mod format;
mod plan;
mod schema;
mod sink;
mod transport;
mod writer;

#[cfg(test)]
mod tests;

pub use self::error::WriteError;
pub use self::sink::Sink;
pub use self::transport::{Staged, publish};
pub use self::writer::{Closed, Encode, Writer};
